"""Takes typed values out of a table that was read from a file, and refuses what nobody took.

A fact that is misspelt must not vanish: unknown keys, missing keys, wrong types and values
without sense are a `CardError` that names the file and the key.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from models.errors import CardError

T = TypeVar("T")

_NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_FILE_NAME = re.compile(r"[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME = 64
_LONGEST_FILE_NAME = 128


class StrictTable:
    """One table and where it stands, for messages."""

    def __init__(self, table: object, where: str) -> None:
        if not isinstance(table, dict):
            raise CardError(f"{where}: a table is missing")
        self.left: dict[str, Any] = dict(table)
        self.where = where

    def take(self, key: str, kind: type[T]) -> T:
        """Return the value of `key`; whole numbers pass for reals, and true is no number."""
        if key not in self.left:
            raise CardError(f"{self.where}: `{key}` is missing")
        value = self.left.pop(key)
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise CardError(f"{self.where}: `{key}` must be {kind.__name__}, not {value!r}")
        return value

    def make(self, key: str, kind: type[Any], maker: Callable[[Any], T]) -> T:
        """Return the value of `key` put through `maker`, whose ValueError becomes a CardError."""
        value = self.take(key, kind)
        try:
            return maker(value)
        except ValueError as error:
            raise CardError(f"{self.where}: `{key}` = {value!r} is refused: {error}") from error

    def text(self, key: str) -> str:
        """Return a text that is not empty."""
        return self.make(key, str, _not_empty)

    def count(self, key: str, *, least: int = 1) -> int:
        """Return a whole number that is `least` or more."""
        return self.make(key, int, lambda value: _at_least(value, least))

    def table(self, key: str) -> StrictTable:
        """Return the table under `key`."""
        return StrictTable(self.take(key, dict), f"{self.where} [{key}]")

    def tables(self, key: str) -> tuple[StrictTable, ...]:
        """Return the list of tables under `key`; none where the key is missing."""
        listed = self.take(key, list) if key in self.left else []
        return tuple(StrictTable(one, f"{self.where} [[{key}]]") for one in listed)

    def finish(self) -> None:
        """Refuse the file when a key is left that nobody asked for."""
        if self.left:
            raise CardError(f"{self.where}: unknown key `{min(self.left)}`")


def network_name(value: str) -> str:
    """Check a network's name: it is also a file's stem and an argument. Raises ValueError."""
    if not _NAME.fullmatch(value) or len(value) > _LONGEST_NAME:
        raise ValueError("lower-case letters, digits and single separators only")
    return value


def plain_file_name(value: str) -> str:
    """Check the name of a file that lies in no folder but its card's. Raises ValueError."""
    if not _FILE_NAME.fullmatch(value) or len(value) > _LONGEST_FILE_NAME:
        raise ValueError("a plain file name is needed")
    return value


def digest(value: str) -> str:
    """Check a SHA-256 digest in lower-case hexadecimal. Raises ValueError."""
    if not _DIGEST.fullmatch(value):
        raise ValueError("not 64 lower-case hexadecimal digits")
    return value


def sentences(values: list[Any]) -> tuple[str, ...]:
    """Check a list of one or more texts. Raises ValueError."""
    if not values or not all(isinstance(value, str) and value.strip() for value in values):
        raise ValueError("one or more sentences are needed")
    return tuple(values)


def _not_empty(value: str) -> str:
    if not value.strip():
        raise ValueError("it is empty")
    return value


def _at_least(value: int, least: int) -> int:
    if value < least:
        raise ValueError(f"it must be {least} or more")
    return value
