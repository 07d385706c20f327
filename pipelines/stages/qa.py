"""QA of a photograph: the finished file is read back and compared with what it must have kept.

What an operation or a person declared (another size, an orientation applied) is listed beside
the law; anything else that differs breaks it. Clips have their laws in
`pipelines.media.conservation`, checked on the final bytes as well.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pipelines.errors import ConservationError
from pipelines.media.photo_exif import for_size
from pipelines.media.photo_facts import Photo, PhotoMetadata
from pipelines.media.picture import FrameShape
from pipelines.media.video import Law


@dataclass(frozen=True, slots=True)
class Expected:
    """What the finished file must hold.

    `shape` and `digest` are those of the samples handed to the encoder (digest None where the
    coding is lossy). `metadata` is the source's, before any writer adapted it; `declared` says
    why the size differs, empty where it must not. `remarks` are the writer's.
    """

    source: FrameShape
    shape: FrameShape
    digest: bytes | None
    metadata: PhotoMetadata
    declared: str
    remarks: tuple[str, ...]


def photo_laws(expected: Expected, found: Photo, *, source_orientation: int) -> tuple[Law, ...]:
    """Compare a finished photograph, read back, with what it must hold."""
    shape, kept = expected.shape, expected.metadata
    exif = for_size(kept.exif, height=shape.height, width=shape.width)[0] if kept.exif else None
    turned = ""
    if source_orientation != kept.orientation:
        turned = f"orientation {source_orientation} was applied to the samples"
    laws = [
        _law("size", _size(expected.source), _size(found.shape), declared=expected.declared),
        _law("bits per sample", expected.source.layout.depth, found.shape.layout.depth),
        _law("channels", _channels(expected.source), _channels(found.shape)),
        _law("orientation to apply", source_orientation, found.metadata.orientation, turned),
        _bytes_law("ICC profile", kept.icc, found.metadata.icc, _said(expected, "ICC")),
        _bytes_law("EXIF", exif, found.metadata.exif, _said(expected, "EXIF")),
        _bytes_law("XMP", kept.xmp, found.metadata.xmp, _said(expected, "XMP")),
    ]
    if expected.digest is not None:
        laws.append(_law("samples as encoded", expected.digest.hex(), found.digest.hex()))
    return tuple(laws)


def require(laws: tuple[Law, ...]) -> None:
    """Raise ConservationError naming every broken law with its numbers."""
    broken = [law for law in laws if not law.holds]
    if broken:
        raise ConservationError(
            "The result broke what must be kept: "
            + "; ".join(f"{law.name} {law.source} became {law.result}" for law in broken),
            next_step="Nothing was delivered. Keep the file and report this as a fault.",
        )


def _law(name: str, source: object, result: object, declared: str = "") -> Law:
    same = source == result
    return Law(name, str(source), str(result), same or bool(declared), "" if same else declared)


def _bytes_law(name: str, source: bytes | None, result: bytes | None, declared: str) -> Law:
    return _law(name, _digest(source), _digest(result), declared)


def _digest(data: bytes | None) -> str:
    return (
        "none" if data is None else f"{len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}"
    )


def _said(expected: Expected, word: str) -> str:
    """What the writer said about a part of the metadata that it could not carry."""
    return " ".join(remark for remark in expected.remarks if word in remark)


def _size(shape: FrameShape) -> str:
    return f"{shape.width} x {shape.height}"


def _channels(shape: FrameShape) -> str:
    return f"{shape.layout.family.value}{' with opacity' if shape.layout.alpha else ''}"
