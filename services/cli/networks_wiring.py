"""Tells this process where its home keeps installed networks."""

from __future__ import annotations

from pathlib import Path

from models import catalog
from models.catalog import Catalog
from services.settings.settings import Settings

MODELS = "models"


def models_folder(settings: Settings) -> Path:
    """Return the folder of installed networks in the home of `settings`."""
    return settings.home / MODELS


def networks_of(settings: Settings) -> Catalog:
    """Return the catalog with what is installed in the home of `settings`."""
    return catalog.look_in(models_folder(settings))
