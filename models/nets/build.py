"""From a card and its tensors to the torch module that the card describes, ready to run.

Refuses what makes no picture, and tensors that are not those of the architecture.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from models.errors import EngineError
from models.nets.compact import CompactShape, PlainCompactNet
from models.nets.prelu_compact import PReluCompactNet, PReluShape
from models.spec import (
    CompactArchitecture,
    ForeignArchitecture,
    NetworkCard,
    PReluArchitecture,
)


def built(card: NetworkCard, tensors: Mapping[str, Tensor]) -> nn.Module:
    """Return the module of the card with its weights.

    Raises EngineError, or EngineUnavailableError where an optional library defines it.
    """
    match card.architecture:
        case CompactArchitecture(features, depth):
            network: nn.Module = PlainCompactNet(CompactShape(features, depth, card.scale))
        case PReluArchitecture(features, depth):
            network = PReluCompactNet(PReluShape(features, depth, card.scale))
        case ForeignArchitecture():
            from models.nets.foreign import foreign_network  # noqa: PLC0415 - optional, heavy

            return foreign_network(card, tensors)
        case other:
            raise EngineError(
                f"{card.name} is no network that torch runs here ({type(other).__name__})",
                next_step="Choose another engine, or another network.",
            )
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise EngineError(
            f"the weights of {card.name} do not fit the architecture on its card",
            next_step="Restore the network's files.",
        ) from error
    return network
