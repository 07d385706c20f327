"""`evident doctor`: what this machine has, lacks, and is told."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path

from models import catalog, weights
from models.engines import choice, devices
from models.engines.devices import usable_cores
from models.engines.selection import Workload
from models.errors import ModelError
from models.spec import WeightsFormat
from pipelines.analysis import detectors
from pipelines.errors import EvidentError
from pipelines.media import codecs
from services.cli.capacity import available_memory_bytes
from services.cli.doctor_services import services
from services.cli.engine_wiring import NETWORK_TILE_PIXELS, selector
from services.cli.evidence_wiring import signing_key, version
from services.cli.gate_wiring import gate_book
from services.cli.networks_wiring import models_folder, networks_of
from services.cli.printing import FAILED, GOOD, print_json, print_text
from services.settings.settings import Settings

_GIB = 1 << 30
_LEAST_FREE_BYTES = _GIB
_LIBRARIES = ("av", "pyvips", "numpy", "cryptography", "reportlab")
_OPTIONAL = (
    ("c2pa-python", "credentials", "content credentials"),
    ("rfc3161-client", "time-stamps", "time stamps"),
    ("ray", "cluster", "pools of workers"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `next_step` is set where it is not well.

    What is not `here` and not needed is no fault: the machine does without it.
    """

    name: str
    detail: str
    well: bool = True
    next_step: str = ""
    here: bool = True

    @property
    def mark(self) -> str:
        """The word in front of the line."""
        if not self.well:
            return "MISSING"
        return "ok" if self.here else "without"


def main(*, as_json: bool, measure: bool = False) -> int:
    """Print what was found; returns 1 where something that is needed is missing.

    `measure` times the engines that gates admit against each other first, and keeps the result.
    """
    settings = Settings()
    findings = list(_findings(settings, measure=measure))
    if as_json:
        print_json(
            {
                "ok": all(one.well for one in findings),
                "findings": [
                    {
                        "name": one.name,
                        "ok": one.well,
                        "available": one.well and one.here,
                        "detail": one.detail,
                        "next_step": one.next_step,
                    }
                    for one in findings
                ],
            }
        )
    else:
        for one in findings:
            print_text(f"{one.mark:7} {one.name}: {one.detail}")
            if one.next_step:
                print_text(f"        next: {one.next_step}")
    return GOOD if all(one.well for one in findings) else FAILED


def _findings(settings: Settings, *, measure: bool) -> Iterator[Finding]:
    yield Finding("evident", f"version {version()}")
    yield from (_library(name) for name in _LIBRARIES)
    yield from (_optional(*one) for one in _OPTIONAL)
    yield from _codecs()
    yield from _engines()
    for name in _at_hand(settings):
        yield _guarded(f"network {name}", partial(_network, name))
    yield from _detectors()
    yield from _choices(settings, measure=measure)
    yield _guarded("signing key", lambda: f"{signing_key(settings).key_id}")
    yield Finding("state", f"EVIDENT_HOME is {settings.home}")
    for name, detail, error in services(settings):
        yield Finding(name, detail, error is None, "" if error is None else error.next_step)
    yield Finding(
        "processor", f"{usable_cores()} cores usable, {settings.threads or 'as many'} threads used"
    )
    yield Finding("memory", f"{available_memory_bytes() / _GIB:.1f} GiB available")
    yield _disk(settings.home)


def _library(name: str) -> Finding:
    try:
        return Finding(name, f"version {metadata.version(name)}")
    except metadata.PackageNotFoundError:
        return Finding(name, "not installed", well=False, next_step=f"pip install {name}")


def _optional(name: str, extra: str, use: str) -> Finding:
    """A library that something can do without; its lack is told, and is no fault."""
    try:
        return Finding(name, f"version {metadata.version(name)}")
    except metadata.PackageNotFoundError:
        return Finding(name, f"not installed; {use} need the `{extra}` extra", here=False)


def _detectors() -> Iterator[Finding]:
    """What finds faces; without any, nothing is tracked and everything else works."""
    for one in detectors.listing():
        detail = f"not available (lacks {one.missing})" if one.missing else "finds faces"
        yield Finding(f"detector {one.name}", detail, here=not one.missing)


def _codecs() -> Iterator[Finding]:
    """What footage can be delivered with, and what it can come in."""
    lacking = codecs.lacking_encoders()
    yield Finding(
        "encoders",
        f"lacks {', '.join(lacking)}" if lacking else f"has {', '.join(codecs.ENCODERS)}",
        well=not lacking,
        next_step="Install a build of PyAV that has them." if lacking else "",
    )
    lacking = codecs.lacking_decoders()
    has = [name for name in codecs.DECODERS if name not in lacking]
    yield Finding("decoders", f"has {', '.join(has)}")
    if lacking:
        yield Finding("decoders", f"lacks {', '.join(lacking)}", here=False)


def _engines() -> Iterator[Finding]:
    listed = choice.listing()
    for engine in listed:
        if engine.is_available:
            yield Finding(f"engine {engine.name}", f"version {engine.version}")
        else:
            # One engine is enough; without any, only conventional operations run.
            none = not any(other.is_available for other in listed)
            yield Finding(
                f"engine {engine.name}",
                f"not available (lacks {', '.join(engine.missing)})",
                well=not none,
                next_step=choice.INSTALL if none else "",
                here=False,
            )
    gpus = devices.gpus()
    if not gpus:
        yield Finding(
            "GPU", "none that a driver tells of; everything runs on the processor", here=False
        )
    for gpu in gpus:
        yield Finding(
            f"GPU {gpu.index}", f"{gpu.name}, {gpu.device_class}, {gpu.memory_bytes / _GIB:.0f} GiB"
        )
    for conflict in choice.conflicts():
        yield Finding("engines", conflict, well=False, next_step="Keep one distribution.")


def _at_hand(settings: Settings) -> Iterator[str]:
    """Networks that ship, and those of the field that are installed or look as if they were."""
    networks = networks_of(settings)
    for name in networks.listed():
        if name in networks.names() or (models_folder(settings) / name).exists():
            yield name


def _choices(settings: Settings, *, measure: bool) -> Iterator[Finding]:
    """Say how each network would run here and why, for a picture of one tile."""
    decides = selector(settings, gate_book(settings, signing_key(settings)))
    threads = settings.threads or usable_cores()
    work = Workload(NETWORK_TILE_PIXELS, NETWORK_TILE_PIXELS)

    def chosen(name: str) -> str:
        taken = decides.choose(catalog.card(name), work, threads=threads, measure=measure)
        return f"{taken.engine} in {taken.precision.value}. {taken.reason}"

    for name in catalog.current().names():
        yield _guarded(f"engine of {name}", partial(chosen, name))


def _network(name: str) -> str:
    card = catalog.card(name)
    for kind in WeightsFormat:
        if kind in card.files:
            weights.read_verified(card, kind)
    return f"version {card.version}, weights as on its card"


def _guarded(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, look())
    except (EvidentError, ModelError) as error:
        return Finding(name, str(error), well=False, next_step=error.next_step)


def _disk(home: Path) -> Finding:
    folder = home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    well = free >= _LEAST_FREE_BYTES and os.access(folder, os.W_OK)
    return Finding(
        "disk",
        f"{free / _GIB:.1f} GiB free where the state lies",
        well=well,
        next_step="" if well else "Free some space, or name another EVIDENT_HOME.",
    )
