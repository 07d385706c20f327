"""Enhance: the operations of a checked graph, bound to one picture and run on its samples.

Results are pulled: whoever wants a region or a frame asks the last operation, which asks the
one before it for exactly what it reads. So tiles equal the whole, ranges of frames equal the
clip, and memory follows the windows of the operations and never the length of the clip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import cast

from pipelines.errors import PolicyError, RequestError
from pipelines.graph.descriptors import FrameChange, FrameRate, FrameUse
from pipelines.graph.validate import CheckedGraph, Step
from pipelines.media.frame_map import FrameMap, map_frames, retimed
from pipelines.media.picture import Block, FrameShape, Region, Samples, block_from_native
from pipelines.media.video import VideoIndex
from pipelines.operations.base import NetworkSource, Operation, Retiming
from pipelines.operations.region_only import RegionOnly
from pipelines.operations.registry import build
from pipelines.operations.sighted import sighted
from pipelines.operations.steered import at_frame
from pipelines.stages.colour_tags import retagged
from pipelines.stages.drawn_region import View, laid_out

_BLOCK_COPIES = 4
_COLOUR_PLANES = 8
"""Planes of luma's size that a network of colours has at once: its result, that in the codes of the
picture, what is kept of it, and one for the work."""
_SAMPLE_BYTES = 4


@dataclass(frozen=True, slots=True)
class BoundStep:
    """A step and the operation that does it, bound to the size that reaches it."""

    step: Step
    operation: Operation


@dataclass(frozen=True, slots=True)
class Chain:
    """All operations of a graph, in order, bound to pictures of shape `source`.

    `frame_map` is None where frames are counted as the source counts them; else the first
    operation makes the frames that it lists. `view` is how the picture is shown, None where that
    is as it is.
    """

    source: FrameShape
    steps: tuple[BoundStep, ...]
    frame_map: FrameMap | None = None
    view: View | None = None

    @property
    def result(self) -> FrameShape:
        """The shape of what comes out."""
        return self.steps[-1].operation.result if self.steps else self.source

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations alone."""
        return tuple(bound.operation for bound in self.steps)

    def reads(self, first: int, stop: int, frames: int) -> tuple[int, int]:
        """The source frames, first and one past the last, that result frames depend on.

        `first` and `stop` count frames of the result, `frames` those of the source.
        """
        operations = self.operations
        if self.frame_map is None:
            before = sum(operation.before for operation in operations)
            after = sum(operation.after for operation in operations)
            return max(0, first - before), min(frames, stop + after)
        own, rest = operations[0], operations[1:]
        begin = max(0, first - sum(operation.before for operation in rest))
        end = min(self.frame_map.frames, stop + sum(operation.after for operation in rest))
        shown = self.frame_map.first[begin:end]
        return max(0, int(shown[0]) - own.before), min(frames, int(shown[-1]) + own.after + 1)

    def shows(self, frame: int) -> int:
        """The source frame that a frame of the result shows."""
        return frame if self.frame_map is None else self.frame_map.shows(frame)[0]

    def result_index(self, index: VideoIndex) -> VideoIndex:
        """The index of the result, from that of the source.

        Raises RequestError where an operation reads another transfer than the source states.
        """
        aspect = Fraction(1)
        colour = index.video.colour
        for bound in self.steps:
            aspect *= bound.step.descriptor.sample_aspect
            colour = retagged(bound.step, colour)
        made = retimed(index, self.frame_map, aspect=aspect)
        return replace(made, video=replace(made.video, colour=colour))

    @property
    def runs_networks(self) -> bool:
        """Whether a network is among the operations."""
        return any(bound.step.card is not None for bound in self.steps)

    def needs(self, out: Region) -> Region:
        """The region of the source that region `out` of the result depends on."""
        for operation in reversed(self.operations):
            out = operation.needs(out)
        return out

    def region(self, planes: tuple[Samples, ...], out: Region) -> Block:
        """Compute region `out` of the result from the native planes of one whole picture."""
        return pulled(self.operations, planes, self.source, out)

    @property
    def declared(self) -> str:
        """Which operations declare another size or other colours; empty where none does."""
        facts = [bound.step.descriptor for bound in self.steps]
        names = [one.name for one in facts if one.changes_size or one.retags is not None]
        return f"declared by {', '.join(names)}" if names else ""

    @property
    def declared_timing(self) -> str:
        """Which operation declares another number of frames; empty where none does."""
        if self.frame_map is None:
            return ""
        return f"declared by {self.steps[0].step.descriptor.name}"

    @property
    def mixes_frames(self) -> bool:
        """Whether a result frame depends on anything but the source frame of its own number."""
        mixes = any(operation.before + operation.after for operation in self.operations)
        return mixes or self.frame_map is not None

    def frame(self, block: Block, index: int) -> Block:
        """Compute whole frame `index` from its source frame; only where no frames are mixed."""
        for bound in self.operations:
            operation = at_frame(bound, index)
            block = operation.apply([block], 0, operation.result.whole)
        return block

    def resting_bytes(self) -> tuple[int, ...]:
        """What whole float32 pictures take that a photograph leaves between its operations.

        A network that looks at the whole picture is asked once, and what its operation makes of
        the answer lies there until the operations after it have read it.
        """
        before_the_last = self.operations[:-1]
        return tuple(_float_bytes(one.result) for one in before_the_last if sighted(one))

    def frame_memory_bytes(self) -> int:
        """Most memory that whole frames need on their way through, in bytes.

        Per operation: the float32 frames of its window, and four copies of the larger of what
        comes in and what goes out for the work itself; where a network of red, green and blue
        runs on planes that are smaller than these, as many planes of luma's size as it has.
        """
        total = 0
        for operation in self.operations:
            window = operation.before + operation.after + 1
            total += window * _float_bytes(operation.source)
        return total + max(map(_work_bytes, self.steps), default=0)


def _work_bytes(bound: BoundStep) -> int:
    """Most memory that one operation needs for a whole frame, its window not counted."""
    source, result = bound.operation.source, bound.operation.result
    copies = _BLOCK_COPIES * max(_float_bytes(source), _float_bytes(result))
    card = bound.step.card
    if card is None or card.channels.planes == 1:
        return copies
    return max(copies, _COLOUR_PLANES * result.height * result.width * _SAMPLE_BYTES)


def pulled(
    operations: Sequence[Operation],
    planes: tuple[Samples, ...],
    shape: FrameShape,
    out: Region,
) -> Block:
    """Run operations over region `out` of their result.

    `planes` are the native planes of one whole picture of `shape`, which the first takes.
    """
    return pulled_from(operations, lambda region: block_from_native(planes, shape, region), out)


def pulled_from(
    operations: Sequence[Operation], source: Callable[[Region], Block], out: Region
) -> Block:
    """Run operations over region `out` of their result; `source` gives what the first takes."""
    wanted = [out]
    for operation in reversed(operations):
        wanted.append(operation.needs(wanted[-1]))
    block = source(wanted.pop())
    for operation in operations:
        block = operation.apply([block], 0, wanted.pop())
    return block


def reads(operations: Sequence[Operation], out: Region) -> Region | None:
    """The region that region `out` depends on; None where part of it lies outside a picture."""
    for operation in reversed(operations):
        out = operation.needs(out)
        whole = operation.source.whole
        if min(out.top, out.left) < 0 or out.bottom > whole.bottom or out.right > whole.right:
            return None
    return out


class FrameChain:
    """Runs a chain over the frames of a clip, in rising order.

    `source` gives the float32 block of a whole source frame and is asked for rising indexes
    only, each once. `frames` is the length of the source; windows are cut at its two ends.
    """

    def __init__(self, chain: Chain, frames: int, source: Callable[[int], Block]) -> None:
        self._operations = chain.operations
        self._map = chain.frame_map
        self._source_frames = frames
        self._frames = frames if self._map is None else self._map.frames
        self._source = source
        self._kept: list[dict[int, Block]] = [{} for _ in range(len(self._operations) + 1)]
        self._shared = [o.before + o.after > 0 for o in self._operations]
        self._shared.append(False)
        if self._map is not None:
            self._shared[0] = True
        trailing = 0
        self._trailing = [0] * (len(self._operations) + 1)
        for level in range(len(self._operations), 0, -1):
            trailing += self._operations[level - 1].before
            self._trailing[level - 1] = trailing

    def frame(self, index: int) -> Block:
        """Compute one whole frame of the result; `index` rises from call to call."""
        for level, kept in enumerate(self._kept):
            for old in [key for key in kept if key < self._oldest(level, index)]:
                del kept[old]
        return self._level(len(self._operations), index)

    def _oldest(self, level: int, index: int) -> int:
        """The first frame at a level that frame `index` of the result, or a later one, needs."""
        if level or self._map is None:
            return index - self._trailing[level]
        shown, _ = self._map.shows(max(0, index - self._trailing[1]))
        return shown - self._operations[0].before

    def _level(self, level: int, index: int) -> Block:
        """Compute a frame at a level; keep it where the next operation asks for it again."""
        if not self._shared[level]:
            return self._made(level, index)
        kept = self._kept[level]
        if index not in kept:
            kept[index] = self._made(level, index)
        return kept[index]

    def _made(self, level: int, index: int) -> Block:
        if level == 0:
            return self._source(index)
        operation, frames = self._operations[level - 1], self._frames
        if level == 1 and self._map is not None:
            index, phase = self._map.shows(index)
            operation = cast("Retiming", operation).phases[phase]
            frames = self._source_frames
        else:
            shown = index if self._map is None else self._map.shows(index)[0]
            operation = at_frame(operation, shown)
        first = max(0, index - operation.before)
        last = min(frames - 1, index + operation.after)
        window = [self._level(level - 1, other) for other in range(first, last + 1)]
        return operation.apply(window, index - first, operation.result.whole)


def frame_map_of(checked: CheckedGraph, index: VideoIndex) -> FrameMap | None:
    """Lay out the result's frames; None where they are those of the source."""
    changes = [frame_change(step) for step in checked.steps[:1]]
    return map_frames(index, changes[0]) if changes else None


def frame_change(step: Step) -> FrameChange:
    """What a step does to the number of frames."""
    timing = step.descriptor.timing
    return FrameChange() if timing is None else timing(step.parameters)


def bind(
    checked: CheckedGraph,
    source: FrameShape,
    *,
    frames: int,
    networks: NetworkSource,
    frame_map: FrameMap | None = None,
    view: View | None = None,
) -> Chain:
    """Bind every operation of a graph to the picture that reaches it.

    `frame_map` is that of `frame_map_of`, for a clip; `view` says how the picture is shown, which
    is what regions were drawn on, as it is where None. Raises RequestError for what this picture
    does not allow, PolicyError where the preset's ceilings turn out to be exceeded, ModelError
    for a network that cannot be loaded.
    """
    shape = source
    bound: list[BoundStep] = []
    for step in checked.steps:
        if frames == 1 and step.descriptor.frame_use is FrameUse.MIXES:
            raise RequestError(
                f"{step.descriptor.name} mixes frames, and there is one picture only",
                next_step="Leave it out of the graph, or use denoise.",
            )
        if frame_map is None and frame_change(step).rate is not FrameRate.KEPT:
            raise RequestError(
                f"{step.descriptor.name} makes other frames of those of a clip, and there is one "
                "picture only",
                next_step="Use line_double, which makes one picture of it.",
            )
        operation = build(step.descriptor.name, step.parameters, shape, networks=networks)
        if checked.policy.ceilings:
            _check_size_ceiling(checked, step, operation)
        if step.region is not None:
            shown = covered(Chain(source, tuple(bound)))
            seen = view or View.plain(source, frames=frames)
            operation = RegionOnly(operation, laid_out(step.region, seen, shown, shape))
        bound.append(BoundStep(step, operation))
        shape = operation.result
    return Chain(source, tuple(bound), frame_map, view)


def _check_size_ceiling(checked: CheckedGraph, step: Step, operation: Operation) -> None:
    """Hold a size that was given in pixels to the same ceiling as one given as a scale."""
    ceiling = step.descriptor.ceilings.get("scale")
    if ceiling is None:
        return
    before, after = operation.source, operation.result
    for axis, old, new in (
        ("width", before.width, after.width),
        ("height", before.height, after.height),
    ):
        # A side is rounded to whole (chroma) samples, so half of one is allowed for.
        slack = max(before.layout.align_x, before.layout.align_y) / 2
        if not ceiling.least * old - slack <= new <= ceiling.most * old + slack:
            raise PolicyError(
                f"{step.descriptor.name}: {axis} {new} from {old} is outside "
                f"{ceiling.least:g} to {ceiling.most:g} times, which is what "
                f"{checked.policy.preset.value} admits",
                next_step="Preset balanced would admit it.",
            )


def covered(chain: Chain) -> Region:
    """The part of the source that the whole result shows, in source samples."""
    out = chain.result.whole
    for operation in reversed(chain.operations):
        out = _origin_of(operation, out)
    return out


def _origin_of(operation: Operation, out: Region) -> Region:
    """Where region `out` of an operation's result lies in its source, without any reach."""
    if operation.name == "crop":
        return operation.needs(out)
    scale_y = operation.source.height / operation.result.height
    scale_x = operation.source.width / operation.result.width
    top, left = round(out.top * scale_y), round(out.left * scale_x)
    bottom, right = round(out.bottom * scale_y), round(out.right * scale_x)
    return Region(top, left, bottom - top, right - left)


def _float_bytes(shape: FrameShape) -> int:
    sizes = (shape.plane_size(plane) for plane in range(shape.layout.plane_count))
    return sum(rows * columns for rows, columns in sizes) * _SAMPLE_BYTES
