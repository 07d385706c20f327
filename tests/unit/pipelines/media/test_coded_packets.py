"""The joined file holds the coded pictures that were decoded and judged, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from pipelines.errors import DamagedError, EvidentError
from pipelines.media.conservation import require
from pipelines.media.join import join
from pipelines.media.pool import DecodePool
from pipelines.media.tasks.coded_packets import units
from tests.unit.pipelines.media.clip_kit import EVEN, write_clip
from tests.unit.pipelines.media.damage_kit import MILLISECOND
from tests.unit.pipelines.media.rewrap_kit import laws_of, rewrap

UNITS = [b"\x67\x01", b"\x68\x00\x00\x03\x01", b"\x65" * 300]
KINDS: dict[str, dict[str, Any]] = {
    "h264": {},
    "h264-matroska": {"audio": "ac3", "audio_rate": 44_100},
    "h264-rgb": {"codec": "ffv1", "form": "bgr0"},
    "hevc": {"codec": "libx265", "form": "yuv420p12le", "size": (64, 64)},
    "ffv1": {"codec": "ffv1", "form": "gray"},
}
DELIVERED = {
    "h264": ("libx264", "mp4"),
    "h264-matroska": ("libx264", "matroska"),
    "h264-rgb": ("libx264rgb", "mp4"),
    "hevc": ("libx265", "mp4"),
    "ffv1": ("ffv1", "mp4"),
}


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Decode children for this module."""
    with DecodePool() as made:
        yield made


def parted(long: int) -> bytes:
    """The units after start codes of three bytes, but for one of four."""
    return b"".join(
        (b"\0\0\0\1" if number == long else b"\0\0\1") + unit for number, unit in enumerate(UNITS)
    )


def after_lengths(size: int) -> bytes:
    """The units after lengths of so many bytes."""
    return b"".join(len(unit).to_bytes(size, "big") + unit for unit in UNITS)


@pytest.mark.parametrize("long", [0, 1, 2, 9])
@pytest.mark.parametrize("tail", [b"", b"\0\0"])
def test_units_after_start_codes(long: int, tail: bytes) -> None:
    """Neither the length of a start code nor zeros at the end are part of a unit."""
    assert [bytes(one) for one in units(parted(long) + tail, 0)] == UNITS


@pytest.mark.parametrize("size", [2, 4])
def test_units_after_lengths(size: int) -> None:
    """The same units come out whatever parts them."""
    assert [bytes(one) for one in units(after_lengths(size), size)] == UNITS


def test_a_length_beyond_the_packet_is_an_error() -> None:
    """A packet that is cut off is not taken for a shorter one."""
    with pytest.raises(DamagedError):
        list(units(after_lengths(4)[:-1], 4))


def packets(path: Path) -> list[tuple[int, int]]:
    """Place and size of every packet of the first video."""
    with av.open(str(path)) as container:
        return [(one.pos or 0, one.size) for one in container.demux(video=0) if one.size]


def flip(path: Path, place: int) -> None:
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("kind", KINDS)
def test_one_altered_packet_breaks_the_law(pool: DecodePool, tmp_path: Path, kind: str) -> None:
    """In every container and codec the joined file is the segments; one bit of one packet tells."""
    path = write_clip(
        tmp_path / "clip.mkv", base=MILLISECOND, times=range(0, 480, 40), **KINDS[kind]
    )
    index, delivery, out, _ = rewrap(pool, path, tmp_path, cuts=(4, 8), lossless=kind != "hevc")
    assert (delivery.codec, delivery.container) == DELIVERED[kind]
    laws = {law.name: law for law in laws_of(pool, path, index, delivery, out)}
    require(laws.values())
    assert laws["coded pictures"].source == laws["coded pictures"].result
    place, size = packets(out)[9]
    flip(out, place + size - 2)
    laws = {law.name: law for law in laws_of(pool, path, index, delivery, out)}
    assert not laws["coded pictures"].holds
    assert laws["coded pictures"].result.endswith("first in segment 2")
    assert laws["frames"].holds


def test_segments_in_another_order_break_the_law(pool: DecodePool, tmp_path: Path) -> None:
    """A file that was joined from the same segments in another order is not the result."""
    path = write_clip(tmp_path / "clip.mp4", times=EVEN)
    index, delivery, out, _ = rewrap(pool, path, tmp_path, cuts=(6,))
    parts = [tmp_path / "part-6.nut", tmp_path / "part-0.nut"]
    join(pool, parts, source=path, index=index, delivery=delivery, out=out)
    broken = {law.name for law in laws_of(pool, path, index, delivery, out) if not law.holds}
    assert broken == {"coded pictures", "first frame, decoded"}


def test_other_parameter_sets_break_a_law(pool: DecodePool, tmp_path: Path) -> None:
    """The same packets under parameter sets that were altered decode otherwise, or not at all."""
    path = write_clip(tmp_path / "clip.mp4", times=EVEN[:4])
    index, delivery, out, _ = rewrap(pool, path, tmp_path, lossless=False)
    require(laws_of(pool, path, index, delivery, out))
    with av.open(str(out)) as container:
        record = container.streams.video[0].codec_context.extradata or b""
    data = out.read_bytes()
    assert data.count(record) == 1
    # The last unit is the picture parameter set; its first bytes hold the quantiser's start.
    picture_set = record[: record.rindex(b"\x68") + 4]
    flip(out, data.index(record) + len(picture_set) - 1)
    with pytest.raises(EvidentError):
        require(laws_of(pool, path, index, delivery, out))
