"""Where jobs lie on this machine while they run: a folder for each, held by one attempt at a time.

Promised: a job's folder outlives the death of its process, and whoever claims the job again here
goes on in it. An attempt that was overtaken and still lives (a process that was stopped and goes
on, or was cut off from the records) keeps its folder to itself; the new one works in another. A
folder that is held is never removed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import ResourceError

_BETWEEN = "."


class JobFolders:
    """The folders in `root`. Safe for threads and processes."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def held(self, job: str, attempt: int) -> Iterator[Path]:
        """Give the folder in which this attempt works, for as long as the block lasts."""
        for name in (job, f"{job}{_BETWEEN}{attempt}"):
            home = self._root / name
            with _translated():
                home.mkdir(parents=True, exist_ok=True, mode=0o700)
                descriptor = _locked(home)
            if descriptor is None:
                continue
            try:
                yield home
            finally:
                os.close(descriptor)
            return
        raise ResourceError(
            f"Attempt {attempt} at job {job} is being made here already.",
            next_step="It is tried again by itself.",
        )

    def remove(self, job: str) -> None:
        """Remove the job's folders but those that are held."""
        for home in self._root.glob(f"{job}*"):
            self._removed(home)

    def tidy(self, is_over: Callable[[str], bool]) -> None:
        """Remove the folders of jobs that are over: a death, or an overtaken attempt, left them."""
        if not self._root.is_dir():
            return
        for home in self._root.iterdir():
            if is_over(home.name.partition(_BETWEEN)[0]):
                self._removed(home)

    def _removed(self, home: Path) -> None:
        try:
            descriptor = _locked(home)
        except OSError:
            return
        if descriptor is not None:
            shutil.rmtree(home, ignore_errors=True)
            os.close(descriptor)


def _locked(folder: Path) -> int | None:
    """Lock a folder; None where another holds it. It ends with the descriptor, or the process."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever held it a moment ago may have removed it.
        if os.fstat(descriptor).st_nlink:
            return descriptor
    except BlockingIOError:
        pass
    os.close(descriptor)
    return None


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ResourceError(
            f"The job's folder cannot be made here: {os.strerror(error.errno or 0)}.",
            next_step="Make room on this machine's disk.",
        ) from error
