"""`evident log fsck`: whether a whole log holds, and the first thing that does not."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.errors import EvidentError, RequestError
from pipelines.evidence.cosignature import Cosignature
from pipelines.evidence.signature import key_id
from pipelines.stages.export.sanitise import shown
from services.cli.key_files import trusted
from services.cli.printing import (
    FAILED,
    GOOD,
    WRONG_USE,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
)
from services.cli.progress import progress_on
from services.provenance.fsck import LogFacts, check_log
from services.provenance.fsck_bodies import BodyFacts, check_bodies
from services.provenance.published_log import LogFaultError, PublishedLog
from services.settings.settings import read_settings

_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Where:
    """Which log is meant: a home's, or a folder; by default that of the settings' home."""

    home: Path | None
    log: Path | None

    def public(self) -> Path:
        """Return the public folder; raises `RequestError` where there is none."""
        if self.home is not None and self.log is not None:
            raise RequestError(
                "Both a home and a log are named.", next_step="Give --home or --log, not both."
            )
        folder = self.log or (self.home or read_settings().home) / "log"
        for one in (folder / "public", folder):
            if (one / "checkpoints").is_dir():
                return one
        raise RequestError(
            f"There is no log in {folder}.",
            next_step="Name a log's folder, its public folder or a copy of it with --log.",
        )

    def database(self) -> Path:
        """Return the private database beside the public folder."""
        return self.public().parent / "entries.db"


def fsck(where: Where, key_files: tuple[Path, ...], *, bodies: bool, as_json: bool) -> int:
    """Print what holds of the log; returns the exit code."""
    console = console_on_stderr()
    try:
        public = where.public()
        known = trusted(key_files)
        with progress_on(console) as progress:
            progress.heading("log")
            log = PublishedLog(public)
            facts = check_log(
                log, trusted_keys=known.keys, witnesses=known.witnesses, progress=progress
            )
            held = None
            if bodies:
                held = check_bodies(where.database(), log, facts.head, progress=progress)
            progress.finish()
    except LogFaultError as fault:
        problem = {"file": fault.file, "reason": str(fault)}
        if as_json:
            print_json({"ok": False, "log": str(public), "problem": problem})
        print_error(console, fault.file, str(fault), fault.next_step)
        return FAILED
    except EvidentError as error:
        if as_json:
            print_json({"ok": False, "error": {"reason": str(error), "next_step": error.next_step}})
        print_error(console, "", str(error), error.next_step)
        return WRONG_USE
    if as_json:
        print_json(_as_json(public, facts, held))
    else:
        print_text("\n".join(_lines(public, facts, held)))
    return GOOD


def _as_json(public: Path, facts: LogFacts, bodies: BodyFacts | None) -> dict[str, Any]:
    return {
        "ok": True,
        "log": str(public),
        "origin": facts.head.origin,
        "leaves": facts.head.size,
        "root": facts.head.root.hex(),
        "heads": facts.heads,
        "keys": [key_id(key.public_key) for key in facts.keys],
        "standing": _standing(facts),
        "bodies": None if bodies is None else asdict(bodies),
        "witnessed": [{"witness": one.witness.name, "time": _time(one)} for one in facts.witnessed],
        "remarks": list(facts.remarks),
    }


def _lines(public: Path, facts: LogFacts, bodies: BodyFacts | None) -> list[str]:
    head = facts.head
    lines = [
        f"{shown(str(public), longest=_LONGEST)}: the log holds ({_standing(facts)}).",
        f"  {head.origin}: {head.size} leaves, root {head.root.hex()}",
        f"  {facts.heads} heads, each signed, each the one before it and more",
        *(f"  key {key_id(key.public_key)}" for key in facts.keys),
        *(f"  witnessed by {one.witness.name} at {_time(one)}" for one in facts.witnessed),
        *(f"  remark: {remark}" for remark in facts.remarks),
    ]
    if bodies is not None:
        lines.append(
            f"  database: {bodies.entries} entries of {bodies.jobs} jobs agree with it;"
            f" {bodies.erased} erased on record, {bodies.pending} not sealed yet"
        )
    return [*lines, "  Not shown: whether others were shown another log under this name."]


def _standing(facts: LogFacts) -> str:
    return "pinned" if facts.pinned else "self-asserted"


def _time(cosignature: Cosignature) -> str:
    """Spell the time that a witness states, which may be any."""
    try:
        return datetime.fromtimestamp(cosignature.time, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return f"second {cosignature.time}"
