"""Writes a network as ONNX from the torch module that runs it, and proves that both agree.

For architectures that are not stated here node by node. What torch's exporter makes is held
against the module on pictures of several sizes; a graph that holds only at the size that it was
traced at (fixed tables) is refused, because it would be wrong at every other.

A network that works in windows (`aligned`) computes its windows while it is traced, so its graph is
that of one size. It is written for one size alone, and the card that goes with it says so: its rule
is `fixed`, by which every tile has exactly that size.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]  # it ships no types
import torch
from safetensors.torch import load as load_safetensors
from torch import nn

from models import weights
from models.errors import ExportError
from models.nets.build import built
from models.spec import NetworkCard, TilingKind, TilingRule, WeightsFormat

OPSET = 17
LARGEST_DIFFERENCE = 1e-4
"""The parity limit, in units of full scale: a 39th of an 8-bit step."""
PARITY_SIZES = ((32, 40), (24, 24), (40, 56))
FIXED_WINDOWS = 8
"""Windows along each side of a graph that is written for one size: 64 samples for windows of 8."""


@dataclass(frozen=True, slots=True)
class Traced:
    """An ONNX file, the card that it runs by, and the largest difference from torch found."""

    content: bytes
    card: NetworkCard
    largest_difference: float


def traced(card: NetworkCard, *, windows: int = FIXED_WINDOWS) -> Traced:
    """Export an installed network. Raises ExportError where the graph is not the network.

    `windows` is how many of them a side has that is written for one size.

    Also raises WeightsError and EngineError as loading it does.
    """
    content = weights.read_verified(card, WeightsFormat.SAFETENSORS)
    network = built(card, load_safetensors(content)).eval()
    planes = card.channels.planes
    sized = card.tiling.kind is TilingKind.ALIGNED
    side = card.tiling.window * windows
    sizes = ((side, side),) * 3 if sized else PARITY_SIZES
    exported = _exported(card, network, (planes, *sizes[0]), free=not sized)
    largest = _compared(card, network, exported, [(planes, *one) for one in sizes])
    if sized:
        reach = min(card.tiling.reach, side // 4)
        card = replace(card, tiling=TilingRule.fixed(side, reach))
    return Traced(exported, card, largest)


def _compared(
    card: NetworkCard, network: nn.Module, exported: bytes, shapes: Sequence[tuple[int, int, int]]
) -> float:
    """The largest difference between graph and module over random pictures of these shapes."""
    session = ort.InferenceSession(exported, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(1)
    largest = 0.0
    for planes, height, width in shapes:
        batch = rng.random((1, planes, height, width), dtype=np.float32)
        with torch.inference_mode():
            expected = network(torch.from_numpy(batch)).numpy()
        try:
            (made,) = session.run(["output"], {"input": batch})
        except Exception as error:
            raise ExportError(
                f"the graph of {card.name} does not run at {width}x{height}",
                next_step="Run it with torch; its graph holds at one size alone.",
            ) from error
        apart = float(np.abs(made - expected).max()) if made.shape == expected.shape else 1.0
        if not apart <= LARGEST_DIFFERENCE:
            raise ExportError(
                f"the graph of {card.name} and torch differ by {apart:.3g} at {width}x{height}",
                next_step="Run it with torch; its graph is another function.",
            )
        largest = max(largest, apart)
    return largest


def _exported(
    card: NetworkCard, network: nn.Module, shape: tuple[int, int, int], *, free: bool
) -> bytes:
    """Trace a network at one size; `free` leaves height and width open in the graph."""
    buffer: Any = io.BytesIO()  # taken as well, and not in the stubs
    open_axes = {0: "n", 2: "h", 3: "w"} if free else {0: "n"}
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")  # the tracer warns of every constant; parity judges
            torch.onnx.export(
                network,
                (torch.zeros(1, *shape),),
                buffer,
                input_names=["input"],
                output_names=["output"],
                dynamic_axes={"input": open_axes, "output": open_axes},
                opset_version=OPSET,
                dynamo=False,
            )
    except Exception as error:
        line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ExportError(
            f"torch cannot write {card.name} as ONNX: {line}",
            next_step="Run it with torch.",
        ) from error
    return bytes(buffer.getvalue())
