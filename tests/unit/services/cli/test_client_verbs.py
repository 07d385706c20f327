"""The client's verbs refuse what cannot be before a byte is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli import client_command
from services.cli.main import app
from services.cli.printing import WRONG_USE


def test_a_preset_that_is_none_is_wrong_use_before_any_upload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A misspelt preset is named with those that there are, and no gateway is asked."""
    file = tmp_path / "photo.png"
    file.write_bytes(b"x")
    monkeypatch.setattr(client_command, "submit", lambda *_, **__: pytest.fail("asked"))
    found = CliRunner().invoke(app, ["submit", str(file), "--preset", "balnced"])
    assert found.exit_code == WRONG_USE
    for preset in ("forensic-safe", "balanced", "presentation"):
        assert preset in found.output
