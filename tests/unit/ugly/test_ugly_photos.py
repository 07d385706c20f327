"""Ugly photographs: cut, with tails, with flipped bits; each is described or refused."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import InputError, RequestError
from pipelines.media.photo import read_photo
from pipelines.media.pool import DecodePool
from pipelines.ports import SilentProgress
from pipelines.stages.inspect.document import document
from pipelines.stages.inspect.inspected import inspect_file
from pipelines.stages.inspect.text import text
from tests.unit.ugly.clips import flipped

KINDS = ["PNG", "JPEG", "BMP", "WEBP", "TIFF"]


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Decode children for this module."""
    with DecodePool(spare=3) as made:
        yield made


@cache
def plain(kind: str) -> bytes:
    """A small photograph with nothing wrong."""
    samples = np.random.default_rng(3).integers(0, 255, (40, 56, 3)).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(samples).save(out, kind)
    return out.getvalue()


def ends(pool: DecodePool, folder: Path, data: bytes) -> bool:
    """Whether a photograph decodes; where it does not there is a reason, and nothing crashes."""
    path = folder / "photo.bin"
    path.write_bytes(data)
    told = document(inspect_file(path, pool, SilentProgress()))
    assert text(told)
    assert told["read"] or told["reason"]
    try:
        photo = read_photo(pool, path, scratch=folder, orientation="keep")
    except (InputError, RequestError) as error:
        reason = str(error)
    else:
        assert told["photo"]["width"] == photo.shape.width
        reason = ""
    return not reason


@pytest.mark.parametrize("eighth", range(1, 8))
@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_photograph_is_never_taken_for_whole(
    pool: DecodePool, tmp_path: Path, kind: str, eighth: int
) -> None:
    """A picture of which a part is missing is refused."""
    data = plain(kind)
    assert not ends(pool, tmp_path, data[: len(data) * eighth // 8])


@pytest.mark.parametrize("kind", KINDS)
def test_a_tail_stops_no_photograph(pool: DecodePool, tmp_path: Path, kind: str) -> None:
    """Bytes behind the picture are told and change nothing."""
    assert ends(pool, tmp_path, plain(kind) + b"tail" * 30)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_flipped_bits_crash_nothing(pool: DecodePool, tmp_path: Path, kind: str, seed: int) -> None:
    """Whatever a disk did to it."""
    ends(pool, tmp_path, flipped(plain(kind), seed))
