"""Reads the frames that a fusion looks at, and writes what it made: two pictures and a list.

`fused.png` is the fused luma, `plain.png` beside it the same region of the chosen frame alone,
enlarged by cubic interpolation, so that nobody has to take the gain on trust. Both are gray.
`fusion.pdf` says the same for a person, whether something was made or not.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipelines.analysis.fields import judge_fields
from pipelines.analysis.registration import Reals
from pipelines.errors import UnsupportedError
from pipelines.media.identify import Kind
from pipelines.media.photo_facts import PhotoMetadata
from pipelines.media.photo_write import write_photo
from pipelines.media.picture import Block, Family, FrameShape, PixelLayout
from pipelines.media.pool import DecodePool
from pipelines.media.reader import FrameReader
from pipelines.media.video import VideoIndex
from pipelines.operations.axis import Kernel
from pipelines.operations.resize import Resize
from pipelines.run.copy_statement import Named
from pipelines.run.durable_file import write_whole
from pipelines.run.fuse import Fusion, FusionWish, fused, luma_of, require_wish
from pipelines.stages.export.fusion_pdf import FusedLine, FusionPage, fusion_pdf

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
    fields = judge_fields(index)
    if fields.weave.is_woven and despite_fields is None:
        raise UnsupportedError(
            f"Frames are woven of two fields ({fields.weave.value}), and fusion takes them for "
            "pictures.",
            next_step="Separate the fields first, or say why it is right all the same with "
            "--despite-fields REASON.",
        )
    first = max(0, wish.frame - wish.radius - 1)
    stop = min(index.frames, wish.frame + wish.radius + 1)
    lumas: dict[int, Reals] = {}
    with FrameReader(pool, path, index, first=first, stop=stop) as reader:
        for frame in reader:
            lumas[frame.index] = luma_of(frame.planes, index.video.shape)
            reader.release(frame)
    return fused(wish, lumas, index), lumas[wish.frame]


def write_fusion(
    out: Path, fusion: Fusion, chosen: Reals, wish: FusionWish, sources: Sequence[Named]
) -> tuple[Path, ...]:
    """Write what was made into the folder `out`; list and document alone where it declined."""
    made: list[Path] = []
    pictures: list[Reals] = []
    if fusion.picture is not None:
        region = wish.region
        part = chosen[region.top : region.bottom, region.left : region.right]
        pictures = [fusion.picture, enlarged(part, wish.scale)]
        for name, picture in zip(("fused", "plain"), pictures, strict=True):
            path = out / f"{name}-f{wish.frame:07d}.png"
            _write_gray(path, picture)
            made.append(path)
    listed, document = out / LIST, out / DOCUMENT
    write_whole(listed, json.dumps(_listed(fusion, wish), indent=1).encode() + b"\n")
    write_whole(document, fusion_pdf(_page(fusion, wish, pictures, sources)))
    return (*made, listed, document)


def _box(wish: FusionWish) -> list[int]:
    return [wish.region.left, wish.region.top, wish.region.width, wish.region.height]


def _listed(fusion: Fusion, wish: FusionWish) -> dict[str, object]:
    return {
        "format": "evident-fusion/1",
        "frame": wish.frame,
        "box": _box(wish),
        "scale": wish.scale,
        "declined": fusion.declined or None,
        "sentence": fusion.sentence or None,
        "remark": fusion.remark or None,
        "independent": f"{fusion.independent:.3f}",
        "frames": [one.facts() for one in fusion.frames],
    }


def _page(
    fusion: Fusion, wish: FusionWish, pictures: Sequence[Reals], sources: Sequence[Named]
) -> FusionPage:
    left, top, width, height = _box(wish)
    facts = [(f"{one.role}, {one.name}", one.sha256) for one in sources]
    facts += [
        ("Chosen frame", f"{wish.frame}, counted from 0 as displayed"),
        ("Region", f"{width} x {height} samples, from column {left} and row {top}"),
        ("Looked at", f"{wish.radius} frames on each side; a grid {wish.scale} times as fine"),
        ("Independent", f"{fusion.independent:.2f} frames' worth, beside the chosen one"),
    ]
    fused_, plain = (
        [np.clip(np.rint(one), 0, 255).astype(np.uint8) for one in pictures]
        if pictures
        else (None, None)
    )
    lines = tuple(
        FusedLine(
            one.index,
            one.picture_type,
            (f"{one.shift[0]:.3f}", f"{one.shift[1]:.3f}"),
            f"{one.residual:.3f}",
            f"{one.fresh:.3f}",
            f"{one.share:.3f}",
            one.reason,
        )
        for one in fusion.frames
    )
    return FusionPage(
        tuple(facts), fusion.declined or fusion.sentence, fusion.remark, lines, fused_, plain
    )


def enlarged(part: Reals, scale: int) -> Reals:
    """Plain cubic interpolation (Keys, a = -0.5) of luma in 8-bit code values."""
    source = FrameShape(part.shape[0], part.shape[1], _GRAY)
    result = FrameShape(source.height * scale, source.width * scale, _GRAY)
    block = Block((np.asarray(part / 255, np.float32),), source.whole, source)
    made = Resize(source, result, Kernel.CUBIC).apply([block], 0, result.whole)
    return made.planes[0].astype(np.float64) * 255


def _write_gray(path: Path, picture: Reals) -> None:
    """16-bit gray, so that what was gained below one code value is kept."""
    codes = np.clip(np.rint(picture * 257), 0, 65_535).astype(np.uint16)
    shape = FrameShape(codes.shape[0], codes.shape[1], _GRAY)
    write_photo(path, (codes,), shape, PhotoMetadata(kind=Kind.PNG))
