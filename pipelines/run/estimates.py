"""What was estimated of a blur, in sentences for the report: the numbers, how sure, what was done.

An estimate is made anew for every frame, by the same function on the same samples as here. So a
photograph's is stated, and of a clip those of the frames that the report shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from pipelines.graph.operation_blur import (
    DEBLUR_ESTIMATED,
    DeblurEstimatedParameters,
    EstimatedSpread,
)
from pipelines.graph.validate import CheckedGraph
from pipelines.media.picture import FrameShape, Samples, block_from_native
from pipelines.operations.deblur_estimated import FoundBlur, estimated_blur, middle_of
from pipelines.operations.luma import luma_of

Shown = tuple[int | None, tuple[Samples, ...]]
"""The number of a frame (None for a photograph), and its planes as they went in."""


def blur_sentences(
    checked: CheckedGraph, shape: FrameShape, shown: Iterable[Shown]
) -> tuple[str, ...]:
    """Say what `deblur_estimated` found in pictures of that shape; nothing where it does not run.

    After another operation its input is not kept, and that is what is said.
    """
    steps = [one for one in checked.steps if one.descriptor.name == DEBLUR_ESTIMATED.name]
    if not steps:
        return ()
    said: list[str] = []
    if checked.steps[0] is steps[0]:
        psf = cast("DeblurEstimatedParameters", steps[0].parameters).psf
        said += [_sentence(psf, shape, frame, planes) for frame, planes in shown]
    if len(steps) > 1 or not said:
        said.append(
            "What deblur_estimated found after other operations is not stated: its input is not "
            "kept."
        )
    return tuple(said)


def _sentence(
    psf: EstimatedSpread, shape: FrameShape, frame: int | None, planes: tuple[Samples, ...]
) -> str:
    where = "in the picture" if frame is None else f"in frame {frame}"
    found = estimated_blur(psf, luma_of(block_from_native(planes, shape, middle_of(shape))))
    if found.blur is None:
        return f"deblur_estimated found no blur {where} {_why(found)}, and left it as it is."
    if found.blur.angle is None:
        what = f"a Gaussian of sigma {found.blur.width:g} samples"
    else:
        what = (
            f"a motion of {found.blur.width:g} samples at {found.blur.angle} degrees, confidence "
            f"{found.confidence:.2f} of 1"
        )
    return f"deblur_estimated found {where} {what}, and took it back; edges may ring."


def _why(found: FoundBlur) -> str:
    if found.confidence is None:
        return "that its edges tell"
    return f"that stands out (confidence {found.confidence:.2f} of 1)"
