"""The ledger of a clip says, frame by frame, what came in and what went out, and only that."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.errors import EvidenceError
from pipelines.evidence.canonical import canonical_bytes
from pipelines.evidence.ledger_form import LedgerCheck
from pipelines.media.ledger import write_ledger
from pipelines.media.picture import Family, FrameShape, PixelLayout
from pipelines.media.video import (
    ColourTags,
    Delivery,
    PacketDigests,
    StreamFacts,
    StreamKind,
    TimingSource,
    VideoFacts,
    VideoIndex,
)

PTS = (-3003, 0, 3003, 3004, 9009)


def digest(name: str, frame: int) -> bytes:
    """A digest that tells which column and frame it belongs to."""
    return hashlib.sha256(f"{name} {frame}".encode()).digest()


def column(name: str) -> list[bytes]:
    """One digest per frame."""
    return [digest(name, frame) for frame in range(len(PTS))]


@pytest.fixture
def index() -> VideoIndex:
    """Five frames at uneven times, the first before zero, beside one stream of sound."""
    stream = StreamFacts(2, StreamKind.VIDEO, "h264", Fraction(1, 90_000))
    shape = FrameShape(48, 64, PixelLayout(Family.YCBCR, chroma_x=1, chroma_y=1))
    video = VideoFacts(
        stream, shape, "nv12", ColourTags(), None, 0, None, Fraction(30), TimingSource.CONTAINER
    )
    flags = np.zeros(len(PTS), np.bool_)
    stored = np.frombuffer(b"".join(column("source")), np.uint8).reshape(-1, 32)
    return VideoIndex(
        video, (stream,), "mov", np.array(PTS, np.int64), np.full(len(PTS), 3003, np.int64),
        stored, flags, np.full(len(PTS), ord("P"), np.uint8), flags, flags,
        (PacketDigests(0, 7, 7000, b"\x01" * 32), PacketDigests(2, 5, 123, b"\xfe" * 32)), 3,
    )  # fmt: skip


@pytest.fixture
def delivery() -> Delivery:
    """A lossy delivery: what is delivered may differ from what was encoded."""
    return Delivery(
        codec="libx264",
        pixel_format="yuv420p",
        container="mp4",
        suffix=".mp4",
        lossless=False,
        options={"crf": "14"},
        threads=4,
        kept_as_is=(0,),
    )


def written(path: Path, index: VideoIndex, delivery: Delivery) -> list[dict[str, Any]]:
    """Write a ledger and take its lines apart."""
    write_ledger(
        path,
        index=index,
        delivery=delivery,
        encoder=column("encoder"),
        delivered=column("delivered"),
    )
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_every_digest_stands_on_the_line_of_its_frame(
    index: VideoIndex, delivery: Delivery, tmp_path: Path
) -> None:
    """A line holds its frame's number, exact time and three digests, and nothing else."""
    _, *lines = written(tmp_path / "ledger.jsonl", index, delivery)
    assert lines == [
        {
            "index": frame,
            "pts": pts,
            "source_sha256": digest("source", frame).hex(),
            "encoder_sha256": digest("encoder", frame).hex(),
            "delivered_sha256": digest("delivered", frame).hex(),
        }
        for frame, pts in enumerate(PTS)
    ]


def test_the_header_says_what_the_digests_are_over(
    index: VideoIndex, delivery: Delivery, tmp_path: Path
) -> None:
    """Stream, time base, pixel formats and every stream's packets are stated before any frame."""
    header, *_ = written(tmp_path / "ledger.jsonl", index, delivery)
    assert (header["format"], header["frames"]) == ("evident-ledger/1", 5)
    assert (header["stream"], header["time_base"]) == (2, "1/90000")
    assert header["source_pixel_format"] == "nv12"
    assert header["encoder_pixel_format"] == "yuv420p"
    assert header["lossless"] is False
    assert header["packets"] == [
        {"stream": 0, "packets": 7, "bytes": 7000, "chain": "01" * 32},
        {"stream": 2, "packets": 5, "bytes": 123, "chain": "fe" * 32},
    ]


def test_a_ledger_is_canonical_and_the_same_every_time(
    index: VideoIndex, delivery: Delivery, tmp_path: Path
) -> None:
    """Lines are canonical JSON without a float, so two runs write the same bytes."""
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    lines = written(first, index, delivery)
    written(second, index, delivery)
    data = first.read_bytes()
    assert data == second.read_bytes()
    assert data == b"".join(canonical_bytes(line) + b"\n" for line in lines)
    assert not any(isinstance(value, float) for line in lines for value in line.values())
    check = LedgerCheck()
    check.feed(data)
    assert check.finish().frames == index.frames


@pytest.mark.parametrize("missing", ["encoder", "delivered"])
def test_a_frame_without_a_digest_is_refused(
    index: VideoIndex, delivery: Delivery, tmp_path: Path, missing: str
) -> None:
    """A column that is too short leaves no ledger behind."""
    columns = {"encoder": column("encoder"), "delivered": column("delivered")}
    columns[missing].pop()
    with pytest.raises(EvidenceError, match="5 frames"):
        write_ledger(tmp_path / "ledger.jsonl", index=index, delivery=delivery, **columns)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_digest_is_refused(
    index: VideoIndex, delivery: Delivery, tmp_path: Path
) -> None:
    """A digest that is cut short is named by its frame, and no ledger is left behind."""
    cut = column("encoder")
    cut[3] = cut[3][:31]
    with pytest.raises(EvidenceError, match=r"frame 3 .*31 bytes"):
        write_ledger(
            tmp_path / "ledger.jsonl",
            index=index,
            delivery=delivery,
            encoder=cut,
            delivered=column("delivered"),
        )
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fails_leaves_the_earlier_ledger(
    index: VideoIndex, delivery: Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be made durable replaces nothing, and its beginning does not stay."""
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b"the earlier one")

    def fails(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="No space left"):
        written(path, index, delivery)
    assert path.read_bytes() == b"the earlier one"
    assert list(tmp_path.iterdir()) == [path]
