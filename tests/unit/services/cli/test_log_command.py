"""`evident log`: exit codes, one JSON object, and what a person is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from services.cli import log_command, log_erase_command
from services.cli.log_command import Where
from services.provenance.keys import PUBLIC_FILE, FileSigner
from tests.unit.services.provenance.log_kit import open_log


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Make a home with a small sealed log."""
    home = tmp_path / "home"
    with open_log(home / "log", FileSigner(home / "keys")) as log:
        log.record_many(("a", "step", {"number": n, "who": "somebody"}) for n in range(3))
        log.seal("a")
    return home


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the JSON object on stdout."""
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def fsck(where: Where, *trusted: Path, bodies: bool = False, as_json: bool = True) -> int:
    """Check a log as the command does."""
    return log_command.fsck(where, trusted, bodies=bodies, as_json=as_json)


def test_a_log_that_holds_is_good(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A log that holds gives 0 and its facts, the database's too where they are asked for."""
    assert fsck(Where(home=home, log=None), bodies=True) == 0
    found = said(capsys)
    assert (found["ok"], found["leaves"], found["heads"]) == (True, 3, 1)
    assert found["standing"] == "self-asserted"
    assert found["bodies"] == {"entries": 3, "jobs": 1, "erased": 0, "pending": 0}
    assert fsck(Where(home=home, log=None), as_json=False) == 0
    assert "the log holds" in capsys.readouterr().out


def test_a_copy_of_the_public_folder_is_enough(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever has the public folder and a key file checks the log without anything else."""
    copy = shutil.copytree(home / "log" / "public", tmp_path / "copy")
    key = home / "keys" / PUBLIC_FILE
    assert fsck(Where(home=None, log=copy), key) == 0
    assert said(capsys)["standing"] == "pinned"


def test_a_log_that_does_not_hold_is_a_negative_verdict(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A log that does not hold gives 1 and names the file that is wrong first."""
    (home / "log/public/tile/0/000.p/3").write_bytes(bytes(96))
    assert fsck(Where(home=home, log=None)) == 1
    found = said(capsys)
    assert found["ok"] is False
    assert found["problem"]["file"] == "tile/0/000.p/3"


def test_wrong_use_is_told_apart(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No log at that place, no key in that file, two places at once: 2 and a next step."""
    for where, keys in (
        (Where(home=tmp_path, log=None), ()),
        (Where(home=home, log=home / "log"), ()),
        (Where(home=home, log=None), (home / "log/public/checkpoint",)),
    ):
        assert fsck(where, *keys) == 2
        assert said(capsys)["error"]["next_step"]


def test_erasing_seals_its_own_record(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After an erasure the log holds, bodies included, and says how many are gone."""
    asked = log_erase_command.Asked(home=home, job="a", sequence=1, reason="asked for")
    assert log_erase_command.main(asked, as_json=True) == 0
    assert said(capsys) == {"ok": True, "erased": [1]}
    assert log_erase_command.main(asked, as_json=False) == 0
    assert "before" in capsys.readouterr().out
    assert fsck(Where(home=home, log=None), bodies=True) == 0
    assert said(capsys)["bodies"] == {"entries": 4, "jobs": 2, "erased": 1, "pending": 0}


def test_erasing_nothing_is_wrong_use(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A job that the log does not know gives 2 and a next step."""
    asked = log_erase_command.Asked(home=home, job="nobody", sequence=None, reason="x")
    assert log_erase_command.main(asked, as_json=True) == 2
    assert said(capsys)["error"]["next_step"]
