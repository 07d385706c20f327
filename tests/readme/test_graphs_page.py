"""docs/graphs.md lists every operation as it is, and its example is a graph."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipelines.graph.operation_table import OPERATIONS
from pipelines.graph.spec import parse_graph
from pipelines.graph.validate import check_graph

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "graphs.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_the_page_lists_every_parameter(name: str) -> None:
    """An operation's section names its class, its parameters, their meanings and ceilings."""
    section = PAGE.partition(f"### {name}\n")[2].partition("\n### ")[0]
    descriptor = OPERATIONS[name]
    assert descriptor.summary in section
    assert descriptor.operation_class.value in section
    for parameter, field in descriptor.parameters.model_fields.items():
        row = next(line for line in section.splitlines() if line.startswith(f"| `{parameter}` |"))
        assert str(field.description) in row
        ceiling = descriptor.ceilings.get(parameter)
        assert ceiling is None or f"{ceiling.least:g} to {ceiling.most:g}" in row


def test_the_example_is_a_graph_that_may_run() -> None:
    """The page's example passes validation."""
    found = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    example = json.loads(found.group(1).replace("sha256:...", "sha256:" + "0" * 64))
    assert check_graph(parse_graph(example)).steps
