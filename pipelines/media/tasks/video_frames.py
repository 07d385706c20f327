"""The decode child's work on frames: decode a range and put its planes into shared memory.

Messages: in, the memory (slots of one frame each); out, `{"frame": …}` per frame in order; in,
`{"release": slot}`; out, `{"end": …}`. A frame waits until a slot is free, so the child is never
further ahead than its memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from mmap import mmap
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pipelines.media.channel import Channel
from pipelines.media.photo_planes import plane_views
from pipelines.media.picture import FrameShape, Matrix, Samples
from pipelines.media.tasks.video_source import (
    chosen_stream,
    copy_planes,
    frame_digest,
    opened,
    planar_format,
    require_size,
    use_threads,
)


def run(arguments: Mapping[str, Any], channel: Channel) -> None:
    """Hand out frames.

    `arguments`: "path", "name", "stream", "slots", "first" and "stop" (frame indexes), and
    "seek": None to decode from the start, else [pts to seek to, pts of frame `first`],
    "threads" of the decoder.
    """
    with opened(Path(str(arguments["path"]))) as container:
        stream = chosen_stream(container, arguments["stream"], str(arguments["name"]))
        _hand_out(arguments, container, stream, channel)


def _hand_out(
    arguments: Mapping[str, Any], container: InputContainer, stream: VideoStream, channel: Channel
) -> None:
    memory = channel.receive_memory()
    free = list(range(arguments["slots"]))
    slots: list[tuple[Samples, ...]] = []
    index = first = int(arguments["first"])
    form: tuple[int, int, str] | None = None
    for frame in _wanted(arguments, container, stream):
        if form is None:
            form = (frame.width, frame.height, frame.format.name)
            slots = _slots(memory, frame, arguments["slots"])
        require_size(frame, *form, index)
        digest = frame_digest(frame)
        while not free:
            free.append(int(channel.receive()["release"]))
        slot = free.pop(0)
        copy_planes(frame, slots[slot])
        channel.send({"frame": index, "slot": slot, "pts": frame.pts, "digest": digest.hex()})
        index += 1
        if index == arguments["stop"]:
            break
    channel.send({"end": index - first})


def _wanted(
    arguments: Mapping[str, Any], container: InputContainer, stream: VideoStream
) -> Iterator[VideoFrame]:
    """Decode from the start or from a key frame; yield from frame `first` on."""
    use_threads(stream, int(arguments["threads"]))
    seek = arguments["seek"]
    skip = 0 if seek else int(arguments["first"])
    reached = seek is None
    if seek:
        container.seek(int(seek[0]), stream=stream, backward=True, any_frame=False)
    for frame in _decoded(container, stream):
        if not reached:
            if frame.pts is not None and frame.pts > seek[1]:
                return
            reached = frame.pts == seek[1]
        if not reached:
            continue
        if skip:
            skip -= 1
            continue
        yield frame


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Every frame that decodes; what does not was listed as a defect when it was indexed."""
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except MemoryError:
                raise
            except av.error.FFmpegError:
                continue
    except MemoryError:
        raise
    except av.error.FFmpegError:
        return


def _slots(memory: mmap, frame: VideoFrame, count: int) -> list[tuple[Samples, ...]]:
    """Views of every slot's planes."""
    layout = planar_format(frame).layout(full_range=True, matrix=Matrix.BT601)
    shape = FrameShape(frame.height, frame.width, layout)
    return [plane_views(memory, shape, offset=shape.frame_bytes * slot) for slot in range(count)]
