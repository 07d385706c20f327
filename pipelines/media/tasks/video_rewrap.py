"""The child that rewraps: packets of a clip into another container, none of them coded again.

A stream without times gets those of its order: its packets are decoded once, numbered, and the
numbers in which frames come out are their places in the order of display. Messages, all out:
`{"packets": n}` now and then; `{"end": {…}}`.
"""

from __future__ import annotations

import errno
import math
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from pipelines.errors import DiskFullError, UnsupportedError
from pipelines.media.channel import Channel
from pipelines.media.tasks.video_source import chosen_stream, opened, own_streams, use_threads

_SAID_PACKETS = 5000
_MOST_TIMESCALE = 2**31 - 1
_Times = tuple[int, int]
"""When a packet's frame is shown, and when it is decoded."""

_NEXT = "Work on the file as received; a job reads it without rewrapping."


def run(arguments: Mapping[str, Any], channel: Channel) -> None:
    """Rewrap.

    `arguments`: "path", "name", "stream", "out", "format", "streams" (those that are copied, the
    video among them), and "rate": None where the file has times, else frames per second.
    """
    rate = None if arguments["rate"] is None else Fraction(arguments["rate"])
    path, name = Path(str(arguments["path"])), str(arguments["name"])
    with opened(path) as container:
        own = chosen_stream(container, arguments["stream"], name)
        times = _stated(container, own) if rate is None else _counted(container, own)
    try:
        with opened(path) as container:
            count = _copied(container, arguments, rate, times, channel)
    except (OSError, av.error.FFmpegError) as error:
        if error.errno in (errno.EFBIG, errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(
                "No space is left to write the working copy.", next_step="Free some space there."
            ) from error
        raise UnsupportedError(
            f"{name} cannot be rewrapped as {arguments['format']}: {error.strerror}.",
            next_step=_NEXT,
        ) from error
    channel.send({"end": {"packets": count}})


def _stated(container: InputContainer, stream: VideoStream) -> list[_Times]:
    """The times of every packet; where one has none for decoding they are made for all of them.

    Those follow from the others: packets are decoded in the order of the file, frames shown in
    that of their times, and none is shown before it is decoded.
    """
    packets = [(one.pts, one.dts) for one in container.demux(stream) if one.size]
    shown = [pts for pts, _ in packets if pts is not None]
    if len(shown) != len(packets):
        raise UnsupportedError(
            f"{len(packets) - len(shown)} packets carry no time.", next_step=_NEXT
        )
    decoded = [dts for _, dts in packets if dts is not None]
    if len(decoded) == len(packets):
        return list(zip(shown, decoded, strict=True))
    order = sorted(shown)
    place = {moment: number for number, moment in enumerate(order)}
    delay = max(number - place[moment] for number, moment in enumerate(shown))
    step = max(1, order[1] - order[0]) if len(order) > 1 else 1
    early = [order[0] - (delay - number) * step for number in range(delay)]
    return list(zip(shown, [*early, *order][: len(shown)], strict=True))


def _counted(container: InputContainer, stream: VideoStream) -> list[_Times]:
    """Times of packets that have none, counted by the places of their frames on display."""
    use_threads(stream, 1)
    shown: list[int | None] = []
    count = 0
    for packet in container.demux(stream):
        if packet.size:
            packet.pts = packet.dts = count
            count += 1
        shown.extend(frame.pts for frame in packet.decode())
    if len(shown) != count or sorted(one for one in shown if one is not None) != list(range(count)):
        raise UnsupportedError(
            f"{count} packets show {len(shown)} frames, so their times cannot be told apart.",
            next_step=_NEXT,
        )
    places = [0] * count
    for place, number in enumerate(shown):
        places[int(number or 0)] = place
    delay = max(number - place for number, place in enumerate(places))
    return [(place, number - delay) for number, place in enumerate(places)]


def _copied(
    container: InputContainer,
    arguments: Mapping[str, Any],
    rate: Fraction | None,
    times: list[_Times],
    channel: Channel,
) -> int:
    """Write the packets; returns how many there were."""
    own = chosen_stream(container, arguments["stream"], str(arguments["name"]))
    base = 1 / rate if rate is not None else own.time_base or Fraction(1, av.time_base)
    wanted = set(arguments["streams"])
    options = _options(container, base, str(arguments["format"]), wanted)
    written = number = 0
    with av.open(arguments["out"], "w", format=arguments["format"], options=options) as out:
        targets: dict[int, Any] = {}
        for stream in own_streams(container):
            if stream.index in wanted:
                made = _target(out, stream)
                made.metadata.update(stream.metadata)
                made.time_base = base if stream.index == own.index else stream.time_base
                targets[stream.index] = made
        for packet in container.demux():
            target = targets.get(packet.stream.index)
            if target is None or not packet.size:
                continue
            if packet.stream.index == own.index:
                packet.time_base = base
                packet.pts, packet.dts = times[number]
                packet.duration = 1 if rate is not None else packet.duration
                number += 1
            packet.stream = target
            out.mux(packet)
            written += 1
            if written % _SAID_PACKETS == 0:
                channel.send({"packets": written})
    return written


def _target(out: Any, stream: Any) -> Any:
    try:
        return out.add_stream_from_template(stream)
    except ValueError as error:
        # PyAV asks for an encoder of the same name even where packets are only copied.
        raise UnsupportedError(
            f"This build cannot copy packets of {stream.codec_context.name}.", next_step=_NEXT
        ) from error


def _options(
    container: InputContainer, base: Fraction, form: str, wanted: set[int]
) -> dict[str, str]:
    """Units of time in which all times are whole, and nothing of ours written in."""
    options = {"fflags": "+bitexact"}
    if form not in ("mp4", "mov") or base.denominator > _MOST_TIMESCALE:
        return options
    movie = base.denominator
    for stream in container.streams:
        rate = getattr(stream.codec_context, "sample_rate", None)
        if rate and stream.index in wanted:
            movie = math.lcm(movie, int(rate))
    return {
        **options,
        "write_tmcd": "0",
        "video_track_timescale": str(base.denominator),
        "movie_timescale": str(movie if movie <= _MOST_TIMESCALE else base.denominator),
    }
