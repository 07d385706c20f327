"""The sentences that a report prints, and the limits beside them."""

from __future__ import annotations

from pipelines.graph.descriptors import ParameterSource
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.facts_media import TimingOrigin
from pipelines.stages.export.limits import limits_of
from pipelines.stages.export.sentences import sentences_for, time
from pipelines.stages.export.words import WORDS, Language

ENGLISH = WORDS[Language.EN]


def with_clip(facts: ReportFacts, **more: object) -> ReportFacts:
    """Return the same facts with other facts of the received clip."""
    assert facts.received.clip is not None
    clip = facts.received.clip.model_copy(update=more)
    return facts.model_copy(update={"received": facts.received.model_copy(update={"clip": clip})})


def test_the_words_are_fixed() -> None:
    """The sentences stand word for word as they were agreed."""
    assert ENGLISH.sentences.presets["forensic-safe"] == (
        "Conventional-processing profile. It limits which operations were allowed; "
        "it says nothing about accuracy or admissibility."
    )
    assert ENGLISH.sentences.trained == (
        "Contains content predicted from other images. "
        "Not for reading characters or for identifying or comparing persons."
    )
    assert ENGLISH.sentences.consistency == (
        "Shows where the result, reduced by the stated degradation, disagrees with the input. "
        "A low value does not show that detail is genuine."
    )
    assert ENGLISH.sentences.verify == (
        "Shown: bytes unchanged since that record. "
        "Not shown: authenticity, accuracy, time of event, accesses outside this system."
    )
    assert ENGLISH.sentences.fusion.format(frames="[1, 2]", residual="0.3") == (
        "Combines frames [1, 2]; registration residual 0.3; improvement is not guaranteed."
    )
    assert ENGLISH.sentences.gate.format(judged_set="X", pictures=12) == (
        "Performance on validation set X (n = 12); not an error rate for this image."
    )
    assert time("25", ENGLISH) == (
        "The file carries no timing; 25 fps assumed. Derive no duration, speed or time of event."
    )


def test_a_conventional_photograph(photo_facts: ReportFacts) -> None:
    """Under forensic-safe the profile is named, verify always, and nothing else."""
    assert [one.name for one in sentences_for(photo_facts, ENGLISH)] == ["profile", "verify"]


def test_a_trained_clip(clip_facts: ReportFacts) -> None:
    """A network, mixed frames and printed scores bring their sentences, once each."""
    found = sentences_for(clip_facts, ENGLISH)
    assert [one.name for one in found] == ["trained", "fusion", "gate", "verify"]
    assert found[1].text == ENGLISH.sentences.fusion.format(
        frames="n-2 to n+2 for each frame n", residual="not measured (frames were not aligned)"
    )
    assert found[2].text == ENGLISH.sentences.gate.format(judged_set="evident-judge-1", pictures=12)


def test_a_gate_brings_its_sentence(clip_facts: ReportFacts) -> None:
    """The set that a gate judged a network on is named with its n, and as no error rate."""
    network = clip_facts.networks[0].model_copy(
        update={"gate": "passed", "gate_set": "small", "gate_pictures": 13, "scores": ()}
    )
    found = sentences_for(clip_facts.model_copy(update={"networks": (network,)}), ENGLISH)
    assert [one.text for one in found if one.name == "gate"] == [
        'Performance on validation set "small" (n = 13); not an error rate for this image.'
    ]


def test_equal_sentences_are_printed_once(clip_facts: ReportFacts) -> None:
    """Two operations that mix frames alike give one sentence."""
    twice = clip_facts.model_copy(update={"steps": (clip_facts.steps[0], *clip_facts.steps)})
    assert sentences_for(twice, ENGLISH) == sentences_for(clip_facts, ENGLISH)


def test_assumed_timing(clip_facts: ReportFacts) -> None:
    """The time sentence is printed exactly where timing was assumed, with the rate."""
    assumed = with_clip(clip_facts, timing=TimingOrigin.ASSUMED, assumed_rate="25")
    texts = [one.text for one in sentences_for(assumed, ENGLISH)]
    assert time("25", ENGLISH) in texts
    assert "time" not in [one.name for one in sentences_for(clip_facts, ENGLISH)]


def test_limits_follow_the_facts(photo_facts: ReportFacts, clip_facts: ReportFacts) -> None:
    """Each limit is printed exactly where its reason is given."""
    conditional = {
        ENGLISH.limits.enlarged,
        ENGLISH.limits.mixed,
        ENGLISH.limits.ungated,
        ENGLISH.limits.lossy,
    }
    assert conditional.isdisjoint(limits_of(photo_facts, ENGLISH))
    assert conditional <= set(limits_of(clip_facts, ENGLISH))
    assert ENGLISH.limits.not_the_recording in limits_of(photo_facts, ENGLISH)
    assert ENGLISH.limits.before_receipt in limits_of(photo_facts, ENGLISH)


def test_an_empty_graph_says_so(photo_facts: ReportFacts) -> None:
    """Without an operation the limits say that samples are those that were decoded."""
    assert ENGLISH.limits.no_operation in limits_of(
        photo_facts.model_copy(update={"steps": ()}), ENGLISH
    )


def test_estimated_settings_are_said(clip_facts: ReportFacts) -> None:
    """Settings that software estimated from the picture are named as a limit."""
    step = clip_facts.steps[0].model_copy(update={"parameter_source": ParameterSource.ESTIMATED})
    estimated = clip_facts.model_copy(update={"steps": (step, clip_facts.steps[1])})
    assert ENGLISH.limits.estimated in limits_of(estimated, ENGLISH)
    assert ENGLISH.limits.estimated not in limits_of(clip_facts, ENGLISH)
