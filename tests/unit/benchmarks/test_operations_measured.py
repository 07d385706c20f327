"""The published speeds of operations leave none out."""

import json
from pathlib import Path

from pipelines.graph.operation_table import OPERATIONS

RESULTS = Path(__file__).parents[3] / "benchmarks" / "results"


def test_every_operation_without_a_network_is_measured_beside_another():
    """Each operation that runs no network has a ratio to OpenCV's or FFmpeg's own."""
    pictures = json.loads((RESULTS / "operations.json").read_text())["measured"]
    fields = json.loads((RESULTS / "fields.json").read_text())["operations"]
    ratios = {one["operation"].split()[0].rstrip(","): one["ratio"] for one in pictures}
    ratios |= {name: one["ratio"] for name, one in fields.items()}
    without = {
        name for name, one in OPERATIONS.items() if "model" not in one.parameters.model_fields
    }
    assert without <= ratios.keys()
    assert all(ratio > 0 for ratio in ratios.values())
