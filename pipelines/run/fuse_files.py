"""Reads the frames that a fusion looks at, and writes what it made: two pictures and a list.

The fused luma, beside it the same region of the chosen frame alone, enlarged by cubic
interpolation, so that nobody has to take the gain on trust; both are gray. A document says the
same for a person, whether something was made or not, in the language that is asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pipelines.analysis.fields import judge_fields
from pipelines.analysis.registration import Reals
from pipelines.errors import UnsupportedError
from pipelines.media.identify import Kind
from pipelines.media.photo_facts import PhotoMetadata
from pipelines.media.photo_write import write_photo
from pipelines.media.picture import Block, Family, FrameShape, PixelLayout, Samples
from pipelines.media.pool import DecodePool
from pipelines.media.reader import FrameReader
from pipelines.media.video import VideoIndex
from pipelines.operations.axis import Kernel
from pipelines.operations.resize import Resize
from pipelines.run.copy_statement import Named
from pipelines.run.durable_file import write_whole
from pipelines.run.fuse import Fusion, FusionWish, fused, luma_of, require_wish
from pipelines.stages.export.facts_fusion import FusionFacts, FusionFile, FusionLine, FusionRole
from pipelines.stages.export.fusion_pdf import FusionPage, fusion_pdf
from pipelines.stages.export.words import Language

LIST = "fusion.json"
DOCUMENT = "fusion.pdf"
_GRAY = PixelLayout(Family.GRAY, 16)


def fuse_clip(
    pool: DecodePool,
    path: Path,
    index: VideoIndex,
    wish: FusionWish,
    *,
    despite_fields: str | None = None,
) -> tuple[Fusion, Reals]:
    """Fuse a region of a clip; also returns the chosen frame's luma.

    Raises RequestError for a wish that the clip cannot fill, UnsupportedError for woven frames.
    """
    require_wish(wish, index)
    require_whole_frames(index, despite_fields)
    first = max(0, wish.frame - wish.radius - 1)
    stop = min(index.frames, wish.frame + wish.radius + 1)
    lumas: dict[int, Reals] = {}
    with FrameReader(pool, path, index, first=first, stop=stop) as reader:
        for frame in reader:
            lumas[frame.index] = luma_of(frame.planes, index.video.shape)
            reader.release(frame)
    return fused(wish, lumas, index), lumas[wish.frame]


def require_whole_frames(index: VideoIndex, despite_fields: str | None) -> None:
    """Raise UnsupportedError for woven frames, unless a person says why."""
    fields = judge_fields(index)
    if fields.weave.is_woven and despite_fields is None:
        raise UnsupportedError(
            f"Frames are woven of two fields ({fields.weave.value}), and fusion takes them for "
            "pictures.",
            next_step="Separate the fields first, or say why it is right all the same: "
            "--despite-fields REASON, in a graph `despite_fields`.",
        )


def write_fusion(
    out: Path,
    fusion: Fusion,
    chosen: Reals,
    wish: FusionWish,
    sources: Sequence[Named],
    *,
    language: Language = Language.EN,
) -> tuple[Path, ...]:
    """Write what was made into the folder `out`; list and document alone where it declined."""
    pictures = pictures_of(fusion, chosen, wish)
    paths = {role: out / f"{role}-f{wish.frame:07d}.png" for role in pictures}
    for role, picture in pictures.items():
        write_gray(paths[role], picture)
    listed, document = out / LIST, out / DOCUMENT
    write_whole(listed, list_bytes(fusion, wish))
    page = FusionPage(
        fusion_facts(fusion, wish),
        tuple((one.role, one.name, one.sha256) for one in sources),
        {
            role: np.clip(np.rint(picture), 0, 255).astype(np.uint8)
            for role, picture in pictures.items()
        },
    )
    write_whole(document, fusion_pdf(page, language=language))
    return (*paths.values(), listed, document)


def pictures_of(fusion: Fusion, chosen: Reals, wish: FusionWish) -> Mapping[FusionRole, Reals]:
    """The fused region and its plain counterpart in 8-bit code values; none where it declined."""
    if fusion.picture is None:
        return {}
    region = wish.region
    part = chosen[region.top : region.bottom, region.left : region.right]
    return {FusionRole.FUSED: fusion.picture, FusionRole.PLAIN: enlarged(part, wish.scale)}


def list_bytes(fusion: Fusion, wish: FusionWish) -> bytes:
    """The list as JSON: what was asked, what came of it, every frame that was looked at.

    Of the fused picture it holds the digest of its samples, 16-bit little-endian row by row, so
    the list alone tells whether another fusion gave the same.
    """
    samples = None
    if fusion.picture is not None:
        samples = hashlib.sha256(_codes(fusion.picture).astype("<u2").tobytes()).hexdigest()
    listed = {
        "format": "evident-fusion/1",
        "frame": wish.frame,
        "box": list(_box(wish)),
        "radius": wish.radius,
        "scale": wish.scale,
        "declined": fusion.declined or None,
        "sentence": fusion.sentence or None,
        "remark": fusion.remark or None,
        "independent": f"{fusion.independent:.3f}",
        "samples_sha256": samples,
        "frames": [one.facts() for one in fusion.frames],
    }
    return json.dumps(listed, indent=1).encode() + b"\n"


def fusion_facts(fusion: Fusion, wish: FusionWish, files: Sequence[FusionFile] = ()) -> FusionFacts:
    """What a report says of a fusion, number for number as the list does."""
    lines = tuple(
        FusionLine(
            frame=one.index,
            pts=one.pts,
            picture_type=one.picture_type,
            shift=(f"{one.shift[0]:z.3f}", f"{one.shift[1]:z.3f}"),
            residual=f"{one.residual:.3f}",
            independent=f"{one.fresh:.3f}",
            share=f"{one.share:.3f}",
            used=one.used,
            reason=one.reason,
        )
        for one in fusion.frames
    )
    return FusionFacts(
        frame=wish.frame,
        box=_box(wish),
        radius=wish.radius,
        scale=wish.scale,
        independent=f"{fusion.independent:.2f}",
        frames=lines,
        declined=fusion.declined,
        remark=fusion.remark,
        residual=None if fusion.declined else f"{fusion.residual:.2f}",
        files=tuple(files),
    )


def write_gray(path: Path, picture: Reals) -> None:
    """16-bit gray, so that what was gained below one code value is kept."""
    codes = _codes(picture)
    shape = FrameShape(codes.shape[0], codes.shape[1], _GRAY)
    write_photo(path, (codes,), shape, PhotoMetadata(kind=Kind.PNG))


def enlarged(part: Reals, scale: int) -> Reals:
    """Plain cubic interpolation (Keys, a = -0.5) of luma in 8-bit code values."""
    source = FrameShape(part.shape[0], part.shape[1], _GRAY)
    result = FrameShape(source.height * scale, source.width * scale, _GRAY)
    block = Block((np.asarray(part / 255, np.float32),), source.whole, source)
    made = Resize(source, result, Kernel.CUBIC).apply([block], 0, result.whole)
    return made.planes[0].astype(np.float64) * 255


def _codes(picture: Reals) -> Samples:
    """8-bit code values as 16-bit ones."""
    return np.clip(np.rint(picture * 257), 0, 65_535).astype(np.uint16)


def _box(wish: FusionWish) -> tuple[int, int, int, int]:
    region = wish.region
    return (region.left, region.top, region.width, region.height)
