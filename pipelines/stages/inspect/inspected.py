"""Looks at one file from every side: its digests, its structure, and what it shows.

All media is met in decode children. What cannot be read is no error here but a finding: `reason`
says what was seen, and the digests and the structure stand all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pipelines.analysis.field_tally import FieldTally
from pipelines.analysis.fields import Fields
from pipelines.errors import DecodeChildError, InputError, UnsupportedError
from pipelines.media import photo
from pipelines.media.identify import Kind, identify
from pipelines.media.inspection import Inspection, Measures, inspect_clip
from pipelines.media.photo_facts import PhotoHeader
from pipelines.media.pool import DecodePool
from pipelines.media.structure import Structure, read_structure
from pipelines.media.video import FieldOrder
from pipelines.ports import Progress
from pipelines.stages.inspect.digests import Digests, digests_of
from pipelines.stages.native_player import not_read


@dataclass(frozen=True, slots=True)
class Inspected:
    """Everything that was found of one file. `clip` or `photo` where it is one that is read."""

    path: Path
    digests: Digests
    kind: Kind
    structure: Structure
    clip: Inspection | None = None
    fields: Fields | None = None
    field_tally: FieldTally | None = None
    photo: PhotoHeader | None = None
    reason: str = ""
    next_step: str = ""

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.name

    @property
    def is_read(self) -> bool:
        """Whether anything of it decodes."""
        has_frames = self.clip is not None and self.clip.frames.frames > 0
        return has_frames or self.photo is not None


@dataclass(slots=True)
class _Fields:
    """The tally of the pass that counts: a second pass begins with a fresh one."""

    tally: FieldTally = field(default_factory=FieldTally)

    def begin(self) -> Measures:
        self.tally = FieldTally()
        return self.tally.add


def inspect_file(
    path: Path, pool: DecodePool, progress: Progress, *, stream: int | None = None
) -> Inspected:
    """Inspect one file; `stream` is the video stream to decode, None for the usual choice.

    Raises UnreadableError where there are no bytes to look at, UnsupportedError where there is no
    such stream.
    """
    digests = digests_of(path, progress)
    kind = identify(digests.head)
    structure = read_structure(pool, path, tags=kind.is_photo)
    if kind.is_photo or kind.refusal:
        return _photo(path, digests, kind, structure, pool)
    fields = _Fields()
    try:
        clip = inspect_clip(pool, path, progress, make_measures=fields.begin, stream=stream)
    except (InputError, DecodeChildError) as error:
        seen = not_read(path.name, digests.head, error)
        return Inspected(path, digests, kind, structure, reason=str(seen), next_step=seen.next_step)
    stated = FieldOrder.UNSTATED if clip.video is None else clip.video.field_order
    frames = clip.frames
    return Inspected(
        path,
        digests,
        kind,
        structure,
        clip=clip,
        fields=fields.tally.judged(stated, frames.flagged_interlaced, frames.frames),
        field_tally=fields.tally,
        reason="" if frames.frames else f"No frame decodes. {clip.refusal}".strip(),
    )


def _photo(
    path: Path, digests: Digests, kind: Kind, structure: Structure, pool: DecodePool
) -> Inspected:
    reason, step, header = kind.refusal, "", None
    if kind.is_photo:
        try:
            header = photo.header(pool, path)
        except (InputError, UnsupportedError, DecodeChildError) as error:
            reason, step = str(error), error.next_step
    return Inspected(path, digests, kind, structure, photo=header, reason=reason, next_step=step)
