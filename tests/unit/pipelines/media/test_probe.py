"""A first look at files of strangers: media are recognised, all else is refused with a reason."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import EvidentError, InputError
from pipelines.media.pool import DecodePool
from pipelines.media.probe import PROBE_LIMITS, PROBE_TASKS, probe
from tests.e2e.command_kit import make_clip

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Children with a probe's limits."""
    with DecodePool(limits=PROBE_LIMITS) as opened:
        yield opened


def test_a_photograph_is_recognised(pool: DecodePool) -> None:
    """A photograph's kind and stored size are told."""
    found = probe(pool, ROOT / "samples" / "photo.jpg")
    assert (found.media, found.media_type) == ("photo", "image/jpeg")
    assert found.width > 100
    assert found.height > 100


def test_a_clip_is_recognised(pool: DecodePool, tmp_path: Path) -> None:
    """A clip is told by a frame that decodes, whatever the file is called."""
    made = make_clip(tmp_path / "tram.mp4", frames=4).rename(tmp_path / "readme.txt")
    found = probe(pool, made)
    assert (found.media, found.media_type) == ("video", "video/mp4")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"#EXTM3U\nhttp://127.0.0.1/x.ts\n",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"GIF89a" + bytes(60),
        b"PK\x03\x04" + bytes(60),
        b"%PDF-1.7\n",
        b"\0\0\0\x18ftypmp42" + bytes(400),
        b"RIFF\xff\xff\xff\xffWEBPVP8 ",
        bytes(100_000),
    ],
    ids=["empty", "text", "playlist", "png", "jpeg", "gif", "zip", "pdf", "mp4", "webp", "zeros"],
)
def test_what_is_no_media_is_refused(pool: DecodePool, tmp_path: Path, data: bytes) -> None:
    """What only claims to be media, or is none, is an error of ours and not a crash."""
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(InputError) as refused:
        probe(pool, path)
    assert str(refused.value)


@pytest.mark.parametrize("cut", [1_000, 20_000])
def test_a_file_that_is_cut_off_is_no_crash(pool: DecodePool, tmp_path: Path, cut: int) -> None:
    """The first part of a clip either shows a frame or is refused with a reason."""
    whole = make_clip(tmp_path / "tram.mp4", frames=30).read_bytes()
    path = tmp_path / "cut"
    path.write_bytes(whole[: min(cut, len(whole) - 100)])
    with pytest.raises(EvidentError):
        probe(pool, path)


def test_a_child_that_waits_has_imported_what_it_will_need() -> None:
    """A child of a pool that is ready for first looks has its decoder loaded before it is asked."""
    with DecodePool(limits=PROBE_LIMITS, ready=PROBE_TASKS) as ready:
        waiting = ready._waiting[0][0].pid
        deadline = time.monotonic() + 60
        while "libavcodec" not in Path(f"/proc/{waiting}/maps").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert probe(ready, ROOT / "samples" / "photo.jpg").media == "photo"
