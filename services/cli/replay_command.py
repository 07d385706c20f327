"""`evident replay`: runs a bundle's plan again in this process and says how it compares."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from models.engines.choice import listing
from models.errors import ModelError
from pipelines.errors import EvidentError, RequestError, ResourceError
from pipelines.run.durable_file import write_whole, writing
from pipelines.run.replay import replay
from pipelines.run.replay_case import Wish
from pipelines.run.replay_verdict import Outcome, ReplayVerdict
from pipelines.stages.export.sanitise import shown
from services.cli.interrupt import stop_on_signals
from services.cli.key_files import public_keys
from services.cli.printing import (
    FAILED,
    GOOD,
    WRONG_USE,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
)
from services.cli.progress import progress_on
from services.cli.wiring import tools
from services.settings.settings import read_settings

VERDICT = "verdict.json"
STOPPED = "Stopped before there was a verdict; nothing of the replay is left."

_FRAMES = re.compile(r"([0-9]{1,12}):([0-9]{1,12})")
_LONGEST_LINE = 4000


@dataclass(frozen=True, slots=True)
class Asked:
    """The options as typed; None where an option was not given."""

    bundle: Path
    trust: tuple[Path, ...]
    out: Path | None
    frames: str | None
    threads: int | None
    engine: str | None


def main(asked: Asked, *, as_json: bool) -> int:
    """Replay and print the verdict; returns the exit code."""
    console = console_on_stderr()
    try:
        wish = _wish(asked)
        with (
            _scratch() as scratch,
            _folder(asked.out) as out,
            tools(read_settings()) as shared,
            progress_on(console) as progress,
        ):
            progress.heading(asked.bundle.name)
            verdict = replay(Path.cwd() / asked.bundle, wish, shared, progress, scratch=scratch)
            progress.finish()
            _deliver(out, verdict)
    except KeyboardInterrupt:
        _print_failure(console, STOPPED, "Run the same command again.", as_json=as_json)
        return FAILED
    except (EvidentError, ModelError) as error:
        _print_failure(console, str(error), error.next_step, as_json=as_json)
        return WRONG_USE if isinstance(error, RequestError) else FAILED
    if as_json:
        print_json({"bundle": str(Path.cwd() / asked.bundle), **verdict.as_json(), "error": None})
    else:
        lines = (str(asked.bundle), *verdict.lines())
        print_text("\n".join(_shown(line) for line in lines))
    return GOOD if verdict.outcome is Outcome.IDENTICAL else FAILED


def _print_failure(console: Console, reason: str, next_step: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"verdict": None, "error": {"reason": reason, "next_step": next_step}})
    print_error(console, "", reason, next_step)


def _shown(line: str) -> str:
    """A line that is safe to print, its indentation kept."""
    text = line.lstrip(" ")
    return " " * (len(line) - len(text)) + shown(text, longest=_LONGEST_LINE)


def _document(verdict: ReplayVerdict) -> bytes:
    return json.dumps(verdict.as_json(), indent=2, ensure_ascii=False).encode() + b"\n"


def _wish(asked: Asked) -> Wish:
    """Check the options. Raises RequestError."""
    if asked.engine is not None:
        known = [one.name for one in listing()]
        if asked.engine not in known:
            raise RequestError(
                f"There is no engine called {asked.engine}.",
                next_step=f"Name one of: {', '.join(known)}.",
            )
    return Wish(
        trusted=tuple(key for path in asked.trust for key in public_keys(path)),
        threads=asked.threads,
        engine=asked.engine,
        frames=None if asked.frames is None else _frames(asked.frames),
        picture=asked.out is not None,
    )


def _frames(text: str) -> tuple[int, int]:
    found = _FRAMES.fullmatch(text)
    if found is None or int(found[1]) >= int(found[2]):
        raise RequestError(
            f"--frames {text} is no range of frames.",
            next_step="Write first:stop, for example --frames 100:150 for frames 100 to 149.",
        )
    return int(found[1]), int(found[2])


@contextmanager
def _folder(wished: Path | None) -> Iterator[Path | None]:
    """Make the folder for the verdict before the work begins; nothing stays if nothing came of it.

    One that holds a verdict already is not written over.
    """
    if wished is None:
        yield None
        return
    out = Path.cwd() / wished
    if (out / VERDICT).exists():
        raise RequestError(
            f"{out} holds the verdict of another replay.", next_step="Name another folder."
        )
    is_new = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResourceError(
            f"{out} cannot be made: {error.strerror or error}.",
            next_step="Name a folder that can be written to.",
        ) from error
    try:
        yield out
    finally:
        if is_new:
            with suppress(OSError):
                out.rmdir()


def _deliver(out: Path | None, verdict: ReplayVerdict) -> None:
    """Write the picture and then the verdict, each whole or not at all."""
    if out is None:
        return
    if verdict.picture is not None:
        drawn = verdict.picture.path
        with drawn.open("rb") as source, writing(out / drawn.name) as target:
            shutil.copyfileobj(source, target)
    write_whole(out / VERDICT, _document(verdict))


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder that is gone afterwards, however this ends but by a kill."""
    folder = Path(tempfile.mkdtemp(prefix="evident-replay-"))
    remove = partial(shutil.rmtree, folder, ignore_errors=True)
    stop_on_signals(STOPPED, leaving=remove)
    try:
        yield folder
    finally:
        remove()
