"""Which digests an entry names, and which of them were made from which."""

from __future__ import annotations

import pytest

from pipelines.evidence.json_value import Json
from pipelines.evidence.mentions import Mention, Part, digest_in, mentions

A, B, C, D = ("a" * 64, "b" * 64, "c" * 64, "d" * 64)


def test_inputs_make_outputs() -> None:
    """Lines of the body's own `inputs` and `outputs` are a derivation, with their names."""
    body: dict[str, Json] = {
        "inputs": [{"sha256": A, "name": "clip.mp4", "weights_sha256": C}],
        "outputs": [{"sha256": f"sha256:{B}"}],
    }
    assert set(mentions(body)) == {
        Mention(A, Part.INPUT, "clip.mp4"),
        Mention(B, Part.OUTPUT),
        Mention(C, Part.MENTIONED),
    }


def test_an_export_is_made_of_what_was_received_asked_planned_and_used() -> None:
    """Of an export's files the received, graph, plan and networks are inputs, others outputs."""
    roles = {"received": 1, "graph": 1, "plan": 1, "network": 1, "result": 2, "report": 2,
             "ledger": 2, "attachment": 2}  # fmt: skip
    for role, part in roles.items():
        (found,) = mentions({"files": [{"role": role, "path": "data/x/y.png", "sha256": A}]})
        assert found == Mention(A, Part(part), "y.png")


def test_digests_deep_inside_are_only_mentioned() -> None:
    """A digest elsewhere, at any depth and under any name that ends so, makes no derivation."""
    body: dict[str, Json] = {
        "steps": [{"inputs": [{"sha256": A, "name": "x"}], "outputs": [{"sha256": B}]}],
        "plan_sha256": C,
        "all_sha256": [D],
    }
    assert {(one.sha256, one.part) for one in mentions(body)} == {
        (one, Part.MENTIONED) for one in (A, B, C, D)
    }


@pytest.mark.parametrize(
    "value", ["A" * 64, "a" * 63, "a" * 65, "sha1:" + A, A + "\n", " " + A, 7, None, True, ["a"]]
)
def test_what_is_no_digest_is_none(value: Json) -> None:
    """Only 64 lower-case hexadecimal digits are a digest, with or without `sha256:`."""
    assert digest_in(value) is None
    assert mentions({"sha256": value}) == ()


def test_a_digest_counts_once_per_part() -> None:
    """The same digest twice in one part is one mention, which keeps the name it has anywhere."""
    body: dict[str, Json] = {"inputs": [{"sha256": A}, {"sha256": A, "name": "n"}], "sha256": A}
    assert mentions(body) == (Mention(A, Part.INPUT, "n"), Mention(A, Part.MENTIONED))


def test_the_bytes_that_an_entry_is_about_have_its_name() -> None:
    """A body's own `sha256` goes by the body's `name`; other digests of it do not."""
    body: dict[str, Json] = {"sha256": A, "name": "clip.mp4", "plan_sha256": B}
    assert mentions(body) == (Mention(A, Part.MENTIONED, "clip.mp4"), Mention(B, Part.MENTIONED))
