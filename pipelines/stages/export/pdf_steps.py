"""The document's part about what was done: the steps, their settings, networks, the run."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer

from pipelines.graph.descriptors import OperationClass
from pipelines.stages.export.facts import NamedFact, ReportFacts, RunFacts
from pipelines.stages.export.facts_steps import NetworkFacts, StepFacts
from pipelines.stages.export.limits import NO_OPERATION
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
    chosen_words,
    reach_words,
    step_words,
    value_words,
)
from pipelines.stages.export.sentences import gate

_LONGEST_VALUE = 160
_WIDE = 190.0
_NAMES = 125.0
_CLASS_COLOURS = {
    OperationClass.CONVENTIONAL: GREEN,
    OperationClass.TRAINED: AMBER,
    OperationClass.GENERATIVE: RED,
}


def step_section(facts: ReportFacts) -> list[Flowable]:
    """Return the operations in order: in words, then every setting of each."""
    heading = paragraph("What was done, in order", HEADING)
    if not facts.steps:
        return [heading, paragraph(NO_OPERATION)]
    story: list[Flowable] = []
    for number, step in enumerate(facts.steps, start=1):
        story.extend(_step(number, step, [heading] if number == 1 else []))
    return story


def network_section(facts: ReportFacts) -> list[Flowable]:
    """Return the card of every network that ran."""
    heading = paragraph("Networks", HEADING)
    if not facts.networks:
        return [heading, nothing("No network was used.")]
    story: list[Flowable] = []
    for number, network in enumerate(facts.networks):
        story.extend(_network(network, [] if number else [heading]))
    return story


def note_section(facts: ReportFacts) -> list[Flowable]:
    """Return assumptions, overrides, warnings, changes of plan, and defects of the source."""
    story: list[Flowable] = [paragraph("Assumptions, warnings and defects", HEADING)]
    groups: Sequence[tuple[str, Sequence[str], str]] = (
        ("Assumptions", facts.assumptions, "Nothing had to be assumed."),
        ("Overrides by the operator", facts.overrides, "No rule was overridden."),
        ("Warnings", facts.warnings, "There are no warnings."),
        ("Changes of the plan while it ran", facts.run.replans, "The plan was not changed."),
        ("Defects already in the file as received", facts.source_defects, "None was found."),
    )
    for title, texts, _ in groups:
        if texts:
            story.extend([paragraph(title, SUBHEADING), *bullets(texts)])
    empty = [(title, otherwise) for title, texts, otherwise in groups if otherwise and not texts]
    return [*story, Spacer(1, GAP), fact_list(empty, label=_WIDE)] if empty else story


def run_section(facts: ReportFacts) -> list[Flowable]:
    """Return how it was computed: plan, engine, software and hardware."""
    return [
        paragraph("How it was computed", HEADING),
        fact_list(_run_rows(facts.run)),
        paragraph("Software", SUBHEADING),
        fact_list(
            [("Application", facts.origin.application), *_named(facts.software)], label=_NAMES
        ),
        paragraph("Hardware", SUBHEADING),
        fact_list([("Host", facts.origin.host), *_named(facts.hardware)], label=_NAMES),
    ]


def _step(number: int, step: StepFacts, above: Sequence[Flowable]) -> list[Flowable]:
    """Return one step; what stands `above` it stays on its page."""
    heading = paragraph(f"Step {number}: {step.name}", SUBHEADING)
    rows: list[Row] = [("Looks at", reach_words(step))]
    if step.network is not None:
        rows.append(("Network", step.network))
    if step.source_size is not None and step.result_size is not None:
        (width, height), (wide, high) = step.source_size, step.result_size
        rows.append(("Size", f"{width} x {height} to {wide} x {high} samples"))
    if step.mixes_frames:
        residual = step.registration_residual or "not measured (frames were not aligned)"
        rows.append(("Registration residual", residual))
    story: list[Flowable] = [
        KeepTogether(
            [
                *above,
                heading,
                _class_line(step),
                paragraph(step_words(step)),
                fact_list(rows),
                Spacer(1, GAP),
            ]
        )
    ]
    if step.parameters:
        head = ("Setting", "Value", "Default", "Chosen", "Meaning")
        table = [
            [
                one.name,
                paragraph(value_words(one.value), CELL_BOLD, longest=_LONGEST_VALUE),
                value_words(one.default),
                chosen_words(one),
                one.meaning,
            ]
            for one in step.parameters
        ]
        story.append(grid(head, table, (20, 18, 16, 17, 45), mono=(0,)))
    return story


def _class_line(step: StepFacts) -> Paragraph:
    use = "mixes frames" if step.mixes_frames else "single frame"
    words = f"{step.operation_class.value}, {use}, settings {step.parameter_source.value}"
    return strong(words, _CLASS_COLOURS[step.operation_class], FACT_LINE)


def _network(network: NetworkFacts, above: Sequence[Flowable]) -> list[Flowable]:
    """Return one card; what stands `above` it stays on its page."""
    rows: list[Row] = [
        ("Title", network.title),
        ("Class", network.network_class.value),
        ("Weights", f"{network.weights_file}, {network.weights_count:,} trained numbers"),
        ("Weights, SHA-256", network.weights_sha256),
        ("Licence", network.licence),
        ("Origin", network.origin),
        ("Trained on", network.training_data),
        ("Trained for", network.degradation),
        ("How it may be cut", network.tiling),
    ]
    passed = network.gate == "passed"
    card = [
        *above,
        paragraph(f"{network.name} {network.version}", SUBHEADING),
        strong(f"gate: {network.gate}", GREEN if passed else AMBER, FACT_LINE),
        fact_list(rows),
    ]
    story: list[Flowable] = [
        KeepTogether(card),
        paragraph("Known failures", SUBHEADING),
        *bullets(network.known_failures),
    ]
    for score in network.scores:
        measured = f"PSNR {score.psnr_db} dB, {score.gain_db} dB above {score.reference}. "
        story.append(paragraph(measured + gate(score.judged_set, score.pictures)))
    return story


def _run_rows(run: RunFacts) -> list[Row]:
    rows: list[Row] = [
        ("Graph, SHA-256", run.graph_sha256),
        ("Plan, SHA-256", run.plan_sha256),
        ("Engine", f"{run.engine}, {run.precision}, on {run.device}"),
        ("Threads", str(run.threads)),
        ("Tile", run.tile or "not cut"),
    ]
    if run.segments is not None:
        each = f" ({run.segments.seconds} s)" if run.segments.seconds else ""
        rows.append(("Segments", f"{run.segments.count}, up to {run.segments.frames} frames{each}"))
    if run.resumed:
        rows.append(("Resumed", f"{run.resumed} times"))
    if run.seconds:
        rows.append(("Computing time", f"{run.seconds} s"))
    return rows


def _named(facts: Sequence[NamedFact]) -> list[Row]:
    return [(fact.name, fact.value) for fact in facts]
