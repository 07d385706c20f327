"""Signed gate records, and what a network may become."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.errors import EvidenceError, RequestError
from pipelines.evidence.gate_record import GateRecord, open_record, sign_record
from pipelines.evidence.signature import key_id
from pipelines.gates.judge import judge
from pipelines.gates.life import MOVES, LifeState, advance, move_body, state_after
from pipelines.gates.results import to_json
from tests.unit.pipelines.gates.gate_kit import SUBJECT, results, thresholds

SAID = {
    "at": "2026-11-21T10:00:00.000000Z",
    "clock": "system",
    "operator": "anna",
    "application": "evident 1",
    "thresholds_sha256": "ef" * 32,
    "baseline_sha256": "",
}


class Key:
    """A signer with a key of its own."""

    def __init__(self) -> None:
        self._private = Ed25519PrivateKey.generate()
        self.public_key = self._private.public_key().public_bytes_raw()
        self.key_id = key_id(self.public_key)

    def sign(self, message: bytes) -> bytes:
        """Sign it."""
        return self._private.sign(message)


def record(folder: Path, key: Key, *, passed: bool | None = None) -> bytes:
    """A signed record of a gate that passed."""
    judgement = judge(results(), thresholds(folder))
    lines = tuple(line.as_json() for line in judgement.lines)
    verdict = judgement.passed if passed is None else passed
    return sign_record(to_json(results()), lines, passed=verdict, said=SAID, signer=key)


def test_a_record_says_what_was_judged(tmp_path: Path) -> None:
    """A record opens under its key to the subject, the set, the number of cases and the verdict."""
    key = Key()
    found: GateRecord = open_record(record(tmp_path, key), key.public_key)
    assert found.judged.weights_sha256 == SUBJECT.weights_sha256
    assert (found.judged.engine, found.judged.engine_version) == ("onnxruntime", "1.31")
    assert (found.passed, found.set_name, found.cases, found.operator) == (True, "small", 4, "anna")


def test_a_record_of_another_key_is_none(tmp_path: Path) -> None:
    """A record under another key, or with any byte changed, is refused."""
    key = Key()
    envelope = record(tmp_path, key)
    with pytest.raises(EvidenceError):
        open_record(envelope, Key().public_key)
    for at in range(0, len(envelope), 97):
        spoilt = envelope[:at] + bytes([envelope[at] ^ 1]) + envelope[at + 1 :]
        with pytest.raises(EvidenceError):
            open_record(spoilt, key.public_key)


def test_a_verdict_must_follow_from_its_lines(tmp_path: Path) -> None:
    """A signature under a verdict that its own lines contradict does not make it one."""
    key = Key()
    with pytest.raises(EvidenceError, match="does not follow"):
        open_record(record(tmp_path, key, passed=False), key.public_key)


def test_only_allowed_moves_are_made() -> None:
    """Every pair of states is either in the table or refused with what would be allowed."""
    for state in LifeState:
        for to in LifeState:
            if to in MOVES[state]:
                assert advance("net", state, to) is to
            else:
                with pytest.raises(RequestError, match="cannot become"):
                    advance("net", state, to)


def test_no_network_is_released_without_a_gate_or_a_reason() -> None:
    """Becoming gated or released names a gate, and every move has a reason."""
    facts = {"weights_sha256": "ab" * 32, "reason": "passed"}
    with pytest.raises(RequestError, match="no gate"):
        move_body("net", LifeState.GATED, LifeState.RELEASED, **facts)
    with pytest.raises(RequestError, match="reason"):
        move_body("net", LifeState.GATED, LifeState.WITHDRAWN, weights_sha256="", reason=" ")
    body = move_body("net", LifeState.GATED, LifeState.RELEASED, **facts, gate_sha256="cd" * 32)
    assert body["gate_sha256"] == "cd" * 32


def test_a_withdrawn_network_is_not_released_at_once() -> None:
    """From withdrawn the only way back leads through candidate and another gate."""
    assert MOVES[LifeState.WITHDRAWN] == {LifeState.CANDIDATE}


def test_the_state_is_what_the_last_move_says() -> None:
    """The history of moves alone gives the state; without any it is the first."""
    moves = [{"to": "candidate"}, {"to": "gated"}, {"note": "no move"}, {"to": "withdrawn"}]
    assert state_after([dict(one) for one in moves], first=LifeState.IMPORTED) == "withdrawn"
    assert state_after([], first=LifeState.RELEASED) is LifeState.RELEASED
