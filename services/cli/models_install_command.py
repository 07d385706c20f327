"""`evident models import`: weights come into this machine's catalog, on record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.errors import ModelError
from models.install.importing import import_file
from models.installed import Installed, Standing
from pipelines.errors import EvidentError
from pipelines.evidence.json_value import Json
from pipelines.gates.life import job_of
from services.cli.evidence_wiring import evidence_log, signing_key
from services.cli.networks_wiring import models_folder, networks_of
from services.cli.printing import (
    GOOD,
    WRONG_USE,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
)
from services.settings.settings import Settings, read_settings

KIND = "network.installed"
_SAID = {
    Standing.OFFICIAL: "its digest is the one on the card",
    Standing.COPY: "its digest is that of a copy which the card knows",
    Standing.BLEND: "computed here",
    Standing.UNKNOWN: "its digest is stated by nobody; that is on record",
}


def import_from(path: Path, *, wanted: str | None, as_json: bool) -> int:
    """Install the network in a file, with an entry of the log; returns the exit code."""
    try:
        settings = read_settings()
        record = import_file(path, networks_of(settings), models_folder(settings), wanted=wanted)
        _put_on_record(settings, record)
    except (EvidentError, ModelError) as error:
        return _refused(error, as_json=as_json)
    _print(record, as_json=as_json)
    return GOOD


def _put_on_record(settings: Settings, record: Installed) -> None:
    with evidence_log(settings, signing_key(settings)) as log:
        log.record(job_of(record.network), KIND, installed_body(record))


def installed_body(record: Installed) -> dict[str, Json]:
    """The entry of an installation: what was received, what was made of it, and its standing."""
    received = record.received
    return {
        "network": record.network,
        "standing": str(record.standing),
        "origin": record.origin,
        "inputs": [
            {
                "role": "received-weights",
                "name": received.name,
                "sha256": received.sha256,
                "bytes": received.size_bytes,
            }
        ],
        "outputs": [
            {"role": "weights", "name": one.name, "sha256": one.sha256, "bytes": one.size_bytes}
            for one in record.files.values()
        ],
    }


def installed_json(record: Installed) -> dict[str, Any]:
    """Spell a record for programs."""
    received = record.received
    return {
        "name": record.network,
        "digest": str(record.standing),
        "origin": record.origin,
        "received": {
            "name": received.name,
            "sha256": received.sha256,
            "bytes": received.size_bytes,
        },
        "files": [
            {"format": str(form), "name": one.name, "sha256": one.sha256, "bytes": one.size_bytes}
            for form, one in record.files.items()
        ],
    }


def _print(record: Installed, *, as_json: bool) -> None:
    if as_json:
        print_json({"installed": installed_json(record)})
        return
    print_text(f"{record.network}: installed from {record.received.name}")
    print_text(f"  SHA-256 {record.received.sha256}: {_SAID[record.standing]}")
    for form, one in record.files.items():
        print_text(f"  {form}: {one.name}, SHA-256 {one.sha256}")


def _refused(error: EvidentError | ModelError, *, as_json: bool) -> int:
    if as_json:
        print_json({"error": {"reason": str(error), "next_step": error.next_step}})
    print_error(console_on_stderr(), "", str(error), error.next_step)
    return WRONG_USE
