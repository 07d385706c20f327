"""RetinaFace and YOLOv8 read: made ONNX graphs of the official output layouts with known boxes.

The graphs answer the same whatever picture comes in; what is proven is how answers are read and
what is handed in, and nothing about what the official weights find.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping

import numpy as np
import pytest

from models import catalog
from models.engines.finders import Finder, finder_of
from models.errors import EngineError
from models.spec import Use
from pipelines.analysis import detectors
from pipelines.analysis.found import FACE, OBJECT, is_wanted
from pipelines.analysis.retinaface import RetinaFaceDetector, squares
from pipelines.analysis.things import THINGS
from pipelines.analysis.yolo import YoloDetector, fitted
from pipelines.errors import UnsupportedError
from tests.unit.pipelines.analysis.detector_kit import PLACES, SIDE, answering, yolo_answer


def loaded(answers: Mapping[str, np.ndarray], *, taken: str) -> Finder:
    """Load a network that gives these arrays for any picture."""
    content = answering(answers, taken=taken)
    digest = hashlib.sha256(content).hexdigest()
    return finder_of(content, name="made", version="1", sha256=digest, threads=1)


class Handed:
    """A network that keeps what it is handed."""

    def __init__(self, answers: Mapping[str, np.ndarray]) -> None:
        self.answers = answers
        self.batch = np.empty(0, np.float32)

    def run(self, batch: np.ndarray) -> Mapping[str, np.ndarray]:
        """Give the answers."""
        self.batch = batch
        return self.answers


def gray(height: int, width: int) -> np.ndarray:
    """A gray picture."""
    return np.full((height, width, 3), 128, np.uint8)


def retina_answers(height: int, width: int) -> dict[str, np.ndarray]:
    """Answers of the layout for a picture of this size, nothing found; names are the exporter's."""
    count = 2 * sum(
        math.ceil(height / grid) * math.ceil(width / grid) for grid in (8, 16, 32)
    )  # two squares a place
    scores = np.tile(np.array([1, 0], np.float32), (1, count, 1))
    return {
        "output0": np.zeros((1, count, 4), np.float32),
        "586": scores,
        "585": np.zeros((1, count, 10), np.float32),
    }


def retina(answers: Mapping[str, np.ndarray]) -> RetinaFaceDetector:
    """The detector over a network with these answers."""
    return RetinaFaceDetector(catalog.card("retinaface-r50"), loaded(answers, taken="input0"))


def test_retinaface_gives_the_boxes_and_points_that_were_put_in() -> None:
    """What is written into the layout by the paper's coding comes out as box and landmarks."""
    answers = retina_answers(96, 160)
    # Grid of 16 samples, row 2, column 3, its second square: after the grid of 8 samples.
    first = 2 * 12 * 20 + 2 * (2 * 10 + 3) + 1
    middle, side = (3.5 * 16, 2.5 * 16), 128
    box = (50.0, 30.0, 40.0, 56.0)
    centre = (box[0] + box[2] / 2, box[1] + box[3] / 2)
    answers["output0"][0, first] = [
        (centre[0] - middle[0]) / (0.1 * side),
        (centre[1] - middle[1]) / (0.1 * side),
        math.log(box[2] / side) / 0.2,
        math.log(box[3] / side) / 0.2,
    ]
    points = ((60.0, 50.0), (80.0, 50.5), (70.0, 60.0), (63.0, 72.0), (78.0, 72.5))
    answers["585"][0, first] = [
        (place - about) / (0.1 * side)
        for point in points
        for place, about in zip(point, middle, strict=True)
    ]
    answers["586"][0, first] = [0.1, 0.9]
    (found,) = retina(answers).detect(gray(90, 150))
    assert found.target == FACE
    assert found.score == pytest.approx(0.9)
    assert (found.box.left, found.box.top, found.box.width, found.box.height) == pytest.approx(
        box, abs=1e-3
    )
    assert np.allclose(found.landmarks, points, atol=1e-3)


def test_retinaface_keeps_the_best_of_doubles() -> None:
    """Two squares that name one face give one; a face elsewhere stays."""
    answers = retina_answers(64, 64)
    pairs = 2 * 8 * 8
    for square, score in ((pairs, 0.7), (pairs + 2, 0.8), (0, 0.6), (5, 0.05)):
        answers["586"][0, square] = [1 - score, score]
    answers["output0"][0, pairs + 2] = [-2.5, 0, 0, 0]  # one place to the left: the same box
    found = retina(answers).detect(gray(64, 64))
    assert [round(one.score, 3) for one in found] == [0.8, 0.6]
    assert found[0].box.width == pytest.approx(64)
    assert found[1].box.width == pytest.approx(16)


def test_retinaface_is_handed_blue_green_red_less_the_mean() -> None:
    """Samples go in as 0..255 in that order, on whole grids, with nothing beyond the picture."""
    kept = Handed(retina_answers(64, 64))
    picture = np.zeros((40, 50, 3), np.uint8)
    picture[...] = (200, 150, 100)  # R, G, B
    detector = RetinaFaceDetector(
        catalog.card("retinaface-r50"), Finder("made", "1", "0" * 64, "test", kept)
    )
    assert detector.detect(picture) == ()
    assert kept.batch.shape == (1, 3, 64, 64)
    assert kept.batch[0, :, 39, 49].tolist() == [100 - 104, 150 - 117, 200 - 123]
    assert not kept.batch[0, :, 40:].any()
    assert len(squares(64, 64)) == kept.answers["output0"].shape[1]


def test_another_retinaface_is_refused() -> None:
    """Outputs of another number or another size are an error and never half read."""
    answers = retina_answers(64, 64)
    with pytest.raises(EngineError, match="another network"):
        retina({"output0": answers["output0"]}).detect(gray(64, 64))
    with pytest.raises(EngineError, match="168 places, and 42 squares"):
        retina(answers).detect(gray(32, 32))


def yolo(name: str, places: Mapping[int, list[float]]) -> YoloDetector:
    """The detector `name` over a network with these numbers at these places."""
    answer = yolo_answer(84 if name == "yolov8n" else 20, places)
    return YoloDetector(catalog.card(name), loaded({"output0": answer}, taken="images"))


def scored(kind: str, score: float) -> list[float]:
    """Scores of a place that shows one kind of thing."""
    scores = [0.01] * len(THINGS)
    scores[THINGS.index(kind)] = score
    return scores


def test_things_come_out_where_and_as_what_they_were_put_in() -> None:
    """Boxes are read from middle and size, fitted back into the picture, each with its name."""
    # A picture of 1280 x 720 is halved and stands 140 rows below the square's upper edge.
    detector = yolo(
        "yolov8n",
        {
            7: [320, 320, 100, 60, *scored("car", 0.9)],
            8: [324, 321, 100, 60, *scored("car", 0.6)],
            9: [324, 321, 100, 60, *scored("truck", 0.5)],
            4000: [50, 200, 20, 40, *scored("person", 0.8)],
            4001: [50, 200, 20, 40, *scored("dog", 0.09)],
            4002: [50, 400, 0, 40, *scored("dog", 0.7)],
        },
    )
    found = detector.detect(gray(720, 1280))
    assert [(one.target, round(one.score, 2)) for one in found] == [
        ("car", 0.9),
        ("person", 0.8),
        ("truck", 0.5),
    ]
    box = found[0].box
    assert (box.left, box.top, box.width, box.height) == pytest.approx((540, 300, 200, 120))
    box = found[1].box
    assert (box.left, box.top, box.width, box.height) == pytest.approx((80, 80, 40, 80))
    assert found[0].landmarks == ()


def test_faces_come_out_with_their_points() -> None:
    """A face has five points, in the order of the detectors that have them, and its box."""
    points = ((310.0, 310.0), (330.0, 310.0), (320.0, 320.0), (312.0, 330.0), (328.0, 330.0))
    numbers = [value for x, y in points for value in (x, y, 0.9)]
    detector = yolo("yolov8n-face", {100: [320, 320, 50, 60, 0.75, *numbers]})
    (found,) = detector.detect(gray(480, 640))
    assert detector.targets == (FACE,)
    assert found.target == FACE
    assert found.score == pytest.approx(0.75)
    assert np.allclose(found.landmarks, [(x, y - 80) for x, y in points])


def test_yolo_is_handed_a_picture_in_the_middle_of_gray() -> None:
    """R, G, B of 0..1, never enlarged, and the way back is the way there."""
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[...] = (255, 51, 0)
    square = fitted(picture, SIDE, SIDE)
    assert square.batch[0, :, 320, 320].tolist() == pytest.approx([1, 0.2, 0])
    assert square.batch[0, :, 0, 0].tolist() == pytest.approx([114 / 255] * 3)
    assert square.point(220, 270) == (0, 0)
    assert square.point(420, 370) == (200, 100)
    large = fitted(gray(1440, 1280), SIDE, SIDE)
    assert large.point(*(SIDE / 2, SIDE / 2)) == pytest.approx((640, 720), abs=1.2)


def test_another_yolo_is_refused() -> None:
    """One output of 84 numbers is read, or of 20 for faces; no other form is half read."""
    wrong = np.zeros((1, 56, PLACES), np.float32)
    detector = YoloDetector(catalog.card("yolov8n"), loaded({"output0": wrong}, taken="images"))
    with pytest.raises(EngineError, match=r"one output \(1, 84, places\) is read"):
        detector.detect(gray(64, 64))


def test_object_stands_for_everything_but_faces() -> None:
    """Who looks for objects finds every kind of thing; who names kinds finds those alone."""
    assert is_wanted("car", (OBJECT,))
    assert is_wanted("car", ("person", "car"))
    assert not is_wanted("car", (FACE,))
    assert not is_wanted(FACE, (OBJECT,))
    detector = yolo("yolov8n", {})
    detectors.require_targets(detector, (OBJECT, "traffic-light"))
    with pytest.raises(UnsupportedError, match="not face"):
        detectors.require_targets(detector, (FACE,))


def test_what_is_bound_by_its_licence_is_never_looked_for() -> None:
    """Detectors that are taken without being named are free for every use."""
    listed = [one.name for one in detectors.listing()]
    free = {name for name in catalog.listed() if catalog.card(name).use is Use.FREE}
    assert not {"yolov8n", "yolov8n-face"} & free
    assert {name for name in listed if name in catalog.listed()} <= free
