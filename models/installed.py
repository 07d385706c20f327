"""What was installed on this machine: one folder per network, and a record of where it came from.

`<models>/<name>/installed.json` names the file that was received with its digest, says whether
that digest is the one on the card (`official`), that of another file known to hold the network
(`copy`) or nobody's (`unknown`), and lists the weights that were made from it. The record is
read strictly; weights are proven against it whenever they are used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from models.errors import CardError
from models.spec import ModelId, Sha256, WeightsFile, WeightsFormat
from models.strict_table import StrictTable, digest, network_name

RECORD = "installed.json"
_VERSION = 1
_MOST_BYTES = 1 << 16


class Standing(StrEnum):
    """What is known about the digest of a file that was received."""

    OFFICIAL = "official"
    """It is the one that the card states for the makers' own file."""
    COPY = "copy"
    """It is that of another file which the card knows to hold the network."""
    UNKNOWN = "unknown"
    """Nobody states it: the file says of itself which network it is."""
    BLEND = "blend"
    """It was computed here from two installed networks."""


@dataclass(frozen=True, slots=True)
class Installed:
    """One network's record. `origin` is the address or the file name that it came from."""

    network: ModelId
    received: WeightsFile
    standing: Standing
    origin: str
    files: Mapping[WeightsFormat, WeightsFile]

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", MappingProxyType(dict(self.files)))


def read_installed(folder: Path, name: str) -> Installed | None:
    """Read the record of the network `name` under `folder`; None where it is not installed.

    Raises CardError where there is a record and it is no sound one.
    """
    path = folder / name / RECORD
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CardError(f"{path}: {error.strerror}") from error
    try:
        return _checked(content, name, str(path))
    except (CardError, ValueError) as error:
        raise CardError(
            f"{path}: no record of an installed network ({error})",
            next_step=f"Remove {path.parent} and install the network again.",
        ) from error


def _checked(content: bytes, name: str, where: str) -> Installed:
    if len(content) > _MOST_BYTES:
        raise CardError(f"{where}: longer than a record can be")
    made = _parsed(json.loads(content), where)
    if made.network != name:
        raise CardError(f"{where}: is the record of another network, {made.network}")
    return made


def _parsed(document: object, where: str) -> Installed:
    top = StrictTable(document, where)
    if top.count("version") != _VERSION:
        raise CardError(f"{where}: another version")
    files = top.table("files")
    made = Installed(
        network=ModelId(top.make("network", str, network_name)),
        received=_file(top.table("received")),
        standing=top.make("standing", str, Standing),
        origin=top.text("origin"),
        files={
            form: _file(files.table(form.value)) for form in WeightsFormat if form in files.left
        },
    )
    files.finish()
    top.finish()
    return made


def _file(table: StrictTable) -> WeightsFile:
    made = WeightsFile(
        name=table.make("name", str, _file_name),
        sha256=Sha256(table.make("sha256", str, digest)),
        size_bytes=table.count("bytes"),
    )
    table.finish()
    return made


def render_installed(record: Installed) -> bytes:
    """Write a record as JSON; `read_installed` gives it back."""
    document = {
        "version": _VERSION,
        "network": record.network,
        "received": _spelt(record.received),
        "standing": record.standing.value,
        "origin": record.origin,
        "files": {form.value: _spelt(file) for form, file in record.files.items()},
    }
    return json.dumps(document, indent=2, sort_keys=True).encode() + b"\n"


def _file_name(value: str) -> str:
    """A name without a folder; what a person's own file was called may hold anything else."""
    if not value or "/" in value or "\0" in value or value in {".", ".."}:
        raise ValueError("a file name without a folder is needed")
    return value


def _spelt(file: WeightsFile) -> Mapping[str, object]:
    return {"name": file.name, "sha256": file.sha256, "bytes": file.size_bytes}
