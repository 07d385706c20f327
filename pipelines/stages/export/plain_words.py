"""Facts in words that a reader without a technical training understands.

Pure text in, pure text out: what comes back is unescaped, so whoever shows it passes it
through `sanitise`.
"""

from __future__ import annotations

from pipelines.stages.export.fact_types import Value
from pipelines.stages.export.facts import ReportFacts, RunFacts
from pipelines.stages.export.facts_media import CredentialFacts, CredentialForm, FileFacts
from pipelines.stages.export.facts_steps import NetworkFacts, RegionFacts, StepFacts
from pipelines.stages.export.words import Words
from pipelines.stages.export.words.language import is_number

_SIZES = (10**9, 10**6, 10**3)


def value_words(value: Value, words: Words) -> str:
    """Return the value of a parameter as people write it."""
    if value is None:
        return words.steps.none
    if isinstance(value, bool):
        return words.steps.yes if value else words.steps.no
    if isinstance(value, tuple):
        listed = (value_words(item, words) for item in value)
        return words.forms.comma.join(listed) or words.steps.none
    text = str(value)
    return words.forms.decimal(text.removesuffix(".0")) if is_number(text) else text


def size_words(count: int, words: Words) -> str:
    """Return a number of bytes, exactly and rounded: `1,234,567 bytes (1.2 MB)`."""
    exact = words.forms.counted(count, words.files.bytes)
    for unit, size in zip(words.files.units, _SIZES, strict=True):
        if count >= size:
            return f"{exact} ({words.forms.decimal(f'{count / size:.1f}')} {unit})"
    return exact


def picture_words(file: FileFacts, words: Words) -> str:
    """Return the size and kind of picture in one line."""
    said = words.files.picture_value.format(
        width=file.width, height=file.height, depth=file.depth, layout=words.say(file.layout)
    )
    return said + (words.files.with_opacity if file.alpha else "")


def credential_words(facts: CredentialFacts, words: Words) -> str:
    """Return where content credentials are and what they are worth."""
    said = words.files
    if facts.form is CredentialForm.NONE:
        return said.credentials_none.format(reason=words.say(facts.reason))
    where = said.credentials_inside
    if facts.file_name is not None:
        where = said.credentials_beside.format(file=facts.file_name)
    return said.credentials_found.format(
        where=where,
        library=facts.library,
        state=facts.state,
        vouched="" if facts.state == "Trusted" else said.credentials_unvouched,
        manifest=facts.manifest_sha256,
        certificate=facts.certificate_sha256,
    )


def reach_words(step: StepFacts, words: Words) -> str:
    """Return which samples one sample of the result depends on."""
    reach, forms = step.reach, words.forms
    near = words.steps.own_position
    if reach.pixels:
        near = forms.counted(reach.pixels, words.steps.around)
    if not step.mixes_frames:
        return near
    return words.steps.frames_around.format(
        near=near,
        before=forms.counted(reach.before, words.steps.frames),
        after=forms.counted(reach.after, words.steps.frames),
    )


def region_words(region: RegionFacts, words: Words) -> str:
    """Return where an operation was at work, as it was drawn and why."""
    said, forms = words.steps, words.forms
    parts = []
    if region.name is not None:
        parts.append(said.region_named.format(name=region.name))
    parts.append(f"{_outline(region, words)}, {said.region_spaces[region.space]}")
    if region.frames is not None:
        first, last = region.frames
        parts.append(said.region_frames.format(first=first, last=last))
    feathered = forms.counted(region.feather, said.region_feather)
    parts.append(feathered if region.feather else said.region_hard)
    parts.append(said.region_because.format(reason=region.because))
    return "; ".join(parts)


def _outline(region: RegionFacts, words: Words) -> str:
    """Return a rectangle by its corner and size, anything else by its corners."""
    said, points = words.steps, region.points
    (left, top), (right, bottom) = points[0], points[2]
    if points == ((left, top), (right, top), (right, bottom), (left, bottom)):
        width, height = (
            f"{float(far) - float(near):g}" for near, far in ((left, right), (top, bottom))
        )
        left, top, width, height = map(words.forms.decimal, _short(left, top, width, height))
        return said.region_rectangle.format(left=left, top=top, width=width, height=height)
    corners = (
        f"({words.forms.decimal(x)}; {words.forms.decimal(y)})"
        for x, y in (_short(*point) for point in points)
    )
    return said.region_polygon.format(corners=", ".join(corners))


def _short(*values: str) -> tuple[str, ...]:
    """Return numbers without a fraction that is nothing."""
    return tuple(value.removesuffix(".0") for value in values)


def step_words(step: StepFacts, words: Words) -> str:
    """Return what an operation did, as a few sentences."""
    said, forms = words.steps, words.forms
    looked = said.alone
    if step.mixes_frames:
        looked = said.combined.format(
            before=forms.counted(step.reach.before, said.frames),
            after=forms.counted(step.reach.after, said.frames),
        )
    summary = words.say(step.summary).rstrip(". ")
    made = said.made.format(made_by=said.made_by[step.operation_class])
    chose = said.chose[step.parameter_source]
    planes = said.planes.format(planes=said.changes[step.plane_use])
    return f"{summary[:1].upper()}{summary[1:]}. {made} {looked}; {chose}. {planes}"


def engine_words(run: RunFacts, words: Words) -> str:
    """Return what computed the result: engine, precision, device."""
    form = words.run.no_engine if run.engine == "none" else words.run.engine_value
    return form.format(
        engine=run.engine, precision=run.precision, device=words.phrases.value(run.device)
    )


def threads_words(run: RunFacts, words: Words) -> str:
    """Return the number of threads."""
    return f"{words.run.threads.lower()}: {run.threads}"


def in_short(facts: ReportFacts, words: Words) -> str:
    """Return the whole job in a few sentences."""
    short, forms = words.short, words.forms
    did, used = short.no_operation, short.no_network
    if facts.steps:
        did = forms.counted(len(facts.steps), short.operations)
    if facts.networks:
        used = forms.counted(len(facts.networks), short.networks)
    return f"{short.received[facts.received.kind]} {did}, {used}. {_laws(facts, words)}"


def _laws(facts: ReportFacts, words: Words) -> str:
    count = len(facts.conservation)
    broken = sum(not law.holds for law in facts.conservation)
    if not count:
        return words.short.no_law
    phrase = words.short.laws_broken if broken else words.short.laws_hold
    form = words.forms.plural(count, phrase)
    return form.format(count=words.forms.whole(count), broken=words.forms.whole(broken))


def gate_word(network: NetworkFacts, words: Words) -> str:
    """Return what a network's gate says, in one word."""
    return words.networks.gates.get(network.gate, network.gate)
