"""Which network a file of weights is, and who says so.

By digest where a card states it, else by the person who imports it, else by the layout of its
tensors where that fits one card alone. A file that a card knows is never taken for another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from models.catalog import Catalog
from models.errors import UnknownWeightsError, UnsafeWeightsError
from models.formats import prelu_graph, safetensors_file
from models.installed import Standing
from models.spec import NetworkCard, PReluArchitecture, Sha256
from models.weights import begins_as_pickle


class FileKind(StrEnum):
    """What a file of weights begins like."""

    ONNX = "onnx"
    SAFETENSORS = "safetensors"
    PICKLE = "pickle"


@dataclass(frozen=True, slots=True)
class Recognised:
    """The card that a file belongs to, and what is known about the file's digest."""

    card: NetworkCard
    standing: Standing


def kind_of(content: bytes, *, name: str) -> FileKind:
    """Tell the format by the first bytes, whatever the file is called.

    Raises UnsafeWeightsError for anything else.
    """
    if begins_as_pickle(content):
        return FileKind.PICKLE
    if content[8:9] == b"{":
        return FileKind.SAFETENSORS
    if content[:1] == b"\x08":
        return FileKind.ONNX
    raise UnsafeWeightsError(
        f"{name} is neither ONNX nor safetensors nor a torch file",
        next_step="Name a file of weights in one of these formats.",
    )


def recognise(
    content: bytes, sha256: Sha256, *, name: str, networks: Catalog, wanted: str | None
) -> Recognised:
    """Find the card of a file; `wanted` is the network that a person says it is.

    Raises UnknownWeightsError where no card or several could be meant, or where the file is
    known to be another network than `wanted`.
    """
    stated = _by_digest(sha256, networks)
    if stated is not None and wanted not in (None, stated.card.name):
        raise UnknownWeightsError(
            f"{name} is {stated.card.name} by its digest, not {wanted}",
            next_step=f"Leave --as out, or name {stated.card.name}.",
        )
    if stated is not None:
        return stated
    if wanted is not None:
        return Recognised(_field_card(wanted, networks), Standing.UNKNOWN)
    fitting = tuple(_by_layout(content, name, networks))
    if len(fitting) != 1:
        found = " or ".join(card.name for card in fitting) or "no network of the catalog"
        raise UnknownWeightsError(
            f"{name} has a digest that no card states, and by its layout it is {found}",
            next_step="Say which network it is with --as NAME.",
        )
    return Recognised(fitting[0], Standing.UNKNOWN)


def _field_card(name: str, networks: Catalog) -> NetworkCard:
    card = networks.card(name)
    if card.official is None:
        raise UnknownWeightsError(
            f"{name} ships with its weights; nothing is installed for it",
            next_step="Name a network that does not ship.",
        )
    return card


def _by_digest(sha256: Sha256, networks: Catalog) -> Recognised | None:
    for card in _field_cards(networks):
        if card.official is not None and card.official.sha256 == sha256:
            return Recognised(card, Standing.OFFICIAL)
        if any(copy.sha256 == sha256 for copy in card.copies):
            return Recognised(card, Standing.COPY)
    return None


def _by_layout(content: bytes, name: str, networks: Catalog) -> Iterator[NetworkCard]:
    if kind_of(content, name=name) is not FileKind.SAFETENSORS:
        return
    header = safetensors_file.read_header(content, name=name)
    shapes: Mapping[str, tuple[int, ...]] = {key: one.shape for key, one in header.items()}
    for card in _field_cards(networks):
        own = card.architecture
        if isinstance(own, PReluArchitecture) and prelu_graph.layout(own, card.scale) == shapes:
            yield card


def _field_cards(networks: Catalog) -> Iterator[NetworkCard]:
    cards = (networks.card(name) for name in networks.listed())
    return (card for card in cards if card.official is not None)
