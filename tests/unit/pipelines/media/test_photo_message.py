"""What a decode child says about a photo survives being spelt as JSON."""

from __future__ import annotations

import json
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from pipelines.media.identify import Kind
from pipelines.media.photo_facts import PhotoHeader, PhotoLimits, PhotoMetadata, Resolution
from pipelines.media.photo_message import header_from, header_message, limits_from, limits_message
from pipelines.media.picture import Family, FrameShape, PixelLayout

blocks = st.none() | st.binary(max_size=40)
dots = st.fractions(min_value=Fraction(1, 1000), max_value=10**9)
texts = st.lists(st.text(max_size=20), max_size=3).map(tuple)
metadata = st.builds(
    PhotoMetadata,
    st.sampled_from([kind for kind in Kind if kind.is_photo]),
    icc=blocks,
    exif=blocks,
    xmp=blocks,
    orientation=st.integers(1, 8),
    resolution=st.none() | st.builds(Resolution, dots, dots),
    pages=st.integers(1, 10_000),
    palette=st.booleans(),
    original_depth=st.integers(1, 16),
    remarks=texts,
    colour_chunks=st.lists(
        st.tuples(st.sampled_from(["gAMA", "cICP"]), st.binary(max_size=9)), max_size=2
    ).map(tuple),
)
layouts = st.builds(
    PixelLayout,
    st.sampled_from([Family.GRAY, Family.RGB]),
    depth=st.sampled_from([8, 16]),
    alpha=st.booleans(),
)
sides = st.integers(1, 65_535)
headers = st.builds(
    PhotoHeader,
    st.builds(FrameShape, sides, sides, layouts),
    metadata,
    st.integers(0, 1 << 40),
    st.integers(0, 1 << 40),
    texts,
)


@given(header=headers)
def test_a_header_comes_back_as_it_went(header: PhotoHeader) -> None:
    """Every field of a header survives, resolutions to the exact fraction."""
    assert header_from(json.loads(json.dumps(header_message(header)))) == header


@given(
    limits=st.builds(
        PhotoLimits, *[st.integers(0, 1 << 40)] * len(PhotoLimits.__dataclass_fields__)
    )
)
def test_limits_come_back_as_they_went(limits: PhotoLimits) -> None:
    """Every limit survives."""
    assert limits_from(json.loads(json.dumps(limits_message(limits)))) == limits
