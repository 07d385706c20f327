"""The document's part about what was done: the steps, their settings, networks, the run."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer

from pipelines.graph.descriptors import OperationClass
from pipelines.stages.export.facts import NamedFact, ReportFacts, RunFacts
from pipelines.stages.export.facts_steps import NetworkFacts, ScoreFacts, StepFacts
from pipelines.stages.export.pdf_blocks import (
    Row,
    bullets,
    fact_list,
    grid,
    nothing,
    strong,
)
from pipelines.stages.export.pdf_style import (
    AMBER,
    CELL_BOLD,
    FACT_LINE,
    GAP,
    GREEN,
    HEADING,
    RED,
    SUBHEADING,
    paragraph,
)
from pipelines.stages.export.plain_words import (
    engine_words,
    gate_word,
    reach_words,
    region_words,
    step_words,
    value_words,
)
from pipelines.stages.export.sentences import gate, residual_words
from pipelines.stages.export.words import Words

_LONGEST_VALUE = 160
_WIDE = 190.0
_NAMES = 125.0
_CLASS_COLOURS = {
    OperationClass.CONVENTIONAL: GREEN,
    OperationClass.TRAINED: AMBER,
    OperationClass.GENERATIVE: RED,
}


def step_section(facts: ReportFacts, words: Words) -> list[Flowable]:
    """Return the operations in order: in words, then every setting of each."""
    heading = paragraph(words.steps.heading, HEADING)
    if not facts.steps:
        return [heading, paragraph(words.limits.no_operation)]
    story: list[Flowable] = []
    for number, step in enumerate(facts.steps, start=1):
        story.extend(_step(number, step, [heading] if number == 1 else [], words))
    return story


def network_section(facts: ReportFacts, words: Words) -> list[Flowable]:
    """Return the card of every network that ran."""
    heading = paragraph(words.networks.heading, HEADING)
    if not facts.networks:
        return [heading, nothing(words.networks.none)]
    story: list[Flowable] = []
    for number, network in enumerate(facts.networks):
        story.extend(_network(network, [] if number else [heading], words))
    return story


def note_section(facts: ReportFacts, words: Words) -> list[Flowable]:
    """Return assumptions, overrides, warnings, changes of plan, and defects of the source."""
    said = words.notes
    heading = paragraph(said.heading, HEADING)
    groups: Sequence[tuple[str, Sequence[str], str]] = (
        (said.assumptions, facts.assumptions, said.no_assumptions),
        (said.overrides, facts.overrides, said.no_overrides),
        (said.warnings, facts.warnings, said.no_warnings),
        (said.replans, facts.run.replans, said.no_replans),
        (said.defects, facts.source_defects, said.no_defects),
    )
    story: list[Flowable] = []
    for title, texts, _ in groups:
        if texts:
            listed = bullets([words.say(text) for text in texts], words)
            story.extend([paragraph(title, SUBHEADING), *listed])
    empty = [(title, otherwise) for title, texts, otherwise in groups if not texts]
    if empty:
        story.extend([Spacer(1, GAP), fact_list(empty, label=_WIDE)])
    return [heading, *story]


def run_section(facts: ReportFacts, words: Words) -> list[Flowable]:
    """Return how it was computed: plan, engine, software and hardware."""
    said = words.run
    software = [(said.application, facts.origin.application), *_named(facts.software, words)]
    hardware = [(said.host, facts.origin.host), *_named(facts.hardware, words)]
    return [
        paragraph(said.heading, HEADING),
        fact_list(_run_rows(facts.run, words)),
        KeepTogether([paragraph(said.software, SUBHEADING), fact_list(software, label=_NAMES)]),
        KeepTogether([paragraph(said.hardware, SUBHEADING), fact_list(hardware, label=_NAMES)]),
    ]


def _step(number: int, step: StepFacts, above: Sequence[Flowable], words: Words) -> list[Flowable]:
    """Return one step; what stands `above` it stays on its page."""
    said = words.steps
    rows: list[Row] = [(said.looks_at, reach_words(step, words))]
    if step.network is not None:
        rows.append((said.network, step.network))
    if step.source_size is not None and step.result_size is not None:
        (width, height), (wide, high) = step.source_size, step.result_size
        size = said.size_value.format(width=width, height=height, wide=wide, high=high)
        rows.append((said.size, size))
    if step.region is not None:
        rows.append((said.region, region_words(step.region, words)))
        rows.append((said.outside, said.outside_value))
    if step.mixes_frames:
        rows.append((said.residual, residual_words(step, words)))
    story: list[Flowable] = [
        KeepTogether(
            [
                *above,
                paragraph(said.title.format(number=number, name=step.name), SUBHEADING),
                _class_line(step, words),
                paragraph(step_words(step, words)),
                fact_list(rows),
                Spacer(1, GAP),
            ]
        )
    ]
    if step.parameters:
        settings = grid(said.columns, _settings(step, words), (20, 18, 16, 17, 45), mono=(0,))
        story.append(KeepTogether(settings))
    return story


def _settings(step: StepFacts, words: Words) -> list[list[str | Paragraph]]:
    return [
        [
            one.name,
            paragraph(value_words(one.value, words), CELL_BOLD, longest=_LONGEST_VALUE),
            value_words(one.default, words),
            words.steps.chosen[one.chosen],
            words.say(one.meaning),
        ]
        for one in step.parameters
    ]


def _class_line(step: StepFacts, words: Words) -> Paragraph:
    said = words.steps
    line = said.facts.format(
        operation_class=said.classes[step.operation_class],
        use=said.uses[step.frame_use],
        source=said.sources[step.parameter_source],
    )
    return strong(line, _CLASS_COLOURS[step.operation_class], FACT_LINE)


def _network(network: NetworkFacts, above: Sequence[Flowable], words: Words) -> list[Flowable]:
    """Return one card; what stands `above` it stays on its page."""
    said = words.networks
    gate_line = said.gate.format(gate=gate_word(network, words))
    card = [
        *above,
        paragraph(f"{network.name} {network.version}", SUBHEADING),
        strong(gate_line, GREEN if network.gate == "passed" else AMBER, FACT_LINE),
        paragraph(_judged(network, words)),
        fact_list(_card_rows(network, words)),
    ]
    failures = [words.say(failure) for failure in network.known_failures]
    story: list[Flowable] = [
        KeepTogether(card),
        paragraph(said.failures, SUBHEADING),
        *bullets(failures, words),
    ]
    story.extend(paragraph(_score(score, words)) for score in network.scores)
    return story


def _card_rows(network: NetworkFacts, words: Words) -> list[Row]:
    said = words.networks
    count = words.forms.whole(network.weights_count)
    where = said.weights_in_bundle if network.weights_in_bundle else said.weights_not_in_bundle
    return [
        (said.title, words.say(network.title)),
        (said.network_class, words.steps.classes[network.network_class]),
        (said.trained_on, words.say(network.training_data)),
        (said.trained_for, words.say(network.degradation)),
        (said.weights, said.weights_value.format(file=network.weights_file, count=count)),
        (said.weights_digest, network.weights_sha256),
        (said.weights_travel, where),
        (said.licence, network.licence),
        (said.origin, words.say(network.origin)),
        (said.cutting, words.say(network.tiling)),
    ]


def _judged(network: NetworkFacts, words: Words) -> str:
    if network.gate_set is None or network.gate_pictures is None:
        return words.networks.gate_not_judged
    return words.networks.gate_judged.format(
        judged_set=network.gate_set, pictures=words.forms.whole(network.gate_pictures)
    )


def _score(score: ScoreFacts, words: Words) -> str:
    return words.networks.score.format(
        psnr=words.forms.decimal(score.psnr_db),
        gain=words.forms.decimal(score.gain_db),
        reference=words.say(score.reference),
        sentence=gate(score, words),
    )


def _run_rows(run: RunFacts, words: Words) -> list[Row]:
    said, forms = words.run, words.forms
    rows: list[Row] = [
        (said.graph, run.graph_sha256),
        (said.plan, run.plan_sha256),
        (said.engine, engine_words(run, words)),
        (said.threads, str(run.threads)),
        (said.tile, run.tile or said.not_cut),
    ]
    if run.segments is not None:
        form = said.segments_seconds if run.segments.seconds else said.segments_value
        each = form.format(
            count=forms.whole(run.segments.count),
            frames=forms.counted(run.segments.frames, words.steps.frames),
            seconds=forms.decimal(run.segments.seconds or ""),
        )
        rows.append((said.segments, each))
    if run.resumed:
        rows.append((said.resumed, forms.counted(run.resumed, said.resumed_value)))
    if run.reused_from:
        rows.append((said.reused, said.reused_value.format(job=run.reused_from)))
    if run.seconds:
        rows.append((said.time, words.files.seconds.format(seconds=forms.decimal(run.seconds))))
    return rows


def _named(facts: Sequence[NamedFact], words: Words) -> list[Row]:
    return [(words.phrases.value(fact.name), words.phrases.value(fact.value)) for fact in facts]
