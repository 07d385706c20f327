"""Fields taken apart, held against FFmpeg's own filters and against the scene that was filmed."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np
import pytest

from pipelines.errors import UnsupportedError
from pipelines.media.picture import (
    Block,
    FrameShape,
    block_from_native,
    native_from_block,
)
from tests.unit.pipelines.media.field_kit import Luma, interlaced, scene, telecined

WIDTH, HEIGHT = 160, 96


def planes_of(picture: Luma, layout) -> tuple[np.ndarray, ...]:
    """A picture whose chroma differs from field to field as its luma does."""
    small = picture[:, ::2]
    rows = np.concatenate([small[0::4], small[1::4]], axis=1).reshape(-1, small.shape[1])
    return (picture, rows.copy(), (255 - rows).astype(np.uint8))


def blocks(pictures: Sequence[Luma], layout) -> list[Block]:
    """Pictures as blocks in 4:2:0."""
    shape = FrameShape(pictures[0].shape[0], pictures[0].shape[1], layout)
    return [block_from_native(planes_of(one, layout), shape, shape.whole) for one in pictures]


def filtered(pictures: Sequence[Luma], layout, *filters: tuple[str, str]) -> list[tuple]:
    """The same pictures through FFmpeg's filters; planes of every frame."""
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=WIDTH, height=HEIGHT, format="yuv420p", time_base=Fraction(1, 25)
    )
    last = source
    for name, arguments in (*filters, ("buffersink", "")):
        following = graph.add(name, arguments)
        last.link_to(following)
        last = following
    sink = last
    graph.configure()
    found = []
    for number, picture in enumerate([*pictures, None]):
        if picture is None:
            source.push(None)
        else:
            whole = np.concatenate([p.reshape(-1) for p in planes_of(picture, layout)])
            frame = av.VideoFrame.from_ndarray(whole.reshape(-1, WIDTH), format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            source.push(frame)
        while True:
            try:
                out = sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                break
            assert isinstance(out, av.VideoFrame)
            flat = out.to_ndarray().reshape(-1)
            luma = out.width * out.height
            sizes = (out.height // 2, out.width // 2)
            found.append(
                (
                    flat[:luma].reshape(out.height, out.width),
                    flat[luma : luma * 5 // 4].reshape(sizes),
                    flat[luma * 5 // 4 :].reshape(sizes),
                )
            )
    return found


@pytest.mark.parametrize("first", ["top", "bottom"])
def test_separated_fields_are_those_of_ffmpeg(first, layouts, make_operation, run_whole):
    """Every field has the samples, chroma too, that `separatefields` gives."""
    layout = layouts["420-left"]
    pictures = interlaced(4, top_first=first == "top")
    frames = blocks(pictures, layout)
    operation = make_operation("separate_fields", frames[0].shape, first_field=first)
    mode = "mode=tff" if first == "top" else "mode=bff"
    expected = filtered(pictures, layout, ("setfield", mode), ("separatefields", ""))
    assert len(expected) == 8
    for number, frame in enumerate(frames):
        for phase, bound in enumerate(operation.phases):
            got = native_from_block(run_whole(bound, [frame]))
            for mine, theirs in zip(got, expected[2 * number + phase], strict=True):
                np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("first", ["top", "bottom"])
def test_deinterlaced_frames_are_those_of_ffmpeg(first, layouts, make_operation):
    """Inside the picture every sample is within three code values of what `bwdif` makes of it.

    FFmpeg rounds after every step and treats rows at the edge otherwise; nothing else differs.
    """
    layout = layouts["420-left"]
    pictures = interlaced(7, top_first=first == "top")
    frames = blocks(pictures, layout)
    operation = make_operation("deinterlace", frames[0].shape, first_field=first)
    parity = "tff" if first == "top" else "bff"
    options = f"mode=send_field:parity={parity}:deint=all"
    expected = filtered(pictures, layout, ("bwdif", options))
    assert len(expected) == 14
    for number in range(1, 6):
        for phase, bound in enumerate(operation.phases):
            block = bound.apply(frames[number - 1 : number + 2], 1, bound.result.whole)
            for mine, theirs in zip(
                native_from_block(block), expected[2 * number + phase], strict=True
            ):
                distance = np.abs(mine.astype(int) - theirs.astype(int))[6:-6]
                assert distance.max() <= 3
                assert distance.mean() < 0.3


def test_deinterlacing_comes_near_the_scene(layouts, make_operation):
    """The made rows are nearer to the scene at the field's moment than copies of rows are."""
    layout = layouts["420-left"]
    frames = blocks(interlaced(5, top_first=True), layout)
    errors = {}
    for name in ("deinterlace", "line_double"):
        operation = make_operation(name, frames[0].shape, first_field="top")
        found = []
        for phase, bound in enumerate(operation.phases):
            window = frames[1:4] if bound.before else frames[2:3]
            got = native_from_block(bound.apply(window, bound.before, bound.result.whole))[0]
            found.append(np.mean((got.astype(float) - scene(4 + phase)) ** 2))
        errors[name] = max(found)
    assert errors["deinterlace"] < 0.5 * errors["line_double"]


def test_a_still_scene_comes_back_whole(layouts, make_operation):
    """Where nothing moves both fields are one picture, and it is handed out sample for sample."""
    layout = layouts["420-left"]
    frames = blocks([scene(0)] * 3, layout)
    operation = make_operation("deinterlace", frames[0].shape, first_field="top")
    for bound in operation.phases:
        got = bound.apply(frames, 1, bound.result.whole)
        for plane, original in zip(got.planes, frames[0].planes, strict=True):
            np.testing.assert_array_equal(plane, original)


def test_doubled_lines_are_copies(layouts, make_operation, run_whole):
    """Every row is a recorded row of the kept field, the other one's are the row beside it."""
    layout = layouts["420-left"]
    frame = blocks(interlaced(1, top_first=True), layout)[0]
    operation = make_operation("line_double", frame.shape, first_field="top")
    top, bottom = (run_whole(bound, [frame]) for bound in operation.phases)
    for number, plane in enumerate(frame.planes):
        np.testing.assert_array_equal(top.planes[number], np.repeat(plane[0::2], 2, axis=0))
        np.testing.assert_array_equal(bottom.planes[number], np.repeat(plane[1::2], 2, axis=0))


def test_film_comes_back_sample_for_sample(layouts, make_operation):
    """Four film frames of five are whole again, and equal to the film that was spread."""
    layout = layouts["420-left"]
    frames = blocks(telecined(6), layout)
    operation = make_operation(
        "inverse_telecine", frames[0].shape, first_field="top", first_frame=0
    )
    film = [(0, 0), (1, 0), (2, 1), (4, 0)]
    for moment, (first, phase) in enumerate(film):
        bound = operation.phases[phase]
        got = bound.apply(frames[first : first + 2], 0, bound.result.whole)
        expected = blocks([scene(2.5 * moment)], layout)[0]
        np.testing.assert_array_equal(got.planes[0], expected.planes[0])


def test_fields_of_two_sizes_are_refused(layouts, make_operation):
    """A picture whose fields, of chroma too, are not of one height is not cut into fields."""
    with pytest.raises(UnsupportedError, match="multiple of 4"):
        make_operation(
            "separate_fields", FrameShape(98, 64, layouts["420-left"]), first_field="top"
        )
