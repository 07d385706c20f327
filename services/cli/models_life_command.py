"""`evident models move` and `history`: where a network stands, who put it there, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from models.errors import ModelError
from pipelines.errors import EvidentError, RequestError
from pipelines.evidence.entry import Entry
from pipelines.evidence.gate_record import GateRecord
from pipelines.gates.book import Book
from pipelines.gates.life import KIND, LifeState, job_of, move_body
from pipelines.stages.export.sanitise import shown
from services.cli.evidence_wiring import evidence_log, signing_key
from services.cli.gate_wiring import gate_book, history
from services.cli.models_install_command import KIND as INSTALLED
from services.cli.networks_wiring import networks_of
from services.cli.printing import (
    GOOD,
    WRONG_USE,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
)
from services.settings.settings import read_settings

_NEEDS_GATE = {LifeState.GATED, LifeState.RELEASED}
_LONGEST = 300


def move(name: str, to: str, *, reason: str, as_json: bool) -> int:
    """Move a network and put that on record; returns the exit code."""
    try:
        settings = read_settings()
        if settings.provenance is not None:
            raise RequestError(
                "A network is moved on the host of the log, and EVIDENT_PROVENANCE names another.",
                next_step="Move it there; workers here hear of it within half a minute.",
            )
        card = networks_of(settings).card(name)
        signer = signing_key(settings)
        book = gate_book(settings, signer)
        wanted, state = LifeState(to), book.state(name)
        passed = next((one for one in book.records(name) if one.passed), None)
        body = move_body(
            name,
            state,
            wanted,
            weights_sha256=_weights(passed) or _first_weights(card.files.values()),
            reason=reason,
            gate_sha256=passed.sha256 if passed is not None and wanted in _NEEDS_GATE else "",
        )
        with evidence_log(settings, signer) as log:
            log.record(job_of(name), KIND, body)
    except (EvidentError, ModelError) as error:
        return _refused(error, as_json=as_json)
    if as_json:
        print_json({"network": name, "from": str(state), "to": str(wanted)})
    else:
        print_text(f"{name}: {state} -> {wanted}")
    return GOOD


def show_history(name: str, *, as_json: bool) -> int:
    """Print a network's gates and moves, oldest first; returns the exit code."""
    try:
        settings = read_settings()
        networks_of(settings).card(name)
        book = gate_book(settings, signing_key(settings))
        entries = history(settings, name)
        records = tuple(reversed(book.records(name)))
    except (EvidentError, ModelError) as error:
        return _refused(error, as_json=as_json)
    if as_json:
        print_json(
            {
                "network": name,
                "state": str(book.state(name)),
                "records": [_record_json(one) for one in records],
                "entries": [_entry_json(one) for one in entries],
            }
        )
        return GOOD
    print_text(f"{name} is {book.state(name)}.")
    lines = [*(_record_line(one) for one in records), *_entry_lines(entries, records)]
    for line in sorted(lines):  # each begins with its instant
        print_text(line)
    return GOOD


def describe(book: Book, name: str) -> str:
    """Where a network stands, in a few words for a listing."""
    engines: dict[str, set[str]] = {}
    for one in (record.judged for record in book.records(name) if record.passed):
        engines.setdefault(f"{one.engine} {one.engine_version}", set()).add(one.precision)
    ways = [f"{engine} ({', '.join(sorted(found))})" for engine, found in sorted(engines.items())]
    gated = f"gated on {', '.join(ways)}" if ways else "ungated"
    return f"{book.state(name)}, {gated}"


def _weights(record: GateRecord | None) -> str:
    return "" if record is None else record.judged.weights_sha256


def _first_weights(files: Any) -> str:
    return next((str(file.sha256) for file in files), "")


def _record_line(record: GateRecord) -> str:
    judged = record.judged
    return (
        f"{record.at}  gate {'passed' if record.passed else 'FAILED'} on {record.set_name} "
        f"(n = {record.cases}), {judged.engine} {judged.engine_version}, {judged.precision}, "
        f"{judged.device_class}, by {shown(record.operator, longest=_LONGEST)}"
    )


def _entry_lines(entries: Sequence[Entry], records: Sequence[GateRecord]) -> Iterator[str]:
    """Lines of the entries; a gate whose record is here has its line already."""
    known = {record.sha256 for record in records}
    for entry in entries:
        body, who = entry.body, shown(entry.actor.operator, longest=_LONGEST)
        if entry.kind == KIND:
            reason = shown(str(body.get("reason", "")), longest=_LONGEST)
            yield f"{entry.at}  {body.get('from')} -> {body.get('to')} by {who}: {reason}"
        elif entry.kind == INSTALLED:
            origin = shown(str(body.get("origin", "")), longest=_LONGEST)
            yield f"{entry.at}  installed from {origin} by {who}"
        elif body.get("gate_sha256") not in known:
            state = "passed" if body.get("passed") is True else "FAILED"
            yield f"{entry.at}  gate {state} on {body.get('engine')}, by {who}; its record is gone"


def _entry_json(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "kind": entry.kind,
        "operator": entry.actor.operator,
        "body": dict(entry.body),
    }


def _record_json(record: GateRecord) -> dict[str, Any]:
    judged = record.judged
    return {
        "at": record.at,
        "passed": record.passed,
        "engine": judged.engine,
        "engine_version": judged.engine_version,
        "precision": judged.precision,
        "device_class": judged.device_class,
        "set": record.set_name,
        "cases": record.cases,
        "operator": record.operator,
        "sha256": record.sha256,
    }


def _refused(error: EvidentError | ModelError, *, as_json: bool) -> int:
    if as_json:
        print_json({"error": {"reason": str(error), "next_step": error.next_step}})
    print_error(console_on_stderr(), "", str(error), error.next_step)
    return WRONG_USE
