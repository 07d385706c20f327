"""The pictures of a report as files: what was drawn can be drawn again, and nothing else can."""

from __future__ import annotations

import hashlib
import io
from fractions import Fraction

import numpy as np
import pytest

from pipelines.errors import EvidenceError
from pipelines.media.picture import Family, FrameShape, PixelLayout
from pipelines.quality.indexed_png import IndexedPng
from pipelines.quality.indexed_png_reader import thumbnail_of
from pipelines.quality.ramp import PALETTE
from pipelines.stages.export.document import Report, complete
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_quality import (
    MapFacts,
    MapKind,
    MapNumbers,
    MapPictureFacts,
    QualityFacts,
    Standing,
)
from pipelines.stages.export.picture_files import picture_files, read_pictures
from pipelines.stages.export.preview import FrameStamp, Pictured, Preview, make_preview


def turned(turn: int) -> Preview:
    """A pair that is shown turned, its sides of different size and scale."""
    layout = PixelLayout(Family.GRAY)
    small = (np.arange(60 * 100) % 251).astype(np.uint8).reshape(60, 100)
    large = small.repeat(2, axis=0).repeat(2, axis=1)
    return make_preview(
        Pictured((small,), FrameShape(60, 100, layout)),
        Pictured((large,), FrameShape(120, 200, layout)),
        frame=FrameStamp(3, 90, Fraction(1, 30)),
        turn=turn,
    )


def written(facts: ReportFacts, *previews: Preview) -> tuple[Report, dict[str, bytes]]:
    """A report and the files of its pictures."""
    return complete(facts, [one.facts for one in previews]), dict(picture_files(previews))


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_pairs_come_back_as_they_were_drawn(clip_facts: ReportFacts, turn: int) -> None:
    """Both sides of every pair are read back dot for dot, whichever way they are turned."""
    first, second = turned(turn), turned(0)
    report, files = written(clip_facts, first, second)
    assert sorted(files) == [
        "report-1-after.ppm",
        "report-1-before.ppm",
        "report-2-after.ppm",
        "report-2-before.ppm",
    ]
    found = read_pictures(report, files.get)
    assert found is not None
    for was, now in zip((first, second), found[0], strict=True):
        assert np.array_equal(was.before, now.before)
        assert np.array_equal(was.after, now.after)
        assert was.facts == now.facts


def test_a_sample_is_stored_once(clip_facts: ReportFacts) -> None:
    """A file holds one dot per sample, however large the sample is drawn."""
    preview = turned(0)
    _, files = written(clip_facts, preview)
    part = preview.facts.before
    assert preview.facts.before_scale > 1
    assert len(files["report-1-before.ppm"]) == len(
        b"P6\n%d %d\n255\n" % (part.width, part.height)
    ) + 3 * (part.width * part.height)


def test_without_a_file_there_are_no_pictures(clip_facts: ReportFacts) -> None:
    """One missing file is enough: a document shows all of its pictures or none."""
    report, files = written(clip_facts, turned(0))
    del files["report-1-after.ppm"]
    assert read_pictures(report, files.get) is None


@pytest.mark.parametrize("damage", ["sample", "short", "long", "size", "empty"])
def test_another_picture_is_refused(clip_facts: ReportFacts, damage: str) -> None:
    """A file of another size, another header or other samples is not shown."""
    report, files = written(clip_facts, turned(0))
    data = files["report-1-before.ppm"]
    files["report-1-before.ppm"] = {
        "sample": data[:-1] + bytes([data[-1] ^ 1]),
        "short": data[:-1],
        "long": data + b"\0",
        "size": data.replace(b"P6\n", b"P6\n1", 1),
        "empty": b"",
    }[damage]
    with pytest.raises(EvidenceError, match="not the one"):
        read_pictures(report, files.get)


def with_map(facts: ReportFacts, data: bytes, *, drawn: str | None = None) -> ReportFacts:
    """Facts with one map whose picture is `data`, 30 x 20."""
    steps = thumbnail_of(io.BytesIO(data), width=30, height=20)
    picture = MapPictureFacts(
        file_name="supplied.png",
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        width=30,
        height=20,
        full_scale="31.875",
        samples_per_dot=1,
        drawn_sha256=drawn or hashlib.sha256(steps.tobytes()).hexdigest(),
    )
    numbers = MapNumbers(
        noise=("1.0",), allowed=("4.0",), samples=600, beyond=0, largest="0.0", percentile_99="0.0"
    )
    supplied = MapFacts(
        kind=MapKind.SUPPLIED, standing=Standing.MEASURED, numbers=numbers, picture=picture
    )
    return facts.model_copy(update={"quality": QualityFacts(asked=True, maps=(supplied,))})


def test_maps_come_back_from_their_files(photo_facts: ReportFacts) -> None:
    """A map is drawn again from its PNG; another PNG, or another drawing, is refused."""
    out = io.BytesIO()
    png = IndexedPng(out, width=30, height=20, palette=PALETTE, texts={})
    steps = (np.arange(600) % 256).astype(np.uint8).reshape(20, 30)
    png.write(steps)
    png.finish()
    files = {"supplied.png": out.getvalue()}
    found = read_pictures(complete(with_map(photo_facts, out.getvalue())), files.get)
    assert found is not None
    assert np.array_equal(found[1]["supplied.png"], steps)
    wrong = complete(with_map(photo_facts, out.getvalue(), drawn="0" * 64))
    with pytest.raises(EvidenceError, match="not the one"):
        read_pictures(wrong, files.get)
    with pytest.raises(EvidenceError, match="not the one"):
        read_pictures(
            complete(with_map(photo_facts, out.getvalue())), {"supplied.png": b"other"}.get
        )
    assert read_pictures(complete(with_map(photo_facts, out.getvalue())), {}.get) is None
