"""Tiles equal the whole, and nothing that goes wrong is silent."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import models
from models import catalog
from models.catalog import Catalog
from models.engines.residency import WarmNetworks
from models.engines.tiled import SMALLEST_TILE_PIXELS, TiledNetwork, replanned_tile
from models.errors import EngineError, NotFiniteError, OutOfMemoryError
from models.spec import NetworkCard, TilingRule

ROOT = Path(models.__file__).parents[1]
ONE_STEP = 1 / 255


class Fake:
    """A session that copies samples `scale` times and then does what a test wants."""

    def __init__(self, scale: int, then: Callable | None = None) -> None:
        self.scale = scale
        self.then = then or (lambda batch, result: result)
        self.seen: list[tuple[int, ...]] = []

    def run(self, batch):
        """Repeat every sample."""
        self.seen.append(batch.shape[2:])
        result = batch.repeat(self.scale, axis=2).repeat(self.scale, axis=3)
        return self.then(batch, result)


def plane(height: int, width: int):
    """Draw a random plane in 0..1."""
    return np.random.default_rng(height * width).random((height, width), dtype=np.float32)


@pytest.fixture
def card(tiny: Catalog) -> NetworkCard:
    """Give a card with scale 2 and a reach of 6."""
    return tiny.card("tiny-x2")


@pytest.mark.parametrize("engine", ["onnxruntime", "torch"])
@pytest.mark.parametrize("name", ["tiny-x1", "tiny-x2", "tiny-x4"])
@pytest.mark.parametrize("size", [(131, 97), (64, 257), (200, 33)])
@pytest.mark.parametrize("tile", [16, 37, 64])
def test_tiled_equals_untiled(
    tiny: Catalog, engine: str, name: str, size: tuple[int, int], tile: int
) -> None:
    """For an exact network in fp32, tiles and the whole agree within one 8-bit step."""
    whole = WarmNetworks(engine, threads=1, tile_pixels=1000, networks=tiny).network(name)
    tiled = WarmNetworks(engine, threads=1, tile_pixels=tile, networks=tiny).network(name)
    assert len(whole.plan(*size)) == 1
    assert len(tiled.plan(*size)) > 1
    source = plane(*size)
    expected, made = whole.run(source), tiled.run(source)
    assert made.shape == (size[0] * whole.scale, size[1] * whole.scale)
    assert np.abs(made - expected).max() < 1e-5 < ONE_STEP


@pytest.mark.parametrize("name", catalog.names())
def test_tiled_equals_untiled_for_what_ships(name: str) -> None:
    """The networks that ship agree within one 8-bit step however they are cut."""
    source = plane(101, 143)
    expected = WarmNetworks(threads=1).network(name).run(source)
    made = WarmNetworks(threads=1, tile_pixels=31).network(name).run(source)
    assert np.abs(made - expected).max() < 1e-5 < ONE_STEP


def test_a_reach_that_is_too_short_shows(tiny: Catalog) -> None:
    """The comparison can fail: with a halo one short of the reach, tiles differ."""
    warm = WarmNetworks(threads=1, tile_pixels=1000, networks=tiny).network("tiny-x2")
    short = replace(warm.card, tiling=TilingRule.exact(warm.reach - 1))
    tiled = TiledNetwork(warm._session, short, tile_pixels=16)
    source = plane(80, 80)
    assert np.abs(tiled.run(source) - warm.run(source)).max() > 0


def test_a_small_plane_runs_in_one_call(card: NetworkCard) -> None:
    """A plane that fits one tile is handed over whole, once."""
    session = Fake(2)
    TiledNetwork(session, card, tile_pixels=64).run(plane(40, 90))
    assert session.seen == [(40, 90)]


def test_tiles_are_put_where_they_belong(card: NetworkCard) -> None:
    """With a network that copies samples, the tiled result is the exact enlargement."""
    source = plane(133, 71)
    made = TiledNetwork(Fake(2), card, tile_pixels=20).run(source)
    np.testing.assert_array_equal(made, source.repeat(2, axis=0).repeat(2, axis=1))


@pytest.mark.parametrize("rule", [TilingRule.approximate(1.0, 8), TilingRule.aligned(8, 10)])
@pytest.mark.parametrize("size", [(133, 71), (65, 200), (64, 64), (5, 300)])
def test_blended_tiles_of_a_copying_network_are_the_copy(
    card: NetworkCard, rule: TilingRule, size: tuple[int, int]
) -> None:
    """Feathered overlaps neither darken nor brighten, and windows are whole."""
    session = Fake(2)
    source = plane(*size)
    made = TiledNetwork(session, replace(card, tiling=rule), tile_pixels=24).run(source)
    np.testing.assert_allclose(made, source.repeat(2, axis=0).repeat(2, axis=1), atol=1e-6)
    assert all(side % rule.window == 0 for shape in session.seen for side in shape)


def test_a_whole_frame_network_is_never_cut(card: NetworkCard) -> None:
    """Under `whole-frame` even a large plane goes through in one call."""
    session = Fake(2)
    whole = replace(card, tiling=TilingRule.whole_frame())
    TiledNetwork(session, whole, tile_pixels=16).run(plane(150, 150))
    assert session.seen == [(150, 150)]


def fail_above(pixels: int, error: type[Exception]):
    """Make a session run out of memory for more than this many samples."""

    def then(batch, result):
        if batch.size > pixels:
            raise error("no memory")
        return result

    return then


@pytest.mark.parametrize("error", [OutOfMemoryError, MemoryError])
def test_a_lack_of_memory_makes_tiles_smaller_and_says_so(
    card: NetworkCard, error: type[Exception]
) -> None:
    """Out of memory, the plane is run again in smaller tiles, and each step is written down."""
    session = Fake(2, fail_above(100 * 100, error))
    network = TiledNetwork(session, card, tile_pixels=400)
    source = plane(300, 310)
    made = network.run(source)
    np.testing.assert_array_equal(made, source.repeat(2, axis=0).repeat(2, axis=1))
    assert network.tile_pixels == SMALLEST_TILE_PIXELS
    assert len(network.replans) == 3
    assert "out of memory for 310x300 samples in tiles of 400" in network.replans[0]
    network.run(source)
    assert len(network.replans) == 3
    assert [replanned_tile(line) for line in network.replans] == [
        (card.name, 200),
        (card.name, 100),
        (card.name, SMALLEST_TILE_PIXELS),
    ]


def test_other_lines_of_a_record_are_no_tiles() -> None:
    """What was run again in another precision tells nothing about tiles."""
    assert replanned_tile("net-a: the tile at row 0, column 0 was run again in fp32") is None


def test_a_lack_of_memory_that_stays_is_an_error(card: NetworkCard) -> None:
    """When the smallest tile does not fit either, the error says so and what to do."""
    network = TiledNetwork(Fake(2, fail_above(10, MemoryError)), card, tile_pixels=100)
    with pytest.raises(OutOfMemoryError, match="300x300") as refused:
        network.run(plane(300, 300))
    assert refused.value.next_step
    assert isinstance(refused.value.__cause__, MemoryError)


def test_a_whole_frame_network_cannot_be_saved_by_tiles(card: NetworkCard) -> None:
    """A network that may not be cut runs out of memory at once, without a re-plan."""
    whole = replace(card, tiling=TilingRule.whole_frame())
    network = TiledNetwork(Fake(2, fail_above(10, MemoryError)), whole, tile_pixels=512)
    with pytest.raises(OutOfMemoryError):
        network.run(plane(100, 100))
    assert network.replans == []


def spoil(value: float):
    """Make a session put `value` into one sample of every result that reads row 40."""

    def then(batch, result):
        if batch.shape[2] > 40:
            result[..., 3, 3] = value
        return result

    return then


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_result_that_is_not_finite_is_an_error(card: NetworkCard, value: float) -> None:
    """One NaN or infinity in fp32 is an error that names the tile."""
    network = TiledNetwork(Fake(2, spoil(value)), card, tile_pixels=64)
    with pytest.raises(NotFiniteError, match="row 0, column 0"):
        network.run(plane(50, 50))


def test_a_tile_that_is_not_finite_is_run_again_in_fp32(card: NetworkCard) -> None:
    """In another precision only the bad tile is run again in fp32, and it is written down."""
    safe = Fake(2)
    network = TiledNetwork(Fake(2, spoil(np.nan)), card, tile_pixels=64, safe=lambda: safe)
    source = plane(50, 50)
    made = network.run(source)
    np.testing.assert_array_equal(made, source.repeat(2, axis=0).repeat(2, axis=1))
    assert safe.seen == [(50, 50)]
    assert len(network.replans) == 1
    assert "run again in fp32" in network.replans[0]


def test_a_safe_retry_that_fails_is_an_error(card: NetworkCard) -> None:
    """When fp32 gives NaN as well, there is an error and no result."""
    bad = Fake(2, spoil(np.nan))
    network = TiledNetwork(bad, card, tile_pixels=64, safe=lambda: bad)
    with pytest.raises(NotFiniteError):
        network.run(plane(50, 50))
    assert network.replans == []


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_plane_that_is_not_finite_never_reaches_the_network(
    card: NetworkCard, value: float
) -> None:
    """NaN or infinity in the input is the input's fault and is said before the run."""
    session = Fake(2)
    source = plane(20, 20)
    source[4, 5] = value
    with pytest.raises(NotFiniteError, match="goes into"):
        TiledNetwork(session, card).run(source)
    assert session.seen == []


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (5,), (1, 5, 5)])
def test_what_is_no_plane_is_refused(card: NetworkCard, shape: tuple[int, ...]) -> None:
    """An empty plane, or an array of other than two axes, is refused."""
    with pytest.raises(EngineError, match="a picture"):
        TiledNetwork(Fake(2), card).run(np.zeros(shape, dtype=np.float32))


def test_a_result_of_another_size_is_refused(card: NetworkCard) -> None:
    """A network that does not enlarge as its card says is refused, not cropped."""
    with pytest.raises(EngineError, match="gave"):
        TiledNetwork(Fake(3), card).run(plane(8, 8))


def test_a_tile_smaller_than_a_window_is_refused(card: NetworkCard) -> None:
    """A tile size that the card's rule cannot keep is refused before anything runs."""
    aligned = replace(card, tiling=TilingRule.aligned(16))
    with pytest.raises(EngineError, match="tiles of 8") as refused:
        TiledNetwork(Fake(2), aligned, tile_pixels=8)
    assert "64" in refused.value.next_step


def test_the_plane_that_goes_in_is_not_changed(tiny: Catalog) -> None:
    """Running a network leaves its input as it was, read-only memory included."""
    source = plane(60, 61)
    before = source.copy()
    source.flags.writeable = False
    for engine in ("onnxruntime", "torch"):
        WarmNetworks(engine, threads=1, networks=tiny).network("tiny-x2").run(source)
    np.testing.assert_array_equal(source, before)


STARVED = """
import resource, sys, numpy as np
from models.engines.residency import WarmNetworks
warm = WarmNetworks(sys.argv[1], threads=1, tile_pixels=1024)
network = warm.network("evident-sr-x2")
source = np.random.default_rng(0).random((700, 700), dtype=np.float32)
network.run(source[:64, :64])
size = next(l for l in open("/proc/self/status") if l.startswith("VmSize"))
limit = int(size.split()[1]) * 1024 + 150 * 2**20
most = resource.getrlimit(resource.RLIMIT_AS)[1]
resource.setrlimit(resource.RLIMIT_AS, (limit, most))
made = network.run(source)
assert made.shape == (1400, 1400), made.shape
resource.setrlimit(resource.RLIMIT_AS, (most, most))
whole = WarmNetworks(sys.argv[1], threads=1, tile_pixels=1024).network("evident-sr-x2")
assert abs(whole.run(source) - made).max() < 1e-5
sys.exit(0 if warm.replans() else "no re-plan was needed, so nothing was tested")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits address space as Linux does")
@pytest.mark.parametrize("engine", ["onnxruntime", "torch"])
def test_a_starved_process_still_gets_the_same_picture(engine: str) -> None:
    """With too little memory for the whole plane, a real engine gives the same in tiles."""
    done = subprocess.run(
        [sys.executable, "-c", STARVED, engine],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
