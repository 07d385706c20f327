"""The one file that knows spandrel, the optional library of the field's architectures.

It defines what we do not define ourselves (RRDB, NAFNet, SwinIR, SPAN, GFPGAN, RestoreFormer) and
reads every size from the tensors. Only tensors are given to it: its own reader of pickles is never
called. Non-commercial architectures are in another package of its makers. It is no requirement of
ours in any extra, and is imported only for a card that says non-commercial, where a person has put
it: `evident run` then asks for a recorded permission as well.

Networks that restore faces are called as their makers call them, on samples of -1..1. The library's
own way hands two of them 0..1, and draws new noise for every run of one, so that no run could be
repeated; here that one takes the noise that its makers stored with the weights.

spandrel imports torchvision, whose wheel expects operators of its CUDA build and fails beside a
torch without them; naming the two operators first lets it import. Nothing here calls them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from importlib import util
from typing import Any, cast

import torch
from torch import Tensor, nn

from models.errors import EngineError, EngineUnavailableError
from models.spec import ForeignArchitecture, NetworkCard, SampleRange, Use

INSTALL = "Install the foreign extra: python -m pip install 'evident[foreign]'."
NON_COMMERCIAL = "spandrel_extra_arches"
"""The package of architectures whose code is under non-commercial terms."""
_FACES: Mapping[str, Callable[[Any, Tensor], Tensor]] = {
    "GFPGAN": lambda network, x: cast(
        "Tensor", network(x, return_rgb=False, randomize_noise=False)[0]
    ),
    "RestoreFormer": lambda network, x: cast("Tensor", network(x)[0]),
    "CodeFormer": lambda network, x: cast("Tensor", network(x)[0]),
}
"""How a network of faces is called; all of them take and give -1..1."""
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


class FaceNet(nn.Module):
    """A network of aligned faces: (N, 3, 512, 512) in -1..1 to the same, not clamped."""

    channels_last = False
    """Their layers look at memory in the plain order, and some have kernels of five dimensions."""

    def __init__(self, model: nn.Module, call: Callable[[Any, Tensor], Tensor]) -> None:
        super().__init__()
        self.model = model
        self._call = call

    def forward(self, x: Tensor) -> Tensor:
        """Compute (N, 3, H, W) from (N, 3, H, W)."""
        return self._call(self.model, x)


def foreign_network(card: NetworkCard, tensors: Mapping[str, Tensor]) -> nn.Module:
    """Make the network on `card` from its tensors.

    Raises EngineUnavailableError where the library is absent, EngineError where the tensors are
    no network of the card's architecture, scale, colours and samples.
    """
    architecture = card.architecture
    if not isinstance(architecture, ForeignArchitecture):
        raise EngineError(f"{card.name} is no network of another library")
    call = _FACES.get(architecture.name)
    taken = SampleRange.UNIT if call is None else SampleRange.SIGNED
    if card.samples is not taken:
        raise EngineError(
            f"{card.name}: {architecture.name} takes samples of {taken}, its card says "
            f"{card.samples}",
            next_step="Restore the card from the release.",
        )
    registry, identity = _library(card)
    entry = registry.get(identity(architecture.name))
    if entry is None:
        raise EngineUnavailableError(
            f"no library that is installed defines {architecture.name}, which {card.name} is",
            next_step=f"The package {NON_COMMERCIAL} defines more of them; its code is under "
            "terms that may forbid your use, so it has to be installed by hand.",
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
    return ForeignNet(described) if call is None else FaceNet(described.model, call)


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
        if card.use is Use.NON_COMMERCIAL and util.find_spec(NON_COMMERCIAL) is not None:
            importlib.import_module(NON_COMMERCIAL).install(ignore_duplicates=True)
    except (ImportError, OSError, RuntimeError) as error:
        raise EngineUnavailableError(
            f"{card.name} needs spandrel, which does not import ({_first_line(error)})",
            next_step=INSTALL,
        ) from error
    return spandrel.MAIN_REGISTRY, spandrel.ArchId


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
