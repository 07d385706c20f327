"""From a file on disk to an installed network."""

from __future__ import annotations

from pathlib import Path

from models.catalog import Catalog
from models.errors import InstallError
from models.install.convert import converted
from models.install.recognise import FileKind, kind_of, recognise
from models.install.torch_child import tensors_of
from models.installed import Installed
from models.spec import WeightsFile
from models.store import install, sha256_of

MOST_BYTES = 1 << 30
"""Larger than any file of the catalog; what is larger is not read at all."""


def import_file(
    path: Path, networks: Catalog, folder: Path, *, wanted: str | None, origin: str | None = None
) -> Installed:
    """Install the network that lies in the file `path`, under `folder`.

    `wanted` is the network that a person says it is, `origin` where the file came from if not
    from a person. Of a torch file the tensors alone are taken, in a child process. Raises
    InstallError, UnknownModelError, UnknownWeightsError or UnsafeWeightsError.
    """
    content = _read(path)
    received = WeightsFile(path.name, sha256_of(content), len(content))
    if kind_of(content, name=path.name) is FileKind.PICKLE:
        content = tensors_of(content, name=path.name)
    found = recognise(content, received.sha256, name=path.name, networks=networks, wanted=wanted)
    return install(
        folder,
        found.card,
        converted(content, found.card, name=path.name),
        received=received,
        standing=found.standing,
        origin=origin or f"file {path.name}",
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InstallError(f"{path}: {error.strerror}", next_step="Name a file.") from error
    if len(content) > MOST_BYTES:
        raise InstallError(
            f"{path.name} is larger than {MOST_BYTES:,} bytes, which no network here is",
            next_step="Name a file of weights.",
        )
    return content
