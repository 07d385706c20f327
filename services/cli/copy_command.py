"""`evident copy`: makes a copy, checks it, puts it on record and signs its statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pipelines.analysis.track_file import read_tracks
from pipelines.errors import EvidentError, InputError, RequestError, UnreadableError
from pipelines.evidence.json_value import Json
from pipelines.media.index import index_video
from pipelines.media.plain_picture import plain_shape
from pipelines.media.pool import DecodePool
from pipelines.ports import Progress
from pipelines.run.copies import CopyWish, MadeCopy, make_copy
from pipelines.run.copy_statement import SUFFIX, Named, check_copy, named
from pipelines.run.demonstrative import Marker, label_mark, read_marks, shown_shape
from pipelines.run.hidden_regions import (
    Hidden,
    Place,
    hidden_region,
    look_first,
    read_regions,
    tracked_regions,
)
from pipelines.run.redaction import Cover, Redactor
from pipelines.run.side_by_side import Beside
from pipelines.stages.export.sanitise import shown
from pipelines.stages.ingest import receive
from services.cli.copy_given import Given, given
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


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is to be hidden, as typed."""

    boxes: tuple[str, ...]
    regions: Path | None
    tracks: Path | None
    numbers: tuple[int, ...]
    cover: str
    sound: bool


@dataclass(frozen=True, slots=True)
class _Planned:
    """A copy that is ready to be made, what else it is made from, and what is said about it."""

    wish: CopyWish
    inputs: tuple[Named, ...] = ()
    facts: Mapping[str, Json] | None = None
    close: Callable[[], None] | None = None
    look_first: str = ""


_Plan = Callable[[Source, DecodePool, Progress], _Planned]


def court(source: Path, out: Path, *, as_json: bool) -> int:
    """Make a court copy; returns the exit code."""

    def plan(_source: Source, _pool: DecodePool, _progress: Progress) -> _Planned:
        return _Planned(CopyWish("court copy"))

    return _made(source, out, plan, as_json=as_json)


def redact(source: Path, out: Path, asked: Redaction, *, as_json: bool) -> int:
    """Make a redacted copy; returns the exit code."""

    def plan(found: Source, _pool: DecodePool, _progress: Progress) -> _Planned:
        regions = None if asked.regions is None else given(asked.regions, "regions")
        tracks = None if asked.tracks is None else given(asked.tracks, "tracks")
        hidden = _hidden(asked, found, regions, tracks)
        drawing = Redactor(hidden, Cover(asked.cover)).draw
        wish = CopyWish("redacted copy", drawing, sound=asked.sound, bare=True)
        facts: dict[str, Json] = {"cover": asked.cover, "regions": len(hidden)}
        inputs = tuple(one.named() for one in (regions, tracks) if one is not None)
        if tracks is None:
            return _Planned(wish, inputs, facts)
        found_by = read_tracks(tracks.data).detector
        facts["detector"] = {
            "name": found_by.name,
            "version": found_by.version,
            "sha256": found_by.sha256,
            "warning": found_by.warning,
        }
        return _Planned(wish, inputs, facts, look_first=look_first(found_by))

    return _made(source, out, plan, as_json=as_json)


def side_by_side(source: Path, out: Path, before: Path | None, *, as_json: bool) -> int:
    """Make a comparison; returns the exit code."""

    def plan(found: Source, pool: DecodePool, progress: Progress) -> _Planned:
        other = before or found.received
        if other is None:
            raise RequestError(
                "There is nothing to compare with: the bundle holds no file as received.",
                next_step="Name the clip before with --before.",
            )
        first = receive(other, progress)
        beside = Beside(pool, first.path, index_video(pool, first.path), found.index)
        wish = CopyWish("side-by-side copy", beside.draw, result=beside.shape)
        line = Named(first.name, first.sha256, first.size, "before")
        return _Planned(wish, (line,), close=beside.close)

    return _made(source, out, plan, as_json=as_json)


def demonstrative(source: Path, out: Path, marks: Path, number: str, *, as_json: bool) -> int:
    """Make a demonstrative copy; returns the exit code."""

    def plan(found: Source, _pool: DecodePool, _progress: Progress) -> _Planned:
        turn, frames = found.index.video.rotation % 360, found.index.frames
        shape = shown_shape(plain_shape(found.index.video.shape), turn=turn)
        read = given(marks, "marks")
        drawn = read_marks(read.data, shape, frames=frames)
        marker = Marker(drawn, label_mark(number, shape, frames=frames), turn=turn)
        wish = CopyWish("demonstrative copy", marker.draw)
        return _Planned(wish, (read.named(),), {"number": number, "marks": len(drawn)})

    return _made(source, out, plan, as_json=as_json)


def check(statement: Path, *, as_json: bool) -> int:
    """Check a statement; returns the exit code."""
    try:
        found = check_copy(statement)
    except EvidentError as error:
        if as_json:
            print_json({"ok": False, "error": {"reason": str(error), "next_step": error.next_step}})
        print_error(console_on_stderr(), str(statement), str(error), error.next_step)
        return WRONG_USE if isinstance(error, UnreadableError) else FAILED
    ok = not found.absent
    if as_json:
        print_json(
            {
                "ok": ok,
                "kind": found.predicate.get("kind"),
                "key_id": found.key_id,
                "present": list(found.present),
                "absent": list(found.absent),
                "error": None,
            }
        )
        return GOOD if ok else FAILED
    print_text(f"{shown(str(found.predicate.get('kind')))}, signed by key {found.key_id}")
    for name in found.present:
        print_text(f"  as signed: {shown(name)}")
    for name in found.absent:
        print_text(f"  not there: {shown(name)}")
    print_text("The key is the statement's own word; compare it with a bundle of the same home.")
    return GOOD if ok else FAILED


def _made(source: Path, out: Path, plan: _Plan, *, as_json: bool) -> int:
    console = console_on_stderr()
    # Decode children begin in another folder, so nothing relative is handed to them.
    out = Path.cwd() / out
    statement = out.with_name(out.stem + SUFFIX)
    try:
        _require_free(out, statement)
        with (
            progress_on(console) as progress,
            DecodePool() as pool,
            opened_source(source, pool, progress) as found,
        ):
            planned = plan(found, pool, progress)
            try:
                made = make_copy(pool, found.path, found.index, out, planned.wish, progress)
            finally:
                if planned.close is not None:
                    planned.close()
            line = named(out, "copy")
            size = put_on_record(
                statement,
                planned.wish.what,
                job=found.job,
                inputs=(*found.named, *planned.inputs),
                outputs=(line,),
                facts={**(planned.facts or {}), **_facts(made)},
            )
    except EvidentError as error:
        if as_json:
            reason = {"reason": str(error), "next_step": error.next_step}
            print_json({"copy": None, "error": reason})
        print_error(console, str(source), str(error), error.next_step)
        return WRONG_USE if isinstance(error, RequestError | InputError) else FAILED
    _print(made, line, statement, size, planned.look_first, as_json=as_json)
    return GOOD


def _facts(made: MadeCopy) -> dict[str, Json]:
    laws = [
        {
            "name": law.name,
            "source": law.source,
            "result": law.result,
            "holds": law.holds,
            "declared": law.declared,
        }
        for law in made.laws
    ]
    return {
        "laws": cast("list[Json]", laws),
        "conversions": list(made.conversions),
        "left_out": list(made.left_out),
    }


def _print(
    made: MadeCopy, line: Named, statement: Path, size: int, look_first: str, *, as_json: bool
) -> None:
    warnings: list[Json] = [look_first] if look_first else []
    if as_json:
        print_json(
            {
                "copy": {"path": str(made.path.absolute()), **line.line()},
                "statement": str(statement.absolute()),
                "checkpoint": size,
                **_facts(made),
                "warnings": warnings,
                "error": None,
            }
        )
        return
    print_text(f"{shown(str(made.path), longest=1000)}: SHA-256 {line.sha256}")
    for sentence in (*made.conversions, *made.left_out):
        print_text(f"  {shown(sentence)}")
    print_text(f"  {len(made.laws)} conservation laws held; {shown(statement.name)} says which.")
    if look_first:
        print_text(f"  {shown(look_first, longest=1000)}")


def _require_free(*paths: Path) -> None:
    """Nothing is ever written over."""
    if paths[0].suffix.lower() != ".mp4":
        raise RequestError(f"{paths[0].name}: copies are MP4.", next_step="Name it FILE.mp4.")
    for path in paths:
        if path.exists():
            raise RequestError(f"{path} exists.", next_step="Name another file with --out.")
        if not path.parent.is_dir():
            raise RequestError(f"{path.parent} is no folder.", next_step="Make it first.")


def _hidden(
    asked: Redaction, found: Source, regions: Given | None, tracks: Given | None
) -> tuple[Hidden, ...]:
    shape, frames = plain_shape(found.index.video.shape), found.index.frames
    hidden = [Hidden(hidden_region(_box(one), shape), 0, frames - 1) for one in asked.boxes]
    if regions is not None:
        hidden.extend(read_regions(regions.data, shape, frames=frames))
    if tracks is not None:
        numbers = frozenset(asked.numbers) or None
        hidden.extend(tracked_regions(tracks.data, shape, numbers))
    if not hidden:
        raise RequestError(
            "There is nothing to hide.", next_step="Use --box, --regions or --tracks."
        )
    return tuple(hidden)


def _box(text: str) -> Place:
    try:
        left, top, width, height = (float(one) for one in text.split(","))
    except ValueError as error:
        raise RequestError(
            f"{shown(text, longest=60)} is no rectangle.", next_step="Write --box X,Y,W,H."
        ) from error
    return Place(left, top, width, height)
