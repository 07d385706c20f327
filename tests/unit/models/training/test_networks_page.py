"""The page about the networks says what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models import catalog

ROOT = Path(__file__).resolve().parents[4]
PAGE = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")
QUALITY = json.loads((ROOT / "benchmarks" / "results" / "quality.json").read_bytes())
SPEED = json.loads((ROOT / "benchmarks" / "results" / "network_speed.json").read_bytes())
COLUMNS = {
    name: column
    for column, name in enumerate(
        (
            "evident-sr-x2",
            "evident-sr-x4",
            "evident-sr-x2-real",
            "evident-sr-x4-real",
            "evident-denoise",
        ),
        start=1,
    )
}


def row(first: str) -> list[str]:
    """Give the cells of the table row that begins with `first`."""
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip(" *") for cell in line.strip("|").split("|")]


def near(cell: str, psnr_db: float, gain_db: float) -> bool:
    """Whether a cell such as `35.01 (+2.50)` states the numbers to a hundredth."""
    stated, gain = cell.rstrip(")").split(" (")
    return abs(float(stated) - psnr_db) <= 0.0051 and abs(float(gain) - gain_db) <= 0.0051


@pytest.mark.parametrize("name", catalog.names())
def test_the_page_prints_every_picture_and_mean(name: str) -> None:
    """Each picture's PSNR and gain and their means are those of the result file."""
    measured = QUALITY["as_trained"][name]
    for each in measured["pictures"]:
        cell = row(Path(each["picture"]).stem)[COLUMNS[name]]
        assert near(cell, each["network_db"], each["gain_db"]), (each, cell)
    cell = row("**mean**")[COLUMNS[name]].replace("*", "")
    assert near(cell, measured["mean_db"], measured["mean_gain_db"])
    (score,) = catalog.card(name).scores
    assert score.gain_db == pytest.approx(measured["mean_gain_db"], abs=0.0051)


@pytest.mark.parametrize(("name", "first"), [("evident-sr-x2-real", 1), ("evident-sr-x4-real", 5)])
def test_the_page_prints_every_comparison(name: str, first: int) -> None:
    """Each mean gain over bicubic and over the denoiser is that of the result file."""
    for each in QUALITY["noisy_jpeg_against_conventional_denoiser"][name]["inputs"]:
        cells = row(f"{each['noise']:g}, {each['jpeg_quality']}")[first : first + 4]
        keys = ("bicubic", "denoise_default", "denoise_told", "denoise_best")
        for cell, key in zip(cells, keys, strict=True):
            assert abs(float(cell) - each[f"gain_over_{key}_db"]) <= 0.0051, (each, cell)


def test_the_bars_that_the_page_calls_kept_are_kept() -> None:
    """Every bar stands in the result files as kept."""
    assert QUALITY["as_trained"]["evident-sr-x2"]["mean_gain_db"] >= 2.2
    assert QUALITY["as_trained"]["evident-sr-x4"]["mean_gain_db"] >= 1.1
    assert all(
        each["kept"] for each in QUALITY["noisy_jpeg_against_conventional_denoiser"].values()
    )
    fastest = {
        each["engine"]: each for each in SPEED["measured"] if each["network"] == "evident-sr-x2"
    }
    assert fastest["onnxruntime"]["frames_per_second"] >= 3
