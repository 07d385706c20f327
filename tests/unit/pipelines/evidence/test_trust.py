"""Key files: every key in them counts, and a line that is no key is never passed over."""

from __future__ import annotations

import pytest

from pipelines.errors import EvidenceError
from pipelines.evidence.note_key import verifier_key
from pipelines.evidence.signature import public_pem
from pipelines.evidence.trust import MAX_KEY_FILE_BYTES, read_key_file

FIRST, SECOND, THIRD = bytes(32), bytes([1] * 32), bytes([2] * 32)
NOTE = str(verifier_key("evident.invalid/local/00", SECOND)).encode()


def test_pem_notes_and_mixtures_are_read() -> None:
    """PEM blocks and verifier keys are taken in their order, among comments and empty lines."""
    assert read_key_file(public_pem(FIRST)) == (FIRST,)
    assert read_key_file(NOTE) == (SECOND,)
    mixed = b"# the laboratory\n" + public_pem(FIRST) + b"\n" + NOTE + b"\n" + public_pem(THIRD)
    assert read_key_file(mixed) == (FIRST, SECOND, THIRD)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"# nothing\n",
        b"key\n",
        NOTE[:-1],
        NOTE.replace(b"+", b" "),
        public_pem(FIRST)[:-30],
        public_pem(FIRST).replace(b"PUBLIC", b"PRIVATE"),
        public_pem(FIRST) + b"more\n",
        b"\xff",
        b"#" * (MAX_KEY_FILE_BYTES + 1),
    ],
)
def test_what_is_no_key_is_refused(data: bytes) -> None:
    """A file with anything but keys and comments, or with no key at all, is refused."""
    with pytest.raises(EvidenceError):
        read_key_file(data)
