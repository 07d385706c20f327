"""What a worker of a pool is told, and what it answers: values with one spelling as JSON.

No secret is among them. How the store is reached every machine of a pool knows from its own
settings; an order names keys and digests alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import models.errors
import pipelines.errors
from models.errors import ModelError
from pipelines.errors import EvidentError
from services.compute.errors import ComputeError

LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes in the store."""

    key: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Need:
    """What a worker of a pool takes: threads of the processor, and a share of a GPU."""

    threads: int
    gpus: float = 0.0


@dataclass(frozen=True, slots=True)
class Order:
    """Work of one job to be done. `job` is the job's id as 32 hexadecimal letters.

    `source` is the file as received, `part` what decides the samples, `index` the frames of a
    clip, whose `segments` are to be rendered; without it the whole photograph is.
    """

    job: str
    source: Stored
    name: str
    part: Stored
    index: Stored | None
    plan_sha256: str
    segments: tuple[int, ...]
    need: Need

    def dump(self) -> str:
        """Spell it as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Self:
        """Take the spelling apart. Raises KeyError, TypeError or ValueError for anything else."""
        record: dict[str, Any] = json.loads(text)
        return cls(
            job=str(record["job"]),
            source=Stored(**record["source"]),
            name=str(record["name"]),
            part=Stored(**record["part"]),
            index=None if record["index"] is None else Stored(**record["index"]),
            plan_sha256=str(record["plan_sha256"]),
            segments=tuple(int(one) for one in record["segments"]),
            need=Need(**record["need"]),
        )


@dataclass(frozen=True, slots=True)
class Ended:
    """How a worker ended an order: well, stopped as it was told, or with an error.

    `lost` says that the worker itself is gone, so that another may do better; `pool_lost` that
    all of them are.
    """

    error: str = ""
    reason: str = ""
    next_step: str = ""
    stopped: bool = False
    lost: bool = False
    pool_lost: bool = False

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """Spell an error, so that it can be raised again in another process."""
        said = str(error)[:LONGEST_REASON]
        if isinstance(error, EvidentError | ModelError):
            return cls(type(error).__name__, said, error.next_step[:LONGEST_REASON])
        return cls("ComputeError", f"A fault of a worker: {type(error).__name__}: {said}")

    def fault(self) -> EvidentError | ModelError:
        """Make the error again, by its class."""
        known: Mapping[str, Any] = {**vars(models.errors), **vars(pipelines.errors)}
        kind = known.get(self.error)
        if isinstance(kind, type) and issubclass(kind, EvidentError | ModelError):
            return kind(self.reason, next_step=self.next_step)
        return ComputeError(self.reason or "A worker ended.", next_step=self.next_step)

    def dump(self) -> str:
        """Spell it as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Self:
        """Take the spelling apart."""
        return cls(**json.loads(text))
