"""`restore_faces`: tracked faces are redrawn by a generative network and pasted back.

Per face: it is drawn upright in 512 x 512 samples (`face_place`), the network redraws it, and the
network's face is mixed into the picture, by 1 - `fidelity` in its middle and fading to nothing at
its rim. What is added is a difference, so samples outside faces keep their bits, and so does
everything at fidelity 1.

Every face is made from what came in, never from another one that was pasted before; where two
overlap they share the place, so that the order of tracks does not matter. The networks take and
give R, G, B of 0 to 1.

Of a photograph, which is worked on in regions, each face is redrawn once, however many regions it
lies in (`pipelines.operations.sighted`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipelines.errors import RequestError
from pipelines.graph.operation_faces import RestoreFacesParameters
from pipelines.media.picture import Block, FrameShape, Plane, Region
from pipelines.operations.base import Network, NetworkSource, Operation
from pipelines.operations.face_place import FacePlace, aligned, pasted, place_of
from pipelines.operations.rgb_network import RgbNetwork
from pipelines.operations.steered import Faces


@dataclass(frozen=True)
class RestoreFaces:
    """The bound operation. `places` are the faces of one frame; None before tracks are known.

    `redrawn` are the network's faces of the one picture that this is for, by track; None has the
    network asked for each region.
    """

    source: FrameShape
    network: Network
    colours: RgbNetwork
    kept: float
    smoothing: int
    tracks: tuple[int, ...]
    faces: Faces | None = None
    places: tuple[FacePlace, ...] | None = None
    redrawn: Mapping[int, Plane] | None = None

    name = "restore_faces"
    before = 0
    after = 0

    @property
    def result(self) -> FrameShape:
        """What it gives: pictures of the same shape."""
        return self.source

    def following(self, faces: Faces) -> Operation:
        """The same operation bound to what was tracked, at the first frame."""
        return replace(self, faces=faces).at(0)

    def at(self, frame: int) -> Operation:
        """The same operation at a frame."""
        if self.faces is None:
            return self
        placed = (
            place_of(one.track, one.landmarks, one.strength, self.source)
            for one in self.faces.at(frame)
        )
        return replace(self, places=tuple(one for one in placed if one is not None))

    @property
    def sees_all(self) -> bool:
        """Whether a region may depend on faces anywhere: where there are any, or may be."""
        return self.places is None or bool(self.places)

    def seen(self, block: Block) -> Operation:
        """The same for one picture alone, each face redrawn; `block` is all of what comes in."""
        redrawn = {one.track: self._asked(block, one) for one in self.places or ()}
        return replace(self, redrawn=redrawn)

    def _asked(self, block: Block, place: FacePlace) -> Plane:
        rgb = self.colours.to_rgb(block, place.region)
        return self.network.run(aligned(rgb, place.region, place, self.source))

    def needs(self, out: Region) -> Region:
        """Name the whole of every face that `out` touches; everything where nobody knows yet."""
        if self.places is None:
            return self.source.whole
        return self.colours.wide(self._read(out))

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out`; see `pipelines.operations.base.Operation`."""
        block = window[centre]
        inner = block.cut(out)
        wide = self.colours.wide(out)
        touched = self._touched(wide)
        if not touched:
            return Block(inner.planes, out, self.result)
        read = self._read(out)
        rgb = self.colours.to_rgb(block, read)
        own = rgb[
            :,
            wide.top - read.top : wide.bottom - read.top,
            wide.left - read.left : wide.right - read.left,
        ]
        drawn, weight = self._drawn(rgb, read, wide, touched)
        changed = own + (drawn - own * weight)
        was = self.colours.from_rgb(own, wide, out)
        now = self.colours.from_rgb(changed, wide, out)
        colour = tuple(
            plane + (after - before)
            for plane, before, after in zip(inner.planes, was, now, strict=False)
        )
        return Block((*colour, *inner.planes[len(colour) :]), out, self.result)

    def _touched(self, region: Region) -> tuple[FacePlace, ...]:
        return tuple(one for one in self.places or () if _meet(one.region, region))

    def _read(self, out: Region) -> Region:
        """What is looked at in colour: the wanted samples and every face that they touch."""
        wide = self.colours.wide(out)
        regions = [wide, *(one.region for one in self._touched(wide))]
        top, left = min(one.top for one in regions), min(one.left for one in regions)
        bottom, right = max(one.bottom for one in regions), max(one.right for one in regions)
        return Region(top, left, bottom - top, right - left).grown(0, self.source)

    def _drawn(
        self, rgb: Plane, read: Region, wide: Region, touched: Sequence[FacePlace]
    ) -> tuple[Plane, Plane]:
        """The redrawn faces on the samples of `wide`, (3, H, W), times their weight, (H, W)."""
        drawn = np.zeros((3, wide.height, wide.width), np.float32)
        weight = np.zeros((wide.height, wide.width), np.float32)
        for place in touched:
            made = None if self.redrawn is None else self.redrawn.get(place.track)
            if made is None:
                made = self.network.run(aligned(rgb, read, place, self.source))
            drawn += pasted(made, place, wide)
            weight += pasted(np.ones_like(made), place, wide)[0]
        share: Plane = np.maximum(weight, np.float32(1))
        np.divide(np.float32(1 - self.kept), share, out=share)
        drawn *= share
        weight *= share
        return drawn, weight


def _meet(one: Region, other: Region) -> bool:
    across = min(one.right, other.right) > max(one.left, other.left)
    return across and min(one.bottom, other.bottom) > max(one.top, other.top)


def build(
    parameters: RestoreFacesParameters, source: FrameShape, networks: NetworkSource
) -> Operation:
    """Bind `restore_faces` to a shape. Raises RequestError for a network of another form."""
    network = networks.network(parameters.model)
    if network.planes != 3 or network.scale != 1:
        raise RequestError(
            f"restore_faces: {parameters.model} does not take faces in colour and give them back "
            "in their size",
            next_step="Name a network that restores faces; see `evident models list`.",
        )
    return RestoreFaces(
        source,
        network,
        RgbNetwork(network, source, source),
        parameters.fidelity,
        parameters.smoothing,
        parameters.tracks,
    )
