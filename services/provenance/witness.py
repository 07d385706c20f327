"""A witness: signs the head of a log only if it extends the one that it signed last.

What it signed last is kept in a file per log and made durable before the signature is given out;
checking and keeping are one step under a lock, so no two requests can set it back. A witness that
lost its folder must not go on under its key: it would sign a fork.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import EvidenceError
from pipelines.evidence.checkpoint import Checkpoint, parse_checkpoint, split_note
from pipelines.evidence.cosignature import cosign
from pipelines.evidence.note_key import KeyKind, VerifierKey, verifier_key
from pipelines.evidence.witness_request import Answer, judge, parse_request
from pipelines.ports import Signer
from services.provenance.durable_file import make_folder, replace

_SIZE_TYPE = "text/x.tlog.size"
_TEXT_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with its body, as HTTP carries it."""

    answer: Answer
    body: bytes
    content_type: str = _TEXT_TYPE


class Witness:
    """A witness `name` with its memory in `folder`; `logs` are the keys of the logs it knows.

    `clock` gives POSIX seconds. Safe for threads and processes that share the folder.
    """

    def __init__(
        self,
        folder: Path,
        signer: Signer,
        *,
        name: str,
        logs: Sequence[VerifierKey],
        clock: Callable[[], float] = time.time,
    ) -> None:
        make_folder(folder)
        self._folder = folder
        self._signer = signer
        self._logs = tuple(logs)
        self._clock = clock
        self.key = verifier_key(name, signer.public_key, KeyKind.COSIGNER)

    def add_checkpoint(self, body: bytes) -> Reply:
        """Answer a request as C2SP `tlog-witness` says."""
        try:
            request = parse_request(body)
            head = parse_checkpoint(split_note(request.note)[0])
        except EvidenceError as error:
            return Reply(Answer.MALFORMED, f"{error}\n".encode())
        path = self._folder / hashlib.sha256(head.origin.encode("ascii")).hexdigest()
        with self._locked():
            last = _last(path, head.origin)
            answer = judge(request, last, self._logs)
            if answer is Answer.CONFLICT:
                size = last.size if last is not None else 0
                return Reply(answer, f"{size}\n".encode("ascii"), _SIZE_TYPE)
            if answer is not Answer.SIGNED:
                return Reply(answer, f"{answer.name.lower()}\n".encode("ascii"))
            replace(path, head.text(), scratch=self._folder)
        line = cosign(request.note, self.key, self._signer.sign, time=int(self._clock()))
        return Reply(answer, line)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self._folder / "lock", flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _last(path: Path, origin: str) -> Checkpoint | None:
    """Return the head that was signed last; `EvidenceError` where the memory is damaged."""
    if not path.exists():
        return None
    last = parse_checkpoint(path.read_bytes())
    if last.origin != origin:
        raise EvidenceError("The witness's memory of the log is of another log.")
    return last
