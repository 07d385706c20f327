"""A watched place: files by name, with a version that changes whenever their bytes may have.

The port belongs to the watcher; a folder and a bucket are its adapters, under one contract suite.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".upload", "~")
"""How names end under which programs write what is not finished yet."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as a listing has it.

    `name` is a path with `/` inside the place. `version` is opaque: two listings with the same
    one speak of the same bytes, as far as the place can tell.
    """

    name: str
    size: int
    version: str


class Place(Protocol):
    """Files that come and go. Errors of the place itself are `ResourceError`."""

    def list(self) -> Iterator[Seen]:
        """Every file, in the order of names; what is obviously unfinished is left out."""
        ...

    def look(self, name: str) -> Seen | None:
        """The file as it is now; None where it is gone."""
        ...

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Read a file from its beginning; `UnreadableError` where it is gone or unreadable."""
        ...

    def put(self, name: str, source: BinaryIO) -> bool:
        """Store a new file, whole or not at all; False where there is one of that name."""
        ...

    def move(self, name: str, to: str) -> None:
        """Give a file another name, over nothing; what is gone already is no error."""
        ...
