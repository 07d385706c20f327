"""What the configuration says about engines reaches the networks of a process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models import catalog
from pipelines.ports import GateState
from services.cli.engine_wiring import NETWORK_TILE_PIXELS, Warm, warm_networks
from services.settings.settings import read_settings

GIB = 1 << 30


class Admitting:
    """Gates that have passed whatever is asked about."""

    def standing(self, _facts: object, _runs: object) -> Any:
        """Passed."""
        return type("Standing", (), {"state": GateState.PASSED})()


@pytest.fixture
def warm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the networks of a process from environment variables."""

    def made(**variables: str) -> Warm:
        monkeypatch.setenv("EVIDENT_HOME", str(tmp_path))
        for name, value in variables.items():
            monkeypatch.setenv(f"EVIDENT_{name}", value)
        gates: Any = Admitting()
        return warm_networks(
            read_settings(), gates, catalog.shipped(), threads=1, available_memory_bytes=4 * GIB
        )

    return made


def test_what_the_configuration_names_is_loaded_at_the_start(warm: Any) -> None:
    """`EVIDENT_PRELOAD` puts networks into the room before any job asks; by default it is empty."""
    assert warm().for_pictures.room.kept == ()
    made = warm(PRELOAD='["evident-sr-x2", "evident-denoise"]', ENGINE="onnxruntime")
    assert made.for_pictures.room.kept == (
        "evident-sr-x2 on onnxruntime in fp32",
        "evident-denoise on onnxruntime in fp32",
    )
    assert made.for_frames.room is made.for_pictures.room


def test_a_tile_of_the_configuration_is_the_tile(warm: Any) -> None:
    """`EVIDENT_TILE_PIXELS` is what every network runs in; unless given it is the house's."""
    assert warm().for_pictures.network("evident-sr-x2").tile_pixels == NETWORK_TILE_PIXELS
    made = warm(TILE_PIXELS="96")
    assert made.for_pictures.network("evident-sr-x2").tile_pixels == 96
    assert made.for_frames.network("evident-sr-x2").tile_pixels == 96
