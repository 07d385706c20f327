"""`evident queue`: lanes, limits, errors and what was given up, as the records have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import EvidentError, RequestError
from pipelines.stages.export.sanitise import shown
from services.cli.evidence_wiring import actor, settings_for
from services.cli.printing import GOOD, print_json, print_text, wrong_use
from services.cli.records_wiring import records
from services.jobs.values import LANES
from services.settings.settings import Settings

if TYPE_CHECKING:
    from services.jobs.controls import Controls, Lane, Project
    from services.jobs.jobs import Jobs
    from services.jobs.values import DeadLetter, ErrorClass

_LONGEST = 300

Told = tuple[dict[str, Any], Sequence[str]]
"""What is printed: as JSON, and as lines."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a project is to get; None leaves it as it is, a limit of 0 takes it away."""

    share: int | None
    running: int | None
    queued: int | None


@dataclass(frozen=True, slots=True)
class Desk:
    """The records' ports that these verbs use, and who asks."""

    controls: Controls
    jobs: Jobs
    operator: str


def lanes(home: Path | None, *, as_json: bool) -> int:
    """Print the lanes; returns the exit code."""

    def look(desk: Desk) -> Told:
        found = desk.controls.lanes()
        return {"lanes": [_plain(one) for one in found]}, [_lane(one) for one in found]

    return _answered(home, look, as_json=as_json, nothing="No lane has work, and none is paused.")


def pause(home: Path | None, lane: str, *, because: str, as_json: bool) -> int:
    """Pause a lane; returns the exit code."""

    def do(desk: Desk) -> Told:
        desk.controls.pause_lane(_known(lane), by=desk.operator, reason=because)
        return {"lane": lane, "paused_by": desk.operator}, [f"{lane} is paused; what runs goes on."]

    return _answered(home, do, as_json=as_json)


def resume(home: Path | None, lane: str, *, as_json: bool) -> int:
    """Let a lane go on; returns the exit code."""

    def do(desk: Desk) -> Told:
        desk.controls.resume_lane(_known(lane))
        return {"lane": lane, "paused_by": None}, [f"{lane} goes on."]

    return _answered(home, do, as_json=as_json)


def project(home: Path | None, name: str | None, asked: Terms, *, as_json: bool) -> int:
    """Print projects, or change one; returns the exit code."""

    def do(desk: Desk) -> Told:
        if asked != Terms(None, None, None):
            if name is None:
                raise RequestError("Which project?", next_step="Name it before its share.")
            desk.controls.set_project(_changed(desk.controls.project(name), name, asked))
        known = [one for one in desk.controls.projects() if name in (None, one.id)]
        if name is not None and not known:
            raise RequestError(
                f"There is no project {name}.",
                next_step="`evident keys create NAME --project P` makes one, and so does --share.",
            )
        return {"projects": [_plain(one) for one in known]}, [_project(one) for one in known]

    return _answered(home, do, as_json=as_json, nothing="There is no project yet.")


def network(home: Path | None, name: str | None, running: int | None, *, as_json: bool) -> int:
    """Print limits of networks, or set one; returns the exit code."""

    def do(desk: Desk) -> Told:
        if running is not None:
            if name is None:
                raise RequestError("Which network?", next_step="Name it before its limit.")
            desk.controls.limit_network(name, running or None)
        found = desk.controls.network_limits()
        limits = {key: most for key, most in found.items() if name in (None, key)}
        lines = [f"{key}: at most {most} at once" for key, most in limits.items()]
        return {"networks": limits}, lines

    return _answered(home, do, as_json=as_json, nothing="No network has a limit.")


def errors(home: Path | None, *, as_json: bool) -> int:
    """Print the classes of errors; returns the exit code."""

    def look(desk: Desk) -> Told:
        found = desk.controls.errors()
        return {"errors": [_plain(one) for one in found]}, [_error(one) for one in found]

    return _answered(home, look, as_json=as_json, nothing="No error is on record.")


def resolve(home: Path | None, error: str, *, because: str, as_json: bool) -> int:
    """Write down what was done about a class of errors; returns the exit code."""

    def do(desk: Desk) -> Told:
        desk.controls.resolve_error(error, by=desk.operator, resolution=because)
        return {"error": error, "resolved_by": desk.operator}, [f"{error} is resolved."]

    return _answered(home, do, as_json=as_json)


def dead(home: Path | None, project: str | None, *, as_json: bool) -> int:
    """Print what was given up; returns the exit code."""

    def look(desk: Desk) -> Told:
        found = desk.controls.dead_letters(project=project)
        return {"dead": [_plain(one) for one in found]}, [_letter(one) for one in found]

    return _answered(home, look, as_json=as_json, nothing="Nothing was given up.")


def retry(home: Path | None, jobs: Sequence[str], *, as_json: bool) -> int:
    """Send jobs back; returns the exit code. The first that cannot be sent ends it."""

    def do(desk: Desk) -> Told:
        sent = [desk.jobs.retry(one, by=desk.operator) for one in jobs]
        told = {"jobs": [{"job_id": one.id, "state": one.state.value} for one in sent]}
        return told, [f"{one.id}: {one.state}" for one in sent]

    return _answered(home, do, as_json=as_json)


@contextmanager
def _desk(settings: Settings) -> Iterator[Desk]:
    with records(settings) as database:
        from services.jobs.controls import Controls  # noqa: PLC0415 - an extra
        from services.jobs.jobs import Jobs  # noqa: PLC0415 - the same

        yield Desk(
            Controls(database), Jobs(database, actor=actor(settings)), operator=settings.operator
        )


def _answered(
    home: Path | None, do: Callable[[Desk], Told], *, as_json: bool, nothing: str = ""
) -> int:
    try:
        with _desk(settings_for(home)) as desk:
            facts, lines = do(desk)
    except EvidentError as error:
        return wrong_use(error, as_json=as_json)
    if as_json:
        print_json({"ok": True, **facts})
    else:
        print_text("\n".join(lines) if lines else nothing)
    return GOOD


def _known(lane: str) -> str:
    if lane not in LANES:
        raise RequestError(f"There is no lane {lane}.", next_step=f"Lanes: {', '.join(LANES)}.")
    return lane


def _changed(known: Project | None, name: str, asked: Terms) -> Project:
    from services.auth.api_keys import check_project  # noqa: PLC0415 - an extra
    from services.jobs.controls import Project  # noqa: PLC0415 - an extra

    if known is None:
        known = Project(check_project(name), name)
    return replace(
        known,
        share=known.share if asked.share is None else asked.share,
        running_limit=_limit(known.running_limit, asked.running),
        queued_limit=_limit(known.queued_limit, asked.queued),
    )


def _limit(known: int | None, asked: int | None) -> int | None:
    return known if asked is None else asked or None


def _lane(one: Lane) -> str:
    since = "" if one.oldest_at is None else f", the oldest since {one.oldest_at:%Y-%m-%d %H:%M:%S}"
    paused = "" if one.paused_by is None else f"; paused by {shown(one.paused_by)}"
    return f"{one.name}: {one.ready} ready{since}, {one.running} running{paused}"


def _project(one: Project) -> str:
    running = "no limit" if one.running_limit is None else f"at most {one.running_limit}"
    queued = "no limit" if one.queued_limit is None else f"at most {one.queued_limit}"
    return f"{one.id}: share {one.share}, running: {running}, unfinished jobs: {queued}"


def _error(one: ErrorClass) -> str:
    reason = shown(one.last_reason, longest=_LONGEST)
    done = "open"
    if one.resolution is not None:
        done = (
            f"resolved by {shown(str(one.resolved_by))}: {shown(one.resolution, longest=_LONGEST)}"
        )
    return f"{one.name}: {one.count} times, last {one.last_at:%Y-%m-%d %H:%M}: {reason} ({done})"


def _letter(one: DeadLetter) -> str:
    reason = shown(one.error.reason, longest=_LONGEST)
    step = shown(one.error.next_step, longest=_LONGEST)
    return f"{one.job}  {one.at:%Y-%m-%d %H:%M}  {one.error.name}: {reason} {step}".rstrip()


def _plain(value: Any) -> dict[str, Any]:
    """Spell a value of the records as JSON has it."""
    return {
        name: found.isoformat() if isinstance(found, datetime) else found
        for name, found in asdict(value).items()
    }
