"""What may not be concluded from a result, in plain sentences that follow from the facts."""

from __future__ import annotations

from pipelines.graph.descriptors import ParameterSource
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_quality import MapKind

BEFORE_RECEIPT = (
    "Nothing is said about the time before receipt: who recorded the file, when and where, and "
    "whether it was altered before."
)
NOT_THE_RECORDING = (
    "The result is a processed copy, not the recording. Where the two differ, look at the file as "
    "received."
)
NOT_MEASURED = (
    "No size, distance, speed, colour or time was measured, and no person or object was compared "
    "or identified."
)
REPEATABLE = (
    "That the same plan gives the same samples again shows what was done. It does not show that "
    "what was done was right."
)
DISPLAY = (
    "The pictures in this report are converted for display and may look different on paper and "
    "on other screens. Judge from the files."
)
UNGATED = (
    "At least one network has not been judged on a golden set for this engine, precision and "
    "device: it is ungated."
)
LOSSY = (
    "The delivered file is coded with loss: its samples differ slightly from those that the "
    "operations computed."
)
MIXED = (
    "A frame of the result holds samples of neighbouring frames. What moves, appears or "
    "disappears between them may leave traces or be weakened."
)
AGREEMENT = (
    "Where the result agrees with the input it may still be wrong: what is shown beyond the "
    "input's own detail was computed, and many pictures agree with one input."
)
ESTIMATED = "Some parameters were estimated by software from the picture itself."
ENLARGED = (
    "The result has more samples than the source. Samples that were added were computed, not "
    "recorded."
)
NO_OPERATION = (
    "No operation was applied. The samples handed to the encoder are those that were decoded."
)


def limits_of(facts: ReportFacts) -> tuple[str, ...]:
    """Return the limits that apply to `facts`, the most general first."""
    enlarged = facts.delivered.width * facts.delivered.height > (
        facts.received.width * facts.received.height
    )
    estimated = any(step.parameter_source is ParameterSource.ESTIMATED for step in facts.steps)
    ungated = any(network.gate != "passed" for network in facts.networks)
    rules = (
        (True, NOT_THE_RECORDING),
        (not facts.steps, NO_OPERATION),
        (enlarged, ENLARGED),
        (bool(facts.mixing_steps), MIXED),
        (any(facts.quality.measured(kind) for kind in MapKind), AGREEMENT),
        (estimated, ESTIMATED),
        (ungated, UNGATED),
        (facts.delivered.lossless is False, LOSSY),
        (True, NOT_MEASURED),
        (True, BEFORE_RECEIPT),
        (True, REPEATABLE),
        (True, DISPLAY),
    )
    return tuple(text for applies, text in rules if applies)
