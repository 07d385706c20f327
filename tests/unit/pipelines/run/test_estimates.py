"""What is said of an estimated blur: its numbers and how sure they are, in both languages."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage

from pipelines.graph.spec import parse_graph
from pipelines.graph.validate import CheckedGraph, check_graph
from pipelines.media.picture import Family, FrameShape, PixelLayout
from pipelines.run.estimates import blur_sentences
from pipelines.stages.export.words import Language, words_in
from tests.unit.pipelines.operations.test_motion_blur import moved, photograph

SHAPE = FrameShape(512, 512, PixelLayout(Family.GRAY))


def checked(*operations: dict[str, Any]) -> CheckedGraph:
    """A graph with these operations."""
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {"name": "enhance", "kind": "enhance", "needs": ["ingest"],
         "params": {"operations": list(operations)}},
        {"name": "export", "kind": "export", "needs": ["enhance"]},
    ]  # fmt: skip
    inputs = {"source": {"artifact": f"sha256:{'a' * 64}"}}
    graph = {"version": 1, "preset": "balanced", "inputs": inputs, "stages": stages}
    return check_graph(parse_graph(graph))


def codes(picture: np.ndarray) -> tuple[np.ndarray, ...]:
    """Native planes of a gray picture."""
    return (np.clip(np.rint(picture), 0, 255).astype(np.uint8),)


def test_an_estimate_is_said_with_its_confidence_and_the_warning() -> None:
    """Length, angle, confidence, what was done, and that edges may ring; frame by frame."""
    graph = checked({"op": "deblur_estimated", "psf": "motion"})
    scene = photograph("camera")
    shown = [(30, codes(moved(scene, 12, 30))), (60, codes(scene))]
    found, declined = blur_sentences(graph, SHAPE, shown)
    assert found.startswith("deblur_estimated found in frame 30 a motion of 1")
    assert "confidence 0." in found
    assert found.endswith("and took it back; edges may ring.")
    assert declined.startswith("deblur_estimated found no blur in frame 60 that stands out")
    assert declined.endswith("and left it as it is.")


def test_a_gaussian_is_said_by_its_sigma() -> None:
    """A photograph has no frame number; where edges tell nothing, that is said."""
    graph = checked({"op": "deblur_estimated"})
    blurred = ndimage.gaussian_filter(photograph("camera"), 2)
    (found,) = blur_sentences(graph, SHAPE, [(None, codes(blurred))])
    assert found.startswith("deblur_estimated found in the picture a Gaussian of sigma ")
    (none,) = blur_sentences(graph, SHAPE, [(None, codes(np.full((512, 512), 80.0)))])
    assert "no blur in the picture that its edges tell" in none


def test_nothing_is_said_of_what_was_not_looked_at() -> None:
    """Without the operation there is no sentence; after another one its input is not kept."""
    shown = [(None, codes(photograph("camera")))]
    assert blur_sentences(checked({"op": "denoise"}), SHAPE, shown) == ()
    after = checked({"op": "denoise"}, {"op": "deblur_estimated", "psf": "motion"})
    (said,) = blur_sentences(after, SHAPE, shown)
    assert "not stated" in said


def test_every_sentence_has_russian_words() -> None:
    """No estimate reaches a Russian report in English."""
    book = words_in(Language.RU).phrases
    scene = photograph("camera")
    pictures = (
        scene,
        moved(scene, 12, 30),
        ndimage.gaussian_filter(scene, 2),
        np.zeros((512, 512)),
    )
    said = []
    for psf in ("gaussian", "motion"):
        graph = checked({"op": "deblur_estimated", "psf": psf})
        for frame in (None, 7):
            said += blur_sentences(graph, SHAPE, [(frame, codes(one)) for one in pictures])
    said += blur_sentences(checked({"op": "denoise"}, {"op": "deblur_estimated"}), SHAPE, [])
    assert len(set(said)) >= 9
    assert [one for one in said if book.known(one) is None] == []
