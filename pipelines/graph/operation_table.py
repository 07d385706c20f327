"""Every operation that a graph may name: its facts, its parameters and its ceilings.

Nothing here imports numpy or a pixel library, so a gateway can validate with it. The code
that does the work is in `pipelines.operations`, one file per operation.

`Reach.pixels` counts samples of the plane at hand. Where chroma is subsampled, one chroma
sample spans two or more luma samples; `Operation.needs` gives the region for the layout.
Beside each ceiling stands why the conventional profile stops there.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pipelines.graph.descriptors import (
    Ceiling,
    Consistency,
    Descriptor,
    FieldUse,
    ForwardModel,
    FrameUse,
    OperationClass,
    ParameterSource,
    PlainForm,
    PlaneUse,
)
from pipelines.graph.operation_blur import BLUR_OPERATIONS
from pipelines.graph.operation_faces import RESTORE_FACES
from pipelines.graph.operation_light import HDR_TO_SDR
from pipelines.graph.operation_noise import (
    DenoiseParameters,
    DenoiseTemporalParameters,
    DenoiseTrainedParameters,
    denoise_reach,
    denoise_temporal_reach,
    denoise_trained_reach,
)
from pipelines.graph.operation_place import PLACE_OPERATIONS
from pipelines.graph.operation_repair import REPAIR_OPERATIONS
from pipelines.graph.operation_size import (
    CropParameters,
    ResizeParameters,
    SuperResolveParameters,
    resize_reach,
    super_resolve_reach,
)
from pipelines.graph.operation_steady import STEADY
from pipelines.graph.operation_table_fields import FIELD_OPERATIONS
from pipelines.graph.operation_tone import (
    GammaParameters,
    LevelsParameters,
    LocalContrastParameters,
    SharpenParameters,
    WhiteBalanceParameters,
    local_contrast_reach,
    pointwise_reach,
    sharpen_reach,
    white_balance_reach,
)
from pipelines.graph.operation_wrap import WRAP_OPERATIONS

_STRENGTHENED = Consistency(
    ForwardModel.NONE,
    PlainForm.LEFT_OUT,
    "it strengthens detail on purpose, and no degradation is stated that would undo it",
)
_SAME_SAMPLES = Consistency(ForwardModel.SAME, PlainForm.LEFT_OUT)
_TONE = Consistency(ForwardModel.INVERSE, PlainForm.ITSELF)

RESIZE = Descriptor(
    name="resize",
    summary="Interpolates the picture to another size.",
    operation_class=OperationClass.CONVENTIONAL,
    frame_use=FrameUse.SINGLE,
    parameter_source=ParameterSource.GIVEN,
    plane_use=PlaneUse.ALL,
    parameters=ResizeParameters,
    reach=resize_reach,
    consistency=Consistency(ForwardModel.AREA, PlainForm.ITSELF),
    # Beyond 4 times, 15 of 16 samples are interpolated; below a quarter, text is lost.
    ceilings={"scale": Ceiling(0.25, 4.0)},
    changes_size=True,
)

CROP = Descriptor(
    name="crop",
    summary="Keeps a rectangle of the picture, sample for sample.",
    operation_class=OperationClass.CONVENTIONAL,
    frame_use=FrameUse.SINGLE,
    parameter_source=ParameterSource.GIVEN,
    plane_use=PlaneUse.ALL,
    parameters=CropParameters,
    reach=pointwise_reach,
    consistency=Consistency(ForwardModel.PLACED, PlainForm.ITSELF),
    changes_size=True,
)

LEVELS = Descriptor(
    name="levels",
    summary="Maps a stated range of luma onto another along a straight line.",
    operation_class=OperationClass.CONVENTIONAL,
    frame_use=FrameUse.SINGLE,
    parameter_source=ParameterSource.GIVEN,
    plane_use=PlaneUse.LUMA,
    parameters=LevelsParameters,
    reach=pointwise_reach,
    consistency=_TONE,
    ceilings={
        # A black point above a quarter hides the shadows.
        "black": Ceiling(0.0, 0.25),
        # A white point below three quarters hides the lights.
        "white": Ceiling(0.75, 1.0),
        # A black lifted further, or a white lowered further, veils the picture.
        "output_black": Ceiling(0.0, 0.1),
        "output_white": Ceiling(0.9, 1.0),
    },
)

GAMMA = Descriptor(
    name="gamma",
    summary="Brightens or darkens the middle tones of luma; black and white stay.",
    operation_class=OperationClass.CONVENTIONAL,
    frame_use=FrameUse.SINGLE,
    parameter_source=ParameterSource.GIVEN,
    plane_use=PlaneUse.LUMA,
    parameters=GammaParameters,
    reach=pointwise_reach,
    consistency=_TONE,
    # Beyond a factor of two, deep shadows become steps and mid tones lose their order by eye.
    ceilings={"gamma": Ceiling(0.5, 2.0)},
)

WHITE_BALANCE = Descriptor(
    name="white_balance",
    summary="Multiplies red, green and blue by given factors.",
    operation_class=OperationClass.CONVENTIONAL,
    frame_use=FrameUse.SINGLE,
    parameter_source=ParameterSource.GIVEN,
    plane_use=PlaneUse.COLOUR,
    parameters=WhiteBalanceParameters,
    reach=white_balance_reach,
    consistency=_TONE,
    # Beyond a factor of two, the named colour of a thing can change.
    ceilings={
        "red": Ceiling(0.5, 2.0),
        "green": Ceiling(0.5, 2.0),
        "blue": Ceiling(0.5, 2.0),
    },
)

SHARPEN = Descriptor(
    name="sharpen",
    summary="Unsharp mask on luma.",
    operation_class=OperationClass.CONVENTIONAL,
    frame_use=FrameUse.SINGLE,
    parameter_source=ParameterSource.GIVEN,
    plane_use=PlaneUse.LUMA,
    parameters=SharpenParameters,
    reach=sharpen_reach,
    consistency=_STRENGTHENED,
    ceilings={
        # Beyond 1, the light and dark rims that it draws pass for outlines.
        "amount": Ceiling(0.0, 1.0),
        # Wider rims look like structure of the scene.
        "radius": Ceiling(0.3, 3.0),
    },
)

LOCAL_CONTRAST = Descriptor(
    name="local_contrast",
    summary="Strengthens detail of luma against its surroundings, within a stated limit.",
    operation_class=OperationClass.CONVENTIONAL,
    frame_use=FrameUse.SINGLE,
    parameter_source=ParameterSource.GIVEN,
    plane_use=PlaneUse.LUMA,
    parameters=LocalContrastParameters,
    reach=local_contrast_reach,
    consistency=_STRENGTHENED,
    ceilings={
        # Beyond a half, noise and compression blocks rise to visible texture.
        "amount": Ceiling(0.0, 0.5),
        # About a tenth of the range: brightness of areas stays comparable.
        "limit": Ceiling(0.5, 24.0),
    },
)

DENOISE = Descriptor(
    name="denoise",
    summary="Removes noise of a stated strength within each frame.",
    operation_class=OperationClass.CONVENTIONAL,
    frame_use=FrameUse.SINGLE,
    parameter_source=ParameterSource.GIVEN,
    plane_use=PlaneUse.COLOUR,
    parameters=DenoiseParameters,
    reach=denoise_reach,
    consistency=_SAME_SAMPLES,
    # Above 10 code values, fine texture of the scene is as weak as the noise and goes with it.
    ceilings={"strength": Ceiling(0.0, 10.0), "chroma_strength": Ceiling(0.0, 10.0)},
    fields=FieldUse.REFUSES,
)

DENOISE_TEMPORAL = Descriptor(
    name="denoise_temporal",
    summary="Averages what stays the same in neighbouring frames; motion is left alone.",
    operation_class=OperationClass.CONVENTIONAL,
    frame_use=FrameUse.MIXES,
    parameter_source=ParameterSource.GIVEN,
    plane_use=PlaneUse.COLOUR,
    parameters=DenoiseTemporalParameters,
    reach=denoise_temporal_reach,
    consistency=_SAME_SAMPLES,
    ceilings={
        # Above 10 code values, slow or faint motion is taken for noise.
        "strength": Ceiling(0.0, 10.0),
        # Five frames: a fifth of a second at 25 per second.
        "radius": Ceiling(1, 2),
    },
    fields=FieldUse.REFUSES,
)

DENOISE_TRAINED = Descriptor(
    name="denoise_trained",
    summary="Removes noise from luma with a trained network.",
    operation_class=OperationClass.TRAINED,
    frame_use=FrameUse.SINGLE,
    parameter_source=ParameterSource.GIVEN,
    plane_use=PlaneUse.LUMA,
    parameters=DenoiseTrainedParameters,
    reach=denoise_trained_reach,
    consistency=_SAME_SAMPLES,
    network="model",
    fields=FieldUse.REFUSES,
)

SUPER_RESOLVE = Descriptor(
    name="super_resolve",
    summary="Enlarges luma with a trained network; colour and opacity are interpolated.",
    operation_class=OperationClass.TRAINED,
    frame_use=FrameUse.SINGLE,
    parameter_source=ParameterSource.GIVEN,
    plane_use=PlaneUse.ALL,
    parameters=SuperResolveParameters,
    reach=super_resolve_reach,
    # The networks were trained to undo this reduction; those for real footage expect blur,
    # noise and compression before it as well, which are not stated and so not applied.
    consistency=Consistency(ForwardModel.CUBIC, PlainForm.INTERPOLATED),
    changes_size=True,
    network="model",
    fields=FieldUse.REFUSES,
)

_ALL: tuple[Descriptor[Any], ...] = (
    RESIZE,
    CROP,
    LEVELS,
    GAMMA,
    WHITE_BALANCE,
    SHARPEN,
    LOCAL_CONTRAST,
    DENOISE,
    DENOISE_TEMPORAL,
    DENOISE_TRAINED,
    SUPER_RESOLVE,
    *FIELD_OPERATIONS,
    *BLUR_OPERATIONS,
    *PLACE_OPERATIONS,
    *REPAIR_OPERATIONS,
    HDR_TO_SDR,
    STEADY,
    RESTORE_FACES,
    *WRAP_OPERATIONS,
)

OPERATIONS: Mapping[str, Descriptor[Any]] = MappingProxyType({each.name: each for each in _ALL})
"""Every operation by the name that graphs use."""
