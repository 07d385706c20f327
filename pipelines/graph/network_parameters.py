"""What operations say about the network that they run: its catalog name, and what it must do."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from models import catalog
from models.errors import ModelError
from models.spec import Task
from pipelines.graph.descriptors import Parameters, Reach

NetworkName = Annotated[str, Field(min_length=1, max_length=64)]


class NetworkParameters(Parameters):
    """Base of the parameters of what a network does at the picture's own size."""

    task: ClassVar[Task]

    model: NetworkName

    @model_validator(mode="after")
    def _fits(self) -> Self:
        require_network(self.model, task=self.task, scale=1)
        return self


def require_network(model: str, *, task: Task, scale: int) -> None:
    """Raise ValueError when the catalog's network of that name does something else.

    A name that the catalog cannot resolve passes: whoever checks the graph looks the card up
    and says what is wrong with it.
    """
    try:
        card = catalog.card(model)
    except ModelError:
        return
    if card.task is not task:
        raise ValueError(f"{model} is a network for {card.task.value}, not for {task.value}")
    if card.scale != scale:
        raise ValueError(f"{model} enlarges {card.scale} times, not {scale} times")


def network_reach(model: str) -> int:
    """Read from its card how many samples on each side a network sees. Raises ModelError."""
    return catalog.card(model).tiling.sight


def network_sight(parameters: NetworkParameters) -> Reach:
    """Look as far as the network does."""
    return Reach(pixels=network_reach(parameters.model))
