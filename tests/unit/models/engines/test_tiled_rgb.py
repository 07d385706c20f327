"""Networks of three planes in tiles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.catalog import FIELD_FOLDER, Catalog
from models.engines.tiled import TiledNetwork
from models.errors import EngineError, NotFiniteError
from models.spec import WHOLE_PICTURE, NetworkCard, PReluArchitecture, SampleRange, TilingRule
from tests.unit.models.field_kit import SMALL, prelu_tensors


def small_card(*, tiling: TilingRule | None = None) -> NetworkCard:
    """The card of a small network of the field."""
    card = Catalog(FIELD_FOLDER).card("realesr-animevideov3")
    rule = tiling or TilingRule.exact(SMALL.depth + 2)
    return replace(card, architecture=PReluArchitecture(4, 2), tiling=rule, scale=2)


class Session:
    """The small network on torch."""

    def __init__(self) -> None:
        import torch

        from models.nets.prelu_compact import PReluCompactNet, PReluShape

        self.network = PReluCompactNet(PReluShape(SMALL.features, SMALL.depth, 2))
        tensors = prelu_tensors(scale=2)
        self.network.load_state_dict({k: torch.from_numpy(v) for k, v in tensors.items()})
        self.shapes: list[tuple[int, ...]] = []

    def run(self, batch: np.ndarray) -> np.ndarray:
        """(N, 3, H, W) to (N, 3, 2*H, 2*W)."""
        import torch

        self.shapes.append(batch.shape)
        with torch.inference_mode():
            return self.network(torch.from_numpy(batch)).numpy()


def picture(height: int, width: int) -> np.ndarray:
    """Random colours."""
    return np.random.default_rng(5).random((3, height, width), dtype=np.float32)


def test_exact_tiles_of_three_planes_equal_the_whole() -> None:
    """Under `exact` all three planes have the samples of the whole, within a rounding."""
    source, session = picture(150, 170), Session()
    tiled = TiledNetwork(session, small_card(), tile_pixels=64).run(source)
    assert len(session.shapes) == 9
    whole = TiledNetwork(session, small_card(), tile_pixels=4096).run(source)
    assert tiled.shape == (3, 300, 340)
    assert np.abs(tiled - whole).max() < 1e-5


@pytest.mark.parametrize(
    "rule", [TilingRule.aligned(8, 16), TilingRule.approximate(1.0, 12), TilingRule.whole_frame()]
)
def test_every_rule_holds_for_three_planes(rule: TilingRule) -> None:
    """Blended and whole runs give every plane its own samples: near cuts close to the whole's.

    Planes that changed places would be as far apart as random samples are.
    """
    source, session = picture(152, 168), Session()
    made = TiledNetwork(session, small_card(tiling=rule), tile_pixels=64).run(source)
    whole = session.run(source[None])[0]
    apart = np.abs(made - whole).max()
    assert apart < 0.1
    assert apart < 0.2 * np.abs(whole - whole[::-1]).max()


def test_a_rule_that_is_not_exact_sees_the_whole_picture() -> None:
    """Only an exact rule bounds what an output sample depends on."""
    session = Session()
    assert TiledNetwork(session, small_card()).reach == 4
    aligned = small_card(tiling=TilingRule.aligned(8, 16))
    assert TiledNetwork(session, aligned).reach == WHOLE_PICTURE


def test_a_single_plane_is_refused() -> None:
    """A network of colours takes no plane alone, and says what it takes."""
    network = TiledNetwork(Session(), small_card())
    assert network.planes == 3
    for shape in ((20, 20), (1, 20, 20), (4, 20, 20), (3, 0, 20)):
        with pytest.raises(EngineError, match=r"\(3, H, W\)"):
            network.run(np.zeros(shape, np.float32))
    with pytest.raises(NotFiniteError):
        network.run(np.full((3, 20, 20), np.nan, np.float32))


def test_a_network_of_both_signs_is_handed_them_and_gives_a_picture() -> None:
    """Black is -1 for such a network, in the tiles and in the run that replaces a bad one."""
    handed: list[np.ndarray] = []

    class Signed:
        """Gives what it is handed; the first answer is not finite where it is told so."""

        def __init__(self, *, broken: bool = False) -> None:
            self.broken = broken

        def run(self, batch: np.ndarray) -> np.ndarray:
            """(N, 3, H, W) to the same."""
            handed.append(batch.copy())
            return np.full_like(batch, np.nan) if self.broken else batch

    card = replace(small_card(), scale=1, samples=SampleRange.SIGNED)
    source = np.tile(np.asarray([0, 0.5, 1, 0.25], np.float32), (3, 4, 1))
    network = TiledNetwork(Signed(broken=True), card, safe=Signed)
    np.testing.assert_array_equal(network.run(source), source)
    for one in handed:
        np.testing.assert_array_equal(one[0, 0, 0], np.asarray([-1, 0, 1, -0.5], np.float32))
    assert len(handed) == 2
    assert "run again in fp32" in network.replans[0]
