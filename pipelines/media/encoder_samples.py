"""How samples lie in the pictures that an encoder takes, and the digest of one such picture.

The digest is the ledger's `encoder_sha256`: over the planes in the order in which a decoder of
the result lays them out, rows without padding. Whoever has the samples can compute it without
an encoder, and a replay does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pipelines.media.picture import Samples
from pipelines.media.pixel_formats import planar

PACKED_COLUMNS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"bgr0": (2, 1, 0), "bgra": (2, 1, 0, 3)}
)
"""Packed formats that encoders take here: for each byte of a pixel, the plane it comes from."""

_PACKED_CODEC = "ffv1"


def encoder_digest(planes: tuple[Samples, ...], *, pixel_format: str, codec: str) -> bytes:
    """SHA-256 of planes (Y, Cb, Cr, A or R, G, B, A) as a decoder of the result gives them.

    Of the codecs that take packed pictures, FFV1 decodes to the packed order again, H.264 to
    planes G, B, R.
    """
    if pixel_format in PACKED_COLUMNS:
        if codec == _PACKED_CODEC:
            return hashlib.sha256(packed(planes, pixel_format).data).digest()
        stored: tuple[Samples, ...] = (planes[1], planes[2], planes[0])
    else:
        stored = stored_order(planes, pixel_format)
    digest = hashlib.sha256()
    for plane in stored:
        digest.update(np.ascontiguousarray(plane).view(np.uint8).data)
    return digest.digest()


def holds_planes(pixel_format: str, count: int) -> bool:
    """Whether pictures of a pixel format are made of so many planes; no for an unknown format."""
    if pixel_format in PACKED_COLUMNS:
        return len(PACKED_COLUMNS[pixel_format]) == count
    form = planar(pixel_format)
    return form is not None and len(form.order) == count


def stored_order(planes: tuple[Samples, ...], pixel_format: str) -> tuple[Samples, ...]:
    """Put planes (Y, Cb, Cr, A or R, G, B, A) into the order of a planar format."""
    form = planar(pixel_format)
    assert form is not None  # noqa: S101 - `choose_delivery` names known formats only
    pairs = sorted(zip(form.order, planes, strict=True), key=lambda pair: pair[0])
    return tuple(plane for _, plane in pairs)


def packed(planes: tuple[Samples, ...], pixel_format: str) -> NDArray[np.uint8]:
    """Interleave 8-bit planes to (H, W, 4); a byte that no plane fills is 0."""
    height, width = planes[0].shape
    whole = np.zeros((height, width, 4), np.uint8)
    for column, plane in enumerate(PACKED_COLUMNS[pixel_format]):
        whole[:, :, column] = planes[plane]
    return whole
