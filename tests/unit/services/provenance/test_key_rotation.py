"""A log's key handed over to the next: both sign, trust follows, nothing goes back."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from pipelines.errors import EvidenceError, RequestError, ResourceError
from pipelines.evidence.checkpoint import open_note
from pipelines.evidence.entry import JobProof
from pipelines.evidence.handover import extended_trust
from pipelines.evidence.note_key import KeyKind, parse_note_key
from pipelines.evidence.signature import is_signature, public_pem
from pipelines.ports import SilentProgress
from services.provenance.command_signer import CommandSigner
from services.provenance.fsck import LogFacts, check_log
from services.provenance.key_ring import RING_FILE, KeyRing
from services.provenance.keys import KEY_FILE, PUBLIC_FILE, FileSigner
from services.provenance.published_log import LogFaultError, PublishedLog
from tests.unit.services.provenance.log_kit import open_log


def ring_of(home: Path) -> KeyRing:
    """Open the key ring in `home`."""
    return KeyRing(home / "keys")


def sealed(home: Path, ring: KeyRing | None = None) -> JobProof:
    """Record and seal an entry of job `a`."""
    with open_log(home / "log", ring or ring_of(home)) as log:
        log.record("a", "step", {})
        return log.seal("a")


def check(home: Path, *trusted: bytes) -> LogFacts:
    """Check the public files."""
    log = PublishedLog(home / "log" / "public")
    return check_log(log, trusted_keys=trusted, progress=SilentProgress())


def origin(home: Path) -> str:
    """Return the log's name."""
    return check(home).head.origin


def kinds(proof: JobProof) -> list[tuple[KeyKind, bytes]]:
    """List kind and raw bytes of the keys of a proof's checkpoint, which they must open."""
    keys = [parse_note_key(key) for key in proof.keys]
    open_note(proof.checkpoint, keys)
    return [(key.kind, key.public_key) for key in keys]


def rotated(home: Path, times: int = 1) -> list[bytes]:
    """Make a log whose key was changed, with heads before, during and after; list the keys."""
    ring = ring_of(home)
    sealed(home)
    keys = [ring.public_key]
    for _ in range(times):
        ring.begin(origin(home))
        sealed(home)
        sealed(home)
        ring.finish()
        keys.append(ring.public_key)
        sealed(home)
    return keys


def test_both_keys_sign_while_one_takes_over(tmp_path: Path) -> None:
    """Before: the old key. During: both, the older first, and the handover. After: the new one."""
    ring = ring_of(tmp_path)
    old = ring.public_key
    assert kinds(sealed(tmp_path)) == [(KeyKind.LOG, old)]
    ring.begin(origin(tmp_path))
    new = ring.next_key or b""
    during = kinds(sealed(tmp_path))
    assert during == [(KeyKind.LOG, old), (KeyKind.LOG, new), (KeyKind.HANDOVER, old + new)]
    assert ring.public_key == old
    ring.finish()
    after = kinds(sealed(tmp_path))
    assert after == [(KeyKind.LOG, new), (KeyKind.HANDOVER, old + new)]
    assert (ring.public_key, ring.next_key, ring.retired) == (new, None, (old,))
    assert is_signature(new, ring.sign(b"statement"), b"statement")


def test_a_retired_key_is_deleted(tmp_path: Path) -> None:
    """Of a retired key only the public half stays; the public key file is the new key's."""
    ring = ring_of(tmp_path)
    sealed(tmp_path)
    old_private = (tmp_path / "keys" / KEY_FILE).read_bytes()
    ring.begin(origin(tmp_path))
    ring.finish()
    kept = [path.read_bytes() for path in (tmp_path / "keys").iterdir()]
    assert all(old_private not in data for data in kept)
    assert (tmp_path / "keys" / PUBLIC_FILE).read_bytes() == public_pem(ring.public_key)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "keys").iterdir())


def test_a_log_with_changed_keys_holds_as_a_whole(tmp_path: Path) -> None:
    """Each head is checked under the keys of its time; whoever pinned any of them still may."""
    keys = rotated(tmp_path, times=2)
    facts = check(tmp_path)
    assert [key.public_key for key in facts.keys] == keys
    for key in keys:
        assert check(tmp_path, key).pinned
    with pytest.raises(LogFaultError, match="not one of the pinned"):
        check(tmp_path, FileSigner(tmp_path / "other").public_key)


def test_trust_comes_from_the_old_keys_signature_alone(tmp_path: Path) -> None:
    """A proof of the new key's time convinces whoever pinned the old key, and not the reverse."""
    ring = ring_of(tmp_path)
    before = sealed(tmp_path)
    old = ring.public_key
    ring.begin(origin(tmp_path))
    ring.finish()
    after = sealed(tmp_path)
    keys = [parse_note_key(key) for key in after.keys]
    assert extended_trust([old], after.checkpoint, keys) == {old, ring.public_key}
    earlier = [parse_note_key(key) for key in before.keys]
    assert extended_trust([ring.public_key], before.checkpoint, earlier) == {ring.public_key}


def test_other_processes_follow_at_their_next_seal(tmp_path: Path) -> None:
    """A process that opened its keys before a rotation signs as it stands, without a restart."""
    running = ring_of(tmp_path)
    sealed(tmp_path, running)
    ring = ring_of(tmp_path)
    ring.begin(origin(tmp_path))
    assert len(kinds(sealed(tmp_path, running))) == 3
    ring.finish()
    assert kinds(sealed(tmp_path, running))[0] == (KeyKind.LOG, ring.public_key)
    assert running.public_key == ring.public_key
    check(tmp_path)


@pytest.mark.parametrize("when", ["before", "during"])
def test_keys_that_were_set_back_sign_nothing(tmp_path: Path, when: str) -> None:
    """A key folder put back from before a rotation, or from amid it, is refused with a reason."""
    ring = ring_of(tmp_path)
    sealed(tmp_path)
    shutil.copytree(tmp_path / "keys", tmp_path / "before")
    ring.begin(origin(tmp_path))
    sealed(tmp_path)
    shutil.copytree(tmp_path / "keys", tmp_path / "during")
    ring.finish()
    sealed(tmp_path)
    (tmp_path / "keys").rename(tmp_path / "newest")
    shutil.copytree(tmp_path / when, tmp_path / "keys")
    with pytest.raises(EvidenceError):
        sealed(tmp_path)
    check(tmp_path)


def test_a_head_by_a_key_that_handed_over_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retired key that signs again is found, though its signature holds."""
    ring = ring_of(tmp_path)
    sealed(tmp_path)
    ring.begin(origin(tmp_path))
    shutil.copytree(tmp_path / "keys", tmp_path / "during")
    ring.finish()
    sealed(tmp_path)
    monkeypatch.setattr("services.provenance.head_keys.min", lambda _: 0, raising=False)
    sealed(tmp_path, KeyRing(tmp_path / "during"))
    with pytest.raises(LogFaultError, match="handed over before"):
        check(tmp_path)


@pytest.mark.parametrize("line", [0, 1, -1])
def test_keys_that_are_not_one_chain_are_a_fault(tmp_path: Path, line: int) -> None:
    """A verifier key left out of the published chain is found."""
    rotated(tmp_path, times=2)
    path = tmp_path / "log/public/vkey"
    lines = path.read_text().splitlines()
    del lines[line]
    path.write_text("".join(f"{one}\n" for one in lines))
    with pytest.raises(LogFaultError):
        check(tmp_path)


def test_steps_out_of_turn_are_refused(tmp_path: Path) -> None:
    """A rotation is begun once and finished once."""
    ring = ring_of(tmp_path)
    with pytest.raises(RequestError, match="No rotation"):
        ring.finish()
    ring.begin("log.example/a")
    with pytest.raises(RequestError, match="under way"):
        ring.begin("log.example/a")


def test_a_handover_of_another_log_does_not_fit(tmp_path: Path) -> None:
    """Keys handed over in one log sign nothing in another."""
    ring = ring_of(tmp_path)
    sealed(tmp_path)
    ring.begin("log.example/other")
    with pytest.raises(EvidenceError, match="handovers"):
        sealed(tmp_path)
    assert check(tmp_path).head.size == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.replace(b"signing-ed25519", b"../../elsewhere"),
        lambda data: data.replace(b'"version": 1', b'"version": 2'),
        lambda data: data[:-9],
        lambda data: data.replace(b'"retired"', b'"expired"'),
    ],
)
def test_a_ring_out_of_form_is_refused(tmp_path: Path, spoil) -> None:
    """A ring that is not in its form, or names a file elsewhere, is not used."""
    ring_of(tmp_path).begin("log.example/a")
    path = tmp_path / "keys" / RING_FILE
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(EvidenceError):
        ring_of(tmp_path)


def test_a_ring_open_to_others_is_refused(tmp_path: Path) -> None:
    """Whoever could write the ring could name a program; so it must be private."""
    ring_of(tmp_path).begin("log.example/a")
    (tmp_path / "keys" / RING_FILE).chmod(0o644)
    with pytest.raises(EvidenceError):
        ring_of(tmp_path)


PROGRAM = """
import sys
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(sys.argv[1]))
if sys.argv[-1] == "public-key":
    form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    sys.stdout.buffer.write(key.public_key().public_bytes(*form))
else:
    sys.stdout.buffer.write(key.sign(sys.stdin.buffer.read()))
"""


def program(folder: Path, text: str = PROGRAM, seed: str = "07" * 32) -> tuple[str, ...]:
    """Write a program that holds a key; return how it is called."""
    path = folder / "kms.py"
    path.write_text(text)
    return (sys.executable, str(path), seed)


def test_a_program_signs_in_place_of_a_file(tmp_path: Path) -> None:
    """A key that never leaves another program signs heads, and statements, like one in a file."""
    ring = KeyRing(tmp_path / "keys", command=program(tmp_path))
    sealed(tmp_path, ring)
    assert not (tmp_path / "keys" / KEY_FILE).exists()
    sealed(tmp_path, ring_of(tmp_path))
    assert check(tmp_path, ring.public_key).pinned


def test_a_key_moves_from_a_file_to_a_program(tmp_path: Path) -> None:
    """A rotation can hand over to a key behind a program; the log goes on under its name."""
    ring = ring_of(tmp_path)
    sealed(tmp_path)
    old = ring.public_key
    ring.begin(origin(tmp_path), command=program(tmp_path))
    sealed(tmp_path)
    ring.finish()
    sealed(tmp_path)
    assert ring.public_key == CommandSigner(program(tmp_path)).public_key
    assert check(tmp_path, old).pinned


BROKEN = {
    "fails": "import sys; sys.exit(3)",
    "says nothing": "",
    "signs something else": PROGRAM.replace("key.sign(", "key.sign(b'x' + "),
    "says more": PROGRAM + "\nprint()",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=list(BROKEN))
def test_a_program_that_answers_wrongly_signs_nothing(tmp_path: Path, text: str) -> None:
    """Whatever the program answers, only its key's signature of the message is used."""
    with pytest.raises((EvidenceError, ResourceError)):
        CommandSigner(program(tmp_path, text)).sign(b"message")


def test_a_program_that_is_missing_or_hangs_is_said(tmp_path: Path) -> None:
    """A program that cannot be run, or does not answer in time, is a plain error."""
    with pytest.raises(ResourceError):
        CommandSigner((str(tmp_path / "nothing"),))
    slow = program(tmp_path, "import time; time.sleep(60)")
    with pytest.raises(ResourceError):
        CommandSigner(slow, timeout_seconds=0.2)


def test_a_program_of_another_key_is_refused(tmp_path: Path) -> None:
    """A ring whose program holds another key than before does not go on with it."""
    KeyRing(tmp_path / "keys", command=program(tmp_path))
    path = tmp_path / "keys" / RING_FILE
    path.write_bytes(path.read_bytes().replace(b"07" * 32, b"08" * 32))
    with pytest.raises(EvidenceError, match="not the log's key"):
        ring_of(tmp_path)


def test_a_seal_that_fails_to_sign_loses_nothing(tmp_path: Path) -> None:
    """While the program cannot sign, entries wait; the next seal takes them up."""
    ring = KeyRing(tmp_path / "keys", command=program(tmp_path))
    with open_log(tmp_path / "log", ring) as log:
        log.record("a", "step", {})
        (tmp_path / "kms.py").rename(tmp_path / "away.py")
        with pytest.raises(ResourceError):
            log.seal("a")
        (tmp_path / "away.py").rename(tmp_path / "kms.py")
        log.record("a", "step", {})
        assert log.seal("a").tree_size == 2
    check(tmp_path)
