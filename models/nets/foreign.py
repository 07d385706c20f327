"""The one file that knows spandrel, the optional library of the field's architectures.

It defines what we do not define ourselves (RRDB, NAFNet, SwinIR, SPAN, GFPGAN, RestoreFormer) and
reads every size from the tensors. Only tensors are given to it: its own reader of pickles is never
called. Non-commercial architectures are in another package of its makers, which is not looked for.

spandrel imports torchvision, whose wheel expects operators of its CUDA build and fails beside a
torch without them; naming the two operators first lets it import. Nothing here calls them.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from models.errors import EngineError, EngineUnavailableError
from models.spec import ForeignArchitecture, NetworkCard

INSTALL = "Install the foreign extra: python -m pip install 'evident[foreign]'."
_OPERATORS = ("nms", "qnms")
_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


class ForeignNet(nn.Module):
    """A network of spandrel's: (N, 3, H, W) in 0..1 to (N, 3, scale*H, scale*W).

    Sides that the architecture cannot take are padded by the library and cut off again; it
    clamps what comes out to 0..1.
    """

    def __init__(self, described: Any) -> None:
        super().__init__()
        self.model: nn.Module = described.model
        self._described = [described]  # a list, so that it is no submodule

    def forward(self, x: Tensor) -> Tensor:
        """Compute (N, 3, scale*H, scale*W) from (N, 3, H, W)."""
        return cast("Tensor", self._described[0](x))


def foreign_network(card: NetworkCard, tensors: Mapping[str, Tensor]) -> ForeignNet:
    """Make the network on `card` from its tensors.

    Raises EngineUnavailableError where the library is absent, EngineError where the tensors are
    no network of the card's architecture, scale and colours.
    """
    architecture = card.architecture
    if not isinstance(architecture, ForeignArchitecture):
        raise EngineError(f"{card.name} is no network of another library")
    registry, identity = _library(card)
    entry = registry.get(identity(architecture.name))
    if entry is None:
        raise EngineUnavailableError(
            f"the installed spandrel defines no {architecture.name}, which {card.name} is",
            next_step="Install the plug-in that does; its licence may forbid your use.",
        )
    try:
        described = entry.architecture.load(dict(tensors))
    except Exception as error:
        raise EngineError(
            f"the weights of {card.name} are no {architecture.name}: {_first_line(error)}",
            next_step="Restore the network's files.",
        ) from error
    stated = (card.scale, card.channels.planes, card.channels.planes)
    found = (described.scale, described.input_channels, described.output_channels)
    if stated != found:
        raise EngineError(f"{card.name}: scale and channels are {found}, its card says {stated}")
    return ForeignNet(described)


def _library(card: NetworkCard) -> tuple[Any, Any]:
    """Import spandrel; returns its registry and what makes a name of an architecture."""
    operators: Any = torch.library  # its functions state no types
    holder = operators.Library("torchvision", "FRAGMENT")
    for name in _OPERATORS:
        try:
            holder.define(f"{name}{_SCHEMA}")
        except RuntimeError:
            continue  # torchvision came first, and has it
    try:
        spandrel = importlib.import_module("spandrel")
    except (ImportError, OSError, RuntimeError) as error:
        raise EngineUnavailableError(
            f"{card.name} needs spandrel, which does not import ({_first_line(error)})",
            next_step=INSTALL,
        ) from error
    return spandrel.MAIN_REGISTRY, spandrel.ArchId


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
