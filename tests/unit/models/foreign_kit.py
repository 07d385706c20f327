"""Networks of other people's architectures with random weights of the official layout.

They are laid out on torch's meta device and filled afterwards, so that the largest of them is there
in a second; they go through our importer as a person's file does.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import util
from pathlib import Path
from typing import Any

from models.card_text import render
from models.catalog import FIELD_FOLDER, Catalog
from models.install.importing import import_file
from models.spec import (
    Channels,
    ForeignArchitecture,
    ModelId,
    NetworkCard,
    SampleRange,
    TilingRule,
)
from tests.servers.missing import missing

NAFNET = {"img_channel": 3, "width": 16}
SWINIR = {
    "in_chans": 3, "img_size": 64, "window_size": 8, "img_range": 1.0, "depths": [6] * 6,
    "embed_dim": 180, "num_heads": [6] * 6, "mlp_ratio": 2, "resi_connection": "1conv",
}  # fmt: skip
GFPGAN = {
    "out_size": 512, "num_style_feat": 512, "channel_multiplier": 2, "fix_decoder": False,
    "num_mlp": 8, "input_is_latent": True, "different_w": True, "narrow": 1, "sft_half": True,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """An architecture with the sizes that its makers publish, and how a test runs it.

    `tables` says that its weights carry tables which are computed and not trained.
    """

    architecture: str
    sizes: Mapping[str, Any] = field(default_factory=dict)
    scale: int = 1
    tiling: TilingRule = field(default_factory=TilingRule.whole_frame)
    side: int = 24
    samples: SampleRange = SampleRange.UNIT
    tables: bool = False


CASES = {
    "Real-ESRGAN x4plus": Case("ESRGAN", scale=4, tiling=TilingRule.exact(349), side=12),
    "Real-ESRGAN x2plus": Case(
        "ESRGAN", {"in_nc": 12, "scale": 4, "shuffle_factor": 2}, scale=2, side=12
    ),
    "SPAN x4": Case(
        "SPAN",
        {"num_in_ch": 3, "num_out_ch": 3, "feature_channels": 48, "upscale": 4},
        scale=4,
        tiling=TilingRule.exact(21),
        side=100,
    ),
    "NAFNet for motion blur, narrower": Case(
        "NAFNet",
        {
            **NAFNET,
            "middle_blk_num": 1,
            "enc_blk_nums": [1, 1, 1, 28],
            "dec_blk_nums": [1, 1, 1, 1],
        },
        side=40,
    ),
    "NAFNet for noise, narrower": Case(
        "NAFNet",
        {
            **NAFNET,
            "middle_blk_num": 12,
            "enc_blk_nums": [2, 2, 4, 8],
            "dec_blk_nums": [2, 2, 2, 2],
        },
        side=40,
    ),
    "SwinIR classical x2": Case(
        "SwinIR",
        {**SWINIR, "upscale": 2, "upsampler": "pixelshuffle"},
        scale=2,
        tiling=TilingRule.aligned(8, 16),
        tables=True,
    ),
    "SwinIR of photographs x4": Case(
        "SwinIR",
        {**SWINIR, "upscale": 4, "upsampler": "nearest+conv"},
        scale=4,
        tiling=TilingRule.aligned(8, 16),
        tables=True,
    ),
    "GFPGAN 1.3 and 1.4": Case("GFPGAN", GFPGAN, side=512, samples=SampleRange.SIGNED),
    "RestoreFormer": Case("RestoreFormer", side=64, samples=SampleRange.SIGNED),
}


def require_library() -> None:
    """Skip on a laptop without the library of the field's architectures; fail in CI."""
    if util.find_spec("spandrel") is None:
        missing("spandrel", "evident[foreign]")


def card_of(case: Case) -> NetworkCard:
    """A card of a network that the library defines."""
    base = Catalog(FIELD_FOLDER).card("realesr-general-x4v3")
    return replace(
        base,
        name=ModelId("tiny-a"),
        architecture=ForeignArchitecture(case.architecture),
        scale=case.scale,
        tiling=case.tiling,
        samples=case.samples,
        channels=Channels.RGB,
        blend=None,
        copies=(),
        files={},
    )


def random_tensors(case: Case) -> dict[str, Any]:
    """Random tensors of the official layout, small enough that no layer overflows."""
    import torch

    from models.nets.foreign import _library

    registry, identity = _library(card_of(case))
    module = sys.modules[type(registry.get(identity(case.architecture)).architecture).__module__]
    with torch.device("cpu" if case.tables else "meta"):
        network = getattr(module, case.architecture)(**case.sizes)
    tables = {name for name, _ in network.named_buffers()} if case.tables else set()
    chance = torch.Generator().manual_seed(7)
    return {
        name: like.clone()
        if name in tables
        else torch.empty(like.shape).normal_(0, 0.03, generator=chance)
        for name, like in network.state_dict().items()
    }


def random_weights(case: Case) -> bytes:
    """The same as a safetensors file."""
    from safetensors.torch import save

    return save(random_tensors(case))


def installed(folder: Path, described: NetworkCard, file: Path) -> NetworkCard:
    """Install a file as the network `described` through our importer; give its card."""
    fields = folder / "field"
    fields.mkdir(exist_ok=True)
    (fields / f"{described.name}.toml").write_text(render(described))
    none = folder / "none"
    import_file(file, Catalog(none, field=fields), folder / "models", wanted=described.name)
    return Catalog(none, field=fields, installed=folder / "models").card(described.name)
