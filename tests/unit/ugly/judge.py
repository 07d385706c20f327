"""What must hold of every ugly file, whatever is wrong with it."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import EvidentError, InputError, RequestError
from pipelines.media.conservation import check_laws
from pipelines.media.index import index_video
from pipelines.media.pool import DecodePool
from pipelines.media.video import TimingSource, VideoIndex
from pipelines.ports import SilentProgress
from pipelines.stages.inspect.document import document
from pipelines.stages.inspect.inspected import inspect_file
from pipelines.stages.inspect.text import text
from tests.unit.pipelines.media.rewrap_kit import coded_segments, rewrap


@dataclass(frozen=True, slots=True)
class Ending:
    """How a file ended: told by `inspect`, and worked on or refused by a job's media steps.

    `told` is None where there is nothing to inspect; `index` None where the job refused, and then
    `refusal` says why.
    """

    told: dict[str, Any] | None
    index: VideoIndex | None
    refusal: EvidentError | None


def ending(
    pool: DecodePool,
    path: Path,
    folder: Path,
    *,
    stream: int | None = None,
    through: bool = True,
) -> Ending:
    """Inspect a file and take it `through` decode, encode and join; check what always holds."""
    told = _told(pool, path, stream)
    try:
        index = index_video(pool, path, stream=stream)
        if through:
            _require_conserved(pool, path, folder, index)
    except (InputError, RequestError) as error:
        return Ending(told, None, _reasoned(error))
    clip = None if told is None else told["clip"]
    assert clip is not None, "what a job works on, inspect describes"
    assert clip["frames"]["count"] == index.frames
    assert clip["timing"] == index.video.timing.value
    _require_honest(index)
    return Ending(told, index, None)


def _told(pool: DecodePool, path: Path, stream: int | None) -> dict[str, Any] | None:
    try:
        found = inspect_file(path, pool, SilentProgress(), stream=stream)
    except (InputError, RequestError) as error:
        _reasoned(error)
        return None
    told: dict[str, Any] = json.loads(json.dumps(document(found)))
    for line in text(told).splitlines():
        assert not [one for one in line if unicodedata.category(one) in ("Cc", "Cf")], line
    if not told["read"]:
        assert told["reason"], "what is not read has a reason"
    clip = told["clip"]
    if clip is not None:
        assert clip["frames"]["count"] == sum(clip["frames"]["types"].values())
    return told


def _reasoned(error: EvidentError) -> EvidentError:
    """A refusal has a reason and a next step."""
    assert str(error)
    assert error.next_step, f"{error}: what to do?"
    return error


def _require_conserved(pool: DecodePool, path: Path, folder: Path, index: VideoIndex) -> None:
    """Through the whole way, nothing changed, and every law holds."""
    folder.mkdir()
    _, delivery, out, digests = rewrap(pool, path, folder, index=index)
    assert len(digests) == index.frames
    laws = check_laws(
        pool,
        source=path,
        index=index,
        result_path=out,
        delivery=delivery,
        result=index.video.shape,
        segments=coded_segments(pool, folder),
    )
    broken = [f"{law.name}: {law.source} became {law.result}" for law in laws if not law.holds]
    assert not broken, broken


def _require_honest(index: VideoIndex) -> None:
    """What is not stated is said to be assumed, and stays unstated."""
    said = " ".join(index.video.assumptions)
    if index.video.timing is TimingSource.ASSUMED:
        assert "Derive no duration" in said
    if index.video.colour.full_range is None and index.video.shape.layout.family.value == "ycbcr":
        assert "no range of values" in said
