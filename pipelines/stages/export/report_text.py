"""The few lines that the command line prints at the end: what was done and what to know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pipelines.stages.export.document import label_of
from pipelines.stages.export.fact_types import Chosen
from pipelines.stages.export.facts import LawFacts, ReportFacts
from pipelines.stages.export.facts_steps import NetworkFacts, StepFacts
from pipelines.stages.export.plain_words import size_words, value_words
from pipelines.stages.export.sanitise import shown
from pipelines.stages.export.sentences import TRAINED, time

_MOST_LINES = 8
_LONGEST = 200
_LONGEST_VALUE = 60


def summarise(facts: ReportFacts, *, files: Sequence[Path] = ()) -> str:
    """Return the summary: safe to print on a terminal, without a line end.

    One line per operation with its class and its main settings, then assumptions, overrides,
    warnings and broken laws, then `files`, the paths of what was written.
    """
    name = shown(facts.received.file_name, longest=_LONGEST)
    lines = [f"{name}: {label_of(facts)} (preset {facts.preset}, job {_say(facts.origin.job)})"]
    networks = {network.name: network for network in facts.networks}
    for number, step in enumerate(facts.steps, start=1):
        lines.append(f"  {number}. {_step(step, networks.get(step.network or ''))}")
    if not facts.steps:
        lines.append("  No operation: the samples are those that were decoded.")
    lines.append(f"  Result: {_result(facts)}")
    if facts.trained:
        lines.append(f"  Note: {TRAINED}")
    if facts.assumed_rate is not None:
        lines.append(f"  Note: {time(facts.assumed_rate)}")
    lines.extend(_listed("Assumed", facts.assumptions))
    lines.extend(_listed("Override", facts.overrides))
    lines.extend(_listed("Warning", facts.warnings))
    lines.extend(_listed("Already in the source", facts.source_defects))
    broken = (f"{law.name}: {law.source} became {law.result}" for law in _broken(facts))
    lines.extend(_listed("Not conserved", tuple(broken)))
    lines.extend(f"  -> {shown(str(path), longest=1000)}" for path in files)
    return "\n".join(lines)


def _step(step: StepFacts, network: NetworkFacts | None) -> str:
    use = "mixes frames" if step.mixes_frames else "single frame"
    settings = ", ".join(_settings(step))
    line = f"{_say(step.name)} [{step.operation_class.value}, {use}]"
    if settings:
        line = f"{line} {settings}"
    if network is not None:
        line = f"{line}; network {_say(network.name)} {_say(network.version)} ({network.gate})"
    return line


def _settings(step: StepFacts) -> Iterable[str]:
    """Yield what a person set; where nothing was, every setting that says something."""
    chosen = [one for one in step.parameters if one.chosen is not Chosen.DEFAULT]
    shown_ones = chosen or [one for one in step.parameters if one.value is not None]
    for one in shown_ones[:_MOST_LINES]:
        yield f"{_say(one.name)} {shown(value_words(one.value), longest=_LONGEST_VALUE)}"
    if len(shown_ones) > _MOST_LINES:
        yield f"{len(shown_ones) - _MOST_LINES} more settings"


def _result(facts: ReportFacts) -> str:
    file = facts.delivered
    frames = "" if file.clip is None else f", {file.clip.frames} frames"
    name = shown(file.file_name, longest=_LONGEST)
    return f"{name}, {file.width} x {file.height}{frames}, {size_words(file.bytes)}"


def _listed(title: str, texts: Sequence[str]) -> list[str]:
    lines = [f"  {title}: {_say(text)}" for text in texts[:_MOST_LINES]]
    if len(texts) > _MOST_LINES:
        lines.append(f"  {title}: {len(texts) - _MOST_LINES} more, all in the report")
    return lines


def _broken(facts: ReportFacts) -> list[LawFacts]:
    return [law for law in facts.conservation if not law.holds]


def _say(text: str) -> str:
    return shown(text, longest=_LONGEST)
