"""The facts of `restore_faces`: what it may be told, and what it states about itself."""

from __future__ import annotations

from pydantic import Field

from models.spec import Task
from pipelines.graph.descriptors import (
    Consistency,
    Descriptor,
    FieldUse,
    ForwardModel,
    FrameUse,
    Nature,
    OperationClass,
    ParameterSource,
    PlainForm,
    PlaneUse,
    Reach,
    always,
)
from pipelines.graph.network_parameters import NetworkName, NetworkParameters

TEMPLATE_SIDE = 512
"""Side of the picture of one aligned face that the networks take, in samples."""


class RestoreFacesParameters(NetworkParameters):
    """Which faces are redrawn by which network, and how much of what came in stays."""

    task = Task.RESTORE_FACES

    model: NetworkName = Field(
        description="Catalog name of the network; it takes aligned faces of 512 x 512 samples.",
    )
    fidelity: float = Field(
        default=0.5,
        ge=0.0,
        le=1.0,
        description="Share of the face as received in the result: 0 is the network's face, 1 "
        "leaves every sample as it was.",
    )
    smoothing: int = Field(
        default=4,
        ge=0,
        le=30,
        description="Frames on each side over which a face's landmarks are smoothed along its "
        "track, and over which it is faded in and out; 0 takes every frame by itself.",
    )
    tracks: tuple[int, ...] = Field(
        default=(),
        max_length=256,
        description="Numbers of the tracks that are restored; all of them unless named.",
    )


RESTORE_FACES = Descriptor(
    name="restore_faces",
    summary="Redraws tracked faces with a generative network and pastes them back.",
    nature=Nature(OperationClass.GENERATIVE, FrameUse.SINGLE, ParameterSource.ESTIMATED),
    plane_use=PlaneUse.COLOUR,
    parameters=RestoreFacesParameters,
    # The whole of a face; how large it is, the tracks say.
    reach=always(Reach(pixels=TEMPLATE_SIDE)),
    consistency=Consistency(
        ForwardModel.NONE,
        PlainForm.LEFT_OUT,
        "it redraws faces, and nobody states how they were degraded",
    ),
    network="model",
    fields=FieldUse.REFUSES,
    follows="face",
)

KEEPS_PLACES = frozenset(
    {
        *("resize", "crop", "super_resolve", "levels", "gamma", "white_balance", "sharpen"),
        *("local_contrast", "denoise", "denoise_temporal", "denoise_trained", "deblur", "deblock"),
        *("hdr_to_sdr", "deblur_estimated", "deblur_trained", "steady"),
    }
)
"""What may come before an operation that follows tracks: it leaves faces where they were, or moves
them by a scale and a crop that are known, and frames stay the frames that were looked at."""
