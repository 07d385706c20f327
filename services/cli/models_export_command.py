"""`evident models export`: a network's card and weights, as files that stand alone."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from models import weights
from models.card_file import SUFFIX
from models.card_text import render
from models.errors import ModelError
from models.spec import NetworkCard, Sha256, WeightsFile, WeightsFormat
from pipelines.errors import EvidentError, RequestError
from services.cli.networks_wiring import networks_of
from services.cli.printing import (
    FAILED,
    GOOD,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
)
from services.settings.settings import read_settings


def export(name: str, out: Path, *, as_json: bool) -> int:
    """Write card and weights of a network into `out`; returns the exit code."""
    try:
        card = networks_of(read_settings()).card(name)
        contents, difference = _contents(card)
        written = [_write(out / file, content) for file, content in contents.items()]
    except (EvidentError, ModelError) as error:
        if as_json:
            print_json({"error": {"reason": str(error), "next_step": error.next_step}})
        print_error(console_on_stderr(), "", str(error), error.next_step)
        return FAILED
    if as_json:
        print_json({"network": name, "files": written, "onnx_difference": difference})
        return GOOD
    for one in written:
        print_text(f"{one['path']}: SHA-256 {one['sha256']}")
    if difference is not None:
        print_text(f"ONNX was made from the tensors; torch and it differ by {difference} at most.")
    return GOOD


def _contents(card: NetworkCard) -> tuple[dict[str, bytes], str | None]:
    """The files by name; and how far an ONNX file that was made for it is from torch."""
    files = {f"{card.name}.toml": render(card).encode("utf-8")}
    for form in tuple(card.files) or (WeightsFormat.SAFETENSORS,):
        files[weights.file_of(card, form).name] = weights.read_verified(card, form)
    if WeightsFormat.ONNX in card.files or not card.makes_pictures:
        return files, None
    try:
        from models.export.traced import traced  # noqa: PLC0415 - needs torch
    except ImportError as error:
        raise RequestError(
            f"{card.name} has no ONNX file, and making one needs torch ({error.name}).",
            next_step="Install the torch extra, or leave the export out.",
        ) from error
    made = traced(card)
    name = f"{card.name}{SUFFIX[WeightsFormat.ONNX]}"
    files[name] = made.content
    digest = Sha256(hashlib.sha256(made.content).hexdigest())
    both = {**card.files, WeightsFormat.ONNX: WeightsFile(name, digest, len(made.content))}
    files[f"{card.name}.toml"] = render(replace(made.card, files=both)).encode("utf-8")
    return files, f"{made.largest_difference:.2g}"


def _write(path: Path, content: bytes) -> dict[str, Any]:
    """Write a file that is not there yet."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise RequestError(
            f"{path}: {error.strerror}.", next_step="Name a folder without these files."
        ) from error
    return {
        "path": str(path.resolve()),
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }
