"""The sentences that the product prints because they are true, and when each one applies.

The words are fixed. They are neither shortened nor softened anywhere, and a report carries
exactly those that apply to its facts.
"""

from __future__ import annotations

from pipelines.evidence.verdict import SENTENCE as VERIFY
from pipelines.stages.export.fact_types import Facts, Text
from pipelines.stages.export.facts import PresetName, ReportFacts
from pipelines.stages.export.facts_quality import MapKind
from pipelines.stages.export.facts_steps import ScoreFacts, StepFacts

PROFILE = (
    "Conventional-processing profile. It limits which operations were allowed; it says nothing "
    "about accuracy or admissibility."
)
TRAINED = (
    "Contains content predicted from other images. Not for reading characters or for "
    "identifying or comparing persons."
)
CONSISTENCY = (
    "Shows where the result, reduced by the stated degradation, disagrees with the input. A low "
    "value does not show that detail is genuine."
)
SUPPLIED = (
    "Shows where the result differs from a plain reconstruction of the input: detail that the "
    "input neither supports nor refutes. Detail that never was in the scene can agree with the "
    "input exactly; this map shows it no differently from detail that was."
)

_PRESETS: dict[PresetName, str] = {
    "forensic-safe": PROFILE,
    "balanced": (
        "Balanced preset. It allows conventional operations and networks trained for fidelity; "
        "it says nothing about accuracy or admissibility."
    ),
    "presentation": (
        "Presentation preset. It allows generative operations, which may invent content; it says "
        "nothing about accuracy or admissibility."
    ),
}


class Sentence(Facts):
    """One sentence and the name of the rule that it stands for."""

    name: Text
    text: Text


def preset_sentence(preset: PresetName) -> str:
    """Return what the preset allows, and what that does not mean."""
    return _PRESETS[preset]


def fusion(frames: str, residual: str) -> str:
    """Return the sentence for an operation that mixes `frames`, aligned to within `residual`."""
    return (
        f"Combines frames {frames}; registration residual {residual}; "
        "improvement is not guaranteed."
    )


def gate(judged_set: str, pictures: int) -> str:
    """Return the sentence that goes with every score of a network on a validation set."""
    return (
        f"Performance on validation set {judged_set} (n = {pictures}); "
        "not an error rate for this image."
    )


def time(rate: str) -> str:
    """Return the sentence for a clip without timing, of which `rate` frames/s was assumed."""
    return (
        f"The file carries no timing; {rate} fps assumed. "
        "Derive no duration, speed or time of event."
    )


def sentences_for(facts: ReportFacts) -> tuple[Sentence, ...]:
    """Return the sentences that apply to `facts`, in the order in which they are printed.

    profile under `forensic-safe`; trained where a network made samples; fusion once for each
    different way of mixing frames; consistency and supplied where such a map was measured;
    gate for each validation set whose scores are printed; time where timing was assumed;
    verify always.
    """
    found: list[Sentence] = []
    if facts.preset == "forensic-safe":
        found.append(Sentence(name="profile", text=PROFILE))
    if facts.trained:
        found.append(Sentence(name="trained", text=TRAINED))
    found.extend(Sentence(name="fusion", text=_fusion(step)) for step in facts.mixing_steps)
    if facts.quality.measured(MapKind.CONTRADICTION):
        found.append(Sentence(name="consistency", text=CONSISTENCY))
    if facts.quality.measured(MapKind.SUPPLIED):
        found.append(Sentence(name="supplied", text=SUPPLIED))
    for network in facts.networks:
        found.extend(Sentence(name="gate", text=_gate(score)) for score in network.scores)
    if facts.assumed_rate is not None:
        found.append(Sentence(name="time", text=time(facts.assumed_rate)))
    found.append(Sentence(name="verify", text=VERIFY))
    return tuple(dict.fromkeys(found))


def _fusion(step: StepFacts) -> str:
    before, after = step.reach.before, step.reach.after
    first = f"n-{before}" if before else "n"
    last = f"n+{after}" if after else "n"
    residual = step.registration_residual or "not measured (frames were not aligned)"
    return fusion(f"{first} to {last} for each frame n", residual)


def _gate(score: ScoreFacts) -> str:
    return gate(score.judged_set, score.pictures)
