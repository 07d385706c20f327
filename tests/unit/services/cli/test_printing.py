"""What the command line prints cannot act on the terminal that shows it."""

from __future__ import annotations

import json

import pytest

from services.cli.printing import print_json


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[31m",
        "\x9b31m",
        "\x7f",
        "a\u202eb",
        "\u200f",
        "\ufeff",
        "\u2066x",
        "\U000e0041",
        "\xad",
    ],
)
def test_json_reads_the_same_and_acts_on_nothing(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """A character that could act is written as an escape, and read back as it was."""
    print_json({"name": f"é{text}я"})
    said = capsys.readouterr().out
    assert json.loads(said) == {"name": f"é{text}я"}
    assert all(one.isprintable() for one in said.splitlines())
    assert "é" in said
