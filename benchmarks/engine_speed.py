"""How fast each engine runs each network: `python -m benchmarks.engine_speed [--weights DIR]`.

Each is set against the loop that the field's scripts use: torch in fp32 with its default memory
layout, one tile after another. Everything else is the same for all: weights, tiles (through
`TiledNetwork`, of the side that the product takes unless told), threads, picture. Rounds
alternate between all ways, each round's way is set against the same round's loop, and the
shortest times count: what else a machine does only ever adds to a time. On a busy machine that is
not enough, for the loop's threads wait for each other and lose more than others' do; so the
processor time of this process is told as well, and the load before and after. Agreement is PSNR
in dB with 1.0 as the peak, against the loop's own result, on a photograph.

With `--weights` the folder of the field's weights, Real-ESRGAN's compact networks are measured
too, on a smaller picture. Two networks of one architecture cost the same; where their ratios
differ, the loop was disturbed, and more `--rounds` are due.
Bar: 2.3 times for compact networks at 45 dB or better, and of the way that runs by itself.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load as load_safetensors
from torch import nn

from benchmarks.machine import describe
from models import catalog, weights
from models.engines import choice
from models.engines.tiled import TiledNetwork
from models.errors import PrecisionError
from models.formats.prelu_graph import to_onnx
from models.formats.safetensors_file import read_tensors
from models.nets.build import built
from models.spec import NetworkCard, Precision, PReluArchitecture, WeightsFormat
from services.cli.engine_wiring import NETWORK_TILE_PIXELS

HERE = Path(__file__).resolve().parent
RESULT = HERE / "results" / "engine_speed.json"
PHOTOGRAPH = HERE.parent / "samples" / "photo.jpg"
FIELD = ("realesr-general-x4v3", "realesr-animevideov3")
WAYS = (
    ("onnxruntime", Precision.FP32),
    ("torch", Precision.FP32),
    ("torch", Precision.BF16),
    ("openvino", Precision.FP32),
    ("openvino", Precision.BF16),
)
LOOP = "plain torch loop fp32"
BAR_TIMES, BAR_DB = 2.3, 45.0
BY_ITSELF = "onnxruntime fp32"
"""What runs where nobody chose and nothing was gated here."""

Forms = Mapping[WeightsFormat, bytes]
Picture = NDArray[np.float32]


class PlainLoop:
    """The field's way to run a network: load it, no gradients, one tile after another."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network.eval()

    def run(self, batch: Picture) -> Picture:
        """Run one tile."""
        with torch.no_grad():
            return np.asarray(self._network(torch.from_numpy(batch)).numpy())


@dataclass(frozen=True, slots=True)
class Subject:
    """One network with its weights in both forms, the picture it runs on, tiles and rounds."""

    card: NetworkCard
    forms: Forms
    picture: Picture
    rounds: int
    tile_pixels: int

    @property
    def ways(self) -> Iterator[tuple[str, TiledNetwork]]:
        """The loop and every way that runs here, with the same tiles."""
        network = built(self.card, load_safetensors(self.forms[WeightsFormat.SAFETENSORS]))
        yield LOOP, self._tiled(PlainLoop(network))
        for engine, precision in WAYS:
            runner = choice.resolve(engine)
            content = self.forms[runner.weights_format]
            threads = torch.get_num_threads()
            try:
                session = runner.load(self.card, content, threads=threads, precision=precision)
            except PrecisionError as error:
                print(f"{self.card.name} {engine} {precision.value}: {error}")
                continue
            yield f"{engine} {precision.value}", self._tiled(session)

    def _tiled(self, session: Any) -> TiledNetwork:
        return TiledNetwork(session, self.card, tile_pixels=self.tile_pixels)


def photograph(height: int, width: int, planes: int) -> Picture:
    """Cut a picture of this size out of the sample photograph, enlarged where it is smaller."""
    with Image.open(PHOTOGRAPH) as image:
        made = image.convert("L" if planes == 1 else "RGB").resize((width, height))
        samples = np.asarray(made, dtype=np.float32) / 255
    return samples if planes == 1 else np.ascontiguousarray(samples.transpose(2, 0, 1))


def subjects(folder: Path | None, rounds: int, tile_pixels: int) -> Iterator[Subject]:
    """Our networks, then the field's where their weights are at hand."""
    for name in catalog.shipped().names():
        card = catalog.card(name)
        forms = {form: weights.read_verified(card, form) for form in WeightsFormat}
        yield Subject(card, forms, photograph(360, 640, 1), rounds=rounds, tile_pixels=tile_pixels)
    for name in FIELD if folder is not None else ():
        card = catalog.card(name)
        path = Path(str(folder)) / f"{name}.safetensors"
        if not path.is_file():
            print(f"{name}: no weights in {folder}")
            continue
        content = path.read_bytes()
        if not isinstance(card.architecture, PReluArchitecture):
            raise TypeError(name)
        tensors = read_tensors(content, name=name)
        forms = {
            WeightsFormat.SAFETENSORS: content,
            WeightsFormat.ONNX: to_onnx(tensors, card.architecture, card.scale),
        }
        digest = hashlib.sha256(content).hexdigest()
        yield Subject(
            replace(card, origin=f"{card.origin} As re-stored, SHA-256 {digest}."),
            forms,
            photograph(180, 320, 3),
            rounds=max(2, rounds // 2),
            tile_pixels=tile_pixels,
        )


def measured(subject: Subject) -> dict[str, Any]:
    """Time every way of one network in turn, and hold its result against the loop's."""
    runs = dict(subject.ways)
    made = {name: network.run(subject.picture) for name, network in runs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    busy: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(subject.rounds):
        for name, network in runs.items():
            started, worked = time.perf_counter(), time.process_time()
            network.run(subject.picture)
            seconds[name].append(time.perf_counter() - started)
            busy[name].append(time.process_time() - worked)
    height, width = subject.picture.shape[-2:]
    return {
        "network": subject.card.name,
        "class": subject.card.network_class.value,
        "parameters": subject.card.parameters,
        "input": f"{width}x{height}, {subject.card.channels.value}",
        "tiles": len(runs[LOOP].plan(height, width)),
        "rounds": subject.rounds,
        "ways": [_line(name, seconds, busy, made) for name in runs],
    }


def _line(
    name: str,
    seconds: Mapping[str, list[float]],
    busy: Mapping[str, list[float]],
    made: Mapping[str, Picture],
) -> dict[str, Any]:
    shortest, loop = min(seconds[name]), min(seconds[LOOP])
    paired = [slow / fast for slow, fast in zip(seconds[LOOP], seconds[name], strict=True)]
    off = made[name].astype(np.float64) - made[LOOP]
    square = float(np.mean(off**2))
    return {
        "way": name,
        "shortest_seconds": round(shortest, 4),
        "times_as_fast": round(loop / shortest, 2),
        "times_as_fast_median_of_pairs": round(statistics.median(paired), 2),
        "processor_seconds": round(min(busy[name]), 4),
        "times_less_processor_time": round(min(busy[LOOP]) / min(busy[name]), 2),
        "agreement_db": None if square == 0 else round(-10 * float(np.log10(square)), 1),
        "largest_difference_8_bit_steps": round(255 * float(np.abs(off).max()), 3),
    }


def _kept(results: list[dict[str, Any]]) -> dict[str, bool]:
    """Per network: whether what runs by itself keeps the bar, and whether any way does.

    By both clocks: a busy machine favours everything against the loop by the clock on the wall.
    """
    kept = {}
    for result in results:
        good = [
            line["way"]
            for line in result["ways"]
            if min(line["times_as_fast"], line["times_less_processor_time"]) >= BAR_TIMES
            and (line["agreement_db"] is None or line["agreement_db"] >= BAR_DB)
        ]
        kept[f"{result['network']}: by itself"] = BY_ITSELF in good
        kept[f"{result['network']}: some way"] = bool(good)
    return kept


def main() -> int:
    """Measure, write the result, print it; 1 where no way keeps the bar for some network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=None)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--tile", type=int, default=NETWORK_TILE_PIXELS)
    asked = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: asked.cores])
    torch.set_num_threads(asked.cores)
    load_before = os.getloadavg()[0]
    results = []
    for subject in subjects(asked.weights, asked.rounds, asked.tile):
        results.append(measured(subject))
        for line in results[-1]["ways"]:
            print(
                f"{results[-1]['network']} {line['way']}: {line['times_as_fast']} times, "
                f"{line['agreement_db']} dB"
            )
    kept = _kept(results)
    document = {
        "machine": describe("numpy", "onnxruntime", "openvino", "torch"),
        "has_bf16": "avx512_bf16" in Path("/proc/cpuinfo").read_text(encoding="utf-8"),
        "threads": asked.cores,
        "tile_pixels": asked.tile,
        "load_average_before": round(load_before, 2),
        "load_average_after": round(os.getloadavg()[0], 2),
        "note": "A load of more than 0.5 before the run means that others worked on the machine: "
        "times are then too long, and ratios to the loop, whose threads wait for each other, too "
        "high. This file is to be made anew on a machine that is not busy.",
        "bar": {"times_as_fast": BAR_TIMES, "agreement_db": BAR_DB},
        "kept": kept,
        "measured": results,
    }
    RESULT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return int(not all(value for name, value in kept.items() if name.endswith("some way")))


if __name__ == "__main__":
    sys.exit(main())
