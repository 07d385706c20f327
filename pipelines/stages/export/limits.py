"""What may not be concluded from a result, in plain sentences that follow from the facts."""

from __future__ import annotations

from pipelines.graph.descriptors import ParameterSource
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_quality import MapKind
from pipelines.stages.export.words import Words


def enlarged(facts: ReportFacts) -> bool:
    """Whether the result has more samples than the source."""
    delivered, received = facts.delivered, facts.received
    return delivered.width * delivered.height > received.width * received.height


def limits_of(facts: ReportFacts, words: Words) -> tuple[str, ...]:
    """Return the limits that apply to `facts`, the most general first."""
    steps = any(step.parameter_source is ParameterSource.ESTIMATED for step in facts.steps)
    estimated = steps or bool(facts.fusions)
    ungated = any(network.gate != "passed" for network in facts.networks)
    limits = words.limits
    rules = (
        (True, limits.not_the_recording),
        (not facts.steps, limits.no_operation),
        (enlarged(facts), limits.enlarged),
        (bool(facts.mixing_steps), limits.mixed),
        (any(facts.quality.measured(kind) for kind in MapKind), limits.agreement),
        (estimated, limits.estimated),
        (ungated, limits.ungated),
        (facts.delivered.lossless is False, limits.lossy),
        (True, limits.not_measured),
        (True, limits.before_receipt),
        (True, limits.repeatable),
        (True, limits.display),
    )
    return tuple(text for applies, text in rules if applies)
