"""Which networks there are: the cards of a folder, by name.

Importing this module, and listing or reading cards, imports neither numpy nor an engine; the
gateway and the command line do both at every start.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from pathlib import Path

from models.card_file import parse
from models.errors import CardError, UnknownModelError
from models.spec import ModelId, NetworkCard

CARDS_FOLDER = Path(__file__).with_name("cards")


class Catalog:
    """The networks whose cards lie in one folder; each card is read once."""

    def __init__(self, folder: Path = CARDS_FOLDER) -> None:
        self.folder = folder
        self._cards: dict[str, NetworkCard] = {}

    @cached_property
    def _files(self) -> dict[str, Path]:
        found = {path.stem: path for path in self.folder.glob("*.toml")}
        return dict(sorted(found.items()))

    def names(self) -> tuple[ModelId, ...]:
        """Every network's name, sorted; empty when the folder holds no cards."""
        return tuple(ModelId(name) for name in self._files)

    def card(self, name: str) -> NetworkCard:
        """Return the card called `name`.

        Raises UnknownModelError when there is none, CardError when it cannot be read.
        """
        if name not in self._cards:
            self._cards[name] = self._read(name)
        return self._cards[name]

    def _read(self, name: str) -> NetworkCard:
        path = self._files.get(name)
        if path is None:
            known = ", ".join(self._files) or "none"
            raise UnknownModelError(
                f"there is no network called {name!r}",
                next_step=f"Name one of the catalog: {known}.",
            )
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CardError(f"{path.name}: cannot be read: {error}") from error
        card = parse(text, source=path)
        if card.name != name:
            raise CardError(f"{path.name}: holds the card of another network, {card.name}")
        return card


@lru_cache(maxsize=1)
def shipped() -> Catalog:
    """Return the catalog of the networks that ship with the product."""
    return Catalog()


def names() -> tuple[ModelId, ...]:
    """Return the names of the networks that ship with the product, sorted."""
    return shipped().names()


def card(name: str) -> NetworkCard:
    """Return the card of a network that ships with the product. Raises as `Catalog.card` does."""
    return shipped().card(name)
