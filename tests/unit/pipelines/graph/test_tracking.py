"""A graph's wishes about tracks, and the form of a person's corrections."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.errors import GraphError
from pipelines.graph.expand import Wish, expand
from pipelines.graph.spec import Preset, parse_strict
from pipelines.graph.tracking import DeleteTrack, edit_words, parse_edits
from pipelines.graph.validate import check_graph

ARTIFACT = "sha256:" + "0" * 64
SIGNED = {"who": "A. Keller", "why": "seen by eye"}


@pytest.mark.parametrize("preset", list(Preset))
def test_tracks_are_reported_under_every_preset(preset: Preset) -> None:
    """A wish for tracks is a stage between ingest and enhance, whatever the preset."""
    wish = Wish(track=("face",), track_every=3, track_detector="lbp-cascade")
    graph = expand("video", preset, ARTIFACT, wish)
    assert [one.kind.value for one in graph.stages][:3] == ["ingest", "detect_track", "enhance"]
    checked = check_graph(graph)
    assert checked.track is not None
    assert (checked.track.targets, checked.track.every) == (("face",), 3)
    assert check_graph(expand("video", preset, ARTIFACT, Wish())).track is None


def test_what_is_told_about_tracks_needs_something_to_track() -> None:
    """A detector, a rhythm or corrections without a target are refused with advice."""
    for told in ({"track_detector": "yunet"}, {"track_every": 2}):
        with pytest.raises(GraphError, match="--track face"):
            parse_strict(Wish, told, field="")


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"do": "delete", "track": 1}, "who"),
        ({"do": "delete", "track": 0, **SIGNED}, "greater than or equal to 1"),
        ({"do": "rename", "track": 1, **SIGNED}, "does not match any of the expected tags"),
        ({"do": "merge", "tracks": [1, 1], **SIGNED}, "merged with itself"),
        ({"do": "merge", "tracks": [1], **SIGNED}, "at least 2"),
        ({"do": "split", "track": 1, **SIGNED}, "frame"),
        ({"do": "correct", "track": 1, "box": [0, 0, 0, 5], **SIGNED}, "greater than 0"),
        ({"do": "delete", "track": 1, "who": " ", "why": "because"}, "at least 2 characters"),
        ({"do": "delete", "track": 1, "name": "Smith", **SIGNED}, "Extra inputs"),
    ],
)
def test_a_malformed_correction_is_refused_by_its_place(edit: dict[str, Any], words: str) -> None:
    """The refusal names the correction by its number and says what is wrong with it."""
    sound = {"do": "delete", "track": 9, **SIGNED}
    with pytest.raises(GraphError, match=r"edits\.1") as refused:
        parse_edits([sound, edit])
    assert words in str(refused.value)


def test_a_file_of_corrections_is_a_list_with_or_without_its_name() -> None:
    """Both forms give the same corrections; anything else is refused with an example."""
    document = [{"do": "delete", "track": 9, **SIGNED}]
    assert parse_edits(document) == parse_edits({"edits": document})
    assert parse_edits(document) == (DeleteTrack(do="delete", track=9, **SIGNED),)
    with pytest.raises(GraphError, match="list of corrections"):
        parse_edits("delete track 9")


def test_corrections_are_part_of_the_graph_and_of_its_digest() -> None:
    """A correction travels in the graph, so two jobs that differ in one have different graphs."""
    edits = parse_edits([{"do": "split", "track": 1, "frame": 4, **SIGNED}])
    plain, edited = (
        expand("photo", Preset.BALANCED, ARTIFACT, Wish(track=("face",), track_edits=one))
        for one in ((), edits)
    )
    assert plain.digest() != edited.digest()
    checked = check_graph(edited)
    assert checked.track is not None
    assert checked.track.edits == edits
    assert edit_words(edits[0]) == "track 1 was split at frame 4"
