"""Drift as a metric of gates: in the faces of a set, by a network of one's own, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.errors import InputError
from pipelines.gates.faces import FILE, FaceBox, Faces, read_faces
from pipelines.gates.golden_set import Case, read_set
from pipelines.gates.judge import judge
from pipelines.gates.measure import _drifts, _Found
from pipelines.quality.metrics.calibration import calibrate
from pipelines.quality.metrics.face_drift import FaceDrift, face_drift
from pipelines.quality.metrics.fingerprint import Unavailable, difference
from tests.unit.pipelines.gates.gate_kit import THRESHOLDS, results, thresholds

GOLDEN = Path(__file__).resolve().parents[4] / "golden_set"
TEXT = (GOLDEN / FILE).read_text("utf-8")


@dataclass(frozen=True)
class Means:
    """An embedding of sixteen means of each colour, less their mean: a toy that can tell turns."""

    name: str = "means"
    least_side: int = 20

    def embed(self, face: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed (H, W, 3) codes."""
        rows = np.array_split(np.asarray(face, np.float32), 4)
        cells = [cell.mean() for row in rows for cell in np.array_split(row, 4, axis=1)]
        return np.asarray(np.array(cells) - np.mean(cells) + 1e-3, np.float32)


@pytest.fixture
def case() -> Case:
    """A photograph with a face, enlarged by 4."""
    return next(one for one in read_set(GOLDEN).photos if one.name == "astronaut-clean-x4")


def drifts(case: Case, faces: Faces, metric: FaceDrift, spoil: Callable[[Any], Any]) -> list[Any]:
    """Score a result that is the input repeated, and spoilt."""
    rows, columns = np.mgrid[0:64, 0:64]
    source = np.stack([(rows * 3 + columns * at) % 256 for at in (1, 2, 5)], axis=-1).astype(float)
    repeated = np.repeat(np.repeat(source, 4, 0), 4, 1)
    found = _Found(pictures={case.name: (repeated, spoil(repeated), repeated)})
    bench: Any = SimpleNamespace(stored=lambda file: source)
    return list(_drifts(case, bench, faces, [metric], found))


def test_drift_is_measured_between_the_face_that_went_in_and_the_one_that_came_out(
    case: Case,
) -> None:
    """A face that is as it was drifts by nothing, one that was turned over by much."""
    faces = read_faces(GOLDEN)
    metric = FaceDrift(Means(), faces.sha256)
    (same,) = drifts(case, faces, metric, lambda picture: picture)
    assert (same.metric, same.case) == ("drift", case.name)
    assert same.value == same.reference < 0.02
    (turned,) = drifts(case, faces, metric, lambda picture: picture[::-1])
    assert turned.value > 0.3
    assert turned.reference == same.reference


def test_a_face_that_is_too_small_is_not_scored(case: Case) -> None:
    """Below the size that the network was made for there is no number, and never zero."""
    faces = read_faces(GOLDEN)
    metric = FaceDrift(Means(least_side=26), faces.sha256)
    assert drifts(case, faces, metric, lambda picture: picture) == []
    assert drifts(case, Faces(), FaceDrift(Means(), ""), lambda picture: picture) == []


def test_without_a_network_or_faces_drift_is_unavailable() -> None:
    """What is missing is said in words."""
    found = face_drift(None, boxes="ab" * 32)
    assert isinstance(found, Unavailable)
    assert "EVIDENT_FACE_EMBEDDING" in found.reason
    assert isinstance(face_drift(Means(), boxes=""), Unavailable)
    assert isinstance(face_drift(Means(), boxes="ab" * 32), FaceDrift)


def test_drift_calibrates_and_names_its_network() -> None:
    """Known angles and what must hold for any network hold; two networks are never compared."""
    metric = FaceDrift(Means(), "ab" * 32)
    assert all(one.holds for one in calibrate(metric))
    broken = FaceDrift(SimpleNamespace(name="x", least_side=1, embed=lambda face: np.ones(2)), "")
    assert [one.pair for one in calibrate(broken) if not one.holds] == ["unlike ones differ"]
    picture = np.random.default_rng(1).integers(0, 256, (32, 32, 3)).astype(float)
    other = FaceDrift(Means(name="another"), "ab" * 32)
    with pytest.raises(Exception, match="made differently"):
        difference(metric.score(picture, picture), other.score(picture, picture))


def test_a_limit_on_drift_judges(tmp_path: Path) -> None:
    """Where somebody states a limit, a face that moved further fails the gate."""
    limits = thresholds(tmp_path, THRESHOLDS + "[networks.net-x2.drift]\nclean = { most = 0.1 }\n")
    score = replace(results().scores[0], metric="drift", value=0.2, reference=0.05)
    found = replace(results(), scores=(*results().scores, score))
    judgement = judge(found, limits)
    assert [line.metric for line in judgement.lines if not line.holds] == ["drift"]


def test_boxes_are_those_of_the_truth_and_scale_with_the_input() -> None:
    """The set's face is where its file says, in the truth and in an input a quarter as large."""
    (boxes,) = read_faces(GOLDEN).boxes.values()
    assert boxes == (FaceBox(76, 64, 100, 116),)
    picture = np.zeros((256, 256, 3))
    assert boxes[0].of(picture).shape == (116, 100, 3)
    assert boxes[0].of(picture[::4, ::4], reduced_by=4).shape == (29, 25, 3)


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("width", "wide"),
        TEXT.replace("100", "0"),
        TEXT.replace("76", "-1"),
        TEXT.replace("76", '"76"'),
        TEXT.replace("a666", "A666"),
        TEXT + "more = 1\n",
        "",
    ],
)
def test_faces_are_read_strictly(tmp_path: Path, text: str) -> None:
    """A file that is out of form is refused; a set without one has no faces."""
    assert read_faces(tmp_path) == Faces()
    (tmp_path / FILE).write_text(text)
    with pytest.raises(InputError, match="where faces are"):
        read_faces(tmp_path)
