"""The pictures of maps: a fixed scale, colours for every reader, files that others open."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pipelines.quality.indexed_png import IndexedPng
from pipelines.quality.ramp import FULL_SCALE, PALETTE, steps_of
from pipelines.quality.thumbnail import MOST_DOTS, Thumbnail

# Vienot, Brettel and Mollon, "Digital video colourmaps for checking the legibility of displays
# by dichromats", Color Research and Application 24, 1999: linear R, G, B as dichromats see them.
PROTAN = np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]])
DEUTAN = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])


def luminance(colours: np.ndarray) -> np.ndarray:
    """Relative luminance of linear R, G, B (ITU-R BT.709)."""
    return np.asarray(colours @ np.array([0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("seen", [np.eye(3), PROTAN, DEUTAN])
def test_the_scale_grows_lighter_for_every_colour_vision(seen: np.ndarray) -> None:
    """A larger difference is never drawn darker, and the ends are far apart, for anybody."""
    linear = (PALETTE / 255.0) ** 2.2
    light = luminance(linear @ seen.T)
    # Colours are whole numbers, so neighbours may be level: half a code value apart they are not.
    assert (light[4:] > light[:-4]).all()
    assert light[0] == 0
    assert light[-1] > 0.8


def test_steps_are_eighths_of_a_code() -> None:
    """A step is an eighth of a code value, the last stands for all above, none hides a little."""
    size = np.array([[0.0, 0.01, 0.125, 1.0, 31.8, 31.9, 500.0]], np.float32)
    assert steps_of(size).tolist() == [[0, 1, 1, 8, 254, 255, 255]]
    assert FULL_SCALE == 255 / 8


def test_the_file_is_read_by_others() -> None:
    """A picture written in strips is read back by another program, with its colours and words."""
    random = np.random.default_rng(1)
    steps = random.integers(0, 256, (300, 411)).astype(np.uint8)
    out = io.BytesIO()
    png = IndexedPng(out, width=411, height=300, palette=PALETTE, texts={"Title": "Größe"})
    for top in range(0, 300, 64):
        png.write(steps[top : top + 64])
    png.finish()
    with Image.open(io.BytesIO(out.getvalue())) as picture:
        assert (np.asarray(picture) == steps).all()
        assert (np.asarray(picture.convert("RGB")) == PALETTE[steps]).all()
        assert picture.info["Title"] == "Größe"


def test_an_unfinished_file_is_refused() -> None:
    """Missing rows, too many rows and rows of another width are errors."""
    png = IndexedPng(io.BytesIO(), width=4, height=3, palette=PALETTE, texts={})
    with pytest.raises(ValueError, match="do not go"):
        png.write(np.zeros((1, 5), np.uint8))
    with pytest.raises(ValueError, match="do not go"):
        png.write(np.zeros((4, 4), np.uint8))
    png.write(np.zeros((2, 4), np.uint8))
    with pytest.raises(ValueError, match="1 rows are missing"):
        png.finish()


@pytest.mark.parametrize(("height", "width"), [(7, 5), (1201, 973), (90, 2600)])
def test_no_spot_is_lost_in_a_thumbnail(height: int, width: int) -> None:
    """Every dot is the strongest of the samples under it, whatever strips they came in."""
    random = np.random.default_rng(2)
    steps = random.integers(0, 256, (height, width)).astype(np.uint8)
    thumbnail = Thumbnail(height=height, width=width)
    for top in range(0, height, 83):
        thumbnail.add(steps[top : top + 83])
    each = thumbnail.samples_per_dot
    rows, columns = -(-height // each), -(-width // each)
    assert max(rows, columns) <= MOST_DOTS
    padded = np.zeros((rows * each, columns * each), np.uint8)
    padded[:height, :width] = steps
    expected = padded.reshape(rows, each, columns, each).max(axis=(1, 3))
    assert (thumbnail.dots() == expected).all()
