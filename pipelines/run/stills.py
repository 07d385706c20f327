"""Stills of a clip: exact samples and a picture to look at, numbered so that each is found again.

A still is named by stream, index, time and type of its frame. Y'CbCr and gray frames are written
twice: as YUV4MPEG2, whose samples are the decoder's own (their digest is the frame's in the
index), and as a PNG for looking at, converted as the list says. R, G, B of 8 or 16 bits is
written as PNG alone, which holds it exactly. Nothing is scaled, turned or corrected.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from pipelines.analysis.fields import judge_fields
from pipelines.errors import RequestError
from pipelines.media.identify import Kind
from pipelines.media.photo_facts import PhotoMetadata
from pipelines.media.photo_write import write_photo
from pipelines.media.picture import Family, FrameShape, PixelLayout, Samples
from pipelines.media.pool import DecodePool
from pipelines.media.reader import FrameReader
from pipelines.media.video import DecodedFrame, VideoIndex
from pipelines.media.y4m import holds, write_frame
from pipelines.ports import Progress
from pipelines.quality.sharpness import Looks, looks_of
from pipelines.run.contact_sheet import ContactSheets, Thumb
from pipelines.run.durable_file import write_whole, writing
from pipelines.run.stills_choice import Chosen, StillsWish, chosen_frames, proposed
from pipelines.stages.export.display import conversion_words, display_rgb

LIST = "stills.json"
_NEAR = 90
_DEPTHS = (8, 16)


@dataclass(frozen=True, slots=True)
class Still:
    """One frame that was written, and the files of it, exact samples first."""

    chosen: Chosen
    stream: int
    pts: int
    seconds: str
    picture_type: str
    frame_sha256: str
    files: tuple[Path, ...]

    def facts(self) -> dict[str, object]:
        """The line of the list."""
        return {
            "index": self.chosen.index,
            "stream": self.stream,
            "pts": self.pts,
            "seconds": self.seconds,
            "type": self.picture_type,
            "frame_sha256": self.frame_sha256,
            "reason": self.chosen.reason,
            "files": [one.name for one in self.files],
        }


@dataclass(frozen=True, slots=True)
class Stills:
    """All that was made: stills in order of display, contact sheets, the list, and warnings."""

    stills: tuple[Still, ...]
    sheets: tuple[Path, ...]
    listed: Path
    warnings: tuple[str, ...] = field(default=())

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file, the list last."""
        made = [path for one in self.stills for path in one.files]
        return (*made, *self.sheets, self.listed)


def make_stills(
    pool: DecodePool, path: Path, index: VideoIndex, out: Path, wish: StillsWish, progress: Progress
) -> Stills:
    """Write the stills that are wished for into the folder `out`, which exists.

    Raises RequestError for frames that the clip does not have, or where nothing is asked for.
    """
    chosen = {one.index: one for one in chosen_frames(index, wish)}
    if wish.best:
        looks = list(_looked(pool, path, index, progress))
        for one in proposed(index, looks, wish.best):
            chosen.setdefault(one.index, one)
    if not chosen:
        raise RequestError(
            "No frame was asked for.", next_step="Use --frames, --key-frames or --best."
        )
    sheets = ContactSheets(out) if wish.sheet else None
    made: list[Still] = []
    progress.start("stills", len(chosen))
    for frame in _frames(pool, path, index, sorted(chosen)):
        still = _written(frame, index, chosen[frame.index], out)
        made.append(still)
        if sheets is not None:
            sheets.add(_thumb(frame, index, still))
        progress.advance()
    listed = out / LIST
    warnings = _warnings(index)
    document = {
        "format": "evident-stills/1",
        "conversion": conversion_words(index.video.shape.layout),
        "assumptions": list(index.video.assumptions),
        "warnings": list(warnings),
        "stills": [one.facts() for one in made],
    }
    write_whole(listed, json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n")
    return Stills(tuple(made), sheets.finish() if sheets else (), listed, warnings)


def _warnings(index: VideoIndex) -> tuple[str, ...]:
    fields = judge_fields(index)
    if not fields.weave.is_woven:
        return ()
    said = "Frames are woven of two moments; separate the fields first where something moves"
    return (f"{said} ({fields.weave.value}).",)


def _looked(pool: DecodePool, path: Path, index: VideoIndex, progress: Progress) -> Iterator[Looks]:
    progress.start("measuring", index.frames)
    with FrameReader(pool, path, index) as reader:
        for frame in reader:
            looks = looks_of(frame.planes, index.video.shape)
            reader.release(frame)
            progress.advance()
            yield looks


def _frames(
    pool: DecodePool, path: Path, index: VideoIndex, wanted: list[int]
) -> Iterator[DecodedFrame]:
    """The wanted frames; those near to each other with one decoder, the others by seeking."""
    position = 0
    while position < len(wanted):
        run = [wanted[position]]
        while position + 1 < len(wanted) and wanted[position + 1] - run[-1] < _NEAR:
            position += 1
            run.append(wanted[position])
        position += 1
        with FrameReader(pool, path, index, first=run[0], stop=run[-1] + 1) as reader:
            keep = set(run)
            for frame in reader:
                if frame.index in keep:
                    yield frame
                reader.release(frame)


def _written(frame: DecodedFrame, index: VideoIndex, chosen: Chosen, out: Path) -> Still:
    video = index.video
    pts, kind = int(index.pts[frame.index]), chr(int(index.picture_type[frame.index]))
    letter = kind if kind in "IPB" else "x"
    stem = f"s{video.stream.index}-f{frame.index:07d}-pts{pts}-{letter}"
    files: list[Path] = []
    shape = video.shape
    if holds(shape):
        exact = out / f"{stem}.y4m"
        with writing(exact) as file:
            write_frame(
                file,
                frame.planes,
                shape,
                rate=video.nominal_rate,
                sample_aspect=video.sample_aspect,
            )
        files.append(exact)
    picture = out / f"{stem}.png"
    _write_png(picture, frame.planes, shape)
    files.append(picture)
    return Still(
        chosen=chosen,
        stream=video.stream.index,
        pts=pts,
        seconds=_seconds(pts * video.stream.time_base),
        picture_type=kind,
        frame_sha256=frame.digest.hex(),
        files=tuple(files),
    )


def _write_png(path: Path, planes: tuple[Samples, ...], shape: FrameShape) -> None:
    """R, G, B as it is where a PNG holds it; anything else converted for looking at."""
    layout = shape.layout
    if layout.family is Family.RGB and layout.depth in _DEPTHS:
        write_photo(path, planes, shape, PhotoMetadata(kind=Kind.PNG))
        return
    rgb = display_rgb(planes, layout, shape.whole)
    separate = tuple(np.ascontiguousarray(rgb[:, :, one]) for one in range(3))
    plain = FrameShape(shape.height, shape.width, PixelLayout(Family.RGB))
    write_photo(path, separate, plain, PhotoMetadata(kind=Kind.PNG))


def _thumb(frame: DecodedFrame, index: VideoIndex, still: Still) -> Thumb:
    shape = index.video.shape
    return Thumb(
        display_rgb(frame.planes, shape.layout, shape.whole),
        f"{frame.index}  {still.picture_type}  {still.seconds} s",
        turn=index.video.rotation,
    )


def _seconds(moment: Fraction) -> str:
    return f"{float(moment):.3f}"
