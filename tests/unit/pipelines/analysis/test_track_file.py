"""`tracks.json`: one spelling, and nothing is read that is spelt otherwise."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.analysis.found import Box, DetectorFacts
from pipelines.analysis.track_file import TrackSet, read_tracks, track_bytes
from pipelines.analysis.tracks import Place, Track
from pipelines.errors import EvidenceError

FACTS = DetectorFacts("lbp-cascade", "1", "0" * 64, "numpy", "BSD-3-Clause", "It misses faces.")
sides = st.floats(0, 4000, allow_nan=False)
places = st.builds(
    Place,
    st.integers(0, 1 << 40),
    st.builds(Box, sides, sides, sides, sides),
    st.none() | st.floats(0, 1),
    st.lists(st.tuples(sides, sides), max_size=5).map(tuple),
)
tracks = st.builds(
    Track, st.integers(1, 999), st.just("face"), st.lists(places, min_size=1, max_size=4).map(tuple)
)


def found(*made: Track) -> TrackSet:
    """Tracks of a clip."""
    return TrackSet(FACTS, 2160, 3840, 90, 45, 2, made)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(tracks, max_size=3))
def test_what_is_read_back_is_spelt_the_same(made: list[Track]) -> None:
    """Reading gives the rounded tracks, and these are the same bytes again."""
    data = track_bytes(found(*made))
    read = read_tracks(data)
    assert track_bytes(read) == data
    for one, other in zip(made, read.tracks, strict=True):
        assert [place.frame for place in one.places] == [place.frame for place in other.places]
        for place, again in zip(one.places, other.places, strict=True):
            assert again.box.left == pytest.approx(place.box.left, abs=0.006)


def test_another_spelling_is_refused() -> None:
    """A place after the second digit, a missing member, an unknown one and no JSON are refused."""
    data = track_bytes(found(Track(1, "face", (Place(3, Box(1.25, 2, 3, 4), 0.5),))))
    document = json.loads(data)
    assert document["tracks"][0]["places"][0]["box"] == ["1.25", "2.0", "3.0", "4.0"]
    for wrong in (
        data.replace(b'"1.25"', b'"1.251"'),
        data.replace(b'"1.25"', b'"1.250"'),
        data.replace(b'"version":1', b'"version":2'),
        data.replace(b'"target":"face",', b""),
        data.replace(b'"target":"face"', b'"name":"Smith","target":"face"'),
        b"{}",
        b"no JSON",
    ):
        assert wrong != data
        with pytest.raises(EvidenceError):
            read_tracks(wrong)
