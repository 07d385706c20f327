"""Puts a network into the folder of installed ones: whole, or not at all.

A new folder is filled beside the old one and takes its name at the end, so that another process
sees either network and never half of one. A person may read weights; nobody needs to write them.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from models.card_file import SUFFIX
from models.errors import InstallError
from models.installed import RECORD, Installed, Standing, render_installed
from models.spec import NetworkCard, Sha256, WeightsFile, WeightsFormat


def sha256_of(content: bytes) -> Sha256:
    """Hash bytes."""
    return Sha256(hashlib.sha256(content).hexdigest())


def install(
    folder: Path,
    card: NetworkCard,
    contents: Mapping[WeightsFormat, bytes],
    *,
    received: WeightsFile,
    standing: Standing,
    origin: str,
) -> Installed:
    """Write the weights of `card` and their record under `folder`, in place of any before.

    Raises InstallError where the disk refuses.
    """
    files = {
        form: WeightsFile(f"{card.name}{SUFFIX[form]}", sha256_of(content), len(content))
        for form, content in contents.items()
    }
    record = Installed(card.name, received, standing, origin, files)
    made = folder / f".{card.name}.{secrets.token_hex(8)}"
    try:
        made.mkdir(parents=True, mode=0o755)
        for form, content in contents.items():
            _write(made / files[form].name, content)
        _write(made / RECORD, render_installed(record))
        _take_place(made, folder / card.name)
    except OSError as error:
        shutil.rmtree(made, ignore_errors=True)
        raise InstallError(
            f"{folder / card.name} cannot be written: {error.strerror}",
            next_step="Free some space there, or name another EVIDENT_HOME.",
        ) from error
    return record


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _take_place(made: Path, target: Path) -> None:
    old = made.with_name(f"{made.name}.old")
    with suppress(FileNotFoundError):
        target.rename(old)
    made.rename(target)
    descriptor = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    shutil.rmtree(old, ignore_errors=True)
