"""What the watcher asks of the platform: to store a file, to make a job of it, to hand results out.

The port belongs to the watcher; the platform's adapter speaks to the object store and to jobs.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from services.watcher.rules import Rule


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that the platform keeps: its SHA-256, and what it is, such as `video/mp4`."""

    sha256: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Made:
    """A file that a job made: its name in the folder of results, and its SHA-256."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a job stands; `reason` says why one failed or was canceled."""

    is_final: bool
    is_done: bool
    reason: str = ""
    made: Sequence[Made] = ()


class Intake(Protocol):
    """The platform, as far as the watcher knows it. What it cannot do now is `ResourceError`."""

    def store(self, source: BinaryIO, *, name: str, rule: Rule) -> Stored:
        """Keep the bytes as an artifact of the rule's project.

        `InputError` where they are no photo and no video.
        """
        ...

    def submit(self, stored: Stored, *, rule: Rule, key: str) -> str:
        """Make a job of an artifact and return its id; the same key gives the same job.

        `RequestError` where the rule asks for what is not admitted.
        """
        ...

    def standing(self, job: str) -> Standing:
        """Say where a job stands."""
        ...

    def open(self, job: str, made: Made) -> AbstractContextManager[BinaryIO]:
        """Read a file that a job made."""
        ...
