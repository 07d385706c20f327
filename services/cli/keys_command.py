"""`evident keys`: which keys sign here, and handing over from one to the next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipelines.errors import EvidentError, RequestError
from pipelines.evidence.erasure import LOG_JOB
from pipelines.evidence.json_value import Json
from pipelines.evidence.note_key import verifier_key
from pipelines.evidence.signature import key_id, public_pem
from services.cli.evidence_wiring import evidence_log, settings_for, signing_key
from services.cli.printing import (
    GOOD,
    WRONG_USE,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
)
from services.provenance.key_ring import KeyRing
from services.provenance.local_log import LocalLog

ROTATED_KIND = "key.rotated"


def show(home: Path | None, *, as_json: bool) -> int:
    """Print the keys; returns the exit code."""
    try:
        settings = settings_for(home)
        ring = signing_key(settings)
        with evidence_log(settings, ring) as log:
            keys = _described(ring, log.origin)
    except EvidentError as error:
        return _refused(error, as_json=as_json)
    if as_json:
        print_json({"log": log.origin, "keys": keys})
        return GOOD
    print_text(f"log {log.origin}")
    for key in keys:
        print_text(f"{key['state']}: {key['fingerprint']}\n  {key['verifier_key']}")
        if key["state"] != "retired":
            print_text(key["pem"].rstrip())
    return GOOD


def rotate(home: Path | None, command: str | None, *, finish: bool, as_json: bool) -> int:
    """Begin or finish a rotation, on record; returns the exit code."""
    try:
        settings = settings_for(home)
        words = _words(command)
        if finish and words:
            raise RequestError("Only the next key is behind a program.", next_step="Leave one out.")
        ring = signing_key(settings)
        with evidence_log(settings, ring) as log:
            _rotate(ring, log, words, finish=finish)
            keys = _described(ring, log.origin)
    except EvidentError as error:
        return _refused(error, as_json=as_json)
    if as_json:
        print_json({"ok": True, "log": log.origin, "keys": keys})
    elif finish:
        print_text(f"Key {ring.key_id} signs alone from now on.")
    else:
        print_text(
            f"Key {key_id(ring.next_key or b'')} is taking over; both sign every head until"
            " `evident keys rotate --finish`. Give its public key to those who pin yours."
        )
    return GOOD


def _rotate(ring: KeyRing, log: LocalLog, command: tuple[str, ...], *, finish: bool) -> None:
    """Take the step, unless it was taken before and not recorded; record and publish it."""
    ring.head_keys()
    if not (ring.unrecorded and (ring.next_key is None) == finish):
        # A head of the old keys must be there first: what they sealed stays theirs.
        log.publish()
        with log.exclusive():
            if finish:
                ring.finish()
            else:
                ring.begin(log.origin, command=command)
    handover = ring.head_keys().handovers[-1]
    body: dict[str, Json] = {
        "step": "finished" if finish else "begun",
        "old": key_id(handover.old_key),
        "new": key_id(handover.new_key),
    }
    log.record(LOG_JOB, ROTATED_KIND, body)
    ring.was_recorded()
    log.publish()


def _described(ring: KeyRing, origin: str) -> list[dict[str, Any]]:
    taking_over = () if ring.next_key is None else (ring.next_key,)
    states = (("current", (ring.public_key,)), ("next", taking_over), ("retired", ring.retired))
    return [
        {
            "state": state,
            "fingerprint": key_id(key),
            "verifier_key": str(verifier_key(origin, key)),
            "pem": public_pem(key).decode("ascii"),
        }
        for state, keys in states
        for key in keys
    ]


def _words(command: str | None) -> tuple[str, ...]:
    if command is None:
        return ()
    try:
        words = json.loads(command)
    except ValueError:
        words = None
    if not isinstance(words, list) or not words or not all(isinstance(one, str) for one in words):
        raise RequestError(
            "The program is not a JSON list of words.",
            next_step='Write it like ["/usr/bin/kms-sign", "--key", "2"].',
        )
    return tuple(words)


def _refused(error: EvidentError, *, as_json: bool) -> int:
    if as_json:
        print_json({"ok": False, "error": {"reason": str(error), "next_step": error.next_step}})
    print_error(console_on_stderr(), "", str(error), error.next_step)
    return WRONG_USE
