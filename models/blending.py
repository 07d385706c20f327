"""Blends: a network whose weights lie between those of two others.

Real-ESRGAN's authors publish two networks of one layout that take out noise more and less, and
mix their weights for what lies between ("deep network interpolation", Wang et al., CVPR 2019).
Every number of the blend is `share * base + (1 - share) * twin`, computed in float64 and rounded
once, so the same parents and share give the same bytes everywhere. A blend is a network of its
own: own name, own digest, own gates; both parents stand on its card by digest.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from models import weights
from models.blend_name import blend_name
from models.errors import CardError
from models.formats import prelu_graph
from models.formats.safetensors_file import read_tensors, write_tensors
from models.installed import Installed, Standing, read_installed
from models.spec import (
    NetworkCard,
    Parent,
    PReluArchitecture,
    WeightsFile,
    WeightsFormat,
)
from models.store import install, sha256_of


def blended_card(base: NetworkCard, twin: NetworkCard, share: str) -> NetworkCard:
    """Make the card of a blend: the base's facts under another name, not yet with weights.

    Raises CardError where the two are no twins.
    """
    if not isinstance(base.architecture, PReluArchitecture) or (
        (base.architecture, base.scale, base.network_class, base.use)
        != (twin.architecture, twin.scale, twin.network_class, twin.use)
    ):
        raise CardError(f"{base.name} and {twin.name} are not of one layout, class and licence")
    return replace(
        base,
        name=blend_name(base.name, float(share)),
        title=f"{base.title}, with a denoise strength of {share}",
        official=None,
        copies=(),
        blend=None,
        files={},
        parents=(),
    )


def with_weights(
    card: NetworkCard, base: NetworkCard, twin: NetworkCard, share: str, folder: Path
) -> NetworkCard:
    """Give a blend its weights, kept under `folder`; as it is where a parent is not installed.

    Raises WeightsError where a parent's weights are not as on its card, InstallError where the
    blend cannot be kept.
    """
    form = WeightsFormat.SAFETENSORS
    if form not in base.files or form not in twin.files:
        return card
    parents = (
        Parent(base.name, base.files[form].sha256, share),
        Parent(twin.name, twin.files[form].sha256, f"{1 - float(share):.2f}"),
    )
    origin = f"Blend of {' and '.join(_parent_words(one) for one in parents)}."
    record = read_installed(folder, card.name)
    if record is None or record.origin != origin:
        record = _made(card, base, twin, share=float(share), origin=origin, folder=folder)
    return replace(
        card,
        origin=f"{origin} {base.origin}",
        files=record.files,
        parents=parents,
        folder=folder / card.name,
    )


def _parent_words(parent: Parent) -> str:
    return f"{parent.share} of {parent.name} (SHA-256 {parent.sha256})"


def _made(
    card: NetworkCard,
    base: NetworkCard,
    twin: NetworkCard,
    *,
    share: float,
    origin: str,
    folder: Path,
) -> Installed:
    ours, theirs = (
        read_tensors(weights.read_verified(one, WeightsFormat.SAFETENSORS), name=one.name)
        for one in (base, twin)
    )
    mixed = {
        name: (share * ours[name].astype("f8") + (1 - share) * theirs[name].astype("f8")).astype(
            "f4"
        )
        for name in ours
    }
    content = write_tensors(mixed)
    if not isinstance(card.architecture, PReluArchitecture):
        raise CardError(f"{card.name} is of no architecture that can be blended")
    graph = prelu_graph.to_onnx(mixed, card.architecture, card.scale)
    return install(
        folder,
        card,
        {WeightsFormat.SAFETENSORS: content, WeightsFormat.ONNX: graph},
        received=WeightsFile(f"{card.name}.safetensors", sha256_of(content), len(content)),
        standing=Standing.BLEND,
        origin=origin,
    )
