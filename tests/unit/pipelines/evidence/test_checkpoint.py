"""Checkpoints: the signed notes of C2SP, in their exact form."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.errors import EvidenceError
from pipelines.evidence.checkpoint import Checkpoint, open_note, parse_checkpoint, sign_checkpoint
from pipelines.evidence.note_key import parse_verifier_key, verifier_key

ORIGIN = "example.com/log"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = verifier_key(ORIGIN, PRIVATE.public_key().public_bytes_raw())
HEAD = Checkpoint(ORIGIN, 42, hashlib.sha256(b"root").digest())
NOTE = sign_checkpoint(HEAD, KEY, PRIVATE.sign)


def test_note_follows_the_specification() -> None:
    """The note is text, empty line, em dash, name, and base64 of key hash and signature."""
    root = base64.b64encode(HEAD.root).decode()
    text = f"{ORIGIN}\n42\n{root}\n"
    head, _, line = NOTE.decode("utf-8").partition("\n\n")
    assert head + "\n" == text
    assert line.startswith(f"\N{EM DASH} {ORIGIN} ")
    blob = base64.b64decode(line.split(" ")[2])
    name = ORIGIN.encode() + b"\n\x01" + KEY.public_key
    assert blob[:4] == hashlib.sha256(name).digest()[:4]
    PRIVATE.public_key().verify(blob[4:], text.encode())


def test_go_sumdb_key_is_read() -> None:
    """The published verifier key of Go's checksum database has the key hash that we compute."""
    text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert str(parse_verifier_key(text)) == text


def test_note_round_trip() -> None:
    """A note gives its head back under the key that signed it."""
    assert open_note(NOTE, (KEY,)) == HEAD
    assert parse_verifier_key(str(KEY)) == KEY


def test_every_flipped_bit_of_a_note_is_found() -> None:
    """No byte of a note can change."""
    for at in range(len(NOTE)):
        for bit in (0x01, 0x20, 0x80):
            changed = NOTE[:at] + bytes([NOTE[at] ^ bit]) + NOTE[at + 1 :]
            with pytest.raises(EvidenceError):
                open_note(changed, (KEY,))


def test_other_signers_are_refused() -> None:
    """A note holds under exactly the keys that are given, in their order."""
    other = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    stranger = verifier_key(ORIGIN, other.public_key().public_bytes_raw())
    witness = verifier_key("witness.example", other.public_key().public_bytes_raw())
    line = sign_checkpoint(HEAD, witness, other.sign).split(b"\n\n")[1]
    assert open_note(NOTE + line, (KEY, witness)) == HEAD
    for keys in ((), (stranger,), (KEY, KEY), (KEY, witness)):
        with pytest.raises(EvidenceError):
            open_note(NOTE, keys)
    for note, keys in (
        (NOTE + line, (KEY,)),
        (NOTE + line, (witness, KEY)),
        (sign_checkpoint(HEAD, witness, other.sign), (witness,)),
    ):
        with pytest.raises(EvidenceError):
            open_note(note, keys)


@pytest.mark.parametrize(
    "text",
    [
        "example.com/log\n042\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "example.com/log\n42\n" + base64.b64encode(bytes(31)).decode() + "\n",
        "example.com/log\n42\n" + base64.b64encode(bytes(32)).decode(),
        "example.com/log\n-1\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "two words\n42\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "example.com/log\n42\n!!!!\n",
        "example.com/log\n42\n" + base64.b64encode(bytes(32)).decode() + "\nmore\n",
        "\xe4\n42\n" + base64.b64encode(bytes(32)).decode() + "\n",
    ],
)
def test_odd_texts_are_refused(text: str) -> None:
    """A head has one spelling."""
    with pytest.raises(EvidenceError):
        parse_checkpoint(text.encode("utf-8"))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "\xe4", "a\n"])
def test_odd_names_are_refused(name: str) -> None:
    """A log's name is what a signed note can carry."""
    with pytest.raises(EvidenceError):
        verifier_key(name, bytes(32))


@pytest.mark.parametrize("text", ["a", "a+b", "a+00000000+AQ==", f"{KEY}=", f"x{KEY}", "a++"])
def test_odd_keys_are_refused(text: str) -> None:
    """A verifier key has one spelling."""
    with pytest.raises(EvidenceError):
        parse_verifier_key(text)
