"""`evident log witness`: a witness on this machine, until it is stopped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import EvidenceError, EvidentError, RequestError
from pipelines.evidence.checkpoint import MAX_NOTE_BYTES
from pipelines.evidence.note_key import KeyKind, VerifierKey, parse_note_key, verifier_key
from services.cli.printing import GOOD, WRONG_USE, console_on_stderr, print_error, print_text
from services.provenance.keys import FileSigner
from services.provenance.witness import Witness
from services.provenance.witness_server import WitnessServer


@dataclass(frozen=True, slots=True)
class Asked:
    """Who the witness is, which logs it knows, where it keeps what it signed."""

    name: str
    logs: tuple[Path, ...]
    state: Path
    port: int


def main(asked: Asked) -> int:
    """Serve until interrupted; returns the exit code."""
    try:
        server = served(asked)
    except EvidentError as error:
        print_error(console_on_stderr(), "", str(error), error.next_step)
        return WRONG_USE
    with server:
        print_text(f"{server.witness.key}\n{server.url}")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print_text("Stopped.")
    return GOOD


def served(asked: Asked) -> WitnessServer:
    """Return the server, bound and not yet serving; raises an `EvidentError`."""
    signer = FileSigner(asked.state / "keys")
    keys = [key for path in asked.logs for key in _log_keys(path)]
    witness = Witness(asked.state / "signed", signer, name=asked.name, logs=keys)
    try:
        return WitnessServer(witness, asked.port)
    except OSError as error:
        raise RequestError(
            f"Port {asked.port} cannot be listened on: {error.strerror or error}.",
            next_step="Name another port, or 0 for a free one.",
        ) from error


def _log_keys(path: Path) -> list[VerifierKey]:
    """Return the log's keys in its `vkey` file: the first, and those that it was handed to."""
    try:
        with path.open("rb") as file:
            lines = file.read(MAX_NOTE_BYTES).decode("ascii").splitlines()
        keys = [parse_note_key(line) for line in lines]
    except (OSError, UnicodeDecodeError, EvidenceError) as error:
        raise RequestError(
            f"{path} holds no verifier keys: {error}.",
            next_step="Give a log's vkey file, or a file with one verifier key per line.",
        ) from error
    later = [verifier_key(key.name, key.new_key) for key in keys if key.kind is KeyKind.HANDOVER]
    return [*(key for key in keys if key.kind is KeyKind.LOG), *later]
