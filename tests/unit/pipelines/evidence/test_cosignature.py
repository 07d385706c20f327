"""Cosignatures and handovers: lines of a signed note that others, and older keys, add."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.errors import EvidenceError
from pipelines.evidence.checkpoint import (
    Checkpoint,
    known_lines,
    open_note,
    sign_checkpoint,
    signature_line,
    split_note,
)
from pipelines.evidence.cosignature import (
    Cosignature,
    check_cosignatures,
    cosign,
    parse_witness_key,
)
from pipelines.evidence.handover import extended_trust, hand_over, handed_on
from pipelines.evidence.note_key import (
    KeyKind,
    parse_note_key,
    parse_verifier_key,
    verifier_key,
)

ORIGIN = "example.com/behind-the-sofa"
TIME = 1_679_315_147


def private(number: int) -> Ed25519PrivateKey:
    """Return a fixed key."""
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def public(number: int) -> bytes:
    """Return its raw public half."""
    return private(number).public_key().public_bytes_raw()


HEAD = Checkpoint(ORIGIN, 20_852_163, hashlib.sha256(b"root").digest())
LOG = verifier_key(ORIGIN, public(1))
NOTE = sign_checkpoint(HEAD, LOG, private(1).sign)
WITNESS = verifier_key("witness.example/w1", public(2), KeyKind.COSIGNER)
LINE = cosign(NOTE, WITNESS, private(2).sign, time=TIME)


def test_a_cosignature_follows_the_specification() -> None:
    """Key hash over 0x04, eight bytes of time, Ed25519 over header, time and the text."""
    name, encoded = LINE.decode().removeprefix("\N{EM DASH} ").split()
    blob = base64.b64decode(encoded)
    assert name == "witness.example/w1"
    assert blob[:4] == hashlib.sha256(b"witness.example/w1\n\x04" + public(2)).digest()[:4]
    assert int.from_bytes(blob[4:12], "big") == TIME
    message = b"cosignature/v1\ntime 1679315147\n" + HEAD.text()
    private(2).public_key().verify(blob[12:], message)


def test_cosignatures_of_known_witnesses_are_returned() -> None:
    """Who is known and has signed is returned with the time; everybody else is passed over."""
    other = verifier_key("witness.example/w2", public(3), KeyKind.COSIGNER)
    note = NOTE + cosign(NOTE, other, private(3).sign, time=5) + LINE
    assert check_cosignatures(note, [WITNESS]) == (Cosignature(WITNESS, TIME),)
    assert [one.time for one in check_cosignatures(note, [WITNESS, other])] == [5, TIME]
    assert check_cosignatures(NOTE, [WITNESS]) == ()
    assert check_cosignatures(note, []) == ()


def test_a_cosignature_that_does_not_hold_is_an_error() -> None:
    """A known witness's line that is wrong, doubled or about another head is never passed over."""
    grown = sign_checkpoint(Checkpoint(ORIGIN, 7, HEAD.root), LOG, private(1).sign)
    wrong = (
        grown + LINE,
        NOTE + LINE + LINE,
        NOTE + signature_line(WITNESS, private(2).sign(HEAD.text())),
        NOTE + cosign(NOTE, WITNESS, private(3).sign, time=TIME),
        NOTE + signature_line(WITNESS, b"\xff" * 8 + bytes(64)),
    )
    for note in wrong:
        with pytest.raises(EvidenceError):
            check_cosignatures(note, [WITNESS])


def test_every_flipped_byte_of_a_cosignature_is_found() -> None:
    """No byte of a cosigned note can change under its keys."""
    note = NOTE + LINE
    assert open_note(note, (LOG, WITNESS)) == HEAD
    for at in range(len(note)):
        changed = note[:at] + bytes([note[at] ^ 1]) + note[at + 1 :]
        with pytest.raises(EvidenceError):
            open_note(changed, (LOG, WITNESS))


def test_kinds_of_keys_are_not_mixed() -> None:
    """A witness's key signs no log, a log's key is no witness, though both are Ed25519."""
    assert parse_witness_key(str(WITNESS)) == WITNESS
    assert parse_verifier_key(str(LOG)) == LOG
    for parse, text in ((parse_witness_key, str(LOG)), (parse_verifier_key, str(WITNESS))):
        with pytest.raises(EvidenceError):
            parse(text)
    as_log = verifier_key(WITNESS.name, WITNESS.public_key)
    assert as_log.key_hash != WITNESS.key_hash
    with pytest.raises(EvidenceError):
        open_note(NOTE + LINE, (LOG, as_log))
    with pytest.raises(EvidenceError):
        open_note(LINE.join((NOTE.partition(b"\n\n")[0] + b"\n\n", b"")), (WITNESS,))


def test_lines_of_unknown_keys_are_passed_over() -> None:
    """A reader finds the lines of the keys that it knows, in the note's order."""
    note = NOTE + LINE
    assert [key for key, _, _ in known_lines(note, [WITNESS, LOG])] == [LOG, WITNESS]
    assert [line for _, _, line in known_lines(note, [WITNESS])] == [LINE]
    assert split_note(note)[0] == HEAD.text()
    with pytest.raises(EvidenceError):
        known_lines(NOTE + b"not a signature\n", [LOG])


HANDOVER, HANDOVER_LINE = hand_over(ORIGIN, public(1), public(4), private(1).sign)
LATER = sign_checkpoint(HEAD, verifier_key(ORIGIN, public(4)), private(4).sign) + HANDOVER_LINE


def test_trust_follows_a_handover_by_the_old_key() -> None:
    """Who trusts the old key trusts the one that it names, and what that names in turn."""
    second, line = hand_over(ORIGIN, public(4), public(5), private(4).sign)
    keys = (HANDOVER, second)
    assert extended_trust([public(1)], LATER + line, keys) == {public(1), public(4), public(5)}
    assert extended_trust([public(4)], LATER + line, keys) == {public(4), public(5)}
    assert extended_trust([public(9)], LATER + line, keys) == {public(9)}
    assert extended_trust([], LATER + line, keys) == frozenset()


def test_no_other_line_extends_trust() -> None:
    """Two keys on one head, a forged handover or one of another log make nobody trusted."""
    thief = verifier_key(ORIGIN, public(6))
    both = NOTE + signature_line(thief, private(6).sign(HEAD.text()))
    assert open_note(both, (LOG, thief)) == HEAD
    assert extended_trust([public(1)], both, (LOG, thief)) == {public(1)}
    forged, line = hand_over(ORIGIN, public(1), public(6), private(6).sign)
    assert extended_trust([public(1)], NOTE + line, (forged,)) == {public(1)}
    with pytest.raises(EvidenceError):
        open_note(NOTE + line, (LOG, forged))
    foreign, line = hand_over("example.com/other", public(1), public(6), private(1).sign)
    with pytest.raises(EvidenceError, match="another log"):
        open_note(NOTE + line, (LOG, foreign))


def test_a_handover_is_part_of_an_exact_note() -> None:
    """A head with a handover opens under exactly its keys, and a handover alone signs no head."""
    new = verifier_key(ORIGIN, public(4))
    assert open_note(LATER, (new, HANDOVER)) == HEAD
    assert parse_note_key(str(HANDOVER)) == HANDOVER
    assert (HANDOVER.old_key, HANDOVER.new_key) == (public(1), public(4))
    for keys in ((new,), (HANDOVER, new), (new, HANDOVER, HANDOVER)):
        with pytest.raises(EvidenceError):
            open_note(LATER, keys)
    alone = HEAD.text() + b"\n" + HANDOVER_LINE
    with pytest.raises(EvidenceError):
        open_note(alone, (HANDOVER,))


def test_keys_come_into_force_in_one_chain() -> None:
    """The log's keys are the first and those handed to, one after the other, or none at all."""
    new = verifier_key(ORIGIN, public(4))
    third, _ = hand_over(ORIGIN, public(4), public(5), private(4).sign)
    back, _ = hand_over(ORIGIN, public(4), public(1), private(4).sign)
    assert handed_on(LOG, ()) == (LOG,)
    assert handed_on(LOG, (HANDOVER,)) == (LOG, new)
    assert handed_on(LOG, (HANDOVER, third)) == (LOG, new, verifier_key(ORIGIN, public(5)))
    assert handed_on(LOG, (third,)) == ()
    assert handed_on(LOG, (HANDOVER, HANDOVER)) == ()
    assert handed_on(LOG, (HANDOVER, back)) == ()
