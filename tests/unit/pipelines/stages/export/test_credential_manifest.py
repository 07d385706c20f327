"""What credentials say: an action of C2PA's own for every operation, and nothing about persons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.graph.descriptors import FrameUse, OperationClass, ParameterSource, PlaneUse
from pipelines.graph.operation_table import OPERATIONS
from pipelines.graph.plan import (
    Plan,
    PlannedCeilings,
    PlannedDelivery,
    PlannedPicture,
    PlannedSource,
    PlannedStep,
)
from pipelines.graph.spec import Preset
from pipelines.graph.validate import Step
from pipelines.media.identify import Kind
from pipelines.stages.export.credential_manifest import (
    RECORD_LABEL,
    credential_manifest,
    parent_ingredient,
)
from pipelines.stages.ingest import Received

VOCABULARY = {
    "c2pa.adjustedColor",
    "c2pa.cropped",
    "c2pa.edited",
    "c2pa.enhanced",
    "c2pa.orientation",
    "c2pa.resized",
    "c2pa.transcoded",
}
"""Those names of the specification's list of actions that this product uses."""

SIZE = PlannedPicture(
    width=8,
    height=8,
    family="rgb",
    depth=8,
    chroma=(1, 1),
    full_range=True,
    matrix="identity",
    siting="unspecified",
    alpha=False,
)
RECEIVED = Received(Path("/case 7/anna.jpg"), "anna.jpg", 5, "ab" * 32, Kind.JPEG)
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def planned(name: str, kind: OperationClass) -> PlannedStep:
    """A planned step of an operation."""
    return PlannedStep(
        op=name,
        operation_class=kind,
        frame_use=FrameUse.SINGLE,
        parameter_source=ParameterSource.GIVEN,
        plane_use=PlaneUse.ALL,
        parameters={"strength": 1.5},
        pixels=1,
        before=0,
        after=0,
        result=SIZE,
        network=None if kind is OperationClass.CONVENTIONAL else "a-network",
    )


def manifest(*steps: PlannedStep, turned: bool = False) -> dict[str, Any]:
    """The manifest of a job with these steps."""
    plan = Plan(
        graph_sha256="cd" * 32,
        preset=Preset.BALANCED,
        source=PlannedSource(sha256="ab" * 32, bytes=5, kind="photo", picture=SIZE),
        steps=steps,
        networks=({"model": "a-network", "weights_sha256": "ef" * 32},),
        threads=1,
        delivery=PlannedDelivery(
            container="png", codec="png", pixel_format="8-bit rgb", lossless=True
        ),
        ceilings=PlannedCeilings(memory_bytes=1, scratch_bytes=1, disk_bytes=1),
    )
    known = [
        Step(OPERATIONS[one.op], None, one.operation_class, None)  # type: ignore[arg-type]
        for one in steps
    ]
    return credential_manifest(
        plan,
        known,
        job="a-job",
        application="evident 1.2.3",
        received=RECEIVED,
        result_name="enhanced.png",
        turned=turned,
    )


def actions(made: dict[str, Any]) -> list[dict[str, Any]]:
    """The actions of a manifest."""
    data = made["assertions"][0]["data"]
    assert data["allActionsIncluded"] is True
    return list(data["actions"])


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_has_an_action(name: str) -> None:
    """Each operation becomes one action of C2PA's list, with its name, class and parameters."""
    kind = OPERATIONS[name].operation_class
    first, last = actions(manifest(planned(name, kind)))
    assert first["action"] in VOCABULARY
    assert first["parameters"]["invalid.evident.operation"] == name
    assert first["parameters"]["invalid.evident.class"] == kind.value
    assert first["parameters"]["invalid.evident.parameters"] == {"strength": "1.5"}
    assert last["action"] == "c2pa.transcoded"


@pytest.mark.parametrize("kind", [OperationClass.TRAINED, OperationClass.GENERATIVE])
def test_what_a_network_predicted_is_declared(kind: OperationClass) -> None:
    """A trained or generative step says so by its source type, whatever else it is called."""
    first = actions(manifest(planned("super_resolve", kind)))[0]
    assert first["action"] == "c2pa.edited"
    assert first["digitalSourceType"] == f"{SOURCE_TYPES}compositeWithTrainedAlgorithmicMedia"
    assert "predicted from other images" in first["description"]
    assert first["parameters"]["invalid.evident.weights_sha256"] == "ef" * 32


def test_a_fixed_calculation_is_declared_as_one() -> None:
    """A conventional step claims no network."""
    first = actions(manifest(planned("denoise", OperationClass.CONVENTIONAL)))[0]
    assert first["action"] == "c2pa.enhanced"
    assert first["digitalSourceType"] == f"{SOURCE_TYPES}algorithmicallyEnhanced"
    assert "predicted" not in first["description"]


def test_a_turn_is_an_action() -> None:
    """A picture that was turned upright says so first."""
    assert [one["action"] for one in actions(manifest(turned=True))] == [
        "c2pa.orientation",
        "c2pa.transcoded",
    ]


def test_nobody_is_named() -> None:
    """A manifest holds the file's name and digests, and no folder, host, operator or case."""
    made = manifest(planned("denoise", OperationClass.CONVENTIONAL))
    record = next(one for one in made["assertions"] if one["label"] == RECORD_LABEL)["data"]
    assert set(record) == {
        "version", "job", "preset", "graph_sha256", "plan_sha256", "received"
    }  # fmt: skip
    assert "/case 7" not in json.dumps([made, parent_ingredient(RECEIVED)])


def test_the_parent_is_the_file_as_received() -> None:
    """The ingredient carries the digest under which graphs and statements know the file."""
    ingredient = parent_ingredient(RECEIVED)
    assert ingredient["relationship"] == "parentOf"
    assert ingredient["instance_id"] == "sha256:" + "ab" * 32
