"""Answers to what a court asked about an enhanced recording and did not get.

What was the training data? Does it generate detail? Can someone else repeat it? Every report
answers all three, from its facts alone.
"""

from __future__ import annotations

from typing import Literal

from pipelines.graph.descriptors import OperationClass
from pipelines.stages.export.fact_types import Facts, Text, Texts
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_quality import MapKind
from pipelines.stages.export.limits import enlarged
from pipelines.stages.export.plain_words import engine_words, threads_words
from pipelines.stages.export.words import Words


class Answer(Facts):
    """One question and its answer, in short paragraphs."""

    name: Literal["training-data", "detail", "repetition"]
    question: Text
    answer: Texts


def answers_for(facts: ReportFacts, words: Words) -> tuple[Answer, ...]:
    """Return the three questions with their answers."""
    court = words.court
    return (
        Answer(name="training-data", question=court.training, answer=_training(facts, words)),
        Answer(name="detail", question=court.detail, answer=_detail(facts, words)),
        Answer(name="repetition", question=court.repeat, answer=_repetition(facts, words)),
    )


def _training(facts: ReportFacts, words: Words) -> tuple[str, ...]:
    if not facts.networks:
        return (words.court.training_none,)
    return tuple(
        words.court.training_network.format(
            name=network.name,
            version=network.version,
            data=words.say(network.training_data),
            degradation=words.say(network.degradation),
            sha256=network.weights_sha256,
        )
        for network in facts.networks
    )


def _detail(facts: ReportFacts, words: Words) -> tuple[str, ...]:
    court = words.court
    found = []
    for kind, text in (
        (OperationClass.GENERATIVE, court.detail_generative),
        (OperationClass.TRAINED, court.detail_trained),
    ):
        names = [step.network for step in facts.steps if step.operation_class is kind]
        listed = ", ".join(dict.fromkeys(name for name in names if name is not None))
        if listed:
            found.append(text.format(networks=listed))
    mapped = facts.quality.measured(MapKind.SUPPLIED)
    if found:
        found.append(court.detail_mapped if mapped else court.detail_unmapped)
    else:
        found.append(court.detail_none)
    if enlarged(facts):
        found.append(court.detail_enlarged)
    if facts.mixing_steps:
        found.append(court.detail_mixed)
    return tuple(found)


def _repetition(facts: ReportFacts, words: Words) -> tuple[str, ...]:
    court = words.court
    absent = [network for network in facts.networks if not network.weights_in_bundle]
    form = court.repeat_no_weights if absent else court.repeat_yes
    needs = form.format(
        application=facts.origin.application,
        engine=engine_words(facts.run, words),
        threads=threads_words(facts.run, words),
        weights=", ".join(f"{one.weights_file} (SHA-256 {one.weights_sha256})" for one in absent),
    )
    return (needs, court.repeat_same, court.repeat_elsewhere)
