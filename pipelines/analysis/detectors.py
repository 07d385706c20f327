"""Which detectors there are here, which one looks, and the port for those of others.

Faces: a network of the catalog where its weights are installed and its engine is, YuNet before
UltraFace before RetinaFace; else the cascade. A network whose licence is not open to every use is
taken by name alone, under a permission that the graph carries (`pipelines.graph.licence`).

A detector that somebody else wrote is a Python entry point in the group `evident.detectors` that
gives a `Detector` when called without arguments. None ships, none is looked for unless a graph
names it, and nothing of it is imported before: so a package under a licence that binds what it is
loaded into (AGPL) is loaded by a person's word alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import cast

from models import catalog
from models.engines import finders
from models.spec import DetectorArchitecture, NetworkCard, WeightsFormat
from pipelines.analysis import cascade, cascade_file, retinaface, ultraface, yolo, yunet
from pipelines.analysis.found import FACE, Detector
from pipelines.errors import UnsupportedError

GROUP = "evident.detectors"
PLUGIN = "plugin:"
"""What a graph writes before the name of an entry point."""

_FAMILIES: Mapping[str, Callable[[NetworkCard, finders.Finder], Detector]] = {
    yunet.FAMILY: yunet.YuNetDetector,
    ultraface.FAMILY: ultraface.UltraFaceDetector,
    retinaface.FAMILY: retinaface.RetinaFaceDetector,
    yolo.THINGS_FAMILY: yolo.YoloDetector,
    yolo.FACE_FAMILY: yolo.YoloDetector,
}
_BEST_FIRST = ("yunet", "ultraface-rfb-640", "retinaface-r50")


@dataclass(frozen=True, slots=True)
class Listing:
    """A detector that we know, and why it cannot look here (empty where it can)."""

    name: str
    missing: str


def listing() -> tuple[Listing, ...]:
    """Say which detectors of ours there are, best first; imports no engine."""
    engine = "" if finders.is_available() else f"the {finders.ENGINE} engine"
    found = [
        Listing(name, engine or ("" if _has_weights(name) else "its weights"))
        for name in _BEST_FIRST
    ]
    table = "" if cascade_file.is_installed() else f"the package {cascade_file.PACKAGE}"
    return (*found, Listing(cascade.NAME, table))


def resolve(name: str | None, *, threads: int) -> Detector:
    """Make the detector called `name` ready; None takes the best that can look here.

    Raises UnsupportedError where there is none, and what loading a network raises.
    """
    if name is None:
        name = next((one.name for one in listing() if not one.missing), cascade.NAME)
    if name.startswith(PLUGIN):
        return _foreign(name.removeprefix(PLUGIN))
    if name == cascade.NAME:
        return cascade.CascadeDetector()
    card = catalog.card(name)
    family = card.architecture
    if not isinstance(family, DetectorArchitecture):
        raise UnsupportedError(
            f"{name} makes pictures and finds nothing.",
            next_step="Detectors are: " + ", ".join(one.name for one in listing()) + ".",
        )
    maker = _FAMILIES.get(family.family)
    if maker is None:
        raise UnsupportedError(f"This version does not read what a {family.family} network gives.")
    return maker(card, finders.load_finder(card, threads=threads))


def require_targets(detector: Detector, targets: tuple[str, ...]) -> None:
    """Raise UnsupportedError where a detector does not find what is asked for."""
    missing = [one for one in targets if one not in detector.targets]
    if missing:
        finds = ", ".join(detector.targets)
        raise UnsupportedError(
            f"{detector.facts.name} finds {finds}, not {missing[0]}.",
            next_step=f"Faces ({FACE}) are found by what ships; for other things install a "
            f"detector and name it: a network of the catalog, or `{PLUGIN}<its name>`.",
        )


def _has_weights(name: str) -> bool:
    return WeightsFormat.ONNX in catalog.card(name).files


def _foreign(name: str) -> Detector:
    found = [one for one in metadata.entry_points(group=GROUP) if one.name == name]
    if not found:
        raise UnsupportedError(
            f"No detector called {name} is installed.",
            next_step=f"Install a package that offers it as an entry point of {GROUP}.",
        )
    try:
        return cast("Detector", found[0].load()())
    except Exception as error:
        raise UnsupportedError(
            f"The detector {name} does not start: {type(error).__name__}: {error}"
        ) from error
