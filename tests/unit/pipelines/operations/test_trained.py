"""`super_resolve` and `denoise_trained`: what goes through the network and what does not."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.media.picture import Block, Family, FrameShape, PixelLayout, Region

JFIF = np.array(
    [
        [0.299, 0.587, 0.114],
        [-0.299 / 1.772, -0.587 / 1.772, 0.886 / 1.772],
        [0.701 / 1.402, -0.587 / 1.402, -0.114 / 1.402],
    ]
)


@pytest.mark.parametrize("scale", [2, 4])
def test_luma_is_the_network_and_the_rest_is_bicubic(
    scale, layout, layouts, make_picture, make_operation, run_whole, networks
):
    """Luma is the network's answer to luma as coded; chroma and opacity are plain bicubic."""
    if layout.family is Family.RGB:
        layout = layouts["444-alpha-12"]
    frame = make_picture(FrameShape(15, 22, layout))
    operation = make_operation("super_resolve", frame.shape, networks, scale=scale)
    result = run_whole(operation, [frame])
    plain = run_whole(make_operation("resize", frame.shape, scale=scale, filter="bicubic"), [frame])
    network = networks.network(f"evident-sr-x{scale}")

    assert result.shape == plain.shape
    np.testing.assert_array_equal(result.planes[0], network.run(frame.planes[0]))
    for got, expected in zip(result.planes[1:], plain.planes[1:], strict=True):
        np.testing.assert_array_equal(got, expected)


def test_rgb_is_the_way_through_ycbcr(layouts, make_picture, make_operation, run_whole, networks):
    """RGB gives what JFIF YCbCr with network luma and bicubic chroma, and back, would give."""
    frame = make_picture(FrameShape(13, 18, layouts["rgb-alpha-16"]))
    operation = make_operation("super_resolve", frame.shape, networks, scale=2)
    result = run_whole(operation, [frame])
    colour = np.tensordot(JFIF, np.stack(frame.planes[:3]).astype(np.float64), 1)
    middle = FrameShape(13, 18, layouts["444-alpha-12"])
    planes = (*(plane.astype(np.float32) for plane in colour), frame.planes[3])
    bicubic = run_whole(
        make_operation("resize", middle, scale=2, filter="bicubic"),
        [Block(planes, middle.whole, middle)],
    )
    luma = networks.network("evident-sr-x2").run(planes[0])
    enlarged = np.stack([luma, *bicubic.planes[1:3]]).astype(np.float64)
    expected = np.tensordot(np.linalg.inv(JFIF), enlarged, 1)
    for got, plane in zip(result.planes[:3], expected, strict=True):
        np.testing.assert_allclose(got, plane, atol=3e-6)
    np.testing.assert_array_equal(result.planes[3], bicubic.planes[3])


def test_opacity_never_enters_the_network(layouts, make_operation, run_whole, networks):
    """No plane that a network is given holds opacity, whatever the layout."""
    for layout in layouts.values():
        if not layout.alpha:
            continue
        shape = FrameShape(9, 9, layout)
        planes = [
            np.full(shape.plane_size(k), 0.25, dtype=np.float32)
            for k in range(layout.plane_count - 1)
        ]
        opacity = np.full((9, 9), 0.875, dtype=np.float32)
        frame = Block((*planes, opacity), shape.whole, shape)
        for name in ("super_resolve", "denoise_trained"):
            run_whole(make_operation(name, shape, networks), [frame])
    seen = [plane for network in networks.made.values() for plane in network.seen]
    assert len(seen) == 6
    assert all(plane.max() < 0.26 for plane in seen)


def test_the_named_network_is_used(layouts, make_operation, networks):
    """The network of the graph is the one that runs; no other is loaded."""
    shape = FrameShape(8, 8, layouts["gray"])
    make_operation("super_resolve", shape, networks, scale=4, model="evident-sr-x4-real")
    assert list(networks.made) == ["evident-sr-x4-real"]


def test_a_network_of_another_scale_is_refused(layouts, make_operation, networks):
    """A network that enlarges otherwise than asked is refused when it is bound."""
    shape = FrameShape(8, 8, layouts["gray"])
    with pytest.raises(RequestError, match="enlarges 4 times, not 2") as caught:
        make_operation("super_resolve", shape, networks, scale=2, model="mine-x4")
    assert "scale 2" in caught.value.next_step
    for name, task in (("denoise_trained", "denoise"), ("deblur_trained", "deblur")):
        with pytest.raises(RequestError, match=f"{name}: mine-x2 enlarges 2 times") as caught:
            make_operation(name, shape, networks, model="mine-x2")
        assert f"whose task is {task}" in caught.value.next_step


def test_sides_longer_than_pictures_can_be_are_refused(layouts, make_operation):
    """No side of an enlarged picture is longer than 65535 samples."""
    with pytest.raises(RequestError, match="65535"):
        make_operation("super_resolve", FrameShape(4, 20_000, layouts["gray"]), scale=4)


def test_the_network_sees_its_reach_and_no_more(layouts, make_operation, make_picture, networks):
    """For a tile, the network reads the tile and its reach, on chroma edges, and nothing else."""
    frame = make_picture(FrameShape(80, 100, layouts["420-left"]))
    operation = make_operation("super_resolve", frame.shape, networks, scale=2)
    out = Region(80, 60, 40, 20)
    operation.apply([frame.cut(operation.needs(out))], 0, out)
    assert networks.made["evident-sr-x2"].seen[-1].shape == (20 + 2 * 2, 10 + 2 * 2)


def test_trained_denoising_is_the_network_on_luma(
    layout, make_picture, make_operation, run_whole, networks
):
    """Luma becomes the network's answer; colour differences and opacity stay."""
    frame = make_picture(FrameShape(15, 22, layout))
    result = run_whole(make_operation("denoise_trained", frame.shape, networks), [frame])
    network = networks.network("evident-denoise")
    if layout.family is Family.RGB:
        luma = np.tensordot(JFIF[0], np.stack(frame.planes[:3]).astype(np.float64), 1)
        change = network.run(luma.astype(np.float32)) - luma
        for got, plane in zip(result.planes[:3], frame.planes[:3], strict=True):
            np.testing.assert_allclose(got, plane + change, atol=1e-6)
    else:
        np.testing.assert_array_equal(result.planes[0], network.run(frame.planes[0]))
        for got, plane in zip(result.planes[1:], frame.planes[1:], strict=True):
            np.testing.assert_array_equal(got, plane)


def test_trained_deblurring_is_the_network_as_well(
    layout, make_picture, make_operation, run_whole, networks
):
    """What a network of one task does to samples, one of the other does in the same way."""
    frame = make_picture(FrameShape(15, 22, layout))
    noise, blur = (
        run_whole(make_operation(name, frame.shape, networks, model="mine"), [frame])
        for name in ("denoise_trained", "deblur_trained")
    )
    assert list(networks.made) == ["mine"]
    for one, other in zip(noise.planes, blur.planes, strict=True):
        np.testing.assert_array_equal(one, other)


def test_studio_luma_goes_in_as_coded(make_operation, run_whole, networks):
    """Studio-range luma is not stretched: the network sees code over peak."""
    layout = PixelLayout(Family.YCBCR, 10, 1, 1, full_range=False)
    shape = FrameShape(6, 6, layout)
    planes = tuple(np.full(shape.plane_size(k), 64 / 1023, dtype=np.float32) for k in range(3))
    operation = make_operation("super_resolve", shape, networks)
    run_whole(operation, [Block(planes, shape.whole, shape)])
    np.testing.assert_array_equal(networks.made["evident-sr-x2"].seen[0], planes[0])
