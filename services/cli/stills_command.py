"""`evident stills`: takes stills out of a clip, on record, with a signed list."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pipelines.errors import EvidentError, InputError, RequestError
from pipelines.evidence.json_value import Json
from pipelines.media.pool import DecodePool
from pipelines.run.copy_statement import SUFFIX, Named, named
from pipelines.run.stills import Stills, make_stills
from pipelines.run.stills_choice import StillsWish, parse_frames
from pipelines.stages.export.sanitise import shown
from services.cli.copy_record import put_on_record
from services.cli.copy_source import Source, opened_source
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

KIND = "stills"
STATEMENT = f"{KIND}{SUFFIX}"


@dataclass(frozen=True, slots=True)
class Asked:
    """The options as typed; None where an option was not given."""

    source: Path
    out: Path
    frames: str | None
    key_frames: bool
    best: int
    sheet: bool
    stream: int | None


def main(asked: Asked, *, as_json: bool) -> int:
    """Write the stills; returns the exit code."""
    console = console_on_stderr()
    try:
        wish = StillsWish(
            frames=parse_frames(asked.frames) if asked.frames else (),
            key_frames=asked.key_frames,
            best=asked.best,
            sheet=asked.sheet,
        )
        _make_folder(asked.out)
        try:
            with (
                progress_on(console) as progress,
                DecodePool() as pool,
                opened_source(asked.source, pool, progress, stream=asked.stream) as source,
            ):
                made = make_stills(pool, source.path, source.index, asked.out, wish, progress)
                size = _recorded(asked.out, source, made)
        except BaseException:
            shutil.rmtree(asked.out, ignore_errors=True)
            raise
    except EvidentError as error:
        if as_json:
            print_json(
                {"stills": [], "error": {"reason": str(error), "next_step": error.next_step}}
            )
        print_error(console, str(asked.source), str(error), error.next_step)
        return WRONG_USE if isinstance(error, RequestError | InputError) else FAILED
    _print(asked, made, size, as_json=as_json)
    return GOOD


def _make_folder(out: Path) -> None:
    """Nothing is ever written over: the folder is new."""
    try:
        out.mkdir(parents=True)
    except FileExistsError as error:
        raise RequestError(f"{out} exists.", next_step="Name a new folder with --out.") from error
    except OSError as error:
        raise RequestError(
            f"{out} cannot be made: {error.strerror or error}.", next_step="Name another folder."
        ) from error


def _recorded(out: Path, source: Source, made: Stills) -> int:
    outputs = [named(path, "still") for path in made.files]
    outputs = [_role(one, made) for one in outputs]
    lines = cast("list[Json]", [one.facts() for one in made.stills])
    return put_on_record(
        out / STATEMENT,
        KIND,
        job=source.job,
        inputs=source.named,
        outputs=outputs,
        facts={"stills": lines, "warnings": list(made.warnings)},
    )


def _role(one: Named, made: Stills) -> Named:
    """Sheets and the list are no stills."""
    role = "list" if one.name == made.listed.name else one.role
    if one.name in {path.name for path in made.sheets}:
        role = "contact-sheet"
    return Named(one.name, one.sha256, one.size, role)


def _print(asked: Asked, made: Stills, size: int, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "folder": str(asked.out.absolute()),
                "stills": [one.facts() for one in made.stills],
                "sheets": [path.name for path in made.sheets],
                "statement": STATEMENT,
                "checkpoint": size,
                "warnings": list(made.warnings),
                "error": None,
            }
        )
        return
    for one in made.stills:
        exact = one.files[0].name
        print_text(f"{exact}: frame {one.chosen.index}, {one.seconds} s, {one.picture_type}")
        print_text(f"  {shown(one.chosen.reason)}")
    for warning in made.warnings:
        print_text(f"warning: {warning}")
    print_text(f"{len(made.stills)} stills in {shown(str(asked.out), longest=1000)}")
