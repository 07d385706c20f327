"""Progress on stderr: a live bar on a terminal, a few plain lines anywhere else."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from pipelines.stages.export.sanitise import shown

_QUARTERS = 4
_LONGEST = 200


class JobProgress(Protocol):
    """A `pipelines.ports.Progress` with a heading, opened around the jobs of one call."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop showing."""

    def heading(self, text: str) -> None:
        """Name the input that is worked on now."""

    def start(self, stage: str, total: int) -> None:
        """Begin a stage of `total` steps, 0 when unknown."""

    def advance(self, steps: int = 1) -> None:
        """Count steps of the stage."""

    def note(self, message: str) -> None:
        """Say one line."""

    def finish(self) -> None:
        """Clear what is shown, so that a result can be printed."""


class LiveProgress:
    """A bar that is drawn in place."""

    def __init__(self, console: Console) -> None:
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
        )
        self._heading = ""
        self._task = self._bar.add_task("", visible=False)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def heading(self, text: str) -> None:
        """Name the input that is worked on now."""
        self._heading = text

    def start(self, stage: str, total: int) -> None:
        """Begin a stage."""
        self._bar.remove_task(self._task)
        self._task = self._bar.add_task(_headed(self._heading, stage), total=total or None)

    def advance(self, steps: int = 1) -> None:
        """Count steps of the stage."""
        self._bar.advance(self._task, steps)

    def note(self, message: str) -> None:
        """Say one line above the bar."""
        self._bar.console.print(Text(_headed(self._heading, message)))

    def finish(self) -> None:
        """Hide the bar until the next stage begins."""
        self._bar.update(self._task, visible=False)
        self._bar.refresh()


class PlainProgress:
    """One line per stage, and one per quarter of a long one."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._heading = ""
        self._stage, self._total, self._done, self._said = "", 0, 0, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def heading(self, text: str) -> None:
        """Name the input that is worked on now."""
        self._heading = text

    def start(self, stage: str, total: int) -> None:
        """Say that a stage begins."""
        self._stage, self._total, self._done, self._said = stage, total, 0, 0
        self._say(f"{stage} ...")

    def advance(self, steps: int = 1) -> None:
        """Count, and say so at each quarter."""
        self._done += steps
        if self._total >= _QUARTERS:
            quarter = min(_QUARTERS, self._done * _QUARTERS // self._total)
            if quarter > self._said and self._stage == "enhancing":
                self._said = quarter
                self._say(f"{self._stage} {quarter * 100 // _QUARTERS} %")

    def note(self, message: str) -> None:
        """Say one line."""
        self._say(message)

    def finish(self) -> None:
        """There is nothing to clear."""

    def _say(self, message: str) -> None:
        self._console.print(Text(_headed(self._heading, message)), soft_wrap=True)


def _headed(heading: str, words: str) -> str:
    """What is said, after the name of the input where one was given."""
    return shown(f"{heading}: {words}" if heading else words, longest=_LONGEST)


def progress_on(console: Console) -> JobProgress:
    """Choose how to show progress on `console`."""
    return LiveProgress(console) if console.is_terminal else PlainProgress(console)
