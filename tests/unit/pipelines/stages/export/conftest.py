"""Facts of a photograph and of a clip, as a job would state them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from pipelines.graph.descriptors import FrameUse, OperationClass, ParameterSource, PlaneUse
from pipelines.media.picture import Family, FrameShape, PixelLayout
from pipelines.stages.export.fact_types import Chosen, MediaKind
from pipelines.stages.export.facts import (
    LawFacts,
    NamedFact,
    Origin,
    ReportFacts,
    RunFacts,
    SegmentPlan,
)
from pipelines.stages.export.facts_media import (
    ClipFacts,
    FileFacts,
    PhotoFacts,
    StatedColour,
    StreamFate,
    StreamLine,
)
from pipelines.stages.export.facts_steps import (
    NetworkFacts,
    ParameterFacts,
    ReachFacts,
    ScoreFacts,
    StepFacts,
)
from pipelines.stages.export.preview import FrameStamp, Pictured, Preview, make_preview


def digest(letter: str) -> str:
    """Return a digest that is easy to tell from others."""
    return (letter + "0123456789abcdef" * 4)[:64]


def origin() -> Origin:
    """Return who ran the job."""
    return Origin(
        job="0f6c2a54-7d1e-4b5a-9d43-1f6f0a2b9c10",
        created="2026-03-04T05:06:07Z",
        operator="m.keller",
        host="lab-3",
        application="evident 0.1.0",
        case="2026-0117",
        item="14b",
    )


def network() -> NetworkFacts:
    """Return the card of a network."""
    return NetworkFacts(
        name="evident-sr-x2",
        version="1.0.0",
        title="Enlarges luma two times; trained for fidelity",
        network_class=OperationClass.TRAINED,
        licence="Apache-2.0",
        origin="Trained by the authors of this product from a seed.",
        weights_file="evident-sr-x2.onnx",
        weights_sha256=digest("e"),
        weights_count=75_412,
        training_data="24 photographs of the Kodak suite and public-domain pictures.",
        degradation="Bicubic reduction without noise.",
        known_failures=(
            "Fine regular patterns may come out at a wrong angle or spacing.",
            "Small print may turn into other characters.",
        ),
        tiling="exact(reach 12)",
        gate="ungated",
        scores=(
            ScoreFacts(
                judged_set="evident-judge-1",
                pictures=12,
                psnr_db=33.91,
                gain_db=2.31,
                reference="bicubic interpolation",
            ),
        ),
    )


def setting(name: str, value: object, *, default: object, meaning: str) -> ParameterFacts:
    """Return one parameter; it counts as given where it is not the default."""
    chosen = Chosen.DEFAULT if value == default else Chosen.GIVEN
    return ParameterFacts(name=name, value=value, default=default, chosen=chosen, meaning=meaning)


def denoise() -> StepFacts:
    """Return a conventional step on single frames."""
    return StepFacts(
        name="denoise",
        summary="Weakens noise by averaging similar neighbourhoods of one frame",
        operation_class=OperationClass.CONVENTIONAL,
        frame_use=FrameUse.SINGLE,
        parameter_source=ParameterSource.GIVEN,
        plane_use=PlaneUse.ALL,
        reach=ReachFacts(pixels=13),
        parameters=(
            setting("strength", 4.0, default=3.0, meaning="Noise in 8-bit code values."),
            setting("chroma_strength", None, default=None, meaning="The same for colour."),
        ),
    )


def denoise_temporal() -> StepFacts:
    """Return a conventional step that mixes five frames."""
    return StepFacts(
        name="denoise_temporal",
        summary="Averages a frame with its neighbours where they agree",
        operation_class=OperationClass.CONVENTIONAL,
        frame_use=FrameUse.MIXES,
        parameter_source=ParameterSource.GIVEN,
        plane_use=PlaneUse.ALL,
        reach=ReachFacts(pixels=3, before=2, after=2),
        parameters=(setting("radius", 2, default=1, meaning="Frames on each side."),),
    )


def super_resolve() -> StepFacts:
    """Return a trained step."""
    return StepFacts(
        name="super_resolve",
        summary="Enlarges with a network; colour is interpolated",
        operation_class=OperationClass.TRAINED,
        frame_use=FrameUse.SINGLE,
        parameter_source=ParameterSource.GIVEN,
        plane_use=PlaneUse.ALL,
        reach=ReachFacts(pixels=12),
        parameters=(
            setting("scale", 2, default=2, meaning="Samples of the result per sample."),
            setting("model", "evident-sr-x2", default=None, meaning="The network."),
        ),
        network="evident-sr-x2",
        source_size=(320, 240),
        result_size=(640, 480),
    )


def run(**more: object) -> RunFacts:
    """Return how the job was computed."""
    facts: dict[str, object] = {
        "graph_sha256": digest("a"),
        "plan_sha256": digest("b"),
        "engine": "onnxruntime 1.31.0",
        "precision": "fp32",
        "device": "cpu",
        "threads": 2,
        "tile": "256 x 256, overlap 12",
        "seconds": 3.25,
    }
    return RunFacts.model_validate({**facts, **more})


def photo_file(name: str, *, width: int, height: int, letter: str) -> FileFacts:
    """Return a photograph."""
    return FileFacts(
        file_name=name,
        bytes=1_234_567,
        sha256=digest(letter),
        media_type="image/png",
        kind=MediaKind.PHOTO,
        width=width,
        height=height,
        depth=8,
        layout="RGB, full range",
        lossless=True,
        photo=PhotoFacts(
            file_kind="PNG", orientation=1, icc_bytes=3144, exif=True, resolution="300 x 300 dpi"
        ),
    )


def clip_file(name: str, *, width: int, height: int, letter: str, **more: object) -> FileFacts:
    """Return a clip."""
    clip: dict[str, object] = {
        "container": "mp4",
        "codec": "h264",
        "pixel_format": "yuv420p",
        "frames": 90,
        "time_base": "1/90000",
        "duration_seconds": "3.003",
        "variable_rate": True,
        "rotation": 270,
        "colour": StatedColour(range="studio"),
    }
    return FileFacts(
        file_name=name,
        bytes=9_876_543,
        sha256=digest(letter),
        media_type="video/mp4",
        kind=MediaKind.VIDEO,
        width=width,
        height=height,
        depth=8,
        layout="YCbCr 4:2:0, studio range, bt709 matrix",
        lossless=False,
        clip=ClipFacts.model_validate({**clip, **more}),
    )


def versions() -> tuple[NamedFact, ...]:
    """Return the software."""
    return (NamedFact(name="Python", value="3.11.7"), NamedFact(name="av", value="18.1.0"))


@pytest.fixture
def photo_facts() -> ReportFacts:
    """Return a photograph denoised under forensic-safe."""
    return ReportFacts(
        origin=origin(),
        preset="forensic-safe",
        received=photo_file("gate.png", width=320, height=240, letter="1"),
        delivered=photo_file("enhanced.png", width=320, height=240, letter="2"),
        steps=(denoise(),),
        run=run(),
        conservation=(LawFacts(name="size", source="320 x 240", result="320 x 240", holds=True),),
        software=versions(),
        hardware=(NamedFact(name="processor", value="x86_64"),),
    )


@pytest.fixture
def clip_facts() -> ReportFacts:
    """Return a clip denoised and enlarged under balanced."""
    return ReportFacts(
        origin=origin(),
        preset="balanced",
        received=clip_file("tram.mp4", width=320, height=240, letter="3"),
        delivered=clip_file("enhanced.mp4", width=640, height=480, letter="4"),
        steps=(denoise_temporal(), super_resolve()),
        networks=(network(),),
        run=run(
            segments=SegmentPlan(count=2, frames=60, seconds=2.0), replans=("tile 256 to 128",)
        ),
        assumptions=("No colour matrix is stated; bt709 assumed for display.",),
        overrides=("A network without a gate was admitted: evident-sr-x2.",),
        warnings=("Frame 12 is a repeat of frame 11.",),
        source_defects=("The decoder marked frame 40 as damaged.",),
        conservation=(
            LawFacts(name="frames", source="90", result="90", holds=True),
            LawFacts(
                name="size",
                source="320 x 240",
                result="640 x 480",
                holds=True,
                declared="super_resolve enlarges 2 times",
            ),
        ),
        streams=(
            StreamLine(index=0, kind="video", codec="h264", fate=StreamFate.ENHANCED),
            StreamLine(index=1, kind="audio", codec="aac", language="eng", fate=StreamFate.COPIED),
        ),
        software=versions(),
    )


def textured(height: int, width: int) -> np.ndarray:
    """Return a flat picture with one busy part, (H, W) uint8."""
    plane = np.full((height, width), 90, np.uint8)
    rows, columns = np.mgrid[0:40, 0:50]
    plane[height // 2 : height // 2 + 40, width // 4 : width // 4 + 50] = (
        rows * 13 + columns * 7
    ) % 256
    return plane


@pytest.fixture
def preview() -> Preview:
    """Return the preview of frame 30 of a clip, enlarged two times."""
    layout = PixelLayout(Family.GRAY)
    small = textured(240, 320)
    large = small.repeat(2, axis=0).repeat(2, axis=1)
    return make_preview(
        Pictured((small,), FrameShape(240, 320, layout)),
        Pictured((large,), FrameShape(480, 640, layout)),
        frame=FrameStamp(30, 90_000, Fraction(1, 90_000)),
    )
