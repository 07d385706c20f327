"""`evident log add`: hand-overs and accesses outside the system, recorded as stated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.errors import EvidentError
from pipelines.evidence.erasure import LOG_JOB
from pipelines.evidence.json_value import Json
from pipelines.stages.export.sanitise import recordable
from services.cli.evidence_wiring import evidence_log, settings_for, signing_key
from services.cli.named_bytes import digest_or_file
from services.cli.printing import GOOD, print_json, print_text, wrong_use
from services.provenance.access import ACCESS_KIND
from services.provenance.local_log import system_clock
from services.provenance.stated import TRANSFER_KIND, StatedFacts, access_body, transfer_body

_Body = Callable[[StatedFacts, datetime], dict[str, Json]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is stated: which bytes (a digest or a file), when, how, of which case and item."""

    what: str
    at: str
    means: str
    case: str | None = None
    item: str | None = None
    home: Path | None = None


def transfer(asked: Asked, *, giver: str, taker: str, as_json: bool) -> int:
    """Record a stated hand-over; returns the exit code."""

    def body(facts: StatedFacts, now: datetime) -> dict[str, Json]:
        return transfer_body(facts, giver=giver, taker=taker, now=now)

    return _recorded(asked, TRANSFER_KIND, body, as_json=as_json)


def access(asked: Asked, *, principal: str, as_json: bool) -> int:
    """Record a stated access; returns the exit code."""

    def body(facts: StatedFacts, now: datetime) -> dict[str, Json]:
        return access_body(facts, principal=principal, now=now)

    return _recorded(asked, ACCESS_KIND, body, as_json=as_json)


def _recorded(asked: Asked, kind: str, body: _Body, *, as_json: bool) -> int:
    try:
        settings = settings_for(asked.home)
        named = digest_or_file(asked.what)
        facts = StatedFacts(
            named.sha256,
            asked.at,
            asked.means,
            name=None if named.name is None else recordable(named.name),
            size=named.size,
            case=asked.case or settings.case,
            item=asked.item or settings.item,
        )
        stated = body(facts, system_clock())
        with evidence_log(settings, signing_key(settings)) as log:
            log.record(LOG_JOB, kind, stated)
            head = log.publish()
    except EvidentError as error:
        return wrong_use(error, as_json=as_json)
    _print(kind, stated, head.size, as_json=as_json)
    return GOOD


def _print(kind: str, stated: Mapping[str, Json], size: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"ok": True, "kind": kind, "body": stated, "checkpoint": size})
    else:
        print_text(
            f"Recorded as your statement: {kind} of {stated['sha256']}, stated for "
            f"{stated['stated_at']}; sealed under checkpoint {size}."
        )
