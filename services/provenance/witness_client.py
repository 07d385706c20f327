"""Asks witnesses to sign a log's new head; never waits for longer than it was told.

Each is asked at once, in a thread of its own. What comes back counts only if it is a cosignature
of the witness's configured key that holds on this very head. A witness that is down, slow or of
another mind costs its line and a sentence, never the seal.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipelines.errors import EvidenceError, RequestError, ResourceError
from pipelines.evidence.checkpoint import MAX_NOTE_BYTES, known_lines
from pipelines.evidence.cosignature import check_cosignatures
from pipelines.evidence.merkle import NodeReader, consistency_proof
from pipelines.evidence.note_key import KeyKind, VerifierKey
from pipelines.evidence.witness_request import Answer, WitnessRequest

MAX_WITNESSES = 6

_TRIES = 3
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


@dataclass(frozen=True, slots=True)
class WitnessAddress:
    """A witness that a log asks: its key, and the prefix of its submission URL."""

    key: VerifierKey
    url: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise RequestError(
                f"{self.url} is not the address of a witness.",
                next_step="Give the http or https address before /add-checkpoint.",
            )
        if self.key.kind is not KeyKind.COSIGNER:
            raise RequestError(
                f"The key of the witness at {self.url} is not a witness's.",
                next_step="Give the verifier key that the witness publishes.",
            )


class Witnesses:
    """The witnesses of a log; `warn` hears why one of them has not signed."""

    def __init__(
        self,
        addresses: Sequence[WitnessAddress],
        *,
        timeout_seconds: float,
        warn: Callable[[str], None],
    ) -> None:
        if len(addresses) > MAX_WITNESSES:
            raise RequestError(
                f"There are more than {MAX_WITNESSES} witnesses.", next_step="Name fewer."
            )
        self._addresses = tuple(addresses)
        self._timeout_seconds = timeout_seconds
        self._warn = warn
        self._signed: dict[VerifierKey, int] = {}

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """The witnesses' keys."""
        return tuple(one.key for one in self._addresses)

    def lines(self, note: bytes, size: int, read: NodeReader) -> bytes:
        """Return the lines that witnesses add to `note`, the head of `size` leaves.

        Those who have signed it already are not asked again. `read` gives the tree's nodes.
        """
        have = {key for key, _, _ in known_lines(note, self.keys)}
        asked = [one for one in self._addresses if one.key not in have]
        if not asked:
            return b""
        found: dict[VerifierKey, bytes] = {}

        def ask(one: WitnessAddress) -> None:
            found[one.key] = self._ask(one, note, size, read)

        deadline = time.monotonic() + self._timeout_seconds
        # Daemons: a witness that hangs holds up neither the seal nor the end of the process.
        threads = [threading.Thread(target=ask, args=(one,), daemon=True) for one in asked]
        for thread in threads:
            thread.start()
        for one, thread in zip(asked, threads, strict=True):
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                self._warn(f"The witness {one.key.name} has not answered in time.")
        return b"".join(found.get(one.key, b"") for one in asked)

    def _ask(self, witness: WitnessAddress, note: bytes, size: int, read: NodeReader) -> bytes:
        try:
            line = self._cosigned(witness, note, size, read)
        except (EvidenceError, ResourceError) as error:
            self._warn(f"The witness {witness.key.name} has not signed: {error}")
            return b""
        self._signed[witness.key] = size
        return line

    def _cosigned(self, witness: WitnessAddress, note: bytes, size: int, read: NodeReader) -> bytes:
        old = min(self._signed.get(witness.key, 0), size)
        for _ in range(_TRIES):
            proof = consistency_proof(old, size, read) if old else ()
            body = WitnessRequest(old, proof, note).encode()
            status, answer = _post(witness.url, body, self._timeout_seconds)
            if status == Answer.SIGNED:
                return _own_line(witness.key, note, answer)
            found = _SIZE.fullmatch(answer)
            if status != Answer.CONFLICT or found is None:
                raise EvidenceError(f"It answered {status}.")
            if int(found[1]) > size or int(found[1]) == old:
                # It has signed more leaves than there are, or other leaves: this log was forked.
                raise EvidenceError(
                    f"It has signed another head of {int(found[1])} leaves; this one has {size}."
                )
            old = int(found[1])
        raise EvidenceError("It signs other heads all the while.")


def _own_line(key: VerifierKey, note: bytes, answer: bytes) -> bytes:
    """Return the line by `key` in an answer, checked."""
    whole = note + answer
    if not check_cosignatures(whole, (key,)):
        raise EvidenceError("Its answer holds no line of its key.")
    ((_, _, line),) = known_lines(whole, (key,))
    return line


def _post(url: str, body: bytes, timeout_seconds: float) -> tuple[int, bytes]:
    """Send a request to a witness; follows no redirection and reads no more than a note's bytes."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=timeout_seconds)
    try:
        connection.request("POST", f"{parts.path.rstrip('/')}/add-checkpoint", body)
        response = connection.getresponse()
        return response.status, response.read(MAX_NOTE_BYTES)
    except (OSError, http.client.HTTPException, ssl.SSLError, socket.gaierror) as error:
        raise ResourceError(f"It cannot be reached: {error}.") from error
    finally:
        connection.close()
