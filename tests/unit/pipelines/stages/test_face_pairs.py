"""Pairs of faces for the drift: the same part of a picture before and after, kept durably."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from models.engines.residency import WarmNetworks
from pipelines.analysis.found import Box
from pipelines.analysis.tracks import Place, Track
from pipelines.graph.spec import parse_graph
from pipelines.graph.validate import check_graph
from pipelines.media.picture import Family, FrameShape, PixelLayout
from pipelines.run.durable_file import writing
from pipelines.stages.enhance import Chain, bind
from pipelines.stages.face_pairs import MOST_PLACES, PLACES_PER_TRACK, FacePairs

SHAPE = FrameShape(60, 80, PixelLayout(Family.RGB))


def chain(*operations: dict[str, Any]) -> Chain:
    """Bind operations to a clip of 100 frames."""
    params = {"operations": list(operations)}
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {"name": "enhance", "kind": "enhance", "needs": ["ingest"], "params": params},
        {"name": "export", "kind": "export", "needs": ["enhance"]},
    ]
    inputs = {"source": {"artifact": "sha256:" + "0" * 64}}
    graph = parse_graph({"version": 1, "preset": "balanced", "inputs": inputs, "stages": stages})
    return bind(check_graph(graph), SHAPE, frames=100, networks=WarmNetworks(threads=1))


def track(number: int, frames: range, box: Box) -> Track:
    """A face that stays where it is."""
    return Track(number, "face", tuple(Place(one, box, 0.9) for one in frames))


def planes(height: int, width: int, seed: int) -> tuple[np.ndarray, ...]:
    """A picture of noise."""
    random = np.random.default_rng(seed)
    return tuple(random.integers(0, 256, (height, width)).astype(np.uint8) for _ in range(3))


def made(work: Path, tracks: list[Track], *operations: dict[str, Any], turn: int = 0) -> FacePairs:
    """A listener to a clip."""
    return FacePairs(chain(*operations), tracks, turn=turn, work=work, opener=writing)


CROPPED = (
    {"op": "crop", "x": 10, "y": 4, "width": 60, "height": 50},
    {"op": "resize", "scale": 2},
)


def test_a_pair_shows_the_same_part_before_and_after(tmp_path: Path) -> None:
    """After a crop and an enlargement the face is cut out where it went."""
    listener = made(tmp_path, [track(3, range(1), Box(20, 14, 12, 16))], *CROPPED)
    before, after = planes(60, 80, 1), planes(100, 120, 2)
    listener.seen(0, before)
    listener.finished(0, after)
    ((pair,),) = [one.pairs for one in listener.pairs()]
    assert np.array_equal(pair[0][..., 0], before[0][14:30, 20:32])
    assert np.array_equal(pair[1][..., 0], after[0][20:52, 20:44])


def test_a_face_that_was_cut_off_has_no_pair(tmp_path: Path) -> None:
    """Where the result shows a part of a face only, nothing is compared."""
    listener = made(tmp_path, [track(1, range(1), Box(4, 14, 12, 16))], *CROPPED)
    listener.seen(0, planes(60, 80, 1))
    listener.finished(0, planes(100, 120, 2))
    assert listener.pairs() == ()


def test_a_few_places_of_every_track_are_looked_at(tmp_path: Path) -> None:
    """Five of a long track, all of a short one, and no more than the stated number over all."""
    box = Box(20, 14, 12, 16)
    tracks = [track(1, range(100), box), track(2, range(40, 43), box)]
    tracks += [track(number, range(100), box) for number in range(3, 30)]
    listener = made(tmp_path, tracks)
    for frame in range(100):
        listener.seen(frame, planes(60, 80, frame))
        listener.finished(frame, planes(60, 80, 1000 + frame))
    counts = {one.number: len(one.pairs) for one in listener.pairs()}
    assert counts[1] == PLACES_PER_TRACK
    assert counts[2] == 3
    assert sum(counts.values()) == MOST_PLACES


def test_what_an_earlier_attempt_kept_is_there_again(tmp_path: Path) -> None:
    """A listener that begins anew finds the pairs of frames that were finished before it."""
    tracks = [track(1, range(10), Box(20, 14, 12, 16))]
    first = made(tmp_path, tracks)
    for frame in range(10):
        first.seen(frame, planes(60, 80, frame))
        first.finished(frame, planes(60, 80, frame + 50))
    again = made(tmp_path, tracks)
    assert [len(one.pairs) for one in again.pairs()] == [5]
    for one, other in zip(first.pairs()[0].pairs, again.pairs()[0].pairs, strict=True):
        assert np.array_equal(one[0], other[0])
        assert np.array_equal(one[1], other[1])


def test_faces_are_shown_upright(tmp_path: Path) -> None:
    """A clip that is displayed turned has its faces turned as well."""
    listener = made(tmp_path, [track(1, range(1), Box(20, 14, 12, 16))], turn=90)
    before = planes(60, 80, 1)
    listener.seen(0, before)
    listener.finished(0, before)
    ((pair,),) = [one.pairs for one in listener.pairs()]
    assert np.array_equal(pair[0][..., 0], np.rot90(before[0][14:30, 20:32]))
