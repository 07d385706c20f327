"""Decode children: bounded, without a past, gone when they should be, never waited for in vain."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines import errors
from pipelines.errors import DecodeChildError, EvidentError, TooLargeError, UnsupportedError
from pipelines.media import child
from pipelines.media.channel import Channel, ChannelClosedError, ChannelSilentError
from pipelines.media.index import index_video
from pipelines.media.limits import DecodeLimits, VideoLimits
from pipelines.media.pool import DecodePool
from tests.unit.pipelines.media.clip_kit import write_clip

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def pair() -> Iterator[tuple[Channel, Channel]]:
    """Two ends of a channel in one process."""
    import socket

    one, two = socket.socketpair()
    ours, theirs = Channel(one, silence_seconds=5), Channel(two)
    yield ours, theirs
    ours.close()
    theirs.close()


def gone(pid: int) -> bool:
    """Whether a process has ended within a moment."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_messages_and_memory_cross(pair: tuple[Channel, Channel]) -> None:
    """JSON and shared memory arrive as they were sent, in order."""
    ours, theirs = pair
    descriptor = os.memfd_create("test")
    os.ftruncate(descriptor, 100)
    ours.send({"text": "ü\ud800", "number": 5})
    ours.share(descriptor, 100)
    ours.send({"after": True})
    assert theirs.receive() == {"text": "ü\ud800", "number": 5}
    memory = theirs.receive_memory()
    memory[0:2] = b"ok"
    assert os.pread(descriptor, 2, 0) == b"ok"
    assert theirs.receive() == {"after": True}
    os.close(descriptor)
    memory.close()


def test_silence_and_closing_are_told_apart(pair: tuple[Channel, Channel]) -> None:
    """Nobody waits for ever, and an end that is gone is said to be gone."""
    import socket

    one, two = socket.socketpair()
    quiet = Channel(one, silence_seconds=0.05)
    with pytest.raises(ChannelSilentError):
        quiet.receive()
    two.close()
    with pytest.raises(ChannelClosedError):
        quiet.receive()
    quiet.close()
    pair[1].close()
    with pytest.raises(ChannelClosedError):
        pair[0].receive()


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff", b"\0\0\0\2[]", b"\0\0\0\3{x}"])
def test_a_channel_takes_objects_only(data: bytes) -> None:
    """A length beyond reason, another value than an object, or no JSON ends the channel."""
    import socket

    one, two = socket.socketpair()
    channel = Channel(one, silence_seconds=5)
    two.sendall(data)
    two.close()
    with pytest.raises(ChannelClosedError):
        channel.receive()
    channel.close()


def test_a_child_has_no_past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Children get no environment, two descriptors, no streams, and can write no file."""
    monkeypatch.setenv("SECRET_OF_THE_PARENT", "x")
    held = (tmp_path / "held").open("w")
    with DecodePool() as pool, pool.session("video_index", {}) as session:
        with pytest.raises(EvidentError):
            session.receive()
        facts = Path(f"/proc/{session.pid}")
        assert b"SECRET" not in (facts / "environ").read_bytes()
        targets = [str(one.readlink()) for one in (facts / "fd").iterdir()]
        assert all("held" not in target for target in targets)
        assert sum(target == "/dev/null" for target in targets) == 3
        limits = (facts / "limits").read_text()
        assert "Max file size             0" in limits
        assert "Max core file size        0" in limits
        assert "NoNewPrivs:\t1" in (facts / "status").read_text()
    held.close()


def test_a_killed_child_is_an_error(tmp_path: Path) -> None:
    """A decoder that dies is named with its signal, and the caller goes on."""
    path = write_clip(tmp_path / "clip.mp4")
    with DecodePool() as pool:
        session = pool.session("photo", {"path": str(path)})
        os.kill(session.pid, signal.SIGSEGV)
        with session, pytest.raises(DecodeChildError, match="SIGSEGV"):
            session.receive()
        assert index_video(pool, path).frames == 12


def test_a_silent_child_is_ended(tmp_path: Path) -> None:
    """A decoder that stops answering is given up after a stated time, and killed."""
    path = write_clip(tmp_path / "clip.mp4")
    limits = DecodeLimits(silence_seconds=1.0)
    with DecodePool(limits=limits) as pool:
        with pool.session("video_index", _index_arguments(path)) as session:
            pid = session.pid
            os.kill(pid, signal.SIGSTOP)
            begun = time.monotonic()
            with pytest.raises(DecodeChildError, match="stopped answering"):
                while True:
                    session.receive()
            assert time.monotonic() - begun < 4
        assert gone(pid)


def test_too_little_memory_is_an_error_about_the_file(tmp_path: Path) -> None:
    """A file whose decoding takes more than a child may have is too large or does not decode."""
    path = write_clip(tmp_path / "clip.mp4", size=(3840, 2160), times=(0, 512, 1024))
    with DecodePool(limits=DecodeLimits(memory_bytes=320 << 20)) as pool:
        with pytest.raises(EvidentError) as caught:
            index_video(pool, path)
        assert caught.value.next_step


def test_claims_are_checked_before_decoding(tmp_path: Path) -> None:
    """Frames, sizes and streams beyond the limits are refused by what the header claims."""
    path = write_clip(tmp_path / "clip.mp4")
    with DecodePool() as pool:
        with pytest.raises(TooLargeError, match="64 x 48"):
            index_video(pool, path, limits=VideoLimits(pixels=1000))
        with pytest.raises(TooLargeError, match="more than 5 frames"):
            index_video(pool, path, limits=VideoLimits(frames=5))


def test_a_missing_stream_is_said_with_those_that_there_are(tmp_path: Path) -> None:
    """Errors keep their class, their words and their advice on the way out of a child."""
    path = write_clip(tmp_path / "clip.mp4")
    with DecodePool() as pool, pytest.raises(UnsupportedError) as caught:
        index_video(pool, path, stream=4)
    assert caught.value.next_step == "Its video streams are: 0."


def test_children_end_with_their_parent(tmp_path: Path) -> None:
    """A parent that is killed leaves no child behind, not even one that is stopped in its work."""
    script = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from pipelines.media.pool import DecodePool\n"
        "pool = DecodePool(spare=2)\n"
        "session = pool.session('video_index', {})\n"
        "print(session.pid, *[one[0].pid for one in pool._waiting], flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(ROOT)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 3
    parent.kill()
    parent.communicate()
    assert all(gone(pid) for pid in pids)


def test_closing_the_pool_ends_those_that_wait() -> None:
    """No process is left when the pool is closed."""
    pool = DecodePool(spare=2)
    pids = [started[0].pid for started in pool._waiting]
    pool.close()
    assert all(gone(pid) for pid in pids)


def test_every_task_is_a_module_with_a_run() -> None:
    """The table of tasks names modules that are there."""
    import importlib

    assert all(callable(importlib.import_module(name).run) for name in child.TASKS.values())


@pytest.mark.parametrize(
    "name", [name for name in dir(errors) if name.endswith("Error") and name != "EvidentError"]
)
def test_every_error_of_ours_is_raised_again_by_its_class(name: str) -> None:
    """An error class that a child names becomes that class in the parent."""
    from pipelines.media.pool import _error_from

    found: Any = _error_from({"error": name, "reason": "why", "next_step": "what"})
    assert type(found).__name__ == name
    assert (str(found), found.next_step) == ("why", "what")


def test_an_unknown_error_stays_an_error() -> None:
    """A class that is not ours is never looked up beyond our own."""
    from pipelines.media.pool import _error_from

    assert type(_error_from({"error": "annotations", "reason": "x"})) is EvidentError


def _index_arguments(path: Path) -> dict[str, Any]:
    limits = {"pixels": 10**9, "side": 10**5, "frames": 10**6, "streams": 10}
    return {
        "path": str(path),
        "name": path.name,
        "stream": None,
        "threads": 2,
        "coded": False,
        "limits": limits,
    }
