"""The two maps: what they show, what they cannot show, and that no cut of the work shows.

The counter-example is an enlargement that carries the detail of another photograph and is
corrected, again and again, until its reduction is the input to the last code.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from models.engines.residency import WarmNetworks
from pipelines.graph.spec import parse_graph
from pipelines.graph.validate import check_graph
from pipelines.media.picture import (
    Family,
    FrameShape,
    PixelLayout,
    Region,
    block_from_native,
    native_from_block,
)
from pipelines.operations.axis import Kernel
from pipelines.operations.resample import Scaler
from pipelines.quality.ramp import FULL_SCALE
from pipelines.run.durable_file import writing
from pipelines.stages import maps
from pipelines.stages.enhance import Chain, bind
from pipelines.stages.export.facts_quality import MapFacts, MapKind, MapNumbers
from pipelines.stages.maps import MadeMap, MapMaker, Pair, strips

GRAY = PixelLayout(Family.GRAY)
ENLARGED = {"op": "super_resolve", "scale": 2}
PHOTO = Path(__file__).resolve().parents[4] / "samples" / "photo.jpg"

Judge = Callable[..., dict[MapKind, MadeMap]]


def chain_of(shape: FrameShape, *operations: dict[str, Any], frames: int = 1) -> Chain:
    """Bind operations to pictures of `shape`."""
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {
            "name": "enhance",
            "kind": "enhance",
            "needs": ["ingest"],
            "params": {"operations": list(operations)},
        },
        {"name": "export", "kind": "export", "needs": ["enhance"]},
    ]
    inputs = {"source": {"artifact": "sha256:" + "0" * 64}}
    graph = {"version": 1, "preset": "balanced", "inputs": inputs, "stages": stages}
    return bind(
        check_graph(parse_graph(graph)), shape, frames=frames, networks=WarmNetworks(threads=2)
    )


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Make the maps of one pair, by kind."""

    def made(chain: Chain, before: Any, after: Any, **more: Any) -> dict[MapKind, MadeMap]:
        maker = MapMaker(chain)
        pair = Pair(tuple(before), tuple(after), **more)
        found = (*maker.make(pair, folder=tmp_path, opener=writing), *maker.nothing)
        return {one.facts.kind: one for one in found}

    return made


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    """Return a photograph in gray, (212, 320) uint8."""
    with Image.open(PHOTO) as photo:
        return np.asarray(photo.convert("L"))[:212]


def numbers(made: MadeMap) -> MapNumbers:
    """Return the numbers of a map that was measured."""
    assert made.facts.numbers is not None
    return made.facts.numbers


def gray(plane: np.ndarray) -> FrameShape:
    """Return the shape of a gray picture."""
    return FrameShape(plane.shape[0], plane.shape[1], GRAY)


def resized(plane: np.ndarray, size: tuple[int, int], kernel: Kernel) -> np.ndarray:
    """Resize a gray picture, float code values."""
    source, result = gray(plane), FrameShape(*size, GRAY)
    block = block_from_native((plane,), source, source.whole)
    whole = Scaler(source, result, kernel).plane(block, 0, result.whole)
    return cast("np.ndarray", whole.astype(np.float64) * 255)


def coded(plane: np.ndarray) -> np.ndarray:
    """Round to 8-bit codes."""
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)


def back_projected(foreign: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Correct an enlargement until its cubic reduction is `seen`, code for code."""
    size = cast("tuple[int, int]", foreign.shape)
    current = foreign.astype(np.float64)
    for _ in range(200):
        reduced = resized(coded(current), cast("tuple[int, int]", seen.shape), Kernel.CUBIC)
        error = seen - reduced
        if (coded(reduced) == seen).all():
            break
        scale = size[0] // seen.shape[0]
        current = coded(current) + error.repeat(scale, axis=0).repeat(scale, axis=1) * 1.3
    return coded(current)


def test_foreign_detail_that_agrees_with_the_input_is_supplied(
    judge: Judge, scene: np.ndarray
) -> None:
    """Another photograph's detail, made to agree, hides from one map and shows in the other."""
    seen = coded(resized(scene, (106, 160), Kernel.CUBIC))
    chain = chain_of(gray(seen), ENLARGED)
    faithful = coded(resized(seen, (212, 320), Kernel.CUBIC) * 0.3 + scene * 0.7)
    other = np.ascontiguousarray(scene[::-1, ::-1]).astype(np.float64)
    detail = other - resized(
        coded(resized(coded(other), (106, 160), Kernel.CUBIC)), (212, 320), Kernel.CUBIC
    )
    carried = back_projected(resized(seen, (212, 320), Kernel.CUBIC) + 4 * detail, seen)
    false, true = judge(chain, [seen], [carried]), judge(chain, [seen], [faithful])
    contradicted = numbers(false[MapKind.CONTRADICTION])
    assert contradicted.beyond == 0
    assert float(contradicted.largest) <= 1
    assert float(contradicted.largest) <= float(numbers(true[MapKind.CONTRADICTION]).largest)
    supplied, plain = numbers(false[MapKind.SUPPLIED]), numbers(true[MapKind.SUPPLIED])
    assert float(supplied.percentile_99) > 1.5 * float(plain.percentile_99)
    assert supplied.beyond > 1.5 * plain.beyond


@pytest.mark.parametrize(
    "layout", [GRAY, PixelLayout(Family.RGB), PixelLayout(Family.YCBCR, 8, 1, 1)]
)
def test_plain_interpolation_supplies_nothing(judge: Judge, layout: PixelLayout) -> None:
    """What the cubic filter makes of the input is not supplied, to the last code."""
    shape = FrameShape(40, 60, layout)
    random = np.random.default_rng(1)
    before = [
        random.integers(0, 256, shape.plane_size(plane)).astype(np.uint8)
        for plane in range(layout.plane_count)
    ]
    plain = chain_of(shape, {"op": "resize", "scale": 2, "filter": "bicubic"})
    after = [np.asarray(one) for one in native_from_block(
        plain.region(tuple(before), plain.result.whole))]  # fmt: skip
    made = judge(chain_of(shape, ENLARGED), before, after)[MapKind.SUPPLIED]
    found = numbers(made)
    assert (found.largest, found.percentile_99, found.beyond) == ("0.0", "0.0", 0)
    assert made.dots is not None
    assert not made.dots.any()


def test_a_planted_object_contradicts_where_it_is(judge: Judge, scene: np.ndarray) -> None:
    """An object that the input does not show contradicts it there and nowhere else."""
    seen = coded(resized(scene, (106, 160), Kernel.CUBIC))
    chain = chain_of(gray(seen), ENLARGED)
    after = coded(resized(seen, (212, 320), Kernel.CUBIC))
    planted = after.copy()
    planted[100:116, 200:224] = np.where(planted[100:116, 200:224] < 128, 255, 0)
    clean, made = (judge(chain, [seen], [one])[MapKind.CONTRADICTION] for one in (after, planted))
    assert clean.dots is not None
    assert made.dots is not None
    new = (made.dots > 0) & (clean.dots == 0)
    rows, columns = np.nonzero(new)
    assert new[51:57, 101:111].mean() > 0.9
    assert (rows.min() >= 47, rows.max() < 61) == (True, True)
    assert (columns.min() >= 97, columns.max() < 115) == (True, True)
    assert numbers(made).beyond > numbers(clean).beyond


@pytest.mark.parametrize("sigma", [3.0, 8.0])
def test_noise_alone_does_not_light_up(judge: Judge, sigma: float) -> None:
    """A result without the input's noise agrees with it, but for the tail of that noise."""
    y, x = np.mgrid[0:200, 0:300]
    clean = 120 + 60 * np.sin(x / 19.0) * np.cos(y / 23.0)
    noisy = coded(clean + np.random.default_rng(2).normal(0, sigma, clean.shape))
    made = judge(chain_of(gray(noisy), {"op": "denoise"}), [noisy], [coded(clean)])
    found = numbers(made[MapKind.CONTRADICTION])
    assert found.beyond < 0.004 * found.samples
    assert float(found.largest) > 2 * sigma


def test_the_maps_are_the_stated_formulas(judge: Judge, scene: np.ndarray) -> None:
    """Numbers and pictures are those of the definition, computed with numpy and scipy."""
    seen = coded(resized(scene, (106, 160), Kernel.CUBIC))
    after = scene
    made = judge(chain_of(gray(seen), ENLARGED), [seen], [after])
    again = coded(resized(after, (106, 160), Kernel.CUBIC)).astype(float)
    plain = coded(resized(seen, (212, 320), Kernel.CUBIC)).astype(float)
    contradiction, supplied = np.abs(again - seen), np.abs(after - plain)
    for kind, size in ((MapKind.CONTRADICTION, contradiction), (MapKind.SUPPLIED, supplied)):
        found = numbers(made[kind])
        allowed = float(found.allowed[0])
        assert allowed == pytest.approx(3 * float(found.noise[0]) + 1, abs=2e-3)
        assert float(found.largest) == size.max()
        assert found.beyond == np.count_nonzero(size > allowed)
        assert found.samples == size.size
        shown = np.where(size > allowed, size, 0) if kind is MapKind.CONTRADICTION else size
        path = made[kind].path
        assert path is not None
        with Image.open(path) as drawn:
            steps = np.asarray(drawn)
        np.testing.assert_array_equal(steps, np.minimum(shown * 8, 255).astype(np.uint8))
    assert FULL_SCALE == 255 / 8


@pytest.mark.parametrize(
    "operations",
    [
        [ENLARGED],
        [{"op": "super_resolve", "scale": 4}, {"op": "resize", "scale": 0.75, "filter": "area"}],
        [{"op": "denoise"}, {"op": "resize", "scale": 1.5}, {"op": "gamma", "gamma": 1.2}],
        [{"op": "resize", "scale": 2}, {"op": "crop", "x": 22, "y": 14, "width": 70, "height": 60},
         {"op": "denoise_trained"}],
    ],
)  # fmt: skip
def test_strips_equal_the_whole(
    judge: Judge, monkeypatch: pytest.MonkeyPatch, operations: Sequence[dict[str, Any]]
) -> None:
    """However many strips a picture is cut into, facts and files are the same to the byte."""
    shape = FrameShape(70, 90, PixelLayout(Family.YCBCR, 8, 1, 1, full_range=False))
    random = np.random.default_rng(3)
    chain = chain_of(shape, *operations)
    before, after = (
        [random.integers(16, 235, one.plane_size(plane)).astype(np.uint8) for plane in range(3)]
        for one in (shape, chain.result)
    )
    monkeypatch.setattr(maps, "STRIP_SAMPLES", 1 << 30)
    whole = judge(chain, before, after)
    files = {one.path: one.path.read_bytes() for one in whole.values() if one.path}
    monkeypatch.setattr(maps, "STRIP_SAMPLES", 1)
    assert len(list(strips(chain.result.whole, chain.result))) > 3
    cut = judge(chain, before, after)
    assert {kind: _numbers(one.facts) for kind, one in whole.items()} == {
        kind: _numbers(one.facts) for kind, one in cut.items()
    }
    for path, content in files.items():
        with Image.open(path) as second:
            steps = np.asarray(second)
        path.write_bytes(content)
        with Image.open(path) as first:
            assert (np.asarray(first) == steps).all()


def _numbers(facts: MapFacts) -> tuple[Any, ...]:
    picture = facts.picture
    assert picture is not None
    return facts.numbers, picture.drawn_sha256, picture.width, picture.height


def test_a_crop_is_judged_where_the_reduction_sees_it_whole(judge: Judge) -> None:
    """After a crop the map covers what the result shows, less what a reduction reads beyond."""
    shape = FrameShape(60, 80, GRAY)
    chain = chain_of(shape, ENLARGED, {"op": "crop", "x": 21, "y": 9, "width": 60, "height": 50})
    before = np.random.default_rng(4).integers(0, 256, (60, 80)).astype(np.uint8)
    whole = coded(resized(before, (120, 160), Kernel.CUBIC))
    made = judge(chain, [before], [whole[9:59, 21:81]])
    picture = made[MapKind.CONTRADICTION].facts.picture
    assert picture is not None
    assert (20 <= picture.width < 30, 15 <= picture.height < 25) == (True, True)
    again = coded(resized(whole, (60, 80), Kernel.CUBIC)).astype(float)
    inner = np.abs(again - before)[10:24, 17:34]
    assert float(numbers(made[MapKind.CONTRADICTION]).largest) >= inner.max()
    assert float(numbers(made[MapKind.CONTRADICTION]).largest) <= np.abs(again - before).max()


@pytest.mark.parametrize(
    ("operations", "contradiction", "supplied"),
    [
        ([], "No operation", "No operation"),
        ([{"op": "resize", "scale": 2}], "", "by definition"),
        ([{"op": "sharpen"}], "sharpen", ""),
        ([{"op": "resize", "scale": 0.5}], "fewer samples", "by definition"),
    ],
)
def test_a_map_that_does_not_apply_says_why(
    judge: Judge, operations: Sequence[dict[str, Any]], contradiction: str, supplied: str
) -> None:
    """Each map stands by itself: measured, or not applicable with its reason."""
    shape = FrameShape(40, 60, GRAY)
    chain = chain_of(shape, *operations)
    before = np.zeros((40, 60), np.uint8)
    after = np.zeros((chain.result.height, chain.result.width), np.uint8)
    made = judge(chain, [before], [after])
    for kind, reason in ((MapKind.CONTRADICTION, contradiction), (MapKind.SUPPLIED, supplied)):
        facts = made[kind].facts
        assert reason in facts.reason
        assert (facts.numbers is None) == bool(reason)


def test_frames_have_names_and_may_have_numbers_alone(tmp_path: Path) -> None:
    """A frame's pictures bear its number; without pictures there is no file."""
    shape = FrameShape(24, 32, GRAY)
    chain = chain_of(shape, {"op": "denoise"}, frames=9)
    plane = np.zeros((24, 32), np.uint8)
    maker = MapMaker(chain)
    pair = Pair((plane,), (plane,), frame=7)
    counted = maker.make(pair, folder=tmp_path, opener=writing, pictured=False)
    assert [one.path for one in counted] == [None, None]
    assert list(tmp_path.iterdir()) == []
    maker.make(pair, folder=tmp_path, opener=writing)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["contradiction-7.png", "supplied-7.png"]


@pytest.mark.parametrize("fill", ["noise", "flat"])
def test_a_map_needs_no_more_disk_than_was_computed(judge: Judge, fill: str) -> None:
    """Whatever a map shows, its file is hardly larger than one byte per sample."""
    random = np.random.default_rng(5)
    before = random.integers(0, 256, (200, 300)).astype(np.uint8)
    after = 255 - before if fill == "noise" else before
    made = judge(chain_of(gray(before), {"op": "denoise"}), [before], [after])
    for one in made.values():
        assert one.facts.picture is not None
        assert one.facts.picture.bytes < 1.001 * before.size + 2000


def test_memory_is_flat_in_the_size_of_a_picture(tmp_path: Path) -> None:
    """A picture four times as high needs no more memory for its maps."""

    def peak(height: int) -> int:
        chain = chain_of(FrameShape(height, 400, GRAY), ENLARGED)
        before = np.zeros((height, 400), np.uint8)
        after = np.zeros((2 * height, 800), np.uint8)
        maker = MapMaker(chain)
        tracemalloc.start()
        try:
            maker.make(Pair((before,), (after,)), folder=tmp_path, opener=writing)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(200)
    assert peak(6000) < 1.1 * peak(1500)


def test_strips_are_whole_chroma() -> None:
    """Strips cover a region once and begin on whole chroma."""
    shape = FrameShape(301, 3000, PixelLayout(Family.YCBCR, 8, 1, 1))
    found = list(strips(Region(4, 0, 297, 3000), shape))
    assert sum(one.height for one in found) == 297
    assert all(one.top % 2 == 0 for one in found)
    assert [one.top for one in found[1:]] == [one.bottom for one in found[:-1]]
