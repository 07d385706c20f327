"""Taps on a clip: which frames are looked at, and that a stop in between loses nothing."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.engines.residency import WarmNetworks
from pipelines.graph.spec import parse_graph
from pipelines.graph.validate import check_graph
from pipelines.media.picture import Family, FrameShape, PixelLayout
from pipelines.media.video import DecodedFrame
from pipelines.quality.unrest import UnrestMeter, cells_of
from pipelines.run.clip_taps import LOST, MOST_COUNTED, ClipTaps, choice_words, counted_frames
from pipelines.stages.enhance import Chain, bind
from pipelines.stages.export.facts_quality import MapKind, Standing
from pipelines.stages.maps import Judged

FRAMES, STARTS, PICTURED = 230, (0, 50, 150), (76, 153)
SHAPE = FrameShape(24, 32, PixelLayout(Family.YCBCR, 8, 1, 1))


def chain(*operations: dict[str, Any]) -> Chain:
    """Bind operations to a clip."""
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {
            "name": "enhance",
            "kind": "enhance",
            "needs": ["ingest"],
            "params": {"operations": list(operations)},
        },
        {"name": "export", "kind": "export", "needs": ["enhance"]},
    ]
    inputs = {"source": {"artifact": "sha256:" + "0" * 64}}
    graph = {"version": 1, "preset": "balanced", "inputs": inputs, "stages": stages}
    networks = WarmNetworks(threads=1)
    return bind(check_graph(parse_graph(graph)), SHAPE, frames=FRAMES, networks=networks)


DENOISED = ({"op": "denoise"},)


def frame(index: int, *, finished: bool) -> tuple[np.ndarray, ...]:
    """Return the planes of a frame, as received or as finished."""
    random = np.random.default_rng(1000 * finished + index)
    return tuple(
        random.integers(90, 110 + 3 * (index % 2), SHAPE.plane_size(plane)).astype(np.uint8)
        for plane in range(3)
    )


def taps(work: Path, *operations: dict[str, Any]) -> ClipTaps:
    """Return taps on the clip."""
    return ClipTaps(
        chain(*(operations or DENOISED)),
        frames=FRAMES,
        starts=STARTS,
        pictured=PICTURED,
        work=work,
    )


def render(listener: ClipTaps, segments: range, *, halo: int = 0) -> None:
    """Let `listener` hear of segments as the pixel loop does, with a halo on each side."""
    bounds = (*STARTS, FRAMES)
    first, stop = bounds[segments.start], bounds[segments.stop]
    listener.begin(first, stop)
    received = iter(range(max(0, first - halo), min(FRAMES, stop + halo)))
    for number in segments:
        for index in range(bounds[number], bounds[number + 1]):
            while (ahead := next(received, None)) is not None:
                listener.seen(DecodedFrame(ahead, 0, frame(ahead, finished=False), b""))
                if ahead >= index + halo:
                    break
            listener.finished(index, frame(index, finished=True))
        listener.segment_finished(number)


def summed_up(judged: Judged) -> tuple[Any, ...]:
    """Return what a judgement states, its pictures included."""
    return judged.facts, {name: dots.tobytes() for name, dots in judged.drawn.items()}


@pytest.fixture
def whole(tmp_path: Path) -> Judged:
    """What one attempt that is never stopped finds."""
    (tmp_path / "whole").mkdir()
    listener = taps(tmp_path / "whole")
    render(listener, range(3))
    return listener.judged()


def test_the_looked_at_frames_are_stated(whole: Judged) -> None:
    """Two frames have pictures and one in a hundred has numbers; that others have none is said."""
    counted = counted_frames(FRAMES)
    assert counted == (57, 172)
    found = {one.frame: one for one in whole.facts.maps if one.kind is MapKind.SUPPLIED}
    assert sorted(found) == sorted((*PICTURED, *counted))
    assert [index for index in sorted(found) if found[index].picture] == list(PICTURED)
    assert "frames 76 and 153" in whole.facts.choice
    assert "frames 57 and 172" in whole.facts.choice
    assert "nothing is said about them" in whole.facts.choice
    assert sorted(path.name for path in whole.paths) == [
        "contradiction-153.png",
        "contradiction-76.png",
        "supplied-153.png",
        "supplied-76.png",
    ]


@pytest.mark.parametrize(("frames", "count"), [(1, 0), (99, 0), (100, 1), (799, 7), (10**6, 8)])
def test_few_frames_are_counted_whatever_the_length(frames: int, count: int) -> None:
    """At most eight frames are counted, inside the clip and evenly spread."""
    found = counted_frames(frames)
    assert len(found) == count <= MOST_COUNTED
    assert all(0 <= index < frames for index in found)
    gaps = set(np.diff(found)) if count > 1 else {0}
    assert max(gaps) - min(gaps) <= 1


def test_the_choice_reads_as_a_sentence() -> None:
    """One frame and several are named as people name them."""
    assert "made of frame 0. No map" in choice_words((0,), ())
    assert "frames 1 and 2, numbers without a picture of frames 3, 4 and 5." in choice_words(
        (1, 2), (3, 4, 5)
    )


@pytest.mark.parametrize("halo", [0, 3])
def test_a_stop_in_between_loses_nothing(tmp_path: Path, whole: Judged, halo: int) -> None:
    """A run that was taken up again, its frames read with a halo, finds what one run finds."""
    first = taps(tmp_path)
    render(first, range(1), halo=halo)
    first.begin(50, 150)
    for index in range(50, 90):
        first.seen(DecodedFrame(index, 0, frame(index, finished=False), b""))
        first.finished(index, frame(index, finished=True))
    last = taps(tmp_path)
    render(last, range(2, 3), halo=halo)
    render(last, range(1, 2), halo=halo)
    assert summed_up(last.judged()) == summed_up(whole)
    assert last._kept == {}


def test_unrest_is_over_frames_within_segments(whole: Judged) -> None:
    """The unrest of a clip is the mean over all frames with both neighbours in their segment."""
    bounds = (*STARTS, FRAMES)
    for finished, stated in ((False, "before"), (True, "after")):
        total, count = 0.0, 0
        for first, stop in itertools.pairwise(bounds):
            meter = UnrestMeter()
            for index in range(first, stop):
                meter.add(cells_of(frame(index, finished=finished), SHAPE, SHAPE.whole))
            total, count = total + meter.unrest.total, count + meter.unrest.frames
        assert whole.facts.unrest is not None
        assert whole.facts.unrest.frames == count == FRAMES - 6
        assert float(getattr(whole.facts.unrest, stated)) == pytest.approx(total / count, abs=1e-4)


def test_what_cannot_be_read_any_more_is_said_to_be_lost(tmp_path: Path) -> None:
    """A picture or record that is gone is stated as unavailable and never passed over."""
    listener = taps(tmp_path)
    render(listener, range(3))
    (tmp_path / "contradiction-76.png").unlink()
    (tmp_path / "maps-57.json").write_text("{")
    (tmp_path / "unrest-000001.json").unlink()
    facts = taps(tmp_path).judged().facts
    lost = {(one.frame, one.kind) for one in facts.maps if one.standing is Standing.UNAVAILABLE}
    assert lost == {(index, kind) for index in (76, 57) for kind in MapKind}
    assert {one.reason for one in facts.maps if one.standing is Standing.UNAVAILABLE} == {LOST}
    assert facts.unrest is None


def test_a_chain_without_maps_has_its_unrest_alone(tmp_path: Path) -> None:
    """Where no map applies the reasons stand there, and brightness is looked at all the same."""
    listener = taps(tmp_path, {"op": "resize", "scale": 0.5})
    bounds = range(3)
    shape = FrameShape(12, 16, SHAPE.layout)
    listener.begin(0, 3)
    for index in bounds:
        listener.seen(DecodedFrame(index, 0, frame(index, finished=False), b""))
        small = tuple(np.zeros(shape.plane_size(plane), np.uint8) for plane in range(3))
        listener.finished(index, small)
    for number in range(3):
        listener.segment_finished(number)
    facts = listener.judged().facts
    assert [one.standing for one in facts.maps] == [Standing.NOT_APPLICABLE] * 2
    assert facts.choice == ""
    assert facts.unrest is not None
    assert facts.unrest.after == "0.0"
