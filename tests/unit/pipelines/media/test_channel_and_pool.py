"""What a decode child cannot do, and what becomes of one that tries, runs away or dies."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import DecodeChildError, DiskFullError, EvidentError, TooLargeError
from pipelines.media.channel import Channel, ChannelClosedError, ChannelSilentError
from pipelines.media.index import index_video
from pipelines.media.join import join
from pipelines.media.limits import DecodeLimits
from pipelines.media.pool import DecodePool
from pipelines.media.reader import FrameReader
from tests.unit.pipelines.media.clip_kit import write_clip
from tests.unit.pipelines.media.rewrap_kit import rewrap


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ordinary clip."""
    return write_clip(tmp_path_factory.mktemp("plain") / "clip.mp4")


@pytest.fixture
def pool() -> Iterator[DecodePool]:
    """A pool without spare children, so that each child is the one that a test means."""
    with DecodePool(spare=0) as made:
        yield made


def arguments(path: Path) -> dict[str, Any]:
    """What the indexing task is told."""
    limits = {"pixels": 10**9, "side": 10**5, "frames": 10**6, "streams": 10}
    return {
        "path": str(path),
        "name": path.name,
        "stream": None,
        "threads": 2,
        "coded": False,
        "limits": limits,
    }


def test_a_child_has_two_descriptors_and_no_environment(
    pool: DecodePool, clip: Path, tmp_path: Path
) -> None:
    """Beside its streams a child holds one socket and one pipe, whatever the parent holds."""
    held = os.open(tmp_path / "held", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(held, True)
    with pool.session("video_index", {}) as session:
        with pytest.raises(EvidentError):
            session.receive()
        facts = Path(f"/proc/{session.pid}")
        kinds = sorted(str(one.readlink()).partition(":")[0] for one in (facts / "fd").iterdir())
        assert kinds == ["/dev/null", "/dev/null", "/dev/null", "pipe", "socket"]
        assert (facts / "environ").read_bytes() == b"LC_ALL=C.UTF-8\0"
    os.close(held)


def test_a_child_writes_no_byte_to_a_file(clip: Path, tmp_path: Path) -> None:
    """A task that tries to write is stopped, but for the one that was given room to."""
    with DecodePool() as pool:
        index, delivery, _, _ = rewrap(pool, clip, tmp_path)
        target = tmp_path / "secret.mp4"
        order = {
            "source": str(clip), "segments": [str(tmp_path / "part-0.nut")], "out": str(target),
            "format": "mp4", "stream": 0, "dropped": [], "time_base": "1/12800",
            "pts": "", "duration": "", "display_matrix": None,
            "picture": {},
        }  # fmt: skip
        with pool.session("video_join", order) as session, pytest.raises(EvidentError):
            session.receive()
        assert not target.exists() or target.stat().st_size == 0
        join(pool, [tmp_path / "part-0.nut"], source=clip, index=index, delivery=delivery,
             out=target)  # fmt: skip
        assert target.stat().st_size > 0


def test_a_result_that_grows_beyond_its_bound_is_stopped(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Joining may write as much as its parts hold, and leaves nothing when it would write more."""
    with DecodePool() as pool:
        index, delivery, _, _ = rewrap(pool, clip, tmp_path)
        monkeypatch.setattr("pipelines.media.join._SLACK_BYTES", -clip.stat().st_size)
        monkeypatch.setattr("pipelines.media.join._FRAME_BYTES", -200)
        with pytest.raises(DiskFullError):
            join(pool, [tmp_path / "part-0.nut"], source=clip, index=index, delivery=delivery,
                 out=tmp_path / "large.mp4")  # fmt: skip
    assert not [one for one in tmp_path.iterdir() if "large" in one.name]


def test_a_child_that_computes_for_ever_is_ended(pool: DecodePool, tmp_path: Path) -> None:
    """The bound on processor time ends a child that keeps talking, and that is an error."""
    path = write_clip(
        tmp_path / "clip.mp4", size=(1280, 720), times=range(0, 512 * 100, 512),
        options={"preset": "ultrafast"},
    )  # fmt: skip
    begun = time.monotonic()
    limits = DecodeLimits(cpu_seconds=1)
    order = arguments(path)
    session = pool.session("video_index", order, limits=limits)
    with session, pytest.raises(DecodeChildError, match="crashed"):
        while True:
            if "end" in session.receive():
                session.order("video_index", order)
    assert time.monotonic() - begun < 30


def test_too_little_memory_is_an_error_and_no_crash_here(
    pool: DecodePool, clip: Path, tmp_path: Path
) -> None:
    """A child that may not have the memory says that the file takes too much; others go on."""
    path = tmp_path / "clip.y4m"
    with path.open("wb") as file:
        file.write(b"YUV4MPEG2 W10000 H8000 F25:1 C444\nFRAME\n")
        file.truncate(file.tell() + 3 * 10_000 * 8000)
    limits = DecodeLimits(memory_bytes=760 << 20)
    with DecodePool(limits=limits, spare=0) as tight, pytest.raises(TooLargeError) as caught:
        index_video(tight, path)
    assert "more memory" in str(caught.value)
    assert index_video(pool, clip).frames == 12


def test_a_spare_child_that_died_is_an_error_and_the_next_one_works(clip: Path) -> None:
    """A child that was killed while it waited is said to be gone, once."""
    with DecodePool(spare=1) as pool:
        process = pool._waiting[0][0]
        process.kill()
        process.wait()
        with pytest.raises(DecodeChildError):
            index_video(pool, clip)
        assert index_video(pool, clip).frames == 12


def test_a_child_killed_while_frames_are_read_is_an_error(pool: DecodePool, clip: Path) -> None:
    """Frames that were handed out stay readable; the next one is the error."""
    index = index_video(pool, clip)
    with FrameReader(pool, clip, index, slots=2) as reader:
        frames = iter(reader)
        first = next(frames)
        before = first.planes[0].copy()
        assert reader._session is not None
        os.kill(reader._session.pid, signal.SIGKILL)
        reader._session._process.wait()
        reader.release(first)
        with pytest.raises(DecodeChildError):
            for frame in frames:
                reader.release(frame)
        assert (first.planes[0] == before).all()


def test_a_stopped_child_does_not_hold_the_writer(clip: Path) -> None:
    """Saying something to a child that does not listen ends like waiting for its answer."""
    limits = DecodeLimits(silence_seconds=0.5)
    with DecodePool(limits=limits, spare=0) as pool:
        session = pool.session("video_index", arguments(clip))
        os.kill(session.pid, signal.SIGSTOP)
        with session, pytest.raises(DecodeChildError, match="stopped answering"):
            for _ in range(100):
                session.send({"filler": "x" * 100_000})


def test_many_threads_may_ask(clip: Path) -> None:
    """Sessions that begin at once each get a child of their own."""
    found: list[int] = []
    with DecodePool(spare=2) as pool:
        asking = [
            threading.Thread(target=lambda: found.append(index_video(pool, clip).frames))
            for _ in range(4)
        ]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
    assert found == [12] * 4


def test_a_message_in_drops_is_bounded_by_one_deadline() -> None:
    """An end that sends a byte now and then is silent: the whole message counts."""
    one, two = socket.socketpair()
    channel = Channel(one, silence_seconds=0.3)
    stop = threading.Event()

    def drip() -> None:
        two.sendall(b"\0\0\1\0")
        while not stop.wait(0.05):
            two.sendall(b" ")

    thread = threading.Thread(target=drip)
    thread.start()
    begun = time.monotonic()
    with pytest.raises(ChannelSilentError):
        channel.receive()
    assert time.monotonic() - begun < 2
    stop.set()
    thread.join()
    channel.close()
    two.close()


def test_memory_that_does_not_come_is_no_memory() -> None:
    """A message that announces memory without any ends the channel."""
    one, two = socket.socketpair()
    ours, theirs = Channel(one, silence_seconds=5), Channel(two)
    ours.send({"shared_bytes": 10})
    with pytest.raises(ChannelClosedError, match="no memory"):
        theirs.receive_memory()
    ours.close()
    theirs.close()
