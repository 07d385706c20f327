"""The digest of what an encoder is handed follows from the samples and the pixel format alone."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from pipelines.media.encoder_samples import encoder_digest, holds_planes, packed, stored_order

R, G, B, A = (np.full((2, 3), value, np.uint8) for value in (1, 2, 3, 4))


def sha256(*planes: np.ndarray) -> bytes:
    """SHA-256 over planes, one after the other."""
    return hashlib.sha256(b"".join(plane.tobytes() for plane in planes)).digest()


@pytest.mark.parametrize(
    ("pixel_format", "codec", "planes", "expected"),
    [
        ("yuv420p", "libx264", (R, G, B), (R, G, B)),
        ("gray", "ffv1", (R,), (R,)),
        ("gbrp10le", "ffv1", (R, G, B), (G, B, R)),
        ("gbrap16le", "ffv1", (R, G, B, A), (G, B, R, A)),
        ("bgr0", "libx264rgb", (R, G, B), (G, B, R)),
    ],
)
def test_planes_are_hashed_in_the_order_of_a_decoder(
    pixel_format: str, codec: str, planes: tuple[np.ndarray, ...], expected: tuple[np.ndarray, ...]
) -> None:
    """Planes are hashed one after the other in the order in which they are stored."""
    assert encoder_digest(planes, pixel_format=pixel_format, codec=codec) == sha256(*expected)


def test_packed_pictures_are_hashed_as_they_lie() -> None:
    """FFV1 gives packed pictures back as B, G, R and opacity or 0 for every pixel."""
    opaque = bytes([3, 2, 1, 4] * 6)
    without = bytes([3, 2, 1, 0] * 6)
    assert packed((R, G, B, A), "bgra").tobytes() == opaque
    assert packed((R, G, B), "bgr0").tobytes() == without
    digest = encoder_digest((R, G, B), pixel_format="bgr0", codec="ffv1")
    assert digest == hashlib.sha256(without).digest()


def test_a_format_is_known_by_its_planes() -> None:
    """Formats that are unknown, or of another number of planes, hold no such picture."""
    held = [("yuv420p", 3), ("gray10le", 1), ("gbrap16le", 4), ("bgr0", 3), ("bgra", 4)]
    assert all(holds_planes(name, count) for name, count in held)
    strange = [("yuv420p", 1), ("bgr0", 4), ("gray", 3), ("pal8", 1), ("", 3)]
    assert not any(holds_planes(name, count) for name, count in strange)


def test_parts_of_larger_planes_are_hashed_without_their_surroundings() -> None:
    """Rows that lie apart in memory count like rows that do not."""
    wide = np.arange(24, dtype=np.uint16).reshape(4, 6)
    part = wide[1:3, 2:5]
    assert encoder_digest((part,), pixel_format="gray10le", codec="ffv1") == sha256(part.copy())
    assert stored_order((part,), "gray10le") == (part,)
