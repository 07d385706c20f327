"""Conservation laws break where something changed, and ledgers have their form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.errors import ConservationError, EvidenceError
from pipelines.evidence.ledger_form import LedgerCheck
from pipelines.media.conservation import check_laws, require, source_defects
from pipelines.media.delivery import choose_delivery
from pipelines.media.index import index_video
from pipelines.media.join import join
from pipelines.media.ledger import write_ledger
from pipelines.media.picture import Family, FrameShape, PixelLayout
from pipelines.media.pool import DecodePool
from pipelines.media.video import CodedSegment, Law, VideoIndex
from tests.unit.pipelines.media.clip_kit import UNEVEN, write_clip
from tests.unit.pipelines.media.rewrap_kit import laws_of, rewrap


@pytest.fixture(scope="module")
def pool() -> Any:
    """Decode children for this module."""
    with DecodePool() as made:
        yield made


def broken(laws: Sequence[Law]) -> set[str]:
    """The names of the laws that do not hold."""
    return {law.name for law in laws if not law.holds}


def test_moved_times_break_a_law(pool: DecodePool, tmp_path: Path) -> None:
    """A result whose times are not the source's is refused with the numbers."""
    path = write_clip(tmp_path / "clip.mp4", times=UNEVEN)
    index = index_video(pool, path)
    pts = index.pts.copy()
    pts[4] += 3
    _, delivery, out, _ = rewrap(pool, path, tmp_path, index=replace(index, pts=pts))
    laws = laws_of(pool, path, index, delivery, out)
    assert broken(laws) == {"presentation times"}
    with pytest.raises(ConservationError, match="frame 4"):
        require(laws)


def test_other_sound_breaks_a_law(pool: DecodePool, tmp_path: Path) -> None:
    """A result with other packets than the source's is refused."""
    path = write_clip(tmp_path / "clip.mp4", audio="aac")
    index, delivery, out, _ = rewrap(pool, path, tmp_path)
    other = write_clip(tmp_path / "other.mp4", audio="aac", audio_rate=44_100)
    assert any("payloads" in name for name in broken(laws_of(pool, other, index, delivery, out)))


def test_an_undeclared_size_breaks_a_law(pool: DecodePool, tmp_path: Path) -> None:
    """A result of another size is right only where an operation declared it."""
    path = write_clip(tmp_path / "clip.mp4")
    index = index_video(pool, path)
    larger = write_clip(tmp_path / "large.mp4", size=(128, 96))
    shape = replace(index.video.shape, width=128, height=96)
    delivery = choose_delivery(index, shape, lossless=True, untouched=False)
    arguments: dict[str, Any] = {
        "source": path,
        "index": index,
        "result_path": larger,
        "delivery": delivery,
        "result": shape,
        "segments": [CodedSegment(index.frames, bytes(32), bytes(32))],
    }
    assert "size" in broken(check_laws(pool, **arguments))
    assert "size" not in broken(check_laws(pool, **arguments, declared="declared by resize"))


def test_segments_that_do_not_fit_are_refused(pool: DecodePool, tmp_path: Path) -> None:
    """Segments of other parameter sets, or of too few frames, are never joined."""
    path = write_clip(tmp_path / "clip.mp4")
    index, delivery, _, _ = rewrap(pool, path, tmp_path)
    part = tmp_path / "part-0.nut"
    with pytest.raises(ConservationError, match="frames"):
        join(pool, [part, part], source=path, index=index, delivery=delivery,
             out=tmp_path / "twice.mp4")  # fmt: skip
    assert not (tmp_path / "twice.mp4").exists()


def test_defects_of_the_source_are_listed() -> None:
    """Frames that repeat, share a time, jump or are damaged are the source's own."""
    index = _index_with(pts=[0, 40, 40, 80, 900], repeat=3, corrupt=1)
    found = " ".join(source_defects(index))
    assert "damaged: 1" in found
    assert "share the time of the frame before: 2" in found
    assert "Gaps" in found
    assert "repeat the frame before, sample for sample: 3" in found


def _index_with(*, pts: list[int], repeat: int, corrupt: int) -> VideoIndex:
    from pipelines.media.video import (
        ColourTags,
        StreamFacts,
        StreamKind,
        TimingSource,
        VideoFacts,
    )

    stream = StreamFacts(0, StreamKind.VIDEO, "h264", Fraction(1, 1000))
    shape = FrameShape(48, 64, PixelLayout(Family.YCBCR, chroma_x=1, chroma_y=1))
    video = VideoFacts(
        stream, shape, "yuv420p", ColourTags(), None, 0, None, Fraction(25), TimingSource.CONTAINER
    )
    count = len(pts)
    digest = np.random.default_rng(0).integers(0, 256, (count, 32)).astype(np.uint8)
    digest[repeat] = digest[repeat - 1]
    flags = np.zeros(count, np.bool_)
    damaged = flags.copy()
    damaged[corrupt] = True
    times = np.array(pts, np.int64)
    return VideoIndex(
        video, (stream,), "mov", times, np.full(count, 40, np.int64), digest, flags,
        np.full(count, ord("P"), np.uint8), damaged, flags, (), 3,
    )  # fmt: skip


def test_frames_that_share_a_time_need_matroska() -> None:
    """MP4 has no place for two frames at one time; Matroska has, in whole milliseconds."""
    index = _index_with(pts=[0, 40, 40, 80, 120], repeat=3, corrupt=1)
    delivery = choose_delivery(index, index.video.shape, lossless=True, untouched=False)
    assert delivery.container == "matroska"


def test_a_ledger_has_the_form_that_bundles_check(pool: DecodePool, tmp_path: Path) -> None:
    """One line per frame in sequence, in canonical form, with all three digests."""
    path = write_clip(tmp_path / "clip.mp4")
    index, delivery, _, digests = rewrap(pool, path, tmp_path)
    ledger = tmp_path / "ledger.jsonl"
    write_ledger(ledger, index=index, delivery=delivery, encoder=digests, delivered=digests)
    check = LedgerCheck()
    check.feed(ledger.read_bytes())
    assert check.finish().frames == index.frames
    with pytest.raises(EvidenceError):
        write_ledger(ledger, index=index, delivery=delivery, encoder=digests[1:], delivered=digests)
