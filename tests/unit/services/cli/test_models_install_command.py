"""`evident models fetch` and `import`, without a network of wires."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from models import catalog
from models.catalog import FIELD_FOLDER, Catalog
from models.errors import InstallError
from models.formats.safetensors_file import write_tensors
from models.spec import NetworkCard, PReluArchitecture
from services.cli import models_install_command
from services.cli.models_command import list_networks, show_network
from services.cli.models_install_command import fetch_networks, import_from
from services.cli.models_life_command import show_history
from services.cli.printing import FAILED, GOOD, WRONG_USE
from tests.unit.models.field_kit import prelu_tensors

NAME = "realesr-animevideov3"


@pytest.fixture
def fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, and makers who hand over a file of the right layout and an unknown digest."""
    # The verbs set this process's catalog to their home; it goes back when the test is over.
    monkeypatch.setattr(catalog._House, "catalog", catalog.current())
    monkeypatch.setenv("EVIDENT_HOME", str(tmp_path / "home"))
    card = Catalog(FIELD_FOLDER).card(NAME)
    assert isinstance(card.architecture, PReluArchitecture)
    content = write_tensors(prelu_tensors(card.architecture, scale=card.scale))

    def hand_over(asked: NetworkCard, folder: Path, *, heard: object, again: bool) -> Path:
        assert not again
        assert asked.official is not None
        assert callable(heard)
        heard(len(content), len(content))
        part = folder / ".parts" / asked.official.name
        part.parent.mkdir(parents=True)
        part.write_bytes(content)
        return part

    monkeypatch.setattr(models_install_command, "fetch", hand_over)
    return tmp_path / "home" / "models"


def test_what_was_fetched_is_installed_and_on_record(
    fetched: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The network is installed under its name, its origin and its unknown digest are recorded."""
    assert fetch_networks((NAME,), as_json=True) == GOOD
    (record,) = json.loads(capsys.readouterr().out)["installed"]
    assert record["digest"] == "unknown"
    assert record["origin"].startswith("https://github.com/xinntao/Real-ESRGAN/")
    assert not (fetched / ".parts").exists()
    assert show_network(NAME, as_json=True) == GOOD
    shown = json.loads(capsys.readouterr().out)
    assert shown["installed"] is True
    assert shown["installed_from"] == record
    assert show_history(NAME, as_json=True) == GOOD
    (entry,) = json.loads(capsys.readouterr().out)["entries"]
    assert entry["kind"] == "network.installed"
    assert entry["body"]["standing"] == "unknown"
    assert show_history(NAME, as_json=False) == GOOD
    state, line = capsys.readouterr().out.splitlines()
    assert state == f"{NAME} is imported."
    assert "installed from https://github.com/xinntao/Real-ESRGAN/" in line


def test_networks_without_weights_are_listed_as_not_installed(
    fetched: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The list shows every card, and says of each whether its weights are here."""
    assert list_networks(as_json=True) == GOOD
    listed = {one["name"]: one for one in json.loads(capsys.readouterr().out)["models"]}
    assert listed[NAME]["state"] == "not installed"
    assert listed["evident-sr-x2"]["state"] == "released"
    assert set(listed) >= set(Catalog(FIELD_FOLDER).names())
    assert list_networks(as_json=False) == GOOD
    assert capsys.readouterr().out.count("not installed") == len(Catalog(FIELD_FOLDER).names())


def test_a_fetch_that_fails_is_a_failure_with_its_reason(
    fetched: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the makers do not hand over ends the verb with exit code 1 and installs nothing."""

    def refuse(*_: object, **__: object) -> Path:
        raise InstallError("the server answered 404", next_step="Import it from disk.")

    monkeypatch.setattr(models_install_command, "fetch", refuse)
    assert fetch_networks((NAME,), as_json=True) == FAILED
    error = json.loads(capsys.readouterr().out)["error"]
    assert error == {"reason": "the server answered 404", "next_step": "Import it from disk."}
    assert not fetched.exists()


def test_a_file_that_is_no_network_is_wrong_use(
    fetched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An import of anything else ends with exit code 2 and says why."""
    path = tmp_path / "notes.txt"
    path.write_text("nothing of the kind")
    assert import_from(path, wanted=None, as_json=True) == WRONG_USE
    assert "neither ONNX nor safetensors" in json.loads(capsys.readouterr().out)["error"]["reason"]


def test_what_cannot_be_had_keeps_nothing_else_from_coming(
    fetched: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others are installed, each that was missed is named with its reason, and it says 1."""
    hand_over = vars(models_install_command)["fetch"]

    def some(card: NetworkCard, folder: Path, *, heard: Any, again: bool) -> Path:
        if card.name != NAME:
            raise InstallError(f"no {card.name}", next_step="Later.")
        return hand_over(card, folder, heard=heard, again=again)

    monkeypatch.setattr(models_install_command, "fetch", some)
    names = ("realesr-general-x4v3", NAME)
    assert fetch_networks(names, as_json=True) == FAILED
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told["installed"]] == [NAME]
    (missed,) = told["missed"]
    assert missed == {"name": names[0], "reason": f"no {names[0]}", "next_step": "Later."}
    assert fetched.exists()


def test_a_name_that_nobody_knows_is_wrong_use(
    fetched: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A network without a card ends the verb before anything is fetched."""
    assert fetch_networks((NAME, "no-such-network"), as_json=True) == WRONG_USE
    assert "no-such-network" in json.loads(capsys.readouterr().out)["error"]["reason"]
    assert not fetched.exists()
