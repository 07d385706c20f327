"""The command line in a folder of its own, and small files to give it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.command_kit import Evident, make_clip, textured


@pytest.fixture
def evident(tmp_path: Path) -> Evident:
    """The command line in an empty folder."""
    return Evident(tmp_path)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A small photograph."""
    path = tmp_path / "gate.png"
    Image.fromarray(textured(48, 64)).save(path)
    return path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A clip of three segments with a single key frame."""
    return make_clip(tmp_path / "tram.mp4", frames=120)
