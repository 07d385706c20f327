"""Writes a network as ONNX from the torch module that runs it, and proves that both agree.

For architectures that are not stated here node by node. What torch's exporter makes is held
against the module on pictures of several sizes; a network whose graph holds only at the size that
it was traced at (windows, fixed tables) is refused, because it would be wrong at every other.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]  # it ships no types
import torch
from safetensors.torch import load as load_safetensors
from torch import nn

from models import weights
from models.errors import ExportError
from models.nets.build import built
from models.spec import NetworkCard, WeightsFormat

OPSET = 17
LARGEST_DIFFERENCE = 1e-4
"""The parity limit, in units of full scale: a 39th of an 8-bit step."""
TRACED_SIZE = (32, 40)
PARITY_SIZES = ((32, 40), (24, 24), (40, 56))


@dataclass(frozen=True, slots=True)
class Traced:
    """An ONNX file and the largest difference from torch that was found."""

    content: bytes
    largest_difference: float


def traced(card: NetworkCard) -> Traced:
    """Export an installed network. Raises ExportError where the graph is not the network.

    Also raises WeightsError and EngineError as loading it does.
    """
    content = weights.read_verified(card, WeightsFormat.SAFETENSORS)
    network = built(card, load_safetensors(content)).eval()
    planes = card.channels.planes
    exported = _exported(card, network, planes)
    session = ort.InferenceSession(exported, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(1)
    largest = 0.0
    for height, width in PARITY_SIZES:
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
    return Traced(exported, largest)


def _exported(card: NetworkCard, network: nn.Module, planes: int) -> bytes:
    buffer: Any = io.BytesIO()  # taken as well, and not in the stubs
    free = {0: "n", 2: "h", 3: "w"}
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")  # the tracer warns of every constant; parity judges
            torch.onnx.export(
                network,
                (torch.zeros(1, planes, *TRACED_SIZE),),
                buffer,
                input_names=["input"],
                output_names=["output"],
                dynamic_axes={"input": free, "output": free},
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
