"""Architectures that the optional library defines, with random weights of the official layout.

That proves loading, sizes and tiling, and nothing about what the official weights make of a
picture.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib import util
from typing import Any

import numpy as np
import pytest

from models.catalog import FIELD_FOLDER, Catalog
from models.engines.tiled import TiledNetwork
from models.errors import EngineError, EngineUnavailableError
from models.spec import Channels, ForeignArchitecture, NetworkCard, Precision, TilingRule

pytestmark = [
    pytest.mark.skipif(
        util.find_spec("spandrel") is None, reason="the foreign extra (spandrel) is not installed"
    ),
    # The library calls torch in a way that a later torch will refuse.
    pytest.mark.filterwarnings("ignore:torch.meshgrid"),
]

NAFNET = {"img_channel": 3, "width": 16, "middle_blk_num": 1, "enc_blk_nums": [1, 1, 1, 28]}
SWINIR = {
    "in_chans": 3, "img_size": 64, "window_size": 8, "img_range": 1.0, "depths": [6] * 6,
    "embed_dim": 180, "num_heads": [6] * 6, "mlp_ratio": 2, "resi_connection": "1conv",
}  # fmt: skip
CASES: dict[str, tuple[str, dict[str, Any], int, TilingRule, int]] = {
    "Real-ESRGAN x4plus": ("ESRGAN", {}, 4, TilingRule.exact(349), 12),
    "Real-ESRGAN x2plus": (
        "ESRGAN",
        {"in_nc": 12, "scale": 4, "shuffle_factor": 2},
        2,
        TilingRule.whole_frame(),
        12,
    ),
    "SPAN x4": (
        "SPAN",
        {"num_in_ch": 3, "num_out_ch": 3, "feature_channels": 48, "upscale": 4},
        4,
        TilingRule.exact(21),
        100,
    ),
    "NAFNet, narrower": (
        "NAFNet",
        {**NAFNET, "dec_blk_nums": [1, 1, 1, 1]},
        1,
        TilingRule.whole_frame(),
        40,
    ),
    "SwinIR classical x2": (
        "SwinIR",
        {**SWINIR, "upscale": 2, "upsampler": "pixelshuffle"},
        2,
        TilingRule.aligned(8, 16),
        24,
    ),
}
"""By name: architecture, its official sizes, scale, tiling rule, side of the picture."""


def card(architecture: str, scale: int, tiling: TilingRule) -> NetworkCard:
    """A card of a network that the library defines."""
    base = Catalog(FIELD_FOLDER).card("realesr-general-x4v3")
    made = ForeignArchitecture(architecture)
    return replace(base, architecture=made, scale=scale, tiling=tiling, channels=Channels.RGB)


def random_weights(architecture: str, sizes: dict[str, Any]) -> bytes:
    """Random tensors of the architecture, as a safetensors file."""
    import torch
    from safetensors.torch import save

    from models.nets.foreign import _library

    registry, identity = _library(card(architecture, 1, TilingRule.exact(1)))
    module = sys.modules[type(registry.get(identity(architecture)).architecture).__module__]
    torch.manual_seed(7)
    network = getattr(module, architecture)(**sizes)
    return save({name: tensor.contiguous() for name, tensor in network.state_dict().items()})


@pytest.mark.parametrize("case", CASES)
def test_an_official_layout_loads_and_runs_in_tiles(case: str) -> None:
    """Weights of the layout load by the card alone and run under its tiling rule."""
    from models.engines.torch_engine import TorchEngine

    architecture, sizes, scale, tiling, side = CASES[case]
    described = card(architecture, scale, tiling)
    session = TorchEngine().load(
        described, random_weights(architecture, sizes), threads=1, precision=Precision.FP32
    )
    picture = np.random.default_rng(1).random((3, side, side + 3), dtype=np.float32)
    made = TiledNetwork(session, described, tile_pixels=32).run(picture)
    assert made.shape == (3, side * scale, (side + 3) * scale)
    assert np.isfinite(made).all()
    assert made.std() > 0


def test_span_tiles_equal_the_whole() -> None:
    """The reach that SPAN's rule states is enough: its tiles equal the whole picture."""
    from models.engines.torch_engine import TorchEngine

    architecture, sizes, scale, tiling, side = CASES["SPAN x4"]
    described = card(architecture, scale, tiling)
    session = TorchEngine().load(
        described, random_weights(architecture, sizes), threads=1, precision=Precision.FP32
    )
    picture = np.random.default_rng(1).random((3, side, side), dtype=np.float32)
    tiled = TiledNetwork(session, described, tile_pixels=32).run(picture)
    whole = TiledNetwork(session, described, tile_pixels=4096).run(picture)
    assert np.abs(tiled - whole).max() < 1e-4


def test_other_tensors_and_other_scales_are_refused() -> None:
    """Tensors of another architecture, or of another scale than the card's, do not load."""
    import torch

    from models.nets.build import built

    span = card("SPAN", 4, TilingRule.exact(21))
    with pytest.raises(EngineError, match="are no SPAN"):
        built(span, {"nothing": torch.zeros(1)})
    from safetensors.torch import load

    tensors = load(random_weights("SPAN", CASES["SPAN x4"][1]))
    with pytest.raises(EngineError, match="its card says"):
        built(replace(span, scale=2), tensors)


def test_a_non_commercial_architecture_is_not_looked_for() -> None:
    """CodeFormer is in no library that is installed by default, and the refusal says so."""
    import torch

    from models.nets.build import built

    with pytest.raises(EngineUnavailableError, match="defines no CodeFormer") as refused:
        built(card("CodeFormer", 1, TilingRule.whole_frame()), {"x": torch.zeros(1)})
    assert "plug-in" in refused.value.next_step
