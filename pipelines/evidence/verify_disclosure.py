"""Checks a disclosure: a bundle of which something was left out.

After the seven checks of any signed bag come the form (what was left out, by whom, why), and
then the bundle's own checks over what was kept. A file that was left out counts by its digest:
it must be the one that the bundle's statement signed and the export entry names. A check that
needs what was left out is listed as not checked. Nothing of this makes the disclosure a bundle:
its folder, its statement's type and its verdict are its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

from pipelines.evidence.bundle_content import FileFact
from pipelines.evidence.bundle_layout import (
    BAG_FILES,
    ENTRIES,
    ENVELOPE,
    LEDGER,
    OWN_FILES,
    PROOFS,
    TIME_STAMP,
    Role,
    role_of,
)
from pipelines.evidence.bundle_steps import STEPS as BUNDLE_STEPS
from pipelines.evidence.bundle_steps import OpenedBundle, opened_bundle
from pipelines.evidence.canonical import canonical_bytes
from pipelines.evidence.disclosed_entries import read_disclosed
from pipelines.evidence.disclosure import (
    DISCLOSED_ENTRIES,
    DISCLOSURE_KIND,
    FORM,
    KEPT,
    STAYS,
    Disclosure,
    disclosure_admits,
    disclosure_predicate,
    parse_disclosure,
)
from pipelines.evidence.entry import Entry
from pipelines.evidence.export_entry import EXPORT_KIND
from pipelines.evidence.finding import BundleError
from pipelines.evidence.note_key import VerifierKey
from pipelines.evidence.opened_bag import (
    BAG_STEPS,
    OpenedBag,
    Step,
    blamed,
    known,
    run_steps,
    standings_of,
)
from pipelines.evidence.outside import CredentialCheck, NotChecked, TimeStampCheck
from pipelines.evidence.papers import HELD
from pipelines.evidence.signature import key_id
from pipelines.evidence.verdict import Standing, Verdict

_OWN = (*BAG_FILES, FORM)
_NEEDS = {
    "entries": (ENTRIES,),
    "inclusion": (ENTRIES, PROOFS),
    "plan": HELD,
    "report": HELD,
    "record": (*HELD, ENTRIES),
    "ledger": (LEDGER, *HELD, ENTRIES),
}
"""Which of the bundle's files a check of its own reads whole."""


def verify_disclosure(
    reader: BinaryIO,
    *,
    trusted_keys: tuple[bytes, ...] = (),
    witnesses: tuple[VerifierKey, ...] = (),
    time_stamp_check: TimeStampCheck | None = None,
    credential_check: CredentialCheck | None = None,
) -> Verdict:
    """Check the disclosure in `reader` (seekable) and say what holds and what was left out.

    With `trusted_keys`, the key that signed the disclosure, that of the bundle's statement and
    that of its log must be among them.
    """
    inner = opened_bundle(reader, trusted_keys)
    inner.witnesses = witnesses
    inner.time_stamp_check = time_stamp_check
    inner.credential_check = credential_check
    opened = _Opened(
        file=reader,
        kind=DISCLOSURE_KIND,
        trusted=trusted_keys,
        required=(*_OWN, *(KEPT + path for path in STAYS if path != TIME_STAMP)),
        admits=disclosure_admits,
        held=_held,
        inner=inner,
    )
    opened.watchers[KEPT + LEDGER] = inner.ledger
    checks, unreached = run_steps(opened, _STEPS)
    ok = all(check.passed for check in checks)
    form = opened.form
    return Verdict(
        checks=checks,
        files=tuple(opened.facts),
        standings=standings_of(inner) if ok else (Standing.REFUSED,),
        not_checked=(*unreached, *_limits(opened)),
        job=form.job if form is not None else "",
        keys=tuple(key_id(key) for key in (*opened.public_keys, *inner.public_keys)),
        subject=DISCLOSURE_KIND.name,
        left_out=() if form is None else _left_out(opened, form),
    )


@dataclass(slots=True)
class _Opened(OpenedBag):
    """A disclosure on its way through the checks; `inner` is the bundle as far as it is here."""

    inner: OpenedBundle = field(kw_only=True)
    form: Disclosure | None = None
    gone: frozenset[str] = frozenset()
    withheld: int = 0


def _held(path: str) -> bool:
    inner = path.removeprefix(KEPT)
    return path == DISCLOSED_ENTRIES or (
        inner != path and (inner in OWN_FILES or inner in HELD or inner == TIME_STAMP)
    )


def _form(opened: _Opened) -> str:
    form = blamed(FORM, partial(parse_disclosure, opened.own[FORM]))
    opened.form = form
    said = canonical_bytes(opened.statement.predicate)
    if said != canonical_bytes(disclosure_predicate(form)):
        raise BundleError(ENVELOPE, "The statement is about another disclosure.")
    inner = opened.inner
    for path, fact in opened.facts.items():
        if path.startswith(KEPT):
            inner.facts[path.removeprefix(KEPT)] = fact
            inner.members[path.removeprefix(KEPT)] = opened.members[path]
    inner.own = {
        path.removeprefix(KEPT): data for path, data in opened.own.items() if path.startswith(KEPT)
    }
    for one in form.left_out:
        if one.path in inner.facts:
            raise BundleError(FORM, f"{one.path} is named as left out, and is there.")
        inner.facts[one.path] = FileFact(one.sha256, one.size)
    opened.gone = frozenset(one.path for one in form.left_out)
    if (DISCLOSED_ENTRIES in opened.facts) != (ENTRIES in opened.gone) or (
        (ENTRIES in opened.gone) != (PROOFS in opened.gone)
    ):
        raise BundleError(FORM, "Entries are either the bundle's own or the disclosed ones.")
    inner.facts = dict(sorted(inner.facts.items(), key=lambda one: one[0].encode("utf-8")))
    return f"of the bundle with SHA-256 {form.bundle_sha256}, by {form.by} at {form.at}"


def _entries(opened: _Opened) -> str:
    """Check the entries that are shown, and those that are withheld as commitments."""
    inner, form = opened.inner, known(opened.form)
    found = blamed(
        DISCLOSED_ENTRIES,
        lambda: read_disclosed(opened.own[DISCLOSED_ENTRIES], known(inner.head)),
    )
    if any(one.job != form.job for one in found.entries):
        raise BundleError(DISCLOSED_ENTRIES, "The entries belong to another job.")
    inner.entries, inner.job = found.entries, form.job
    opened.withheld = found.withheld
    return f"{len(found.entries)} entries shown, {found.withheld} withheld, each a leaf of the log"


def _inner(name: str, step: Step[OpenedBundle]) -> Step[_Opened]:
    """Run a check of the bundle over what is here, as far as what it reads was not left out."""

    def run(opened: _Opened) -> str | NotChecked:
        if name == "entries" and ENTRIES in opened.gone:
            return _entries(opened)
        missing = sorted(opened.gone.intersection(_NEEDS.get(name, ())))
        if missing:
            return NotChecked(f"{missing[0]} was left out")
        if name == "credentials" and any(role_of(one) is Role.RESULT for one in opened.gone):
            return NotChecked("a result was left out")
        if name == "export" and not _shows_export(opened.inner.entries):
            return NotChecked("the export entry is withheld")
        try:
            found = step(opened.inner)
        except BundleError as error:
            path = error.file if error.file not in opened.inner.facts else KEPT + error.file
            raise BundleError(FORM if error.file in opened.gone else path, str(error)) from error
        if name == "entries" and opened.inner.job != known(opened.form).job:
            raise BundleError(FORM, "The disclosure is about another job.")
        return found

    return run


def _shows_export(entries: tuple[Entry, ...]) -> bool:
    return any(one.kind == EXPORT_KIND for one in entries)


_STEPS: tuple[tuple[str, Step[_Opened]], ...] = (
    *BAG_STEPS,
    ("form", _form),
    *(
        (f"bundle's {name}", _inner(name, step))
        for name, step in BUNDLE_STEPS
        if name not in {"archive form", "contents"}
    ),
)


def _left_out(opened: _Opened, form: Disclosure) -> tuple[str, ...]:
    lines = [
        f"{one.path} ({one.role}, {one.size} bytes, SHA-256 {one.sha256}): {form.reason}"
        for one in form.left_out
    ]
    if opened.withheld:
        lines.append(f"bodies of entries, {opened.withheld} in all: {form.reason}")
    return tuple(lines)


def _limits(opened: _Opened) -> list[str]:
    limits = ["the archive of the whole bundle: this is a part of it"]
    if not opened.trusted:
        limits.append("whose key it is: no key was pinned")
    if opened.public_keys[:1] != opened.inner.public_keys[:1]:
        limits.append("who made the disclosure: another key than the bundle's signed it")
    return limits
