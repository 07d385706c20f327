"""What a court asked and did not get, answered from the facts."""

from __future__ import annotations

from pipelines.stages.export.court import answers_for
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.words import WORDS, Language

ENGLISH = WORDS[Language.EN]


def answers(facts: ReportFacts) -> dict[str, str]:
    """Each answer as one text, by name."""
    return {one.name: " ".join(one.answer) for one in answers_for(facts, ENGLISH)}


def changed(facts: ReportFacts, **more: object) -> ReportFacts:
    """Return the facts with other values, checked anew."""
    return ReportFacts.model_validate({**facts.model_dump(), **more})


def test_all_three_are_answered_in_every_language(
    photo_facts: ReportFacts, clip_facts: ReportFacts
) -> None:
    """Whatever ran, each question has an answer, in each language."""
    for facts in (photo_facts, clip_facts):
        for words in WORDS.values():
            found = answers_for(facts, words)
            assert [one.name for one in found] == ["training-data", "detail", "repetition"]
            assert all(one.question.endswith("?") and all(one.answer) for one in found)


def test_without_a_network_nothing_was_trained(photo_facts: ReportFacts) -> None:
    """A conventional job says that no training data and no other image had a part in it."""
    found = answers(photo_facts)
    assert found["training-data"].startswith("No network was used.")
    assert found["detail"].startswith("No.")
    assert "artefacts that look like detail" in found["detail"]


def test_a_network_s_training_data_is_told(clip_facts: ReportFacts) -> None:
    """What the card says of training stands in the answer, with the digest of the weights."""
    network = clip_facts.networks[0]
    told = answers(clip_facts)["training-data"]
    for fact in (network.name, network.training_data, network.degradation, network.weights_sha256):
        assert fact in told


def test_predicted_and_invented_detail_are_called_so(clip_facts: ReportFacts) -> None:
    """A trained step is said to predict, a generative one to invent; neither is softened."""
    assert answers(clip_facts)["detail"].startswith("Yes. evident-sr-x2 predicts samples")
    steps = [step.model_dump() for step in clip_facts.steps]
    steps[1]["operation_class"] = "generative"
    generative = answers(changed(clip_facts, steps=steps, preset="presentation"))["detail"]
    assert generative.startswith("Yes. evident-sr-x2 is generative: it may invent content")
    assert "holds no map" in generative


def test_what_repeating_needs_is_told(clip_facts: ReportFacts) -> None:
    """The command, the program, the engine and the threads are named, and weights that lack."""
    told = answers(clip_facts)["repetition"]
    for need in ("evident replay bundle.zip", "evident 0.1.0", "onnxruntime 1.31.0", "threads: 2"):
        assert need in told
    assert "Repeatability is not validity" in told
    assert "may not travel" not in told
    networks = [{**one.model_dump(), "weights_in_bundle": False} for one in clip_facts.networks]
    lacking = answers(changed(clip_facts, networks=networks))["repetition"]
    assert f"evident-sr-x2.onnx (SHA-256 {clip_facts.networks[0].weights_sha256})" in lacking
    assert "may not travel with the bundle" in lacking
