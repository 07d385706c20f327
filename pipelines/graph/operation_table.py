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

from pipelines.graph.descriptors import Descriptor
from pipelines.graph.operation_blur import BLUR_OPERATIONS
from pipelines.graph.operation_faces import RESTORE_FACES
from pipelines.graph.operation_fields import FIELD_OPERATIONS
from pipelines.graph.operation_light import HDR_TO_SDR
from pipelines.graph.operation_noise import NOISE_OPERATIONS
from pipelines.graph.operation_place import PLACE_OPERATIONS
from pipelines.graph.operation_repair import REPAIR_OPERATIONS
from pipelines.graph.operation_size import CROP, RESIZE, SUPER_RESOLVE
from pipelines.graph.operation_steady import STEADY
from pipelines.graph.operation_tone import TONE_OPERATIONS
from pipelines.graph.operation_wrap import WRAP_OPERATIONS

_ALL: tuple[Descriptor[Any], ...] = (
    RESIZE,
    CROP,
    *TONE_OPERATIONS,
    *NOISE_OPERATIONS,
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
