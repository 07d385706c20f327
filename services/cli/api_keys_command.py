"""`evident keys create`, `list` and `revoke`: keys by which programs and people use the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import EvidentError
from services.cli.evidence_wiring import settings_for
from services.cli.printing import GOOD, console_on_stderr, print_json, print_text, wrong_use
from services.cli.records_wiring import records

if TYPE_CHECKING:
    from services.auth.api_keys import ApiKey


def create(
    home: Path | None,
    name: str,
    *,
    project: str,
    scopes: Sequence[str],
    days: int | None,
    as_json: bool,
) -> int:
    """Make a key and print it; returns the exit code."""
    try:
        settings = settings_for(home)
        with records(settings) as database:
            from services.auth.api_keys import ApiKeys  # noqa: PLC0415 - an extra
            from services.auth.scopes import PROJECT_SCOPES, scope_named  # noqa: PLC0415 - so is it

            wanted = {scope_named(word) for word in scopes} or set(PROJECT_SCOPES)
            key, known = ApiKeys(database).create(
                name, project=project, scopes=wanted, made_by=settings.operator, days=days
            )
    except EvidentError as error:
        return wrong_use(error, as_json=as_json)
    if as_json:
        print_json({"ok": True, "key": key, **_told(known)})
    else:
        print_text(f"EVIDENT_KEY={key}")
        console_on_stderr().print("It is shown this once; the records hold its digest only.")
    return GOOD


def list_keys(home: Path | None, *, as_json: bool) -> int:
    """Print what is known of every key; returns the exit code."""
    try:
        with records(settings_for(home)) as database:
            from services.auth.api_keys import ApiKeys  # noqa: PLC0415 - an extra

            known = ApiKeys(database).list()
    except EvidentError as error:
        return wrong_use(error, as_json=as_json)
    if as_json:
        print_json({"ok": True, "keys": [_told(one) for one in known]})
        return GOOD
    for one in known:
        state = "revoked" if one.revoked_at else _until(one)
        print_text(f"{one.id}  {one.project}  {one.name}  {state}  {' '.join(one.scopes)}")
    return GOOD


def revoke(home: Path | None, key_id: str, *, as_json: bool) -> int:
    """Shut a key out; returns the exit code."""
    try:
        with records(settings_for(home)) as database:
            from services.auth.api_keys import ApiKeys  # noqa: PLC0415 - an extra

            known = ApiKeys(database).revoke(key_id)
    except EvidentError as error:
        return wrong_use(error, as_json=as_json)
    if as_json:
        print_json({"ok": True, **_told(known)})
    else:
        print_text(f"{known.id} ({known.name}) is shut out.")
    return GOOD


def _until(known: ApiKey) -> str:
    return "no end" if known.expires_at is None else f"until {known.expires_at:%Y-%m-%d}"


def _told(known: ApiKey) -> dict[str, Any]:
    moments = ("created_at", "expires_at", "revoked_at")
    return {
        "id": known.id,
        "name": known.name,
        "project": known.project,
        "scopes": list(known.scopes),
        "made_by": known.made_by,
        **{
            name: None if (at := getattr(known, name)) is None else at.isoformat()
            for name in moments
        },
    }
