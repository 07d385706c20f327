"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]

# How fast a machine makes examples says nothing about a rule.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real clips, photos and weights; absent, it skips a laptop and fails CI."""
    folder = Path(os.environ.get("EVIDENT_SHARED", ROOT.parent / "shared"))
    if (folder / "media").is_dir():
        return folder
    if os.environ.get("CI"):
        pytest.fail(f"{folder}: the shared test data is missing; set EVIDENT_SHARED")
    pytest.skip("the shared test data is not on this machine; set EVIDENT_SHARED")
