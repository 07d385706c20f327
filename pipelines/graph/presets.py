"""The presets: policies over what operations state about themselves.

`forensic-safe` admits conventional operations with given parameters under ceilings;
`balanced` adds estimated parameters and trained networks; `presentation` adds generative
ones. A refusal names the operation, its class and the first preset that would admit it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.errors import PolicyError
from pipelines.graph.descriptors import Descriptor, OperationClass, Parameters, ParameterSource
from pipelines.graph.spec import Preset


@dataclass(frozen=True, slots=True)
class Policy:
    """What one preset admits, and how it delivers."""

    preset: Preset
    classes: frozenset[OperationClass]
    sources: frozenset[ParameterSource]
    ceilings: bool
    lossless: bool


POLICIES: Mapping[Preset, Policy] = {
    Preset.FORENSIC_SAFE: Policy(
        preset=Preset.FORENSIC_SAFE,
        classes=frozenset({OperationClass.CONVENTIONAL}),
        sources=frozenset({ParameterSource.GIVEN}),
        ceilings=True,
        lossless=True,
    ),
    Preset.BALANCED: Policy(
        preset=Preset.BALANCED,
        classes=frozenset({OperationClass.CONVENTIONAL, OperationClass.TRAINED}),
        sources=frozenset(ParameterSource),
        ceilings=False,
        lossless=False,
    ),
    Preset.PRESENTATION: Policy(
        preset=Preset.PRESENTATION,
        classes=frozenset(OperationClass),
        sources=frozenset(ParameterSource),
        ceilings=False,
        lossless=False,
    ),
}


def check_admitted(
    policy: Policy,
    descriptor: Descriptor[Parameters],
    parameters: Parameters,
    *,
    operation_class: OperationClass,
    field: str,
) -> None:
    """Raise PolicyError when the policy does not admit the operation with these parameters.

    `operation_class` is the effective class: the network's own where one is named.
    """
    admitted_by = [
        other.preset.value
        for other in POLICIES.values()
        if not _objections(other, descriptor, parameters, operation_class)
    ]
    objections = _objections(policy, descriptor, parameters, operation_class)
    if not objections:
        return
    advice = (
        f"Preset {admitted_by[0]} would admit it."
        if admitted_by
        else "No preset admits it with these parameters."
    )
    raise PolicyError(
        f"{descriptor.name} ({operation_class.value}) is not admitted by {policy.preset.value}: "
        f"{'; '.join(objections)}",
        field=field,
        next_step=advice,
    )


def _objections(
    policy: Policy,
    descriptor: Descriptor[Parameters],
    parameters: Parameters,
    operation_class: OperationClass,
) -> list[str]:
    found = []
    if operation_class not in policy.classes:
        admitted = ", ".join(c.value for c in OperationClass if c in policy.classes)
        found.append(f"it admits {admitted} operations only")
    if descriptor.parameter_source not in policy.sources:
        found.append("it admits given parameters only, and these are estimated")
    if policy.ceilings:
        found.extend(_above_ceiling(descriptor, parameters))
    return found


def _above_ceiling(descriptor: Descriptor[Parameters], parameters: Parameters) -> list[str]:
    found = []
    for name, ceiling in descriptor.ceilings.items():
        value = getattr(parameters, name)
        if value is not None and not ceiling.least <= value <= ceiling.most:
            found.append(f"{name} {value:g} is outside {ceiling.least:g} to {ceiling.most:g}")
    return found
