"""`evident inspect`: what files are, in words, as JSON, as a picture of a clip's time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.errors import EvidentError, RequestError
from pipelines.media.pool import DecodePool
from pipelines.stages.inspect.document import document
from pipelines.stages.inspect.inspected import Inspected, inspect_file
from pipelines.stages.inspect.text import text
from pipelines.stages.inspect.timeline import draw_timeline
from services.cli.interrupt import stop_on_signals
from services.cli.printing import (
    FAILED,
    GOOD,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
    wrong_use,
)
from services.cli.progress import JobProgress, progress_on


def main(
    files: tuple[Path, ...], *, stream: int | None, timeline: Path | None, as_json: bool
) -> int:
    """Inspect each file; returns 1 where one of them cannot be read."""
    stop_on_signals("Stopped; nothing was changed.")
    if timeline is not None and len(files) > 1:
        error = RequestError(
            "--timeline draws one file, and several are given.", next_step="Name one file."
        )
        return wrong_use(error, as_json=as_json)
    console = console_on_stderr()
    found: list[dict[str, Any]] = []
    good = True
    with DecodePool() as pool, progress_on(console) as progress:
        for path in files:
            progress.heading(path.name or str(path))
            try:
                inspected = inspect_file(Path.cwd() / path, pool, progress, stream=stream)
                if timeline is not None:
                    _draw(inspected, timeline)
            except RequestError as error:
                progress.finish()
                return wrong_use(error, as_json=as_json)
            except EvidentError as error:
                progress.finish()
                good = False
                print_error(console, "", str(error), error.next_step)
                found.append(_refused(path, error))
                continue
            good = good and inspected.is_read
            found.append(document(inspected))
            _say(progress, found, as_json=as_json)
    if as_json:
        print_json({"ok": good, "files": found})
    return GOOD if good else FAILED


def _say(progress: JobProgress, found: list[dict[str, Any]], *, as_json: bool) -> None:
    progress.finish()
    if not as_json:
        print_text(("\n" if len(found) > 1 else "") + text(found[-1]))


def _draw(inspected: Inspected, path: Path) -> None:
    if inspected.clip is None or not inspected.clip.frames.frames:
        raise RequestError(
            f"There is no timeline of {inspected.name}: it has no frames in time.",
            next_step="Leave --timeline out.",
        )
    picture = draw_timeline(inspected)
    try:
        path.write_bytes(picture)
    except OSError as error:
        raise RequestError(
            f"{path} cannot be written: {error.strerror}.", next_step="Name another place."
        ) from error


def _refused(path: Path, error: EvidentError) -> dict[str, Any]:
    return {
        "file": path.name,
        "read": False,
        "reason": str(error),
        "next_step": error.next_step or None,
    }
