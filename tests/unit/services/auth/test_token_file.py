"""Tokens of a deployment's processes: made once, private, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.errors import RequestError
from services.auth.token_file import AnyOf, check_of, own_token, read_token


def test_a_token_is_made_once(tmp_path: Path) -> None:
    """The first start makes it, for its owner alone; later ones read it."""
    path = tmp_path / "provenance" / "worker.token"
    token = own_token(path)
    assert own_token(path) == read_token(path) == token
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o666])
def test_a_token_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """Whoever could read it could ask."""
    path = tmp_path / "token"
    own_token(path)
    path.chmod(mode)
    with pytest.raises(RequestError, match="other users"):
        read_token(path)


@pytest.mark.parametrize("text", ["", "short", "x" * 201, "a b" * 20, "ä" * 40, "x" * 40 + "\ny"])
def test_what_is_no_token_is_refused(tmp_path: Path, text: str) -> None:
    """A word of 32 to 200 plain letters is one, and nothing else."""
    path = tmp_path / "token"
    path.touch(0o600)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RequestError, match="does not hold"):
        read_token(path)


def test_no_pipe_and_no_folder_is_read(tmp_path: Path) -> None:
    """What is no plain file is refused at once, and nobody waits for a writer."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("pipe", "", "nothing"):
        with pytest.raises(RequestError):
            read_token(tmp_path / name)


def test_a_check_knows_its_token_alone() -> None:
    """A check admits its own token, several checks each of theirs."""
    one, two = "a" * 40, "b" * 40
    assert check_of(one).admits(one)
    assert not check_of(one).admits(two)
    both = AnyOf((check_of(one), check_of(two)))
    assert both.admits(one)
    assert both.admits(two)
    assert not both.admits("")
    assert not AnyOf(()).admits(one)
