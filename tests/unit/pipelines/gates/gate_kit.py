"""Results of gates, made up, for tests of what is concluded from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipelines.gates.results import CaseScore, Misread, Results, Speed, Subject
from pipelines.gates.thresholds import Thresholds, read_thresholds

SUBJECT = Subject("net-x2", "1.0.0", "ab" * 32, "onnxruntime", "1.31", "fp32", "cpu")

THRESHOLDS = """
[margins.psnr]
mean = 0.05
case = 0.5
[margins.flicker]
mean = 0.1
case = 0.2
[speed]
slower = 1.5
[precisions.bf16]
agreement = 45
[networks.net-x2.psnr]
clean = { least = 30, gain = 1 }
[networks.net-x2.flicker]
pan = { most = 4 }
[networks.net-x2.misread]
clean = { most = 0.2 }
[networks.net-x2."torch.bf16.cpu".psnr]
clean = { least = 29 }
"""


def results(
    *,
    psnr: tuple[float, ...] = (31.0, 33.0, 35.0),
    flicker: float = 3.0,
    misread: int = 10,
    ratio: float = 1.0,
) -> Results:
    """A gate's results over three photographs, a sheet and a clip."""
    scores = [
        CaseScore(f"photo-{number}", "clean", 2, "psnr", value, 30.0)
        for number, value in enumerate(psnr)
    ]
    scores.append(CaseScore("clip", "pan", 2, "flicker", flicker, 3.5))
    return Results(
        subject=SUBJECT,
        set_name="small",
        set_sha256="cd" * 32,
        scores=tuple(scores),
        misread=(Misread("sheet", "clean", 2, 5, 72, misread, 12, 1),),
        speed=Speed(ratio, 65536),
        fingerprints={"psnr": "11" * 32, "flicker": "22" * 32},
        unavailable={"niqe": "no file"},
    )


def of(found: Results, **changes: str) -> Results:
    """The same results of another subject."""
    return replace(found, subject=replace(found.subject, **changes))


def thresholds(folder: Path, text: str = THRESHOLDS) -> Thresholds:
    """Write and read thresholds."""
    (folder / "thresholds.toml").write_text(text)
    return read_thresholds(folder)
