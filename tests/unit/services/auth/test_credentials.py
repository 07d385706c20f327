"""The key for evidence: made once, private, and refused where others could know it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.errors import EvidenceError
from services.auth.credentials import CREDENTIALS_FILE, key_check, make_key


def test_a_key_is_made_once_and_admits(tmp_path: Path) -> None:
    """The key that was made is admitted, nothing else is, and it is not made a second time."""
    home = tmp_path / "home"
    key = make_key(home)
    path = home / CREDENTIALS_FILE
    assert path.read_text() == f"EVIDENT_KEY={key}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    check = key_check(home)
    assert check is not None
    assert check.admits(key)
    for other in ("", key[:-1], key + "x", key.swapcase(), "\udcff", f"EVIDENT_KEY={key}"):
        assert not check.admits(other)
    with pytest.raises(EvidenceError, match="already"):
        make_key(home)
    assert path.read_text() == f"EVIDENT_KEY={key}\n"


def test_without_a_file_there_is_no_key(tmp_path: Path) -> None:
    """A home without credentials has no key, which is not an error."""
    assert key_check(tmp_path) is None


@pytest.mark.parametrize("text", ["", "EVIDENT_KEY=", "EVIDENT_KEY=short", "x" * 300, "a b" * 20])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, text: str) -> None:
    """A file that holds no long, plain word never admits anybody by accident."""
    path = tmp_path / CREDENTIALS_FILE
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(EvidenceError):
        key_check(tmp_path)


def test_a_key_that_others_may_know_is_refused(tmp_path: Path) -> None:
    """Credentials that are a link, a folder, or open to others are not taken."""
    make_key(tmp_path)
    path = tmp_path / CREDENTIALS_FILE
    path.chmod(0o640)
    with pytest.raises(EvidenceError, match="other users"):
        key_check(tmp_path)
    path.chmod(0o600)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EvidenceError):
        key_check(tmp_path)
    path.unlink()
    os.mkfifo(path, 0o600)
    with pytest.raises(EvidenceError, match="not a plain file"):
        key_check(tmp_path)
