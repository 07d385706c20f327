"""`evident rewrap`: a working copy in a common container, verified and put on record.

The file as received is hashed first and compared again at the end. The log's entry names both
files by digest, what was assumed, and the digest of the coded pictures that both hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import (
    DiskFullError,
    EvidentError,
    RequestError,
    UnknownFormatError,
    UnsupportedError,
)
from pipelines.evidence.erasure import LOG_JOB
from pipelines.evidence.json_value import Json
from pipelines.graph.overrides import Overrides
from pipelines.media.index import index_video
from pipelines.media.pool import DecodePool
from pipelines.media.rewrap import Rewrapped, container_for, rewrap_clip
from pipelines.ports import Progress
from pipelines.stages.export.sanitise import recordable, shown
from pipelines.stages.hash_list import read_hash_list, require_expected
from pipelines.stages.ingest import Received, receive, require_same
from pipelines.stages.native_player import not_read
from pipelines.stages.overridden import overridden
from services.cli.evidence_wiring import evidence_log, signing_key
from services.cli.interrupt import stop_on_signals
from services.cli.matter import Matter
from services.cli.overrides_given import overrides_given
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
from services.settings.settings import read_settings

REWRAP_KIND = "rewrap"


@dataclass(frozen=True, slots=True)
class Asked:
    """The options as typed; None where an option was not given."""

    file: Path
    out: Path
    stream: int | None
    frame_rate: str | None
    because: str | None
    hashes: Path | None
    case: str | None = None
    item: str | None = None


def main(asked: Asked, *, as_json: bool) -> int:
    """Do what was asked; returns the exit code."""
    stop_on_signals("Stopped; no working copy was kept.")
    console = console_on_stderr()
    try:
        options = () if asked.frame_rate is None else (f"frame_rate={asked.frame_rate}",)
        given = overrides_given(options, asked.because, None) or Overrides()
        settings = Matter(case=asked.case, item=asked.item).over(read_settings())
        with DecodePool() as pool, progress_on(console) as progress:
            progress.heading(asked.file.name)
            received, copy = _rewrapped(asked, given, pool, progress)
            done = receive(copy.path, progress)
            progress.finish()
        body = _body(received, copy, done, given)
        body |= {
            name: value
            for name, value in (("case", settings.case), ("item", settings.item))
            if value is not None
        }
        with evidence_log(settings, signing_key(settings)) as log:
            log.record(LOG_JOB, REWRAP_KIND, body)
            checkpoint = log.publish().size
    except EvidentError as error:
        if as_json:
            print_json({"ok": False, "error": {"reason": str(error), "next_step": error.next_step}})
        print_error(console, "", str(error), error.next_step)
        return WRONG_USE if isinstance(error, RequestError) else FAILED
    if as_json:
        print_json({"ok": True, "path": str(copy.path), "body": body, "checkpoint": checkpoint})
    else:
        print_text(_said(copy, done, checkpoint))
    return GOOD


def _rewrapped(
    asked: Asked, given: Overrides, pool: DecodePool, progress: Progress
) -> tuple[Received, Rewrapped]:
    received = receive(asked.file, progress)
    if asked.hashes is not None:
        expected = read_hash_list(asked.hashes).for_file(received.name, alone=True)
        require_expected(received, expected, progress)
    if received.kind.is_photo:
        raise UnsupportedError(
            f"{received.name} is a photograph.", next_step="Photographs need no other container."
        )
    try:
        index = index_video(pool, received.path, stream=asked.stream, progress=progress)
    except UnknownFormatError as error:
        raise not_read(received.name, received.head, error) from error
    index = overridden(index, given)
    container, _ = container_for(index)
    stem = f"{received.name}-stream-{index.video.stream.index}"
    target = Path.cwd() / asked.out / f"{stem}{container.suffix}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            raise RequestError(
                f"{target.name} is there already.", next_step="Name another folder with --out."
            )
        copy = rewrap_clip(pool, received.path, index, target, progress)
    except OSError as error:
        raise DiskFullError(
            f"{target} cannot be written: {error.strerror}.", next_step="Name another place."
        ) from error
    again = receive(received.path, progress)
    require_same(received, sha256=again.sha256, size=again.size)
    return received, copy


def _body(received: Received, copy: Rewrapped, done: Received, given: Overrides) -> dict[str, Json]:
    """What the log is told."""
    overridden_rate: list[Any] = [
        {"field": name, "value": value, "because": because}
        for name, value, because in given.given()
    ]
    return {
        "inputs": [
            {
                "role": "received",
                "name": recordable(received.name),
                "sha256": received.sha256,
                "bytes": received.size,
            }
        ],
        "outputs": [
            {
                "role": "working copy",
                "name": recordable(done.name),
                "sha256": done.sha256,
                "bytes": done.size,
            }
        ],
        "container": copy.container,
        "coded_pictures_sha256": copy.coded,
        "frames": copy.index.frames,
        "timing": copy.index.video.timing.value,
        "streams": list(copy.copied),
        "left_out": [one.index for one in copy.left_out],
        "assumptions": list(copy.index.video.assumptions),
        "overrides": overridden_rate,
    }


def _said(copy: Rewrapped, done: Received, checkpoint: int) -> str:
    lines = [
        f"{shown(done.name)}: {copy.index.frames} frames, packet for packet, as {copy.container}",
        f"  SHA-256 {done.sha256}",
        f"  coded pictures, the same in both files: SHA-256 {copy.coded}",
    ]
    lines += [f"  Assumed: {sentence}" for sentence in copy.index.video.assumptions]
    lines += [
        f"  Left out: stream {one.index} ({one.kind.value}, {shown(one.codec)})"
        for one in copy.left_out
    ]
    lines.append(f"  On record, sealed under checkpoint {checkpoint}.")
    return "\n".join(lines)
