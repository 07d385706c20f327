"""What content credentials say about a job, in C2PA's words (specification 2.x, actions v2).

A manifest travels with the picture, so it names no person, host, case or place: the file as
received by name and digest, every operation with all its parameters, the plan by digest. Which
action and which digital source type stands for which operation is argued in docs/credentials.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipelines.graph.descriptors import OperationClass
from pipelines.graph.plan import Plan, PlannedStep
from pipelines.graph.spec import without_floats
from pipelines.graph.validate import Step
from pipelines.stages.export.words import WORDS, Language
from pipelines.stages.ingest import Received

RECORD_LABEL = "invalid.evident.job"
"""Our own assertion. `.invalid` says that the name is looked up nowhere (RFC 2606)."""

_PREFIX = "invalid.evident"
_ACTIONS = "c2pa.actions.v2"
_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_SOURCE_TYPES = {
    OperationClass.CONVENTIONAL: f"{_SOURCE_TYPE}algorithmicallyEnhanced",
    OperationClass.TRAINED: f"{_SOURCE_TYPE}compositeWithTrainedAlgorithmicMedia",
    OperationClass.GENERATIVE: f"{_SOURCE_TYPE}compositeWithTrainedAlgorithmicMedia",
}

# The general action, for what is not listed and for everything that a network predicted.
_EDITED = "c2pa.edited"
_CONVENTIONAL_ACTIONS = {
    "crop": "c2pa.cropped",
    "unwrap": "c2pa.cropped",
    "resize": "c2pa.resized",
    "levels": "c2pa.adjustedColor",
    "gamma": "c2pa.adjustedColor",
    "white_balance": "c2pa.adjustedColor",
    "local_contrast": "c2pa.adjustedColor",
    "hdr_to_sdr": "c2pa.adjustedColor",
    "sharpen": "c2pa.enhanced",
    "denoise": "c2pa.enhanced",
    "denoise_temporal": "c2pa.enhanced",
    "deblur": "c2pa.enhanced",
    "deblock": "c2pa.enhanced",
    "deblur_estimated": "c2pa.enhanced",
    "steady": "c2pa.enhanced",
}
_TRAINED = WORDS[Language.EN].sentences.trained
_CLASS_SENTENCES = {
    OperationClass.CONVENTIONAL: "",
    OperationClass.TRAINED: f" Trained, without an adversarial loss. {_TRAINED}",
    OperationClass.GENERATIVE: f" Generative: detail is invented. {_TRAINED}",
}


def credential_manifest(
    plan: Plan,
    steps: Sequence[Step],
    *,
    job: str,
    application: str,
    received: Received,
    result_name: str,
    turned: bool,
) -> dict[str, Any]:
    """The manifest definition; C2PA's own `c2pa.opened` for the parent is put before its actions.

    `turned` says that an orientation tag was applied to the samples.
    """
    name, _, version = application.partition(" ")
    agent = {"name": name, "version": version} if version else {"name": name}
    actions = [*_actions(plan, steps, turned=turned)]
    record = {
        "version": 1,
        "job": job,
        "preset": plan.preset.value,
        "graph_sha256": plan.graph_sha256,
        "plan_sha256": plan.digest(),
        "received": {
            "name": received.name,
            "sha256": received.sha256,
            "bytes": received.size,
        },
    }
    return {
        "claim_generator_info": [agent],
        "title": result_name,
        "assertions": [
            {
                "label": _ACTIONS,
                "data": {
                    "actions": [{**action, "softwareAgent": agent} for action in actions],
                    "allActionsIncluded": True,
                },
            },
            {"label": RECORD_LABEL, "data": record},
        ],
    }


def parent_ingredient(received: Received) -> dict[str, Any]:
    """The file as received, which the result was made from."""
    return {
        "title": received.name,
        "relationship": "parentOf",
        "instance_id": received.artifact,
        "description": (f"The file as received: {received.size} bytes, SHA-256 {received.sha256}."),
    }


def _actions(plan: Plan, steps: Sequence[Step], *, turned: bool) -> Iterator[dict[str, Any]]:
    if turned:
        yield {
            "action": "c2pa.orientation",
            "description": "Turned upright as its orientation tag says; no sample is changed.",
            "digitalSourceType": _SOURCE_TYPES[OperationClass.CONVENTIONAL],
        }
    networks = {str(facts["model"]): facts for facts in plan.networks}
    for planned, step in zip(plan.steps, steps, strict=True):
        yield _action(planned, step.descriptor.summary, plan, networks)
    delivery = plan.delivery
    kept = "lossless" if delivery.lossless else "lossy"
    yield {
        "action": "c2pa.transcoded",
        "description": f"Coded as {delivery.codec} in {delivery.container}, {kept}.",
    }


def _action(
    planned: PlannedStep,
    summary: str,
    plan: Plan,
    networks: Mapping[str, Mapping[str, str | int]],
) -> dict[str, Any]:
    kind = planned.operation_class
    conventional = kind is OperationClass.CONVENTIONAL
    parameters = {
        "operation": planned.op,
        "class": kind.value,
        "frame_use": planned.frame_use.value,
        "parameter_source": planned.parameter_source.value,
        "parameters": without_floats(planned.parameters),
        "plan_sha256": plan.digest(),
    }
    if planned.network is not None:
        facts = networks[planned.network]
        parameters["network"] = planned.network
        parameters["weights_sha256"] = facts["weights_sha256"]
    if planned.region is not None:
        region = planned.region.model_dump(mode="json", exclude_none=True)
        parameters["region"] = without_floats(region)
    return {
        "action": _CONVENTIONAL_ACTIONS.get(planned.op, _EDITED) if conventional else _EDITED,
        "description": f"{planned.op}: {summary}{_CLASS_SENTENCES[kind]}",
        "digitalSourceType": _SOURCE_TYPES[kind],
        "parameters": {f"{_PREFIX}.{key}": value for key, value in parameters.items()},
    }
