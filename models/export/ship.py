"""Make the files that ship: `python -m models.export.ship --weights DIR --into DIR`.

For every network of ours whose `<name>.safetensors` lies in the weights folder it writes
`<name>.safetensors` (one canonical form), `<name>.onnx` (parity with torch checked) and
`<name>.toml`, the card with digests, sizes, proven precisions and scores. The same weights
and scores give the same bytes. The card is written last, each file whole or not at all.

Scores come from a JSON file: `{"<name>": [{"judged_set": text, "pictures": count,
"psnr_db": mean, "gain_db": mean over the reference, "reference": text}]}`. A network without
an entry keeps the scores of the card that is there, provided that its weights are the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors

from models.card_file import SUFFIX, parse
from models.card_text import render
from models.engines.base import Batch
from models.engines.torch_engine import TorchEngine
from models.errors import ExportError, ModelError
from models.export import facts
from models.export.onnx_export import Parity, check_parity, shape_of, to_onnx
from models.nets.compact import CompactShape, PlainCompactNet
from models.spec import (
    Channels,
    CompactArchitecture,
    MemoryNeed,
    ModelId,
    NetworkCard,
    NetworkClass,
    Precision,
    Score,
    Sha256,
    TilingRule,
    Training,
    WeightsFile,
    WeightsFormat,
)
from models.weights import refuse_unsafe

LARGEST_FILE_BYTES = 1_500_000
LARGEST_BF16_DIFFERENCE = 1 / 255
"""bf16 counts as proven when no sample of the probe scene moves by an 8-bit step or more."""
FIXED_BYTES = 32 << 20
LIVE_FEATURE_MAPS = 4
LIVE_RESULTS = 4
"""Peaks measured with ONNX Runtime 1.31 on tiles of 200 to 1048 samples a side stayed below
4 feature maps and 4 results in fp32, plus 32 MiB."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """What was written for one network, and how close its forms are to each other."""

    card: NetworkCard
    parity: Parity
    bf16_difference: float


def ship(name: str, *, weights: Path, into: Path, scores: tuple[Score, ...] = ()) -> Shipped:
    """Write the three files of one network into the folder `into`.

    Raises ExportError when the weights are no compact network of the promised scale, when a
    file is too large or when the parity check fails; UnsafeWeightsError for a pickle.
    """
    texts = facts.TEXTS[name]
    network = _trained(weights / f"{name}.safetensors")
    if network.shape.scale != texts.scale:
        raise ExportError(f"{name} is to enlarge by {texts.scale}, not {network.shape.scale}")
    contents = {
        WeightsFormat.SAFETENSORS: save_safetensors(dict(sorted(network.state_dict().items()))),
        WeightsFormat.ONNX: to_onnx(network),
    }
    for form, content in contents.items():
        if len(content) > LARGEST_FILE_BYTES:
            raise ExportError(f"{name}{SUFFIX[form]} would have {len(content)} bytes, too many")
    parity = check_parity(contents[WeightsFormat.ONNX], network)
    card = _card(name, network.shape, contents, scores)
    if not scores:
        card = replace(card, scores=_kept_scores(card, into / f"{name}.toml"))
    difference = _bf16_difference(card, contents[WeightsFormat.SAFETENSORS])
    if difference < LARGEST_BF16_DIFFERENCE:
        card = replace(card, precisions=card.precisions | {Precision.BF16})
    into.mkdir(parents=True, exist_ok=True)
    for form, content in contents.items():
        _write(into / card.files[form].name, content)
    text = render(card)
    if parse(text, source=into / f"{name}.toml") != card:
        raise ExportError(f"the card of {name} does not read back as it was written")
    _write(into / f"{name}.toml", text.encode())
    return Shipped(card=card, parity=parity, bf16_difference=difference)


def _trained(path: Path) -> PlainCompactNet:
    """Load trained weights in the plain form."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror}") from error
    refuse_unsafe(content, name=path.name, form=WeightsFormat.SAFETENSORS)
    try:
        kernels = load_safetensors(content)
        network = PlainCompactNet(shape_of(kernels))
        network.load_state_dict(kernels)
    except (RuntimeError, safetensors.SafetensorError) as error:
        raise ExportError(f"{path.name} does not hold a plain compact network: {error}") from error
    return network.eval()


def _card(
    name: str,
    shape: CompactShape,
    contents: dict[WeightsFormat, bytes],
    scores: tuple[Score, ...],
) -> NetworkCard:
    texts = facts.TEXTS[name]
    result_bytes = 4 * shape.scale**2
    return NetworkCard(
        name=ModelId(name),
        version=facts.VERSION,
        title=texts.title,
        task=texts.task,
        scale=shape.scale,
        channels=Channels.LUMA,
        network_class=NetworkClass.TRAINED,
        licence=facts.LICENCE,
        origin=facts.ORIGIN,
        architecture=CompactArchitecture(features=shape.features, depth=shape.depth),
        parameters=sum(each.numel() for each in PlainCompactNet(shape).parameters()),
        tiling=TilingRule.exact(shape.reach),
        precisions=frozenset({Precision.FP32}),
        memory=MemoryNeed(
            per_input_pixel_bytes=LIVE_FEATURE_MAPS * 4 * shape.features
            + LIVE_RESULTS * result_bytes,
            fixed_bytes=FIXED_BYTES,
        ),
        training=Training(
            data=facts.TRAINING_DATA,
            degradation=texts.degradation,
            known_failures=texts.known_failures,
        ),
        files={
            form: WeightsFile(
                name=f"{name}{SUFFIX[form]}",
                sha256=Sha256(hashlib.sha256(content).hexdigest()),
                size_bytes=len(content),
            )
            for form, content in contents.items()
        },
        scores=scores,
    )


def _kept_scores(card: NetworkCard, path: Path) -> tuple[Score, ...]:
    """Take the scores of the card at `path` when it is about the very same weights."""
    if not path.is_file():
        return ()
    earlier = parse(path.read_text(encoding="utf-8"), source=path)
    form = WeightsFormat.SAFETENSORS
    return earlier.scores if earlier.files[form] == card.files[form] else ()


def _bf16_difference(card: NetworkCard, content: bytes) -> float:
    """Measure how far bf16 moves any sample of the probe scene, in units of full scale."""
    engine, scene = TorchEngine(), probe_scene()
    plain, half = (
        engine.load(card, content, threads=1, precision=precision).run(scene)
        for precision in (Precision.FP32, Precision.BF16)
    )
    return float(np.abs(plain - half).max())


def probe_scene(side: int = 129, seed: int = 1) -> Batch:
    """Draw a (1, 1, side, side) plane in 0..1: a ramp, hard edges, a fine chirp and noise."""
    rows, columns = np.mgrid[0:side, 0:side] / (side - 1)
    scene = 0.2 + 0.6 * columns
    scene[side // 3 : side // 2, side // 4 : side // 2] = 1.0
    scene[side // 2 :, : side // 4] = 0.0
    chirp = 0.5 + 0.5 * np.sin(40 * np.pi * rows * columns)
    scene[side // 2 :, side // 2 :] = chirp[side // 2 :, side // 2 :]
    noise = np.random.default_rng(seed).normal(0, 0.02, scene.shape)
    return np.asarray(np.clip(scene + noise, 0, 1)[None, None], dtype=np.float32)


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)


def read_scores(path: Path | None) -> dict[str, tuple[Score, ...]]:
    """Read the measured scores by network. Raises ExportError for what is not in that form."""
    if path is None:
        return {}
    try:
        document: dict[str, list[dict[str, Any]]] = json.loads(path.read_bytes())
        read = {name: tuple(Score(**entry) for entry in of) for name, of in document.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ExportError(f"{path} holds no scores: {error}") from error
    unknown = sorted(read.keys() - facts.TEXTS.keys())
    if unknown:
        raise ExportError(f"{path} scores networks that are not ours: {', '.join(unknown)}")
    return read


def main() -> int:
    """Command line: one JSON line per network; 1 when a network could not be shipped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, help="folder of trained weights")
    parser.add_argument("--into", type=Path, required=True, help="folder of cards")
    parser.add_argument("--scores", type=Path, help="JSON of measured scores")
    arguments = parser.parse_args()
    found = [n for n in facts.TEXTS if (arguments.weights / f"{n}.safetensors").is_file()]
    if not found:
        parser.error(f"{arguments.weights} holds no weights of ours")
    try:
        scores = read_scores(arguments.scores)
        for name in found:
            made = ship(
                name, weights=arguments.weights, into=arguments.into, scores=scores.get(name, ())
            )
            line = {
                "network": name,
                "parity": made.parity.largest_difference,
                "bf16_difference": made.bf16_difference,
                "precisions": sorted(made.card.precisions),
                "parameters": made.card.parameters,
                "bytes": {form.value: file.size_bytes for form, file in made.card.files.items()},
            }
            sys.stdout.write(json.dumps(line) + "\n")
    except ModelError as error:
        sys.stderr.write(f"{error} {error.next_step}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
