"""`evident fuse`: fuses a region of a clip, on record with a signed list, or declines."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pipelines.errors import EvidentError, InputError, RequestError
from pipelines.evidence.json_value import Json
from pipelines.graph.fusion_facts import FUSE, FuseParameters, require_admitted
from pipelines.graph.spec import Preset
from pipelines.media.picture import Region
from pipelines.media.pool import DecodePool
from pipelines.run.copy_statement import SUFFIX, named
from pipelines.run.fuse import Fusion, FusionWish
from pipelines.run.fuse_files import fuse_clip, write_fusion
from pipelines.stages.export.sanitise import shown
from pipelines.stages.export.words import Language
from services.cli import supplement_command
from services.cli.copy_record import put_on_record
from services.cli.copy_source import Source, is_bundle, opened_source
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

KIND = "fusion"
STATEMENT = f"{KIND}{SUFFIX}"
SUPPLEMENT = "supplement.zip"


@dataclass(frozen=True, slots=True)
class Asked:
    """The options as typed."""

    source: Path
    frame: int
    box: str
    out: Path
    radius: int
    scale: int
    preset: str
    despite_fields: str | None
    language: str


def main(asked: Asked, *, as_json: bool) -> int:
    """Fuse and print; returns the exit code."""
    console = console_on_stderr()
    try:
        require_admitted(
            Preset(asked.preset), FuseParameters(radius=asked.radius, scale=asked.scale)
        )
        wish = FusionWish(asked.frame, _region(asked.box), asked.radius, asked.scale)
        fusion, files = _fused(asked, wish)
        attached = _supplement(asked, files)
    except EvidentError as error:
        if as_json:
            reason = {"reason": str(error), "next_step": error.next_step}
            print_json({"declined": None, "frames": [], "error": reason})
        print_error(console, str(asked.source), str(error), error.next_step)
        return WRONG_USE if isinstance(error, RequestError | InputError) else FAILED
    if as_json:
        print_json(
            {
                "folder": str(asked.out.absolute()),
                "files": [path.name for path in files],
                "statement": STATEMENT,
                "supplement": None if attached is None else str(attached.absolute()),
                "declined": fusion.declined or None,
                **_facts(fusion),
                "error": None,
            }
        )
    else:
        print_text(shown(fusion.declined or fusion.sentence, longest=1000))
        if fusion.remark:
            print_text(shown(fusion.remark))
        if attached is not None:
            print_text(f"{attached.name} carries all of it to the bundle.")
    return FAILED if fusion.declined else GOOD


def _fused(asked: Asked, wish: FusionWish) -> tuple[Fusion, tuple[Path, ...]]:
    """Make the folder, fuse, write and record; nothing is left of a failure."""
    try:
        asked.out.mkdir(parents=True)
    except OSError as error:
        raise RequestError(
            f"{asked.out} cannot be made: {error.strerror or error}.",
            next_step="Name a new folder with --out.",
        ) from error
    try:
        with (
            progress_on(console_on_stderr()) as progress,
            DecodePool() as pool,
            opened_source(asked.source, pool, progress) as source,
        ):
            fusion, chosen = fuse_clip(
                pool, source.path, source.index, wish, despite_fields=asked.despite_fields
            )
            language = Language(asked.language)
            files = write_fusion(asked.out, fusion, chosen, wish, source.named, language=language)
            _record(asked, source, fusion, files)
    except BaseException:
        shutil.rmtree(asked.out, ignore_errors=True)
        raise
    return fusion, files


def _supplement(asked: Asked, files: tuple[Path, ...]) -> Path | None:
    """For a bundle of this home: pictures, list, document and entry as a supplement to it.

    A clip has no bundle to belong to, and a bundle of another log knows nothing of the entry.
    """
    if not is_bundle(asked.source):
        return None
    wish = supplement_command.Asked(
        bundle=asked.source,
        out=asked.out / SUPPLEMENT,
        attach=(*files, asked.out / STATEMENT),
        time_stamps=(),
    )
    try:
        return supplement_command.supplement(wish).path
    except RequestError as error:
        print_error(console_on_stderr(), SUPPLEMENT, str(error), error.next_step)
        return None


def _record(asked: Asked, source: Source, fusion: Fusion, files: tuple[Path, ...]) -> None:
    facts: dict[str, Json] = {
        "preset": asked.preset,
        "class": FUSE.operation_class.value,
        "frame_use": FUSE.frame_use.value,
        "parameter_source": FUSE.parameter_source.value,
        "frame": asked.frame,
        "box": asked.box,
        "radius": asked.radius,
        "scale": asked.scale,
        "declined": fusion.declined or None,
        "despite_fields": asked.despite_fields,
        **_facts(fusion),
    }
    put_on_record(
        asked.out / STATEMENT,
        KIND,
        job=source.job,
        inputs=source.named,
        outputs=[named(path, "fusion") for path in files],
        facts=facts,
    )


def _facts(fusion: Fusion) -> dict[str, Json]:
    return {
        "sentence": fusion.sentence or None,
        "remark": fusion.remark or None,
        "independent": f"{fusion.independent:.3f}",
        "frames": cast("list[Json]", [one.facts() for one in fusion.frames]),
    }


def _region(text: str) -> Region:
    try:
        left, top, width, height = (int(one) for one in text.split(","))
    except ValueError as error:
        raise RequestError(
            f"{shown(text, longest=60)} is no rectangle.", next_step="Write --box X,Y,W,H."
        ) from error
    return Region(top, left, height, width)
