"""Copies of a photograph to look at: previews in two forms, and a pyramid of tiles."""

from __future__ import annotations

import io
import re
import zipfile

import cv2
import numpy as np
import pytest
from PIL import Image

from pipelines.media.picture import Family, FrameShape, PixelLayout
from pipelines.stages.export.view_files import preview_bytes, write_pyramid


def photograph(height, width):
    """A smooth picture in R, G, B, which lossy coding leaves nearly as it is."""
    y, x = np.mgrid[0:height, 0:width]
    planes = tuple(
        np.rint(127 + 80 * np.sin(x / 70 + k) * np.cos(y / 90)).astype(np.uint8) for k in range(3)
    )
    return planes, FrameShape(height, width, PixelLayout(Family.RGB))


def pyramid(planes, shape):
    """Write a pyramid, and give its bytes and the number of levels."""
    out = io.BytesIO()
    levels = write_pyramid(out, planes, shape)
    return out.getvalue(), levels


def level_of(archive, level):
    """Put the tiles of one level together by their names."""
    rows: dict[int, dict[int, np.ndarray]] = {}
    for name in archive.namelist():
        found = re.fullmatch(rf"pyramid_files/{level}/(\d+)_(\d+)\.jpg", name)
        if found:
            tile = np.asarray(Image.open(io.BytesIO(archive.read(name))))
            rows.setdefault(int(found[2]), {})[int(found[1])] = tile
    return np.vstack([np.hstack([row[k] for k in sorted(row)]) for _, row in sorted(rows.items())])


@pytest.mark.parametrize(("height", "width"), [(600, 1030), (256, 512), (257, 3), (1, 1)])
def test_the_pyramid_has_the_layout_of_deep_zoom(height, width):
    """Every level is the picture reduced to half the size above it, down to one sample."""
    planes, shape = photograph(height, width)
    data, levels = pyramid(planes, shape)
    assert levels == int(np.ceil(np.log2(max(height, width)))) + 1
    truth = np.stack(planes, axis=-1)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read("pyramid.dzi").decode()
        assert f'Width="{width}" Height="{height}"' in text
        for level in range(levels):
            scale = 1 << (levels - 1 - level)
            size = -(-height // scale), -(-width // scale)
            found = level_of(archive, level)
            assert found.shape == (*size, 3)
            if min(height, width) / scale >= 128:
                expected = cv2.resize(truth, size[::-1], interpolation=cv2.INTER_AREA)
                assert np.abs(found.astype(int) - expected).mean() < 2


def test_the_same_picture_gives_the_same_bytes():
    """Nothing of the time or the machine is in a pyramid."""
    planes, shape = photograph(300, 280)
    assert pyramid(planes, shape) == pyramid(planes, shape)


@pytest.mark.parametrize("form", ["webp", "avif"])
@pytest.mark.parametrize(
    ("size", "shown"),
    [((120, 200), (120, 200)), ((900, 3300), (300, 1100)), ((2, 3201), (1, 1600))],
)
def test_a_preview_is_the_picture_made_small(form, size, shown):
    """It has at most 1600 samples a side, and the mean colours of what it shows."""
    planes, shape = photograph(*size)
    picture = Image.open(io.BytesIO(preview_bytes(planes, shape, form)))
    assert picture.format == form.upper()
    assert (picture.height, picture.width) == shown
    truth = cv2.resize(np.stack(planes, -1), shown[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(np.asarray(picture.convert("RGB")).astype(int) - truth).mean() < 4
