"""What a result is held against: its forward model and its plain counterpart, as operations.

*Degraded again*: every operation of a chain declares a forward model, and from last to first
they lead from the result back to the samples that came in. Neighbouring changes of size count
as one, a single reduction from the last size to the first, for a picture that was reduced and
enlarged again says nothing about the steps between. One operation without a forward model
leaves the whole chain without one: half a way back ends nowhere.

*Plain*: the same chain with interpolation in place of networks that enlarge, and without the
operations that add or remove detail. It never mixes frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from pipelines.graph.descriptors import Descriptor, ForwardModel, Parameters, PlainForm
from pipelines.operations.axis import Kernel
from pipelines.operations.base import Operation
from pipelines.operations.region_only import RegionOnly
from pipelines.operations.registry import MODULES
from pipelines.operations.resize import Resize

_AT_THE_BORDER = (
    "at the border of its region, samples that were changed and samples that were not are mixed, "
    "which cannot be taken apart"
)


@dataclass(frozen=True, slots=True)
class Applied:
    """One operation of a chain, with the facts and parameters that it was bound from."""

    descriptor: Descriptor[Parameters]
    parameters: Parameters
    operation: Operation

    @property
    def forward(self) -> ForwardModel:
        """The forward model that the operation declares."""
        return self.descriptor.consistency.forward

    @property
    def changes_size(self) -> bool:
        """Whether the way back is a reduction, which neighbours are taken together for."""
        return self.forward in (ForwardModel.AREA, ForwardModel.CUBIC)


@dataclass(frozen=True, slots=True)
class Way:
    """Operations to run one after the other, and in words what they are."""

    operations: tuple[Operation, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoWay:
    """Why there is nothing to hold a result against, for a person."""

    reason: str


def degraded_again(chain: Sequence[Applied]) -> Way | NoWay:
    """Lead from a result back to the samples that came in."""
    if not chain:
        return NoWay("No operation was applied")
    way: list[Operation] = []
    words: list[str] = []
    for run in _runs(chain):
        found = _reduced(run) if run[0].changes_size else _backwards(run[0])
        if isinstance(found, NoWay):
            return found
        way.extend(found.operations)
        words.extend(found.words)
    return Way(tuple(way), tuple(words))


def plain_counterpart(chain: Sequence[Applied]) -> Way | NoWay:
    """Make the plain chain; there is none where the chain itself is plain already."""
    if not chain:
        return NoWay("No operation was applied")
    forms = [one.descriptor.consistency.plain for one in chain]
    if all(form is PlainForm.ITSELF for form in forms):
        return NoWay(
            "Every operation is an interpolation, a cut or a stated curve: the result is its own "
            "plain reconstruction, and this map would be empty by definition"
        )
    for one in chain:
        if one.descriptor.consistency.plain is PlainForm.NONE:
            return NoWay(f"{one.descriptor.name}: {one.descriptor.consistency.reason}")
    way: list[Operation] = []
    words: list[str] = []
    for one, form in zip(chain, forms, strict=True):
        name, operation = one.descriptor.name, one.operation
        if form is PlainForm.LEFT_OUT:
            words.append(f"{name}: left out")
        elif form is PlainForm.INTERPOLATED:
            way.append(Resize(operation.source, operation.result, Kernel.CUBIC))
            words.append(f"{name}: {form.value} instead")
        else:
            way.append(operation)
            words.append(f"{name}: as it was applied")
    return Way(tuple(way), tuple(words))


def _runs(chain: Sequence[Applied]) -> list[list[Applied]]:
    """Group neighbouring changes of size, everything else alone; all from last to first."""
    runs: list[list[Applied]] = []
    for one in reversed(chain):
        if runs and one.changes_size and runs[-1][0].changes_size:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _backwards(one: Applied) -> Way | NoWay:
    """Read one operation that keeps the size, or a cut, backwards."""
    name = one.descriptor.name
    if one.forward is ForwardModel.NONE:
        return NoWay(f"{name}: {one.descriptor.consistency.reason}")
    if one.forward is ForwardModel.SAME:
        return Way((), (f"{name}: {one.forward.value}",))
    held = one.operation if isinstance(one.operation, RegionOnly) else None
    if held is not None and (held.drawn.feather or one.forward is not ForwardModel.INVERSE):
        return NoWay(f"{name}: {_AT_THE_BORDER}")
    module = import_module(MODULES[name])
    operation = one.operation if held is None else held.inner
    found = cast("Operation | None", module.backwards(one.parameters, operation))
    if found is None:
        return NoWay(f"{name}: with subsampled chroma it has no exact inverse")
    if held is not None:
        found = RegionOnly(found, held.drawn)
    return Way((found,), (f"{name}: {one.forward.value}",))


def _reduced(steps: Sequence[Applied]) -> Way | NoWay:
    """Reduce from the last size of a run to its first, by one filter; `steps` are last to first."""
    names = " and ".join(one.descriptor.name for one in reversed(steps))
    last, first = steps[0].operation.result, steps[-1].operation.source
    if last.width < first.width or last.height < first.height:
        return NoWay(f"{names}: the result has fewer samples than what came in")
    cubic = any(one.forward is ForwardModel.CUBIC for one in steps)
    model = ForwardModel.CUBIC if cubic else ForwardModel.AREA
    kernel = Kernel.CUBIC if cubic else Kernel.AREA
    size = f"{last.width} x {last.height} to {first.width} x {first.height}"
    return Way((Resize(last, first, kernel),), (f"{names}: {model.value}, {size}",))
