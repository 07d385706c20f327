"""The few lines that the command line prints at the end: what was done and what to know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pipelines.evidence.verdict import Verdict
from pipelines.stages.export.fact_types import Chosen
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_steps import NetworkFacts, StepFacts
from pipelines.stages.export.plain_words import (
    gate_word,
    region_words,
    size_words,
    value_words,
)
from pipelines.stages.export.sanitise import shown
from pipelines.stages.export.sentences import fused_sentence, time
from pipelines.stages.export.words import Language, Words, words_in

_MOST_LINES = 8
_LONGEST = 200
_LONGEST_VALUE = 60


def summarise(
    facts: ReportFacts, *, files: Sequence[Path] = (), language: Language = Language.EN
) -> str:
    """Return the summary: safe to print on a terminal, without a line end.

    One line per operation with its class and its main settings, then assumptions, overrides,
    warnings and broken laws, then `files`, the paths of what was written.
    """
    words = words_in(language)
    said = words.summary
    lines = [_head(facts, words)]
    networks = {network.name: network for network in facts.networks}
    for number, step in enumerate(facts.steps, start=1):
        lines.append(f"  {number}. {_step(step, networks.get(step.network or ''), words)}")
    if not facts.steps:
        lines.append(f"  {said.no_operation}")
    lines.append(f"  {said.result}: {_result(facts, words)}")
    if facts.trained:
        lines.append(f"  {said.note}: {words.sentences.trained}")
    if facts.assumed_rate is not None:
        lines.append(f"  {said.note}: {time(facts.assumed_rate, words)}")
    lines.extend(_tracks(facts, words))
    for one in facts.fusions[:_MOST_LINES]:
        title = said.fusion.format(frame=one.frame)
        outcome = words.say(one.declined) if one.declined else fused_sentence(one, words)
        lines.append(f"  {title}: {shown(outcome, longest=2 * _LONGEST)}")
    for title, texts in (
        (said.assumed, facts.assumptions),
        (said.override, facts.overrides),
        (said.warning, facts.warnings),
        (said.defect, facts.source_defects),
    ):
        lines.extend(_listed(title, [words.say(text) for text in texts], words))
    lines.extend(_listed(said.broken, _broken(facts, words), words))
    lines.extend(f"  -> {shown(str(path), longest=1000)}" for path in files)
    return "\n".join(lines)


def bundle_line(verdict: Verdict, language: Language) -> str:
    """Return what the verification of the bundle found, in one line."""
    words = words_in(language)
    if verdict.ok:
        said = words.summary.bundle_holds.format(
            standing=verdict.standing.value, sentence=words.sentences.verify
        )
    else:
        said = verdict.lines()[-1 - len(verdict.not_checked)]
    return f"  {words.summary.bundle}: {said}"


def _head(facts: ReportFacts, words: Words) -> str:
    label = words.front.generative if facts.generative else words.front.enhanced
    return words.summary.head.format(
        name=shown(facts.received.file_name, longest=_LONGEST),
        label=label,
        preset=facts.preset,
        job=_say(facts.origin.job),
    )


def _step(step: StepFacts, network: NetworkFacts | None, words: Words) -> str:
    kind = f"{words.steps.classes[step.operation_class]}, {words.steps.uses[step.frame_use]}"
    settings = ", ".join(_settings(step, words))
    line = f"{_say(step.name)} [{kind}]"
    if settings:
        line = f"{line} {settings}"
    if step.region is not None:
        where = shown(region_words(step.region, words), longest=_LONGEST)
        line = f"{line}; {words.steps.region}: {where}"
    if network is None:
        return line
    said = words.summary.network.format(
        name=_say(network.name), version=_say(network.version), gate=_say(gate_word(network, words))
    )
    return f"{line}; {said}"


def _settings(step: StepFacts, words: Words) -> Iterable[str]:
    """Yield what a person set; where nothing was, every setting that says something."""
    chosen = [one for one in step.parameters if one.chosen is not Chosen.DEFAULT]
    shown_ones = chosen or [one for one in step.parameters if one.value is not None]
    for one in shown_ones[:_MOST_LINES]:
        yield f"{_say(one.name)} {shown(value_words(one.value, words), longest=_LONGEST_VALUE)}"
    if len(shown_ones) > _MOST_LINES:
        yield words.forms.counted(len(shown_ones) - _MOST_LINES, words.summary.more_settings)


def _result(facts: ReportFacts, words: Words) -> str:
    file = facts.delivered
    frames = ""
    if file.clip is not None:
        frames = words.forms.counted(file.clip.frames, words.summary.frames)
    name = shown(file.file_name, longest=_LONGEST)
    return f"{name}, {file.width} x {file.height}{frames}, {size_words(file.bytes, words)}"


def _tracks(facts: ReportFacts, words: Words) -> list[str]:
    """Say how many tracks there are, by what, and what is known to be wrong with it."""
    found = facts.tracking
    if found is None:
        return []
    said = words.summary
    form = words.forms.plural(len(found.tracks), said.tracks_found).format(
        count=words.forms.whole(len(found.tracks)),
        detector=found.detector.name,
        warning=words.say(found.detector.warning),
    )
    return [f"  {said.tracks}: {shown(form, longest=4 * _LONGEST)}"]


def _listed(title: str, texts: Sequence[str], words: Words) -> list[str]:
    lines = [f"  {title}: {_say(text)}" for text in texts[:_MOST_LINES]]
    if len(texts) > _MOST_LINES:
        left = words.forms.whole(len(texts) - _MOST_LINES)
        lines.append(f"  {title}: {words.summary.more.format(count=left)}")
    return lines


def _broken(facts: ReportFacts, words: Words) -> list[str]:
    return [
        words.summary.became.format(
            name=words.say(law.name),
            source=words.phrases.value(law.source),
            result=words.phrases.value(law.result),
        )
        for law in facts.conservation
        if not law.holds
    ]


def _say(text: str) -> str:
    return shown(text, longest=_LONGEST)
