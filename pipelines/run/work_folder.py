"""The folder of one input: final files under their names, everything else in a hidden folder.

`OUT/<file name>/` belongs to one job. While the job runs, all it writes lies in `.evident-work`
below it; final names appear at the very end, complete. A folder whose work folder is still there
is unfinished and can be taken up again; one process at a time holds it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pipelines.errors import RequestError
from pipelines.run.durable_file import move, refusal, sync_folder, write_whole

WORK_NAME = ".evident-work"
_JOB = "job.json"
_MOST_FOLDERS = 10_000


class WorkFolder:
    """Holds `home` (`OUT/<file name>[-N]`) for one job until it is left.

    Leaving without `keep` having been set removes what is unfinished, and `home` if it is empty.
    """

    def __init__(self, home: Path, lock: int) -> None:
        self.home = home
        self.work = home / WORK_NAME
        self.keep = False
        self._lock = lock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.keep:
            shutil.rmtree(self.work, ignore_errors=True)
            with suppress(OSError):
                self.home.rmdir()
        os.close(self._lock)

    @classmethod
    def claim(cls, out: Path, name: str) -> WorkFolder:
        """Make a new folder for `name` in `out`: `name`, else `name-2`, `name-3`...

        Raises ResourceError or DiskFullError where it cannot be made.
        """
        for home in _candidates(out, name):
            try:
                out.mkdir(parents=True, exist_ok=True)
                home.mkdir()
                (home / WORK_NAME).mkdir()
                sync_folder(out)
                lock = _locked(home / WORK_NAME)
            except FileExistsError:
                if not out.is_dir():
                    raise RequestError(
                        f"{out} is not a folder.", next_step="Name a folder for the results."
                    ) from None
                continue
            except OSError as error:
                raise refusal(home, error) from error
            if lock is not None:
                return cls(home, lock)
        raise RequestError(
            f"{out} holds {_MOST_FOLDERS} results for {name}.", next_step="Name another folder."
        )

    @classmethod
    def unfinished(cls, out: Path, name: str, identity: dict[str, Any]) -> WorkFolder | None:
        """Take up the unfinished job over `name` in `out` whose record holds `identity`.

        Returns None where there is none. Raises RequestError where another process holds it.
        """
        for home in _candidates(out, name):
            if not home.is_dir():
                return None
            record = _read_json(home / WORK_NAME / _JOB)
            if record is None or any(record.get(key) != identity[key] for key in identity):
                continue
            lock = _locked(home / WORK_NAME)
            if lock is None:
                raise RequestError(
                    f"Another process is working in {home}.",
                    next_step="Wait until it has finished, or stop it first.",
                )
            return cls(home, lock)
        return None

    @property
    def job(self) -> dict[str, Any]:
        """What the job's record says; empty for a new folder."""
        return _read_json(self.work / _JOB) or {}

    def record_job(self, record: dict[str, Any]) -> None:
        """Write the job's record, by which `unfinished` finds the folder again."""
        write_whole(self.work / _JOB, json.dumps(record, sort_keys=True).encode())

    def start_over(self) -> None:
        """Forget all that was made so far but the job's own record."""
        for path in self.work.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != _JOB:
                path.unlink(missing_ok=True)

    def path(self, name: str) -> Path:
        """Where the unfinished file `name` lies."""
        return self.work / name

    def deliver(self, name: str) -> Path:
        """Move the finished file `name` out of the work folder; returns where it is now."""
        target = self.home / name
        if (self.work / name).exists():
            move(self.work / name, target)
        return target


def finished(out: Path, name: str) -> Iterator[Path]:
    """Find the folders of `name` in `out` whose job is done."""
    for home in _candidates(out, name):
        if not home.is_dir():
            return
        if not (home / WORK_NAME).exists():
            yield home


def _candidates(out: Path, name: str) -> Iterator[Path]:
    yield out / name
    for number in range(2, _MOST_FOLDERS):
        yield out / f"{name}-{number}"


def _locked(work: Path) -> int | None:
    """Lock a work folder; None where somebody else holds it."""
    descriptor = os.open(work, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
