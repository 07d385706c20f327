"""Reads the files of public keys that a person names on the command line."""

from __future__ import annotations

from pathlib import Path

from pipelines.errors import EvidenceError, RequestError
from pipelines.evidence.trust import MAX_KEY_FILE_BYTES, read_key_file

_NEXT_STEP = "Name a file of public keys: PEM blocks, or signed-note verifier keys."


def public_keys(path: Path) -> tuple[bytes, ...]:
    """Return the raw Ed25519 keys in the file at `path`; raises `RequestError`."""
    try:
        with path.open("rb") as file:
            return read_key_file(file.read(MAX_KEY_FILE_BYTES + 1))
    except OSError as error:
        raise RequestError(
            f"The key {path} cannot be read: {error.strerror or error}.", next_step=_NEXT_STEP
        ) from error
    except EvidenceError as error:
        raise RequestError(f"{path} is no key file: {error}", next_step=_NEXT_STEP) from error
