"""`evident models import` and `fetch`: weights come into this machine's catalog, on record."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.catalog import Catalog
from models.errors import ModelError
from models.install.fetching import done_with, fetch
from models.install.importing import import_file
from models.installed import Installed, Standing
from models.spec import NetworkCard
from pipelines.errors import EvidentError
from pipelines.evidence.json_value import Json
from pipelines.gates.life import job_of
from services.cli.evidence_wiring import evidence_log, signing_key
from services.cli.networks_wiring import models_folder, networks_of
from services.cli.printing import (
    FAILED,
    GOOD,
    WRONG_USE,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
)
from services.cli.progress import JobProgress, progress_on
from services.settings.settings import Settings, read_settings

_MIB_BITS = 20
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


def fetch_networks(names: tuple[str, ...], *, again: bool = False, as_json: bool) -> int:
    """Fetch networks from where their makers publish them; returns the exit code.

    What cannot be had is said at the end; a log that cannot be written ends it at once.
    """
    done: list[Installed] = []
    missed: dict[str, ModelError] = {}
    try:
        settings = read_settings()
        networks, folder = networks_of(settings), models_folder(settings)
        cards = [networks.card(name) for name in dict.fromkeys(names)]
    except (EvidentError, ModelError) as error:
        return _refused(error, as_json=as_json)
    try:
        with progress_on(console_on_stderr()) as progress:
            for card in cards:
                try:
                    record = _fetched(card, networks, folder, progress, again=again)
                except ModelError as error:
                    missed[card.name] = error
                    continue
                _put_on_record(settings, record)
                done.append(record)
                if not as_json:
                    progress.finish()
                    _print(record, as_json=False)
    except EvidentError as error:
        return _refused(error, as_json=as_json, code=FAILED)
    if as_json:
        print_json({"installed": [installed_json(record) for record in done], **_missed(missed)})
    for name, miss in missed.items():
        print_error(console_on_stderr(), name, str(miss), miss.next_step)
    return FAILED if missed else GOOD


def _missed(missed: Mapping[str, ModelError]) -> dict[str, Any]:
    """Spell what could not be had; `error` is the first of them."""
    told = [
        {"name": name, "reason": str(error), "next_step": error.next_step}
        for name, error in missed.items()
    ]
    first = {key: told[0][key] for key in ("reason", "next_step")} if told else None
    return {"missed": told, "error": first} if told else {}


def _fetched(
    card: NetworkCard, networks: Catalog, folder: Path, progress: JobProgress, *, again: bool
) -> Installed:
    """Fetch and install one network, telling how far it is in mebibytes."""
    progress.heading(card.name)
    size = 0 if card.official is None else card.official.size_bytes
    progress.start("fetching", size >> _MIB_BITS)
    told = 0

    def heard(here: int, _all: int) -> None:
        nonlocal told
        progress.advance(max(0, (here >> _MIB_BITS) - told))
        told = max(told, here >> _MIB_BITS)

    part = fetch(card, folder, heard=heard, again=again)
    url = "" if card.official is None else card.official.url
    record = import_file(part, networks, folder, wanted=card.name, origin=url)
    done_with(part)
    return record


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
            for form, one in sorted(record.files.items())
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


def _refused(error: EvidentError | ModelError, *, as_json: bool, code: int = WRONG_USE) -> int:
    if as_json:
        print_json({"error": {"reason": str(error), "next_step": error.next_step}})
    print_error(console_on_stderr(), "", str(error), error.next_step)
    return code
