"""Batches of tiles, what is planned anew when memory runs out, and results that cannot be right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from models.catalog import Catalog
from models.engines.residency import WarmNetworks
from models.engines.tiled import SMALLEST_TILE_PIXELS, TiledNetwork, replanned_tile
from models.errors import OutOfMemoryError
from models.spec import Channels, NetworkCard, Precision


class Fake:
    """A session that copies samples `scale` times and then does what a test wants."""

    def __init__(self, scale: int, then: Callable | None = None) -> None:
        self.scale = scale
        self.then = then or (lambda batch, result: result)

    def run(self, batch):
        """Repeat every sample."""
        return self.then(batch, batch.repeat(self.scale, axis=2).repeat(self.scale, axis=3))


def plane(height: int, width: int):
    """Draw a random plane in 0..1."""
    return np.random.default_rng(height * width).random((height, width), dtype=np.float32)


@pytest.fixture
def card(tiny: Catalog) -> NetworkCard:
    """Give a card with scale 2 and a reach of 6."""
    return tiny.card("tiny-x2")


def fail_above(pixels: int, error: type[Exception]):
    """Make a session run out of memory for more than this many samples."""

    def then(batch, result):
        if batch.size > pixels:
            raise error("no memory")
        return result

    return then


def test_a_lack_of_memory_makes_batches_smaller_first(card: NetworkCard) -> None:
    """Fewer tiles at once come before smaller tiles, and every step is written down in order."""
    heard: list[str] = []

    def then(batch, result):
        if batch.shape[0] > 1 or batch.size > 80 * 80:
            raise OutOfMemoryError("no memory")
        return result

    network = TiledNetwork(Fake(2, then), card, tile_pixels=100, batch=4, note=heard.append)
    source = plane(300, 300)
    made = network.run(source)
    np.testing.assert_array_equal(made, source.repeat(2, axis=0).repeat(2, axis=1))
    assert network.batch == 1
    assert [line.rpartition("; ")[2] for line in network.replans] == [
        "run again in batches of 2",
        "run again in batches of 1",
        f"run again in tiles of {SMALLEST_TILE_PIXELS}",
    ]
    assert heard == network.replans
    assert [replanned_tile(line) for line in heard] == [None, None, (card.name, 64)]


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_a_batch_gives_what_single_tiles_give(tiny: Catalog, batch: int) -> None:
    """Tiles that go through together come out as they do one by one."""
    alone = WarmNetworks("onnxruntime", threads=1, tile_pixels=24, networks=tiny)
    together = WarmNetworks("onnxruntime", threads=1, tile_pixels=24, batch=batch, networks=tiny)
    source = plane(131, 97)
    made = together.network("tiny-x2").run(source)
    np.testing.assert_allclose(made, alone.network("tiny-x2").run(source), atol=1e-6)


def test_tiles_of_one_size_go_through_together(card: NetworkCard) -> None:
    """A batch holds up to so many neighbouring tiles that read planes of one size."""
    counts: list[int] = []

    def then(batch, result):
        counts.append(batch.shape[0])
        return result

    network = TiledNetwork(Fake(2, then), card, tile_pixels=20, batch=3)
    source = plane(60, 200)
    np.testing.assert_array_equal(network.run(source), source.repeat(2, 0).repeat(2, 1))
    assert max(counts) == 3
    assert sum(counts) == len(network.plan(60, 200))


def test_a_tile_that_a_person_set_never_gets_smaller(card: NetworkCard) -> None:
    """With a fixed tile the batch shrinks, the tile does not; the error has the final sizes."""
    network = TiledNetwork(
        Fake(2, fail_above(10, MemoryError)), card, tile_pixels=100, tile_is_fixed=True, batch=2
    )
    with pytest.raises(OutOfMemoryError, match="tiles of 100, one at a time") as refused:
        network.run(plane(300, 300))
    assert "smaller tile" in refused.value.next_step
    assert network.tile_pixels == 100
    assert len(network.replans) == 1


def test_the_final_sizes_are_in_the_error(card: NetworkCard) -> None:
    """When nothing helps, the error names the tile and the batch that did not fit."""
    network = TiledNetwork(Fake(2, fail_above(10, MemoryError)), card, tile_pixels=100, batch=4)
    with pytest.raises(
        OutOfMemoryError, match=f"300x300 samples in tiles of {SMALLEST_TILE_PIXELS}, one at a time"
    ):
        network.run(plane(300, 300))


def test_a_tile_without_contrast_is_run_again_in_fp32(card: NetworkCard) -> None:
    """Black, or any one value, out of a tile with contrast is refused of a reduced precision."""

    def black(batch, result):
        return np.zeros_like(result)

    source = plane(50, 50)
    network = TiledNetwork(Fake(2, black), card, tile_pixels=64, safe=lambda: Fake(2))
    np.testing.assert_array_equal(network.run(source), source.repeat(2, 0).repeat(2, 1))
    (line,) = network.replans
    assert "no contrast left and was run again in fp32" in line


def test_fp32_and_flat_tiles_may_be_flat(card: NetworkCard) -> None:
    """A flat tile may stay flat, and what fp32 gives is the network's own answer."""

    def black(batch, result):
        return np.zeros_like(result)

    def never():
        raise AssertionError("not to be run again")

    flat = np.full((50, 50), 0.25, np.float32)
    network = TiledNetwork(Fake(2, black), card, tile_pixels=64, safe=never)
    assert not network.run(flat).any()
    exact = TiledNetwork(Fake(2, black), card, tile_pixels=64)
    assert not exact.run(plane(50, 50)).any()
    assert exact.replans == network.replans == []


def test_planes_go_through_together_in_batches(card: NetworkCard) -> None:
    """A network of red, green and blue runs its tiles in batches like one of luma."""
    source = np.random.default_rng(5).random((3, 70, 90), dtype=np.float32)
    colours = replace(card, channels=Channels.RGB)
    made = TiledNetwork(Fake(2), colours, tile_pixels=20, batch=2).run(source)
    np.testing.assert_array_equal(made, source.repeat(2, axis=1).repeat(2, axis=2))


def torch_lacks():
    """What torch raises when a GPU is full."""
    import torch

    return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")


def torch_lacks_on_the_processor():
    """What torch raises when the system gives no memory."""
    return RuntimeError(
        "[enforce fail at alloc_cpu.cpp:128] DefaultCPUAllocator: can't allocate memory"
    )


def onnxruntime_lacks():
    """What ONNX Runtime raises when its arena cannot grow."""
    from onnxruntime.capi.onnxruntime_pybind11_state import RuntimeException

    return RuntimeException("[ONNXRuntimeError] : 6 : Failed to allocate memory for requested")


def session_of(lacks, largest: int):
    """A real engine's session over a network that lacks memory beyond `largest` samples."""
    import torch

    from models.engines.onnxruntime_engine import OnnxRuntimeSession
    from models.engines.torch_engine import TorchSession

    class Full(torch.nn.Module):
        def forward(self, x):
            if x.numel() > largest:
                raise lacks()
            return x.repeat_interleave(2, 2).repeat_interleave(2, 3)

    class FullRuntime:
        def run(self, names, given):
            if given["input"].size > largest:
                raise lacks()
            return [given["input"].repeat(2, axis=2).repeat(2, axis=3)]

    if lacks is onnxruntime_lacks:
        return OnnxRuntimeSession(FullRuntime())
    return TorchSession(Full(), device=torch.device("cpu"), precision=Precision.FP32, threads=1)


@pytest.mark.parametrize("lacks", [torch_lacks, torch_lacks_on_the_processor, onnxruntime_lacks])
def test_the_libraries_own_errors_are_planned_anew(card: NetworkCard, lacks) -> None:
    """Each library's own class for a lack of memory shrinks batch and tile until it fits."""
    network = TiledNetwork(session_of(lacks, 80 * 80), card, tile_pixels=128, batch=4)
    source = plane(300, 300)
    np.testing.assert_array_equal(network.run(source), source.repeat(2, 0).repeat(2, 1))
    assert (network.batch, network.tile_pixels) == (1, SMALLEST_TILE_PIXELS)
    assert len(network.replans) == 3


def test_a_library_s_lack_that_stays_is_our_error(card: NetworkCard) -> None:
    """When nothing fits, the library's error is the cause of ours."""
    network = TiledNetwork(session_of(torch_lacks, 1), card, tile_pixels=128)
    with pytest.raises(OutOfMemoryError, match=f"tiles of {SMALLEST_TILE_PIXELS}") as refused:
        network.run(plane(300, 300))
    assert isinstance(refused.value.__cause__, OutOfMemoryError)
    assert type(refused.value.__cause__.__cause__).__name__ == "OutOfMemoryError"
