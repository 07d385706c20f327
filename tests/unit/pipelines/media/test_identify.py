"""Kinds of picture files, told by content."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.media.identify import HEAD_BYTES, Kind, identify
from tests.unit.pipelines.media.photo_kit import gradient, pillow_bytes


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("png", Kind.PNG),
        ("jpeg", Kind.JPEG),
        ("webp", Kind.WEBP),
        ("tiff", Kind.TIFF),
        ("bmp", Kind.BMP),
        ("gif", Kind.GIF),
        ("avif", Kind.AVIF),
        ("jpeg2000", Kind.JPEG_2000),
    ],
)
def test_a_coded_picture_is_its_kind(name: str, kind: Kind) -> None:
    """What an independent coder wrote as a kind is identified as that kind from its head alone."""
    assert identify(pillow_bytes(gradient(), name)[:HEAD_BYTES]) is kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"MM\0*\0\0\0\x08", Kind.TIFF),
        (b"II+\0\x08\0\0\0", Kind.TIFF),
        (b"MM\0+\0\x08\0\0", Kind.TIFF),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Kind.HEIC),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", Kind.AVIF),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", Kind.HEIC),
        (b"\xff\x0a\xfa\x7f", Kind.JPEG_XL),
        (b"\0\0\0\x0cJXL \r\n\x87\n", Kind.JPEG_XL),
        (b"8BPS\0\1", Kind.PSD),
        (b"\0\0\0\x18ftypisom\0\0\2\0isomiso2", Kind.UNKNOWN),
        (b"RIFF\x10\0\0\0WAVEfmt ", Kind.UNKNOWN),
        (b"BMW is a car maker, not a bitmap", Kind.UNKNOWN),
        (b"\x89PNG", Kind.UNKNOWN),
        (b"", Kind.UNKNOWN),
    ],
)
def test_heads_by_the_book(head: bytes, kind: Kind) -> None:
    """Signatures count whole and with their brands; what only looks alike is unknown."""
    assert identify(head) is kind


def test_every_kind_is_read_or_refused_with_a_reason() -> None:
    """A recognised kind is either read or says why it is not, never neither and never both."""
    for kind in set(Kind) - {Kind.UNKNOWN}:
        assert kind.is_photo != bool(kind.refusal)
        assert kind.suffix.startswith(".")
        assert kind.media_type.startswith("image/")


@given(st.binary(max_size=HEAD_BYTES))
def test_any_bytes_are_identified(head: bytes) -> None:
    """Identification is total: any bytes give a kind, and bytes after the head do not matter."""
    kind = identify(head)
    if len(head) == HEAD_BYTES:
        assert identify(head + b"ftypheic") is kind
