"""From a checked step of a graph to an operation that runs.

The module of an operation is imported when it is first built, so that a process that only
resizes never pays for the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Protocol, cast

from pipelines.errors import GraphError
from pipelines.graph.descriptors import Parameters
from pipelines.graph.operation_table import OPERATIONS
from pipelines.media.picture import FrameShape
from pipelines.operations.base import NetworkSource, Operation


class _Builder(Protocol):
    """What every operation's module offers as `build`."""

    def __call__(
        self, parameters: Parameters, source: FrameShape, networks: NetworkSource, /
    ) -> Operation: ...


MODULES: Mapping[str, str] = MappingProxyType(
    {name: f"pipelines.operations.{name}" for name in OPERATIONS}
)
"""Where each operation lives: the file has the operation's name."""


def build(
    name: str, parameters: Parameters, source: FrameShape, *, networks: NetworkSource
) -> Operation:
    """Bind the operation `name` to pictures of shape `source`.

    Raises GraphError for an unknown name or parameters of another operation, RequestError for
    what this picture does not allow, and what `networks` raises for a network.
    """
    if name not in OPERATIONS:
        raise GraphError(
            f"there is no operation {name!r}",
            next_step="Operations are: " + ", ".join(sorted(OPERATIONS)) + ".",
        )
    if not isinstance(parameters, OPERATIONS[name].parameters):
        raise GraphError(f"{name}: these are the parameters of another operation")
    builder = cast("_Builder", import_module(MODULES[name]).build)
    return builder(parameters, source, networks)
