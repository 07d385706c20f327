"""Facts in words that a reader without a technical training understands.

Pure text in, pure text out: what comes back is unescaped, so whoever shows it passes it
through `sanitise`.
"""

from __future__ import annotations

from pipelines.graph.descriptors import OperationClass, ParameterSource, PlaneUse
from pipelines.stages.export.fact_types import Chosen, MediaKind, Value
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_media import CredentialFacts, CredentialForm, FileFacts
from pipelines.stages.export.facts_steps import ParameterFacts, StepFacts

CLASS_WORDS = {
    OperationClass.CONVENTIONAL: "a fixed calculation on the recorded samples",
    OperationClass.TRAINED: "a network that predicts samples from what it learnt on other images",
    OperationClass.GENERATIVE: "a generative network, which may invent content",
}
PLANE_WORDS = {
    PlaneUse.LUMA: "brightness only",
    PlaneUse.COLOUR: "brightness and colour, not opacity",
    PlaneUse.ALL: "all samples, opacity included",
}
ORIENTATION_WORDS = {
    1: "upright",
    2: "mirrored left to right",
    3: "turned by 180 degrees",
    4: "mirrored top to bottom",
    5: "mirrored and turned",
    6: "to be turned 90 degrees clockwise",
    7: "mirrored and turned",
    8: "to be turned 90 degrees counter-clockwise",
}
"""EXIF orientation (CIPA DC-008, 4.6.4), by value."""


def value_words(value: Value) -> str:
    """Return the value of a parameter as people write it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value_words(item) for item in value) or "none"
    text = str(value)
    return text.removesuffix(".0") if _is_number(text) else text


def size_words(count: int) -> str:
    """Return a number of bytes, exactly and rounded: `1,234,567 bytes (1.2 MB)`."""
    exact = f"{count:,} byte" if count == 1 else f"{count:,} bytes"
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{exact} ({count / size:.1f} {unit})"
    return exact


def credential_words(facts: CredentialFacts) -> str:
    """Return where content credentials are and what they are worth."""
    if facts.form is CredentialForm.NONE:
        return f"none: {facts.reason}"
    where = "in the file" if facts.file_name is None else f"beside it, {facts.file_name}"
    vouched = "" if facts.state == "Trusted" else " No known issuer vouches for the signer."
    return (
        f"C2PA, {where}; {facts.library} found them {facts.state}.{vouched} Manifest store "
        f"{facts.manifest_sha256}, certificate {facts.certificate_sha256} (SHA-256)."
    )


def picture_words(file: FileFacts) -> str:
    """Return the size and kind of picture in one line."""
    words = f"{file.width} x {file.height} samples, {file.depth} bit, {file.layout}"
    return f"{words}, with opacity" if file.alpha else words


def reach_words(step: StepFacts) -> str:
    """Return which samples one sample of the result depends on."""
    reach = step.reach
    near = f"{reach.pixels} samples on each side" if reach.pixels else "its own position only"
    if not step.mixes_frames:
        return near
    return f"{near}; {_frames(reach.before)} before and {_frames(reach.after)} after"


def step_words(step: StepFacts) -> str:
    """Return what an operation did, as two or three sentences."""
    looked = (
        f"Each result frame combines up to {_frames(step.reach.before)} before and "
        f"{_frames(step.reach.after)} after it"
        if step.mixes_frames
        else "Every picture was treated by itself"
    )
    chose = {
        ParameterSource.GIVEN: "its settings were given, not estimated from the picture",
        ParameterSource.ESTIMATED: "software estimated settings from the picture itself",
    }[step.parameter_source]
    made = f"The result comes from {CLASS_WORDS[step.operation_class]}"
    summary = step.summary.rstrip(". ")
    summary = summary[:1].upper() + summary[1:]
    return f"{summary}. {made}. {looked}; {chose}. It may change {PLANE_WORDS[step.plane_use]}."


def step_title(step: StepFacts) -> str:
    """Return the operation with its class, for a heading or a line."""
    use = "mixes frames" if step.mixes_frames else "single frame"
    return f"{step.name} ({step.operation_class.value}, {use}, {step.parameter_source.value})"


def chosen_words(parameter: ParameterFacts) -> str:
    """Return where a parameter's value comes from."""
    return {
        Chosen.GIVEN: "set for this job",
        Chosen.DEFAULT: "default",
        Chosen.ESTIMATED: "estimated",
    }[parameter.chosen]


def in_short(facts: ReportFacts) -> str:
    """Return the whole job in a few sentences."""
    what = "clip" if facts.received.kind is MediaKind.VIDEO else "photograph"
    count = len(facts.steps)
    if not count:
        did = "No operation was applied to it"
    elif count == 1:
        did = "One operation was applied to it"
    else:
        did = f"{_counted(count)} operations were applied to it, in the order given below"
    used = {0: "no network", 1: "one network"}.get(
        len(facts.networks), f"{_counted(len(facts.networks)).lower()} networks"
    )
    return f"A {what} was received. {did}, with {used}. {_laws(facts)}"


def _laws(facts: ReportFacts) -> str:
    count = len(facts.conservation)
    broken = sum(not law.holds for law in facts.conservation)
    if not count:
        return "Nothing had to be conserved."
    if count == 1:
        return f"One conservation law was checked; it {'does not hold' if broken else 'holds'}."
    outcome = f"{broken} of them did not hold" if broken else "all hold"
    return f"{_counted(count)} conservation laws were checked; {outcome}."


def _counted(count: int) -> str:
    """Return a number as a sentence starts with it."""
    words = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
    return words[count] if count < len(words) else f"{count:,}"


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()
