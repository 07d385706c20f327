"""Witnesses: what they sign and refuse, and how a log asks them without waiting for them."""

from __future__ import annotations

import http.client
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import EvidenceError, RequestError
from pipelines.evidence.checkpoint import open_note
from pipelines.evidence.cosignature import check_cosignatures
from pipelines.evidence.entry import JobProof
from pipelines.evidence.merkle import consistency_proof
from pipelines.evidence.note_key import KeyKind, parse_note_key, verifier_key
from pipelines.evidence.witness_request import (
    MAX_REQUEST_BYTES,
    Answer,
    WitnessRequest,
    parse_request,
)
from pipelines.ports import SilentProgress
from services.provenance.fsck import check_log
from services.provenance.key_ring import KeyRing
from services.provenance.keys import FileSigner
from services.provenance.local_log import LocalLog
from services.provenance.published_log import PublishedLog
from services.provenance.witness import Witness
from services.provenance.witness_client import WitnessAddress, Witnesses
from services.provenance.witness_server import WitnessServer
from tests.unit.services.provenance.log_kit import ACTOR, open_log

TIME = 1_790_000_000


class Home:
    """A log with its key, and requests about it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.signer = FileSigner(folder / "keys")
        self.grow(1)
        self.key = parse_note_key((folder / "log/public/vkey").read_text().strip())

    def grow(self, count: int, word: str = "") -> bytes:
        """Record, seal, and return the head's note."""
        with open_log(self.folder / "log", self.signer) as log:
            log.record_many(("a", "step", {"word": word}) for _ in range(count))
            return log.seal("a").checkpoint

    def request(self, old: int, note: bytes) -> bytes:
        """Return a request that proves growth from `old` leaves to the head in `note`."""
        size = int(note.split(b"\n")[1])
        read = PublishedLog(self.folder / "log" / "public").nodes(size)
        proof = consistency_proof(old, size, read) if old else ()
        return WitnessRequest(old, proof, note).encode()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Make a log of one leaf."""
    return Home(tmp_path / "home")


@pytest.fixture
def witness(tmp_path: Path, home: Home) -> Witness:
    """Make a witness that knows the log."""
    signer = FileSigner(tmp_path / "witness" / "keys")
    folder = tmp_path / "witness" / "signed"
    return Witness(folder, signer, name="witness.example/w", logs=[home.key], clock=lambda: TIME)


def test_a_request_comes_back_as_it_was() -> None:
    """A request is read as it was written, and in no other form."""
    request = WitnessRequest(7, (b"\x01" * 32, b"\x02" * 32), b"origin\n9\nroot\n\nsignature\n")
    body = request.encode()
    assert body.startswith(b"old 7\n")
    assert parse_request(body) == request
    for bad in (
        b"",
        body.replace(b"old 7", b"old 07"),
        body.replace(b"old 7", b"new 7"),
        body.replace(b"AQEB", b"AQE"),
        body.partition(b"\n\n")[0],
        body + b"x" * MAX_REQUEST_BYTES,
    ):
        with pytest.raises(EvidenceError):
            parse_request(bad)


def test_a_witness_signs_what_extends_what_it_signed(home: Home, witness: Witness) -> None:
    """Head after head is signed with the time, each with a proof from the one before."""
    old = 0
    for count in (0, 5, 300):
        note = home.grow(count)
        reply = witness.add_checkpoint(home.request(old, note))
        assert reply.answer is Answer.SIGNED
        (found,) = check_cosignatures(note + reply.body, [witness.key])
        assert found.time == TIME
        old = int(note.split(b"\n")[1])
    assert witness.add_checkpoint(home.request(old, note)).answer is Answer.SIGNED


def test_a_fork_is_never_signed(home: Home, witness: Witness, tmp_path: Path) -> None:
    """A log that was set back with all its files, and went another way, gets no signature."""
    shutil.copytree(home.folder, tmp_path / "backup")
    signed = home.grow(4, "published")
    assert witness.add_checkpoint(home.request(0, signed)).answer is Answer.SIGNED
    shutil.rmtree(home.folder)
    shutil.copytree(tmp_path / "backup", home.folder)
    for count in (2, 2, 2):
        fork = home.grow(count, "another")
        size = int(fork.split(b"\n")[1])
        for old in {0, 1, min(5, size), size}:
            reply = witness.add_checkpoint(home.request(old, fork))
            assert reply.answer in {Answer.CONFLICT, Answer.NOT_CONSISTENT}
            if reply.answer is Answer.CONFLICT:
                assert (reply.body, reply.content_type) == (b"5\n", "text/x.tlog.size")


def test_what_the_specification_refuses_is_refused(home: Home, witness: Witness) -> None:
    """Each wrong request has the answer that tlog-witness gives it."""
    note = home.grow(3)
    good = home.request(0, note)
    stranger = Home(home.folder.parent / "stranger")
    foreign = stranger.grow(1)
    unsigned = note.replace(note.split(b"\n\n")[1], b"")
    other_key = note.partition(b"\n\n")[0] + b"\n\n" + foreign.partition(b"\n\n")[2]
    answers = {
        b"nonsense": Answer.MALFORMED,
        WitnessRequest(0, (), unsigned).encode(): Answer.MALFORMED,
        WitnessRequest(9, (), note).encode(): Answer.MALFORMED,
        WitnessRequest(0, (), foreign).encode(): Answer.UNKNOWN_LOG,
        WitnessRequest(0, (), other_key).encode(): Answer.UNTRUSTED,
        WitnessRequest(2, (), note).encode(): Answer.CONFLICT,
        WitnessRequest(0, (bytes(32),), note).encode(): Answer.NOT_CONSISTENT,
    }
    for body, answer in answers.items():
        assert witness.add_checkpoint(body).answer is answer
    assert witness.add_checkpoint(good).answer is Answer.SIGNED
    grown = home.grow(3)
    assert witness.add_checkpoint(WitnessRequest(4, (), grown).encode()).answer is (
        Answer.NOT_CONSISTENT
    )


def test_a_witness_remembers_over_a_restart(home: Home, witness: Witness, tmp_path: Path) -> None:
    """What was signed is on disk before the answer; a restarted witness goes on from it."""
    witness.add_checkpoint(home.request(0, home.grow(2)))
    again = Witness(
        tmp_path / "witness" / "signed",
        FileSigner(tmp_path / "witness" / "keys"),
        name="witness.example/w",
        logs=[home.key],
    )
    note = home.grow(2)
    assert again.add_checkpoint(home.request(0, note)).answer is Answer.CONFLICT
    assert again.add_checkpoint(home.request(3, note)).answer is Answer.SIGNED


@pytest.fixture
def server(witness: Witness) -> Iterator[WitnessServer]:
    """Serve the witness on a free port of loopback."""
    with WitnessServer(witness, 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def sealed(home: Home, witnesses: Witnesses, count: int = 1, *, ring=None) -> JobProof:
    """Seal with witnesses, after recording `count` entries."""
    signer = ring or home.signer
    with LocalLog(home.folder / "log", signer, actor=ACTOR, witnesses=witnesses) as log:
        log.record_many(("a", "step", {}) for _ in range(count))
        return log.seal("a")


def asking(addresses: list[WitnessAddress], said: list[str], seconds: float = 20.0) -> Witnesses:
    """Ask these witnesses; what they fail to do goes to `said`."""
    return Witnesses(addresses, timeout_seconds=seconds, warn=said.append)


def test_a_sealed_head_carries_its_witnesses(home: Home, server: WitnessServer) -> None:
    """After each seal the proof's checkpoint and the one that is shown carry the cosignature."""
    said: list[str] = []
    key = server.witness.key
    for _ in range(3):
        witnesses = asking([WitnessAddress(key, server.url)], said)
        proof = sealed(home, witnesses, 3)
        keys = [parse_note_key(one) for one in proof.keys]
        assert keys == [home.key, key]
        assert open_note(proof.checkpoint, keys).size == proof.tree_size
        assert check_cosignatures(proof.checkpoint, [key])[0].time == TIME
        assert (home.folder / "log/public/checkpoint").read_bytes() == proof.checkpoint
        # Sealed again without anything new: the same head, the same line, nobody asked.
        again = sealed(home, asking([WitnessAddress(key, "http://127.0.0.1:1")], said), 0)
        assert again == proof
    assert said == []
    public = PublishedLog(home.folder / "log" / "public")
    facts = check_log(public, progress=SilentProgress())
    assert "1 lines of others" in facts.remarks[0]
    facts = check_log(public, witnesses=[key], progress=SilentProgress())
    assert ([one.witness for one in facts.witnessed], facts.remarks) == ([key], ())
    kept = home.folder / "log/public/checkpoints" / str(facts.head.size)
    assert open_note(kept.read_bytes(), (home.key,)) == facts.head


def test_a_witness_follows_a_log_whose_key_is_handed_over(
    home: Home, witness: Witness, server: WitnessServer
) -> None:
    """While both keys sign, a witness that knows only the old one goes on signing."""
    said: list[str] = []
    ring = KeyRing(home.folder / "keys")
    address = WitnessAddress(witness.key, server.url)
    sealed(home, asking([address], said), ring=ring)
    ring.begin(home.key.name)
    proof = sealed(home, asking([address], said), ring=ring)
    kinds = [parse_note_key(one).kind for one in proof.keys]
    assert kinds == [KeyKind.LOG, KeyKind.LOG, KeyKind.HANDOVER, KeyKind.COSIGNER]
    ring.finish()
    sealed(home, asking([address], said), ring=ring)
    assert said == ["The witness witness.example/w has not signed: It answered 403."]


def test_witnesses_that_are_down_or_slow_cost_a_sentence(home: Home) -> None:
    """A seal does not wait beyond its limit, and works without those who do not answer."""
    said: list[str] = []
    names = ("witness.example/down", "witness.example/slow")
    keys = [verifier_key(name, bytes([n]) * 32, KeyKind.COSIGNER) for n, name in enumerate(names)]
    with socket.create_server(("127.0.0.1", 0)) as slow:
        urls = ("http://127.0.0.1:1", f"http://127.0.0.1:{slow.getsockname()[1]}")
        addresses = [WitnessAddress(*one) for one in zip(keys, urls, strict=True)]
        proof = sealed(home, asking(addresses, said, 0.3))
    assert [parse_note_key(one) for one in proof.keys] == [home.key]
    assert any("down has not signed: It cannot be reached" in one for one in said)
    assert any("slow has not" in one for one in said)


def test_only_the_configured_key_counts(home: Home, server: WitnessServer) -> None:
    """An answer signed by another key than the witness's own adds nothing."""
    said: list[str] = []
    impostor = verifier_key("witness.example/w", bytes(32), KeyKind.COSIGNER)
    proof = sealed(home, asking([WitnessAddress(impostor, server.url)], said))
    assert [parse_note_key(one) for one in proof.keys] == [home.key]
    assert "no line of its key" in said[0]


def test_a_forked_log_is_told_so(home: Home, server: WitnessServer, tmp_path: Path) -> None:
    """Who seals a log that was set back hears from the witness that it has signed another."""
    said: list[str] = []
    address = WitnessAddress(server.witness.key, server.url)
    shutil.copytree(home.folder, tmp_path / "backup")
    sealed(home, asking([address], said), 4)
    shutil.rmtree(home.folder)
    shutil.copytree(tmp_path / "backup", home.folder)
    proof = sealed(home, asking([address], said), 2)
    assert [parse_note_key(one) for one in proof.keys] == [home.key]
    assert len(said) == 1
    assert "It has signed another head of 5 leaves; this one has 3." in said[0]


def test_the_server_answers_nothing_else(server: WitnessServer) -> None:
    """Other paths, other methods, and requests without or beyond a length are refused."""

    def status(method: str, path: str, **headers: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=20)
        connection.putrequest(method, path)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        try:
            return connection.getresponse().status
        finally:
            connection.close()

    assert status("POST", "/", Content_Length="0") == 404
    assert status("POST", "/add-checkpoint") == 411
    assert status("POST", "/add-checkpoint", Content_Length="-1") == 411
    assert status("POST", "/add-checkpoint", Content_Length="9999999999999") == 413
    assert status("POST", "/add-checkpoint", Content_Length=str(MAX_REQUEST_BYTES + 1)) == 413
    assert status("POST", "/add-checkpoint", Content_Length="0") == 400
    assert status("GET", "/add-checkpoint") == 501


@pytest.mark.parametrize("url", ["ftp://a/", "http://", "witness.example", "http://a/?x=1"])
def test_odd_addresses_are_refused(url: str) -> None:
    """A witness has an http or https address."""
    with pytest.raises(RequestError):
        WitnessAddress(verifier_key("w", bytes(32), KeyKind.COSIGNER), url)


def test_a_log_key_is_no_witness() -> None:
    """A key of another kind is not asked to witness."""
    with pytest.raises(RequestError):
        WitnessAddress(verifier_key("w", bytes(32)), "http://127.0.0.1:1")
