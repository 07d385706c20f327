"""The sentences that the product prints because they are true, and when each one applies.

The words are fixed, in every language (`words/*/truths.py`). They are neither shortened nor
softened anywhere, and a report carries exactly those that apply to its facts.
"""

from __future__ import annotations

from pipelines.stages.export.fact_types import Facts, Text
from pipelines.stages.export.facts import PresetName, ReportFacts
from pipelines.stages.export.facts_fusion import FusionFacts
from pipelines.stages.export.facts_quality import MapKind
from pipelines.stages.export.facts_steps import ScoreFacts, StepFacts
from pipelines.stages.export.words import Words


class Sentence(Facts):
    """One sentence and the name of the rule that it stands for."""

    name: Text
    text: Text


def preset_sentence(preset: PresetName, words: Words) -> str:
    """Return what the preset allows, and what that does not mean."""
    return words.sentences.presets[preset]


def fusion(step: StepFacts, words: Words) -> str:
    """Return the sentence for an operation that mixes frames."""
    before, after = step.reach.before, step.reach.after
    frames = words.sentences.fusion_frames.format(
        first=f"n-{before}" if before else "n", last=f"n+{after}" if after else "n"
    )
    return words.sentences.fusion.format(frames=frames, residual=residual_words(step, words))


def fused_sentence(fusion: FusionFacts, words: Words) -> str:
    """Return the sentence for a picture that was fused of the listed frames."""
    frames = words.forms.comma.join(str(one) for one in fusion.used)
    residual = words.forms.decimal(fusion.residual or "")
    return words.sentences.fusion.format(frames=frames, residual=residual)


def residual_words(step: StepFacts, words: Words) -> str:
    """Return how well mixed frames were aligned, or that nobody measured it."""
    residual = step.registration_residual
    return words.steps.not_measured if residual is None else words.phrases.value(residual)


def gate(score: ScoreFacts, words: Words) -> str:
    """Return the sentence that goes with every score of a network on a validation set."""
    return words.sentences.gate.format(
        judged_set=words.say(score.judged_set), pictures=words.forms.whole(score.pictures)
    )


def time(rate: str, words: Words) -> str:
    """Return the sentence for a clip without timing, of which `rate` frames/s was assumed."""
    return words.sentences.time.format(rate=words.forms.decimal(rate))


def sentences_for(facts: ReportFacts, words: Words) -> tuple[Sentence, ...]:
    """Return the sentences that apply to `facts`, in the order in which they are printed.

    profile under `forensic-safe`; trained where a network made samples; fusion once for each
    different way of mixing frames and for each fusion; consistency and supplied where such a map
    was measured; gate for each set that scores or a gate's verdict rest on; time where timing was
    assumed; verify always.
    """
    truths = words.sentences
    found: list[Sentence] = []
    if facts.preset == "forensic-safe":
        found.append(Sentence(name="profile", text=preset_sentence(facts.preset, words)))
    if facts.trained:
        found.append(Sentence(name="trained", text=truths.trained))
    found.extend(Sentence(name="fusion", text=fusion(step, words)) for step in facts.mixing_steps)
    found.extend(
        Sentence(name="fusion", text=fused_sentence(one, words))
        for one in facts.fusions
        if not one.declined
    )
    if facts.quality.measured(MapKind.CONTRADICTION):
        found.append(Sentence(name="consistency", text=truths.consistency))
    if facts.quality.measured(MapKind.SUPPLIED):
        found.append(Sentence(name="supplied", text=truths.supplied))
    for network in facts.networks:
        found.extend(Sentence(name="gate", text=gate(score, words)) for score in network.scores)
        if network.gate_set is not None and network.gate_pictures is not None:
            judged = words.forms.whole(network.gate_pictures)
            text = truths.gate.format(judged_set=f'"{network.gate_set}"', pictures=judged)
            found.append(Sentence(name="gate", text=text))
    if facts.assumed_rate is not None:
        found.append(Sentence(name="time", text=time(facts.assumed_rate, words)))
    found.append(Sentence(name="verify", text=truths.verify))
    return tuple(dict.fromkeys(found))
