"""`evident log witness`: which logs it knows, and what it refuses to begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import RequestError
from services.cli.evidence_wiring import evidence_log, signing_key
from services.cli.log_witness_command import Asked, main, served
from services.provenance.key_ring import KeyRing
from services.settings.settings import Settings, WitnessSetting
from tests.unit.services.provenance.log_kit import open_log


@pytest.fixture
def vkey(tmp_path: Path) -> Path:
    """Make a log whose key was handed over; return its vkey file."""
    ring = KeyRing(tmp_path / "keys")
    with open_log(tmp_path / "log", ring) as log:
        log.publish()
        ring.begin(log.origin)
        log.record("a", "step", {})
        log.publish()
    return tmp_path / "log" / "public" / "vkey"


def test_a_witness_knows_the_logs_whose_keys_it_was_given(tmp_path: Path, vkey: Path) -> None:
    """A log's own vkey file is enough: its first key and those that it was handed to."""
    asked = Asked(name="witness.example/w", logs=(vkey,), state=tmp_path / "state", port=0)
    with served(asked) as server:
        assert len(server.witness._logs) == 2
        assert server.url.startswith("http://127.0.0.1:")
    with served(asked) as again:
        assert again.witness.key == server.witness.key


def test_a_file_without_keys_is_wrong_use(tmp_path: Path) -> None:
    """A file that holds no verifier keys gives 2, and no witness begins."""
    path = tmp_path / "vkey"
    path.write_text("not a key\n")
    asked = Asked(name="witness.example/w", logs=(path,), state=tmp_path / "state", port=0)
    assert main(asked) == 2


def test_witnesses_in_the_settings_are_checked(tmp_path: Path) -> None:
    """A setting that names no witness's key is wrong use, before anything is sealed."""
    setting = WitnessSetting(key="not a key", url="http://127.0.0.1:1")
    settings = Settings(home=tmp_path, witnesses=(setting,))
    with (
        pytest.raises(RequestError, match="EVIDENT_WITNESSES"),
        evidence_log(settings, signing_key(settings)),
    ):
        pass
