"""Parameter files of metrics: found by digest in the folders that an operator names.

A name proves nothing, so a published file counts only when its SHA-256 is the published one. The
classifier of LPIPS is whatever the operator puts there; its digest is in the fingerprint, so two
of them are never compared. What is not there makes its metric `Unavailable`; nothing is fetched,
and nothing stands in for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from pipelines.errors import InputError
from pipelines.quality.metrics.backbones import Backbone
from pipelines.quality.metrics.brisque import Brisque
from pipelines.quality.metrics.fingerprint import Unavailable
from pipelines.quality.metrics.lpips import Lpips
from pipelines.quality.metrics.niqe import Niqe

NIQE_FILE = "niqe_pris_params.npz"
NIQE_SHA256 = "2a7c182a68c9e7f1b2e2e5ec723279d6f65d912b6fcaf37eb2bf03d7367c4296"
BRISQUE_FILES = ("brisque_model_live.yml", "brisque_range_live.yml")
BRISQUE_SHA256 = (
    "4c44c7eec9e5139830c0bb0e4a044c9cd351ba5bbc9e3798beca3243e2782ff4",
    "a18427f4f7ad087524bd0d63389649a3899b51ca6d44a4d5f8d8171f1f914a9c",
)

LPIPS_FOLDER = "lpips"
LPIPS_SHA256 = {
    Backbone.ALEX: "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
    Backbone.VGG: "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
    Backbone.SQUEEZE: "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76",
}
"""The heads of version 0.1, `alex.pth` and so on; the classifier beside them is
`alex-backbone.safetensors`, in torchvision's layout, with or without its classifier's part."""

_MOST_BYTES = 4 << 20
_MOST_BACKBONE_BYTES = 1 << 30


def niqe(folders: Sequence[Path], *, crop: int = 0) -> Niqe | Unavailable:
    """Return NIQE with its pristine model, where one of `folders` holds it."""
    data = _found(folders, NIQE_FILE, NIQE_SHA256)
    if data is None:
        return Unavailable("niqe", _missing(NIQE_FILE, NIQE_SHA256))
    return Niqe.read(data, sha256=NIQE_SHA256, crop=crop)


def brisque(folders: Sequence[Path]) -> Brisque | Unavailable:
    """Return BRISQUE with its regression, where one of `folders` holds its two files."""
    parts = []
    for name, sha256 in zip(BRISQUE_FILES, BRISQUE_SHA256, strict=True):
        data = _found(folders, name, sha256)
        if data is None:
            return Unavailable("brisque", _missing(name, sha256))
        parts.append(data)
    return Brisque.read(parts[0], parts[1], sha256=BRISQUE_SHA256)


def lpips(
    folders: Sequence[Path],
    *,
    crop: int = 0,
    heads_sha256: Mapping[Backbone, str] = MappingProxyType(LPIPS_SHA256),
) -> Lpips | Unavailable:
    """Return LPIPS on the first classifier that one of `folders` holds with its heads.

    Raises InputError where a file is there and is not what it should be.
    """
    inner = [folder / LPIPS_FOLDER for folder in folders]
    lacking = []
    for backbone, sha256 in heads_sha256.items():
        heads = _found(inner, f"{backbone.label}.pth", sha256)
        name = f"{backbone.label}-backbone.safetensors"
        weights = _supplied(inner, name)
        if heads is not None and weights is not None:
            return Lpips.read(
                backbone,
                heads,
                weights,
                heads_sha256=sha256,
                weights_sha256=hashlib.sha256(weights).hexdigest(),
                crop=crop,
            )
        lacking.append(f"{backbone.label}.pth" if heads is None else name)
    return Unavailable(
        "lpips",
        f"of each classifier something is missing in the folders for metrics, under "
        f"{LPIPS_FOLDER}: {', '.join(lacking)}",
    )


def _supplied(folders: Sequence[Path], name: str) -> bytes | None:
    for folder in folders:
        try:
            with (folder / name).open("rb") as file:
                data = file.read(_MOST_BACKBONE_BYTES + 1)
        except OSError:
            continue
        if len(data) > _MOST_BACKBONE_BYTES:
            raise InputError(f"{name} is larger than {_MOST_BACKBONE_BYTES} bytes.")
        return data
    return None


def _found(folders: Sequence[Path], name: str, sha256: str) -> bytes | None:
    for folder in folders:
        try:
            with (folder / name).open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except OSError:
            continue
        if hashlib.sha256(data).hexdigest() == sha256:
            return data
    return None


def _missing(name: str, sha256: str) -> str:
    return f"no {name} with SHA-256 {sha256} is in the folders for metrics"
