"""The frames of a result, in order, from those that a reader hands out.

What comes out depends on the chain and the frames alone: where a range begins (its halo has to
be read as well), who asks for it and what becomes of the frames makes no difference.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from pipelines.errors import DamagedError
from pipelines.media.picture import Block, Samples, block_from_native, native_from_block
from pipelines.media.reader import FrameReader
from pipelines.media.video import DecodedFrame
from pipelines.stages.enhance import Chain, FrameChain

Finished = Block | tuple[Samples, ...]
Seen = Callable[[DecodedFrame], None]


def finished_frames(
    reader: FrameReader,
    chain: Chain,
    *,
    first: int,
    frames: int,
    at_once: int,
    seen: Seen,
) -> Iterator[Finished]:
    """Yield the result's frames from `first` on, as long as what the reader hands out lasts.

    `frames` is the length of the source, `at_once` how many frames are worked on side by side
    where none are mixed. `seen` hears of every source frame while its planes are valid. Raises
    DamagedError where a frame does not decode again, and what operations raise.
    """
    received = iter(reader)
    if not chain.steps:
        return _untouched(reader, received, seen)
    if at_once > 1:
        return _side_by_side(reader, received, chain, at_once, seen)
    stop = frames if chain.frame_map is None else chain.frame_map.frames
    return _one_by_one(reader, received, chain, range(first, stop), frames, seen)


def native(frame: Finished) -> tuple[Samples, ...]:
    """A finished frame's samples in code values."""
    return native_from_block(frame) if isinstance(frame, Block) else frame


def _untouched(
    reader: FrameReader, received: Iterator[DecodedFrame], seen: Seen
) -> Iterator[Finished]:
    for frame in received:
        seen(frame)
        planes = tuple(plane.copy() for plane in frame.planes)
        reader.release(frame)
        yield planes


def _one_by_one(
    reader: FrameReader,
    received: Iterator[DecodedFrame],
    chain: Chain,
    wanted: range,
    frames: int,
    seen: Seen,
) -> Iterator[Finished]:
    def source(index: int) -> Block:
        for frame in received:
            block = _taken(reader, frame, chain, seen)
            if frame.index == index:
                return block
        raise DamagedError(
            f"Frame {index} did not decode again.", next_step="Check the disk and run again."
        )

    runner = FrameChain(chain, frames, source)
    for index in wanted:
        yield runner.frame(index)


def _side_by_side(
    reader: FrameReader,
    received: Iterator[DecodedFrame],
    chain: Chain,
    at_once: int,
    seen: Seen,
) -> Iterator[Finished]:
    """Work on several frames at once; they leave in order."""
    with ThreadPoolExecutor(at_once, thread_name_prefix="frame") as pool:
        waiting: deque[Future[Block]] = deque()
        try:
            for frame in received:
                block = _taken(reader, frame, chain, seen)
                waiting.append(pool.submit(chain.frame, block, frame.index))
                if len(waiting) > at_once:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _taken(reader: FrameReader, frame: DecodedFrame, chain: Chain, seen: Seen) -> Block:
    """A received frame as a block of its own; its place in shared memory is free again."""
    block = block_from_native(frame.planes, chain.source, chain.source.whole)
    seen(frame)
    reader.release(frame)
    return block
