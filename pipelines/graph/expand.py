"""From a short wish (a pipeline, a preset, a scale) to the graph that is stored and hashed.

The command line and the HTTP interface take the short form; both go through here, so the same
wish is the same graph wherever it was made.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from models import catalog
from models.errors import ModelError
from models.spec import Precision, Task
from pipelines.errors import GraphError
from pipelines.graph.expected import ExpectedDigest
from pipelines.graph.overrides import Overrides
from pipelines.graph.spec import (
    ExportParams,
    Graph,
    Name,
    Preset,
    Strict,
    parse_graph,
)
from pipelines.graph.tracking import MOST_EDITS, TrackEdit

Pipeline = Literal["photo", "video"]

DEFAULT_SCALE = 2
MOST_SCALE = 4

_SOURCE = "source"


class Wish(Strict):
    """What may be asked for in the short form.

    `scale` is new size over old size; 1 keeps the size and removes noise. `model` names a
    network of the catalog; its task decides what is done. `previews` and `pyramid` ask for copies
    of a photograph to look at. `region` names one of the overrides, which the operations are held
    to. `denoise` mixes it with its twin.
    `track` names what is followed, such as `face`; what else is told about tracks says how.
    """

    scale: int = Field(default=DEFAULT_SCALE, ge=1, le=MOST_SCALE)
    model: str | None = Field(default=None, min_length=1, max_length=64)
    denoise: float | None = Field(default=None, ge=0.0, le=1.0)
    video_stream: int | None = Field(default=None, ge=0, le=1023)
    drop_streams: tuple[int, ...] = ()
    image_kind: Literal["png", "source"] = "png"
    previews: tuple[Literal["webp", "avif"], ...] = Field(default=(), max_length=2)
    pyramid: bool = False
    credentials: Literal["c2pa", "none"] = "c2pa"
    allow_ungated: str | None = Field(default=None, min_length=3, max_length=500)
    allow_licence: str | None = Field(default=None, min_length=3, max_length=500)
    precision: Precision | None = None
    overrides: Overrides | None = None
    region: str | None = Field(default=None, min_length=1, max_length=64)
    expected: tuple[ExpectedDigest, ...] = ()
    track: tuple[Name, ...] = Field(default=(), max_length=16)
    track_detector: str | None = Field(default=None, min_length=1, max_length=80)
    track_every: int | None = Field(default=None, ge=1, le=10_000)
    track_edits: tuple[TrackEdit, ...] = Field(default=(), max_length=MOST_EDITS)

    @model_validator(mode="after")
    def _tracks_are_asked_for(self) -> Wish:
        told = self.track_detector or self.track_every or self.track_edits
        if told and not self.track:
            raise ValueError("say what to track: --track face")
        return self


def expand(pipeline: Pipeline, preset: Preset, artifact: str, wish: Wish) -> Graph:
    """Write the graph for `wish` over one input, `artifact` (`sha256:` and 64 digits).

    Raises GraphError where the parameters contradict each other.
    """
    ingest: dict[str, Any] = {}
    if wish.video_stream is not None:
        ingest["video_stream"] = wish.video_stream
    if wish.overrides is not None and wish.overrides.names:
        ingest["overrides"] = wish.overrides.model_dump(
            mode="json", exclude_none=True, exclude_defaults=True
        )
    if wish.expected:
        ingest["expected"] = [one.model_dump(mode="json") for one in wish.expected]
    export: dict[str, Any] = {"formats": list(ExportParams().formats)}
    if pipeline == "photo":
        export["image_kind"] = wish.image_kind
    if wish.previews:
        export["previews"] = list(dict.fromkeys(wish.previews))
    if wish.pyramid:
        export["pyramid"] = True
    if wish.drop_streams:
        export["drop_streams"] = list(wish.drop_streams)
    if wish.credentials != ExportParams().credentials:
        export["credentials"] = wish.credentials
    return parse_graph(
        {
            "version": 1,
            "preset": preset.value,
            "inputs": {"source": {"artifact": artifact}},
            "stages": [
                {"name": "ingest", "kind": "ingest", "needs": ["source"], "params": ingest},
                *_track(wish),
                {
                    "name": "enhance",
                    "kind": "enhance",
                    "needs": ["ingest", *(["track"] if wish.track else [])],
                    "params": _enhance(preset, wish),
                },
                {"name": "qa", "kind": "qa", "needs": ["enhance"]},
                {"name": "export", "kind": "export", "needs": ["enhance", "qa"], "params": export},
            ],
        }
    )


def _track(wish: Wish) -> list[dict[str, Any]]:
    """The stage that looks for what is to be tracked; none where nothing is."""
    if not wish.track:
        return []
    params: dict[str, Any] = {"targets": list(wish.track)}
    if wish.track_detector is not None:
        params["detector"] = wish.track_detector
        if wish.allow_licence is not None:
            params["allow_licence"] = wish.allow_licence
    if wish.track_every is not None:
        params["every"] = wish.track_every
    if wish.track_edits:
        params["edits"] = [one.model_dump(mode="json") for one in wish.track_edits]
    return [{"name": "track", "kind": "detect_track", "needs": ["ingest"], "params": params}]


def _enhance(preset: Preset, wish: Wish) -> dict[str, Any]:
    operations = _operations(preset, wish)
    if wish.region is not None:
        operations = [{**one, "region": wish.region} for one in operations]
    params: dict[str, Any] = {"operations": operations}
    if wish.allow_ungated is not None:
        params["allow_ungated"] = wish.allow_ungated
    if wish.allow_licence is not None:
        params["allow_licence"] = wish.allow_licence
    if wish.precision is not None:
        params["precision"] = wish.precision.value
    return params


def bind(document: object, artifact: str) -> Graph:
    """Read a graph that a person wrote, for the file `artifact`.

    A document without `inputs` is a template for any file. Raises GraphError where it names
    another file than this one, or more than one input.
    """
    if isinstance(document, dict) and "inputs" not in document:
        document = {**document, "inputs": {_only_source(document): {"artifact": artifact}}}
    graph = parse_graph(document)
    if len(graph.inputs) != 1:
        raise GraphError(
            f"inputs: this graph takes {len(graph.inputs)} inputs, one file is given",
            field="inputs",
            next_step="Write a graph with one input; every file on the command line is run by it.",
        )
    name, source = next(iter(graph.inputs.items()))
    if source.artifact != artifact:
        raise GraphError(
            f"inputs.{name}.artifact: the graph is for {source.artifact}, this file is {artifact}",
            field=f"inputs.{name}.artifact",
            next_step="Leave `inputs` out of the graph to run it on any file.",
        )
    return graph


def _only_source(document: dict[Any, Any]) -> str:
    """Find the one name that stages need and no stage has: the template's input."""
    stages = [stage for stage in document.get("stages") or () if isinstance(stage, dict)]
    made = {stage.get("name") for stage in stages}
    needed = {str(need) for stage in stages for need in stage.get("needs") or ()}
    open_names = sorted(needed - {str(name) for name in made})
    return open_names[0] if len(open_names) == 1 else _SOURCE


def _operations(preset: Preset, wish: Wish) -> list[dict[str, Any]]:
    if wish.model is not None:
        return _by_network(wish.model, wish)
    if wish.denoise is not None:
        raise GraphError(
            "denoise: it mixes a network with its twin, and no network is named",
            field="denoise",
            next_step="Name one with --model, for example realesr-general-x4v3.",
        )
    if preset is Preset.FORENSIC_SAFE:
        if wish.scale == 1:
            return [{"op": "denoise"}]
        return [{"op": "resize", "scale": wish.scale, "filter": "lanczos"}]
    if wish.scale == 1:
        return [{"op": "denoise_trained"}]
    return _enlarged(wish.scale, model=None)


def _by_network(model: str, wish: Wish) -> list[dict[str, Any]]:
    try:
        card = catalog.card(model)
    except ModelError as error:
        raise GraphError(f"model: {error}", field="model", next_step=error.next_step) from error
    if card.task is Task.SUPER_RESOLVE:
        asked = wish.scale if "scale" in wish.model_fields_set else card.scale
        if asked not in (card.scale, card.scale - 1) or asked == 1:
            raise GraphError(
                f"scale: {model} enlarges {card.scale} times, not {asked} times",
                field="scale",
                next_step=f"Leave the scale out, or ask for {card.scale}.",
            )
        return _enlarged(asked, model=model, denoise=wish.denoise)
    if wish.denoise is not None:
        raise GraphError(
            f"denoise: {model} has no twin to mix its weights with",
            field="denoise",
            next_step="Leave the strength out.",
        )
    denoised: list[dict[str, Any]] = [{"op": "denoise_trained", "model": model}]
    if "scale" in wish.model_fields_set and wish.scale > 1:
        denoised += _enlarged(wish.scale, model=None)
    return denoised


def _enlarged(
    scale: int, *, model: str | None, denoise: float | None = None
) -> list[dict[str, Any]]:
    """Enlarge by 2 or 4 with a network; by 3 with the network for 4, then reduced by averaging."""
    step: dict[str, Any] = {"op": "super_resolve", "scale": 2 if scale == 2 else 4}
    if model is not None:
        step["model"] = model
    if denoise is not None:
        step["denoise"] = denoise
    if scale == 3:
        return [step, {"op": "resize", "scale": 0.75, "filter": "area"}]
    return [step]
