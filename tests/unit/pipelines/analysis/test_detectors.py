"""Detectors on real photographs, held against other programs that run the same tables."""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
import skimage.feature

from models import catalog
from models.engines.finders import finder_of
from models.spec import NetworkCard, Task
from pipelines.analysis import cascade, cascade_file, detectors
from pipelines.analysis.cascade import CascadeDetector, passing_windows
from pipelines.analysis.cascade_file import installed_table, read_table
from pipelines.analysis.found import Box, Detection, Rgb8, in_order, without_doubles
from pipelines.analysis.reduced import area_means
from pipelines.analysis.ultraface import UltraFaceDetector
from pipelines.analysis.yunet import YuNetDetector
from pipelines.errors import UnsupportedError

ASTRONAUT = Box(178, 65, 92, 111)
"""Where the face of scikit-image's astronaut is, forehead to chin."""


@pytest.fixture(scope="module")
def astronaut() -> Rgb8:
    """A photograph with one face, (512, 512, 3)."""
    return np.asarray(skimage.data.astronaut())


def loaded(shared: Path, name: str, file: str) -> YuNetDetector | UltraFaceDetector:
    """A detector with the real weights."""
    content = (shared / "weights" / file).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    finder = finder_of(content, name=name, version="1", sha256=digest, threads=1)
    maker = YuNetDetector if name == "yunet" else UltraFaceDetector
    return maker(catalog.card(name), finder)


def test_the_cascade_finds_the_face_in_a_photograph(astronaut: Rgb8) -> None:
    """Its best candidate is the face, and the same picture gives the same candidates."""
    detector = CascadeDetector()
    found = detector.detect(astronaut)
    assert found[0].box.overlap(ASTRONAUT) > 0.5
    assert found == detector.detect(astronaut)
    assert detector.facts.version.startswith("scikit-image ")
    assert len(detector.facts.sha256) == 64


def test_windows_pass_as_they_do_elsewhere(astronaut: Rgb8) -> None:
    """At the table's own size, the windows that pass are those of scikit-image's program.

    It sums in float32; multiples of 1/256 of this size are summed there without rounding.
    """
    gray = np.rint(area_means(astronaut @ np.array([0.299, 0.587, 0.114]), 128, 128))
    table = installed_table()
    path = Path(skimage.data.__file__).parent / cascade_file.FILE
    other = skimage.feature.Cascade(path)
    assert table.side > cascade.LEAST_SHARE * 128
    found = other.detect_multi_scale(
        img=(gray / 256).astype(np.float32),
        scale_factor=10,
        step_ratio=1,
        min_size=(24, 24),
        max_size=(25, 25),
        min_neighbor_number=1,
        intersection_score_threshold=1.0,
    )
    ours = {(one.top, one.left) for one in passing_windows(table, gray) if one.side == 24}
    assert ours == {(float(one["r"]), float(one["c"])) for one in found}
    assert ours


def test_a_table_of_another_form_is_refused() -> None:
    """What is no LBP cascade, holds entities or is damaged is refused and never half read."""
    path = Path(skimage.data.__file__).parent / cascade_file.FILE
    data = path.read_bytes()
    for wrong in (
        b"<opencv_storage/>",
        b"not xml",
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + data,
        data.replace(b"<featureType>LBP", b"<featureType>HAAR"),
        data.replace(b"0 -1 46 ", b"0 -1 460 "),
        data.replace(b"18 0 2 2", b"20 0 2 2"),
        b" " * (2 << 20),
    ):
        with pytest.raises(UnsupportedError, match="cascade cannot be read"):
            read_table(wrong, version="test")


@pytest.mark.shared_data
@pytest.mark.parametrize("photo", ["astronaut", "kodim04", "kodim12"])
def test_yunet_is_decoded_as_opencv_decodes_it(shared: Path, astronaut: Rgb8, photo: str) -> None:
    """Boxes, scores and landmarks are those of cv2.FaceDetectorYN with the same weights."""
    path = shared / "photos" / "kodak" / f"{photo}.png"
    rgb = astronaut if photo == "astronaut" else np.asarray(cv2.imread(str(path))[..., ::-1])
    weights = shared / "weights" / "yunet_n_dynamic.onnx"
    other = cv2.FaceDetectorYN.create(str(weights), "", rgb.shape[1::-1], 0.1, 0.3)
    expected = other.detect(np.ascontiguousarray(rgb[..., ::-1]))[1]
    found = loaded(shared, "yunet", weights.name).detect(rgb)
    assert len(found) == len(expected)
    for one, row in zip(found, expected, strict=True):
        box = one.box
        numbers = [box.left, box.top, box.width, box.height, *np.ravel(one.landmarks), one.score]
        assert numbers == pytest.approx(row.tolist(), abs=0.01)


@pytest.mark.shared_data
def test_ultraface_finds_the_face_in_a_photograph(shared: Path, astronaut: Rgb8) -> None:
    """Its best candidate is the face, also where the picture is reduced to fit."""
    detector = loaded(shared, "ultraface-rfb-640", "version-RFB-640.onnx")
    found = detector.detect(astronaut)
    assert found[0].box.overlap(ASTRONAUT) > 0.6
    assert found[0].score > 0.9
    large = np.repeat(np.repeat(astronaut, 2, axis=0), 2, axis=1)
    twice = detector.detect(large)[0].box
    assert (
        Box(twice.left / 2, twice.top / 2, twice.width / 2, twice.height / 2).overlap(ASTRONAUT)
        > 0.6
    )


def test_of_doubles_the_best_is_kept() -> None:
    """Of two that overlap the better stays; one of another target or elsewhere stays too."""
    best = Detection("face", Box(0, 0, 10, 10), 0.9)
    double = Detection("face", Box(1, 1, 10, 10), 0.8)
    other = Detection("car", Box(1, 1, 10, 10), 0.7)
    far = Detection("face", Box(50, 0, 10, 10), 0.6)
    found = [far, double, other, best]
    assert without_doubles(found, most_overlap=0.3) == (best, other, far)
    assert in_order(found)[0] is best


def test_without_weights_the_cascade_looks() -> None:
    """Where no network is installed the cascade is taken, and a network by name is refused."""
    assert [one.name for one in detectors.listing()][-1] == cascade.NAME
    assert all(one.missing for one in detectors.listing()[:-1])
    assert detectors.resolve(None, threads=1).facts.name == cascade.NAME
    maker = next(name for name in catalog.names() if catalog.card(name).task is Task.DENOISE)
    with pytest.raises(UnsupportedError, match="finds nothing"):
        detectors.resolve(maker, threads=1)


def test_where_yunet_is_installed_it_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights of networks come before the cascade, YuNet's before any other's."""
    made: list[str] = []

    def finder(card: NetworkCard, *, threads: int) -> object:
        made.append(f"{card.name} with {threads}")
        return type("Loaded", (), {"facts": None})()

    monkeypatch.setattr(detectors, "_has_weights", lambda name: name != "retinaface-r50")
    monkeypatch.setattr(detectors.finders, "is_available", lambda: True)
    monkeypatch.setattr(detectors.finders, "load_finder", finder)
    monkeypatch.setattr(detectors, "_FAMILIES", {"yunet": lambda card, _finder: card.name})
    assert next(one.name for one in detectors.listing() if not one.missing) == "yunet"
    assert detectors.resolve(None, threads=2) == "yunet"
    assert made == ["yunet with 2"]


class Cars:
    """A detector of somebody else."""

    facts = CascadeDetector().facts
    targets = ("car",)
    usual_side = 320

    def detect(self, rgb: Rgb8) -> tuple[Detection, ...]:
        """One car in the middle."""
        height, width = rgb.shape[:2]
        return (Detection("car", Box(width / 4, height / 4, width / 2, height / 2), 1.0),)


def test_a_foreign_detector_is_loaded_by_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry point is loaded when it is named, never before, and must find what is asked for."""
    loads = []

    class Point:
        name = "cars"

        def load(self) -> type[Cars]:
            loads.append(self.name)
            return Cars

    monkeypatch.setattr(metadata, "entry_points", lambda group: [Point()])
    detectors.listing()
    detectors.resolve(None, threads=1)
    assert loads == []
    detector = detectors.resolve("plugin:cars", threads=1)
    assert loads == ["cars"]
    detectors.require_targets(detector, ("car",))
    with pytest.raises(UnsupportedError, match="finds car, not face"):
        detectors.require_targets(detector, ("face",))
    with pytest.raises(UnsupportedError, match="No detector called boats"):
        detectors.resolve("plugin:boats", threads=1)
