"""Facts taken from what the rest of the pipelines already knows: steps, cards, clips, laws.

Each function copies and names; none judges. Importing this module imports no pixel library.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata

from pydantic_core import PydanticUndefined

from models.spec import NetworkCard, WeightsFormat
from pipelines.graph.descriptors import Descriptor, OperationClass, Parameters, ParameterSource
from pipelines.graph.plan import PlannedRegion
from pipelines.media.picture import Family, FrameShape
from pipelines.media.video import Law, StreamFacts
from pipelines.stages.export.fact_types import Chosen
from pipelines.stages.export.facts import LawFacts, NamedFact
from pipelines.stages.export.facts_media import StreamFate, StreamLine
from pipelines.stages.export.facts_steps import (
    NetworkFacts,
    ParameterFacts,
    ReachFacts,
    RegionFacts,
    ScoreFacts,
    StepFacts,
)

_LIBRARIES = ("av", "numpy", "onnxruntime", "opencv-python-headless", "pillow", "pyvips")
_CHROMA = {(0, 0): "4:4:4", (1, 0): "4:2:2", (1, 1): "4:2:0", (2, 0): "4:1:1", (0, 1): "4:4:0"}


def step_facts(
    descriptor: Descriptor[Parameters],
    parameters: Parameters,
    *,
    operation_class: OperationClass,
    network: str | None = None,
    sizes: tuple[FrameShape, FrameShape] | None = None,
    registration_residual: str | None = None,
    region: PlannedRegion | None = None,
) -> StepFacts:
    """Return the facts of one operation of a checked graph.

    A parameter counts as given when the graph named it (`model_fields_set`). `region` is the one
    it was held to, of the plan. `sizes` are the shapes before and after; `network` is the catalog
    name of the network that ran.
    """
    reach = descriptor.reach(parameters)
    before, after = sizes if sizes is not None else (None, None)
    return StepFacts(
        name=descriptor.name,
        summary=descriptor.summary,
        operation_class=operation_class,
        frame_use=descriptor.frame_use,
        parameter_source=descriptor.parameter_source,
        plane_use=descriptor.plane_use,
        reach=ReachFacts(pixels=reach.pixels, before=reach.before, after=reach.after),
        parameters=_parameters(parameters, descriptor.parameter_source),
        network=network,
        source_size=None if before is None else (before.width, before.height),
        result_size=None if after is None else (after.width, after.height),
        registration_residual=registration_residual,
        region=None if region is None else _region_facts(region),
    )


def _region_facts(region: PlannedRegion) -> RegionFacts:
    drawn = region.drawn
    return RegionFacts.model_validate(
        {
            "name": drawn.name,
            "space": drawn.space,
            "points": drawn.points,
            "samples": region.samples,
            "feather": drawn.feather,
            "frames": drawn.frames,
            "because": drawn.because,
        }
    )


def network_facts(
    card: NetworkCard,
    *,
    ran: WeightsFormat = WeightsFormat.ONNX,
    gate: Mapping[str, str | int] | None = None,
) -> NetworkFacts:
    """Return the facts on a network's card and of its gate.

    `ran` is the form of weights that the engine read; `gate` has what the plan says of the gate
    (`gate`, `gate_set`, `gate_cases`), None where nothing is known.
    """
    file = card.files[ran]
    known = gate or {}
    judged = known.get("gate_set")
    return NetworkFacts(
        name=card.name,
        version=card.version,
        title=card.title,
        network_class=OperationClass(card.network_class.value),
        licence=card.licence,
        origin=card.origin,
        weights_file=file.name,
        weights_sha256=file.sha256,
        weights_count=card.parameters,
        training_data=card.training.data,
        degradation=card.training.degradation,
        known_failures=card.training.known_failures,
        tiling=card.tiling.caption,
        gate=str(known.get("gate", "ungated")),
        gate_set=None if judged is None else str(judged),
        gate_pictures=int(known["gate_cases"]) if "gate_cases" in known else None,
        scores=tuple(
            ScoreFacts.model_validate(
                {
                    "judged_set": score.judged_set,
                    "pictures": score.pictures,
                    "psnr_db": score.psnr_db,
                    "gain_db": score.gain_db,
                    "reference": score.reference,
                }
            )
            for score in card.scores
        ),
    )


def law_facts(laws: Iterable[Law]) -> tuple[LawFacts, ...]:
    """Return the conservation laws as facts."""
    return tuple(
        LawFacts(
            name=law.name,
            source=law.source,
            result=law.result,
            holds=law.holds,
            declared=law.declared,
        )
        for law in laws
    )


def stream_lines(
    streams: Sequence[StreamFacts], fates: Mapping[int, StreamFate]
) -> tuple[StreamLine, ...]:
    """Return what became of each stream; `fates` is by stream index, the rest were copied."""
    return tuple(
        StreamLine(
            index=stream.index,
            kind=stream.kind.value,
            codec=stream.codec,
            language=stream.language,
            fate=fates.get(stream.index, StreamFate.COPIED),
            remark="attached picture" if stream.attached_picture else "",
        )
        for stream in streams
    )


def layout_words(shape: FrameShape) -> str:
    """Return how samples are arranged, for example `YCbCr 4:2:0, studio range, bt709 matrix`."""
    layout = shape.layout
    spread = "full range" if layout.full_range else "studio range"
    if layout.family is not Family.YCBCR:
        name = "gray" if layout.family is Family.GRAY else "RGB"
        return f"{name}, {spread}"
    chroma = _CHROMA.get(
        (layout.chroma_x, layout.chroma_y), f"chroma 1/{layout.align_x} x 1/{layout.align_y}"
    )
    return f"YCbCr {chroma}, {spread}, {layout.matrix.value} matrix"


def software_facts(libraries: Sequence[str] = _LIBRARIES) -> tuple[NamedFact, ...]:
    """Return the versions of Python and of those `libraries` that are installed."""
    found = [NamedFact(name="Python", value=platform.python_version())]
    for name in libraries:
        try:
            found.append(NamedFact(name=name, value=metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return tuple(found)


def hardware_facts() -> tuple[NamedFact, ...]:
    """Return what this machine is, as far as Python knows."""
    return (
        NamedFact(name="system", value=f"{platform.system()} {platform.release()}"),
        NamedFact(name="processor", value=platform.machine() or "not stated"),
        NamedFact(name="processor threads", value=str(os.cpu_count() or "not stated")),
    )


def _parameters(parameters: Parameters, source: ParameterSource) -> tuple[ParameterFacts, ...]:
    values = parameters.model_dump(mode="json")
    # A default may follow from parameters before it; those that a person gave count.
    resolved = {name: getattr(parameters, name) for name in type(parameters).model_fields}
    found = []
    for name, field in type(parameters).model_fields.items():
        chosen = Chosen.DEFAULT
        if name in parameters.model_fields_set:
            chosen = Chosen.GIVEN
        elif source is ParameterSource.ESTIMATED and values[name] is None:
            chosen = Chosen.ESTIMATED
        default = field.get_default(call_default_factory=True, validated_data=resolved)
        found.append(
            ParameterFacts(
                name=name,
                value=values[name],
                default=None if default is PydanticUndefined else default,
                chosen=chosen,
                meaning=(field.description or "").strip(),
            )
        )
    return tuple(found)
