"""Networks of a replay: as on record, and what becomes of a precision elsewhere."""

from __future__ import annotations

import pytest

from models import catalog
from models.engines.residency import WarmNetworks
from models.spec import Precision
from pipelines.run.replay_networks import PlannedNetworks

NAME = "evident-denoise"


@pytest.mark.parametrize(
    ("engine", "precision"),
    [(None, "bf16"), ("torch", "bf16"), ("openvino", "bf16"), ("onnxruntime", "fp32")],
)
def test_an_engine_that_lacks_the_precision_on_record_runs_in_fp32(
    engine: str | None, precision: str
) -> None:
    """A replay keeps the logged precision, but where another engine was named that has none."""
    warm = WarmNetworks("torch", threads=1, precision=Precision.BF16)
    planned = [warm.facts(NAME)]
    networks = PlannedNetworks(planned, {NAME: catalog.current()}, engine=engine)
    facts = networks.facts(NAME)
    assert (facts["engine"], facts["precision"]) == (engine or "torch", precision)
