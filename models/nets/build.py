"""From a card to the torch module that it describes, empty of weights.

Refuses what makes no picture and what only an optional library defines.
"""

from __future__ import annotations

from torch import nn

from models.errors import EngineError
from models.nets.compact import CompactShape, PlainCompactNet
from models.nets.prelu_compact import PReluCompactNet, PReluShape
from models.spec import CompactArchitecture, NetworkCard, PReluArchitecture


def build(card: NetworkCard) -> nn.Module:
    """Return the module of the card's architecture and scale. Raises EngineError."""
    match card.architecture:
        case CompactArchitecture(features, depth):
            return PlainCompactNet(CompactShape(features, depth, card.scale))
        case PReluArchitecture(features, depth):
            return PReluCompactNet(PReluShape(features, depth, card.scale))
        case other:
            raise EngineError(
                f"{card.name} is no network that torch runs here ({type(other).__name__})",
                next_step="Choose another engine, or another network.",
            )
