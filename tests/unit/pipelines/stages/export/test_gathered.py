"""Facts taken from steps, cards, clips and laws."""

from __future__ import annotations

from fractions import Fraction

import pytest
from pydantic import Field

from models.spec import (
    Channels,
    CompactArchitecture,
    MemoryNeed,
    ModelId,
    NetworkCard,
    NetworkClass,
    Precision,
    Score,
    Sha256,
    Task,
    TilingRule,
    Training,
    WeightsFile,
    WeightsFormat,
)
from pipelines.graph.descriptors import (
    Consistency,
    Descriptor,
    ForwardModel,
    FrameUse,
    Nature,
    OperationClass,
    Parameters,
    ParameterSource,
    PlainForm,
    PlaneUse,
    Reach,
)
from pipelines.media.picture import Family, FrameShape, Matrix, PixelLayout
from pipelines.media.video import Law, StreamFacts, StreamKind
from pipelines.stages.export.fact_types import Chosen
from pipelines.stages.export.facts_media import StreamFate
from pipelines.stages.export.gathered import (
    hardware_facts,
    law_facts,
    layout_words,
    network_facts,
    software_facts,
    step_facts,
    stream_lines,
)


class SoftenParameters(Parameters):
    """Parameters of an operation that exists in this test only."""

    radius: int = Field(ge=1, description=" How far. ")
    amount: float = 0.5
    level: float | None = None
    again: float = Field(default_factory=lambda data: data["amount"])


def soften(source: ParameterSource) -> Descriptor[SoftenParameters]:
    """Return an operation that reads `radius` samples and one frame before."""
    return Descriptor(
        name="soften",
        summary="Softens",
        nature=Nature(OperationClass.CONVENTIONAL, FrameUse.MIXES, source),
        plane_use=PlaneUse.LUMA,
        parameters=SoftenParameters,
        reach=lambda parameters: Reach(parameters.radius, 1, 0),
        consistency=Consistency(ForwardModel.SAME, PlainForm.LEFT_OUT),
    )


def test_a_step_states_every_parameter() -> None:
    """All parameters are stated with value, default and whether a person gave them."""
    shape = FrameShape(240, 320, PixelLayout(Family.GRAY))
    facts = step_facts(
        soften(ParameterSource.GIVEN),
        SoftenParameters(radius=3, amount=0.75),
        operation_class=OperationClass.CONVENTIONAL,
        sizes=(shape, shape),
    )
    radius, amount, level, again = facts.parameters
    assert (radius.value, radius.default, radius.chosen) == (3, None, Chosen.GIVEN)
    assert radius.meaning == "How far."
    assert (amount.value, amount.default, amount.chosen) == ("0.75", "0.5", Chosen.GIVEN)
    assert (level.value, level.chosen) == (None, Chosen.DEFAULT)
    assert (again.value, again.default, again.chosen) == ("0.75", "0.75", Chosen.DEFAULT)
    assert (facts.reach.pixels, facts.reach.before, facts.reach.after) == (3, 1, 0)
    assert facts.source_size == (320, 240)


def test_what_software_found_counts_as_estimated() -> None:
    """A parameter left open in an operation that estimates is stated as estimated."""
    facts = step_facts(
        soften(ParameterSource.ESTIMATED),
        SoftenParameters(radius=1),
        operation_class=OperationClass.CONVENTIONAL,
    )
    assert [one.chosen for one in facts.parameters] == [
        Chosen.GIVEN,
        Chosen.DEFAULT,
        Chosen.ESTIMATED,
        Chosen.DEFAULT,
    ]


def test_a_card_is_copied() -> None:
    """Every fact of a card that a reader needs is in the report's facts."""
    files = {
        form: WeightsFile(f"net.{form.value}", Sha256(letter * 64), 10)
        for form, letter in zip(WeightsFormat, "ab", strict=True)
    }
    card = NetworkCard(
        name=ModelId("net"),
        version="2",
        title="A network",
        task=Task.DENOISE,
        scale=1,
        channels=Channels.LUMA,
        network_class=NetworkClass.TRAINED,
        licence="Apache-2.0",
        origin="ours",
        architecture=CompactArchitecture(8, 2),
        parameters=123,
        tiling=TilingRule.exact(12),
        precisions=frozenset({Precision.FP32}),
        memory=MemoryNeed(1, 1),
        training=Training("data", "noise", ("fails",)),
        files=files,
        scores=(Score("set", 5, 30.5, 1.25, "bicubic"),),
    )
    facts = network_facts(card)
    assert facts.weights_sha256 == "a" * 64
    assert facts.network_class is OperationClass.TRAINED
    assert facts.gate == "ungated"
    assert facts.scores[0].gain_db == "1.25"
    assert facts.tiling == "exact(reach 12)"


def test_laws_and_streams_are_copied() -> None:
    """Laws keep their numbers; a stream that nobody mentions was copied."""
    (law,) = law_facts([Law("frames", "3", "4", holds=False, declared="none")])
    assert (law.name, law.source, law.result, law.holds) == ("frames", "3", "4", False)
    streams = [
        StreamFacts(0, StreamKind.VIDEO, "h264", Fraction(1, 90_000)),
        StreamFacts(1, StreamKind.AUDIO, "aac", Fraction(1, 48_000), language="eng"),
        StreamFacts(2, StreamKind.DATA, "bin", Fraction(1, 1000)),
    ]
    lines = stream_lines(streams, {0: StreamFate.ENHANCED, 2: StreamFate.DROPPED})
    assert [line.fate for line in lines] == ["enhanced", "copied", "dropped"]
    assert lines[1].language == "eng"


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        (PixelLayout(Family.GRAY), "gray, full range"),
        (PixelLayout(Family.RGB, 16), "RGB, full range"),
        (
            PixelLayout(Family.YCBCR, 10, 1, 1, full_range=False, matrix=Matrix.BT2020),
            "YCbCr 4:2:0, studio range, bt2020-ncl matrix",
        ),
        (PixelLayout(Family.YCBCR, 8, 2, 2), "YCbCr chroma 1/4 x 1/4, full range, bt601 matrix"),
    ],
)
def test_layouts_in_words(layout: PixelLayout, words: str) -> None:
    """A layout is named the way people name it."""
    assert layout_words(FrameShape(2, 2, layout)) == words


def test_versions_are_those_installed() -> None:
    """Installed libraries are listed with their versions, absent ones are left out."""
    facts = {fact.name: fact.value for fact in software_facts(("numpy", "no-such-library-here"))}
    assert set(facts) == {"Python", "numpy"}
    assert facts["numpy"][0].isdigit()
    assert {fact.name for fact in hardware_facts()} >= {"system", "processor"}
