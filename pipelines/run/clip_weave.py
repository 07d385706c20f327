"""Woven frames meet no operation that takes them for pictures, unless a person says why.

Judged before anything runs, from what was measured of the clip's fields. What cannot be judged,
because nothing moves, is admitted: where nothing moves the two fields are one picture.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipelines.analysis.fields import Fields, FrameKind, Weave
from pipelines.errors import UnsupportedError
from pipelines.graph.descriptors import FieldUse, FrameRate
from pipelines.graph.operation_fields import FirstField
from pipelines.graph.validate import CheckedGraph, Step
from pipelines.stages.enhance import frame_change

_OVERRIDE = (
    "or say why it is right all the same with `despite_fields` beside the operations; the reason "
    "is on record."
)
_GIVEN = {
    "progressive": Weave.PROGRESSIVE,
    "top-first": Weave.TOP_FIRST,
    "bottom-first": Weave.BOTTOM_FIRST,
}
"""What a person's word counts as, whatever was measured."""
_MEASURED_ORDER = {
    Weave.TOP_FIRST: FirstField.TOP,
    Weave.BOTTOM_FIRST: FirstField.BOTTOM,
}


def require_fields(checked: CheckedGraph, fields: Fields) -> None:
    """Raise UnsupportedError where operations do not suit what the clip's frames are.

    An order of fields that a person gave counts in place of the measured one.
    """
    if checked.despite_fields is not None or not checked.steps:
        return
    given = checked.ingest.overrides.field_order
    if given is not None:
        fields = replace(fields, weave=_GIVEN[given.value])
    first = checked.steps[0]
    if first.descriptor.fields is FieldUse.UNWEAVES:
        _require_order(first, fields)
        _require_cycle(first, fields)
        return
    if not fields.weave.is_woven:
        return
    for step in checked.steps:
        if step.descriptor.fields is FieldUse.REFUSES:
            raise UnsupportedError(
                f"{step.descriptor.name} takes frames for pictures, and these are woven of two "
                f"fields ({measured_words(fields)}).",
                next_step=f"Make separate_fields{_advice(fields)} the first operation, {_OVERRIDE}",
            )


def measured_words(fields: Fields) -> str:
    """The finding and the numbers that it rests on, for a person."""
    woven = sum(
        fields.kinds.get(kind, 0)
        for kind in (FrameKind.TOP_FIRST, FrameKind.BOTTOM_FIRST, FrameKind.MIXED)
    )
    shown = woven + fields.kinds.get(FrameKind.PROGRESSIVE, 0)
    return f"measured: {fields.weave.value}, {woven} of {shown} frames that show anything"


def _advice(fields: Fields) -> str:
    """How to take the clip apart, in brackets; film is put together again."""
    if fields.weave is Weave.TELECINED:
        return f", or inverse_telecine with first_frame {fields.cycle_start},"
    order = _MEASURED_ORDER.get(fields.weave)
    return "" if order is None else f" with first_field {order.value}, or deinterlace,"


def _require_order(step: Step, fields: Fields) -> None:
    """The stated order is not the opposite of the one that was measured."""
    parameters: Any = step.parameters
    measured = _MEASURED_ORDER.get(fields.weave)
    if measured is not None and parameters.first_field is not measured:
        raise UnsupportedError(
            f"{step.descriptor.name} was told that the {parameters.first_field.value} field comes "
            f"first; the clip's samples show the opposite ({measured_words(fields)}).",
            next_step=f"Set first_field to {measured.value}, {_OVERRIDE}",
        )


def _require_cycle(step: Step, fields: Fields) -> None:
    """Film is put together where film was found, and at the phase that was found."""
    change = frame_change(step)
    if change.rate is not FrameRate.FOUR_OF_FIVE:
        return
    if fields.weave is not Weave.TELECINED:
        raise UnsupportedError(
            f"{step.descriptor.name}: there is no cycle of five frames ({measured_words(fields)}).",
            next_step=f"Use deinterlace or separate_fields, {_OVERRIDE}",
        )
    if change.cycle_start != fields.cycle_start:
        raise UnsupportedError(
            f"{step.descriptor.name} was told that frame {change.cycle_start} begins a cycle; "
            f"measured was frame {fields.cycle_start}.",
            next_step=f"Set first_frame to {fields.cycle_start}, {_OVERRIDE}",
        )
