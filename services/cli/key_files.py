"""Reads the files of public keys that a person names on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from pipelines.errors import EvidenceError, RequestError
from pipelines.evidence.trust import MAX_KEY_FILE_BYTES, Trust, read_key_file, read_trust

_T = TypeVar("_T")

_NEXT_STEP = "Name a file of public keys: PEM blocks, or signed-note verifier keys."


def public_keys(path: Path) -> tuple[bytes, ...]:
    """Return the raw Ed25519 keys in the file at `path`; raises `RequestError`."""
    return _read(path, read_key_file)


def trusted(paths: Iterable[Path]) -> Trust:
    """Return everybody in the files at `paths`, signers and witnesses; raises `RequestError`."""
    files = [_read(path, read_trust) for path in paths]
    return Trust(
        tuple(key for file in files for key in file.keys),
        tuple(key for file in files for key in file.witnesses),
    )


def _read(path: Path, read: Callable[[bytes], _T]) -> _T:
    try:
        with path.open("rb") as file:
            return read(file.read(MAX_KEY_FILE_BYTES + 1))
    except OSError as error:
        raise RequestError(
            f"The key {path} cannot be read: {error.strerror or error}.", next_step=_NEXT_STEP
        ) from error
    except EvidenceError as error:
        raise RequestError(f"{path} is no key file: {error}", next_step=_NEXT_STEP) from error
