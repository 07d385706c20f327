"""The watcher's keys file: private, of known form, and never repeated in an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import RequestError
from services.watcher.keys_file import read_keys


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    """A keys file of this content."""
    path.write_text(text)
    path.chmod(mode)
    return path


def test_keys_are_read_by_project(tmp_path: Path) -> None:
    """Each line is a project and its key."""
    path = written(tmp_path / "keys.toml", '[keys]\ndefault = "ev_a"\nother = "ev_b"\n')
    assert read_keys(path) == {"default": "ev_a", "other": "ev_b"}


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        ('[keys]\na = "ev_secret"\n', 0o644, "read by others"),
        ('[keys\na = "ev_secret"\n', 0o600, "not TOML"),
        ('[keyes]\na = "ev_secret"\n', 0o600, "no table"),
        ("[keys]\na = 3\n", 0o600, "no key"),
        ('[keys]\na = "ev_secret\\u0000"\n', 0o600, "no key"),
    ],
)
def test_a_file_with_a_fault_is_refused(tmp_path: Path, text: str, mode: int, words: str) -> None:
    """The reason is said, and no key with it."""
    with pytest.raises(RequestError, match=words) as refused:
        read_keys(written(tmp_path / "keys.toml", text, mode))
    assert "ev_secret" not in str(refused.value)


def test_a_link_is_refused(tmp_path: Path) -> None:
    """A link at the end of the path could lead anywhere."""
    path = written(tmp_path / "keys.toml", '[keys]\ndefault = "ev_a"\n')
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    with pytest.raises(RequestError, match="cannot be read"):
        read_keys(link)
