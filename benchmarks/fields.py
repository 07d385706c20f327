"""What fields cost: `python -m benchmarks.fields`.

Processor seconds per 1080-row frame of 4:2:0, the median of several: the operations on fields
beside FFmpeg's own filters (`bwdif`, `separatefields`, `field` with `scale`, `detelecine`), as a
ratio; and the measure of fields beside the SHA-256 of the same frame, both of which run in one
thread beside the decoder while a clip is indexed. FFmpeg's filters work on 8-bit codes with
vector instructions written by hand, ours on float32 samples in numpy.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import av
import numpy as np

from benchmarks.machine import describe
from pipelines.graph.operation_fields import FirstField
from pipelines.media.picture import Family, FrameShape, Matrix, PixelLayout, block_from_native
from pipelines.media.tasks.field_meter import FieldMeter
from pipelines.media.tasks.video_source import frame_digest
from pipelines.operations.deinterlace import Deinterlace
from pipelines.operations.inverse_telecine import InverseTelecine
from pipelines.operations.line_double import LineDouble
from pipelines.operations.separate_fields import SeparateFields

RESULT = Path(__file__).with_name("results") / "fields.json"
WIDTH, HEIGHT, FRAMES, REPEATS = 1920, 1080, 6, 5
SHAPE = FrameShape(
    HEIGHT, WIDTH, PixelLayout(Family.YCBCR, 8, 1, 1, full_range=False, matrix=Matrix.BT709)
)


def main() -> None:
    """Measure and write the result."""
    frames = [_frame(number) for number in range(FRAMES)]
    planes = [_planes(one) for one in frames]
    blocks = [block_from_native(one, SHAPE, SHAPE.whole) for one in planes]
    first = FirstField.TOP
    woven, apart = Deinterlace(SHAPE, first), SeparateFields(SHAPE, first)
    doubled, film = LineDouble(SHAPE, first), InverseTelecine(SHAPE, first)
    whole, joined = film.phases
    ours = {
        "deinterlace": _each(lambda: [p.apply(blocks[:3], 1, SHAPE.whole) for p in woven.phases]),
        "separate_fields": _each(
            lambda: [p.apply(blocks[:1], 0, p.result.whole) for p in apart.phases]
        ),
        "line_double": _each(lambda: doubled.apply(blocks[:1], 0, SHAPE.whole)),
        # Of four film frames three are frames of the video, and one is joined of two.
        "inverse_telecine": _each(
            lambda: [p.apply(blocks[:2], 0, SHAPE.whole) for p in (whole, whole, joined, whole)]
        )
        / 5,
    }
    theirs = {
        "deinterlace": _filtered(frames, ("bwdif", "mode=send_field:parity=tff:deint=all")),
        "separate_fields": _filtered(frames, ("setfield", "mode=tff"), ("separatefields", "")),
        "line_double": _filtered(
            frames, ("field", "type=top"), ("scale", f"{WIDTH}:{HEIGHT}:flags=neighbor")
        ),
        "inverse_telecine": _filtered(
            frames, ("fps", "25"), ("detelecine", "first_field=top:pattern=23")
        ),
    }
    meter = FieldMeter()
    measure, digest = (
        _each(lambda: meter.measure(frames[0])),
        _each(lambda: frame_digest(frames[0])),
    )
    result = {
        "machine": describe(),
        "frame": f"{WIDTH} x {HEIGHT}, 4:2:0, 8 bit; two pictures of each frame by deinterlace and "
        "separate_fields, one by line_double, four of five by inverse_telecine",
        "operations": {
            name: {
                "seconds": round(ours[name], 5),
                "ffmpeg_seconds": round(theirs[name], 5),
                "ratio": round(ours[name] / theirs[name], 2),
            }
            for name in ours
        },
        "measuring": {
            "seconds": round(measure, 5),
            "sha256_seconds": round(digest, 5),
            "ratio": round(measure / digest, 2),
        },
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


def _frame(number: int) -> Any:
    """A moving texture."""
    random = np.random.default_rng(number)
    y, x = np.mgrid[0 : HEIGHT * 3 // 2, 0:WIDTH]
    picture = 120 + 60 * np.sin((x + 5 * number) / 9) * np.cos(y / 7) + random.normal(0, 3, x.shape)
    frame = av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="yuv420p")
    frame.pts, frame.time_base = number, Fraction(1, 25)
    return frame


def _planes(frame: Any) -> tuple[np.ndarray, ...]:
    flat = frame.to_ndarray().reshape(-1)
    luma = WIDTH * HEIGHT
    size = (HEIGHT // 2, WIDTH // 2)
    return (
        flat[:luma].reshape(HEIGHT, WIDTH),
        flat[luma : luma * 5 // 4].reshape(size),
        flat[luma * 5 // 4 :].reshape(size),
    )


def _each(work: Callable[[], object]) -> float:
    """Processor seconds of one call, the median."""
    found = []
    for _ in range(REPEATS):
        began = time.thread_time()
        work()
        found.append(time.thread_time() - began)
    return median(found)


def _filtered(frames: list[Any], *filters: tuple[str, str]) -> float:
    """Processor seconds of FFmpeg per frame, of all its threads together."""

    def once() -> None:
        graph = av.filter.Graph()
        last: Any = graph.add_buffer(
            width=WIDTH, height=HEIGHT, format="yuv420p", time_base=Fraction(1, 25)
        )
        source = last
        for name, arguments in (*filters, ("buffersink", "")):
            following = graph.add(name, arguments)
            last.link_to(following)
            last = following
        graph.configure()
        for frame in [*frames, None]:
            source.push(frame)
            while True:
                try:
                    last.pull()
                except (av.error.BlockingIOError, av.error.EOFError):
                    break

    found = []
    for _ in range(REPEATS):
        began = time.process_time()
        once()
        found.append((time.process_time() - began) / len(frames))
    return median(found)


if __name__ == "__main__":
    main()
