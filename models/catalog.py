"""Which networks there are: the cards that ship, the field's, and what is installed of those.

Importing this module, and listing or reading cards, imports neither numpy nor an engine; the
gateway and the command line do both at every start.

Ours ship with their weights. The field's networks (`cards/field`) ship as cards alone: a network
is *installed* where its weights were fetched or imported into the folder that `look_in` named.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path

from models.blend_name import parse_blend_name
from models.card_file import parse
from models.errors import CardError, UnknownModelError
from models.installed import Installed, read_installed
from models.spec import ModelId, NetworkCard

CARDS_FOLDER = Path(__file__).with_name("cards")
FIELD_FOLDER = CARDS_FOLDER / "field"


class Catalog:
    """The networks whose cards lie in one folder; each card is read once.

    `field` is a folder of cards without weights, and `installed` the folder where weights for
    them may lie.
    """

    def __init__(
        self,
        folder: Path = CARDS_FOLDER,
        *,
        field: Path | None = None,
        installed: Path | None = None,
    ) -> None:
        self.folder = folder
        self.installed_folder = installed
        self._field = field
        self._cards: dict[str, NetworkCard] = {}

    @cached_property
    def _files(self) -> dict[str, Path]:
        return _cards_in(self.folder)

    @cached_property
    def _field_files(self) -> dict[str, Path]:
        return {} if self._field is None else _cards_in(self._field)

    def names(self) -> tuple[ModelId, ...]:
        """Every network that comes with its weights, sorted; empty where there are no cards."""
        return tuple(ModelId(name) for name in self._files)

    def listed(self) -> tuple[ModelId, ...]:
        """Every network that there is a card of, with or without weights; ours first."""
        return (*self.names(), *(ModelId(name) for name in self._field_files))

    def card(self, name: str) -> NetworkCard:
        """Return the card called `name`, with the weights that are at hand.

        A blend's name (`blend_name`) is resolved as well; its weights are computed and kept when
        it is first asked for. Raises UnknownModelError when there is none, CardError when it
        cannot be read, and what reading a blend's parents raises.
        """
        if name not in self._cards:
            self._cards[name] = self._read(name)
        return self._cards[name]

    def installed(self, name: str) -> Installed | None:
        """Where the weights of one of the field's networks came from; None if not installed.

        Raises CardError where the record of it is damaged.
        """
        if self.installed_folder is None or name not in self._field_files:
            return None
        return read_installed(self.installed_folder, name)

    def _read(self, name: str) -> NetworkCard:
        path = self._files.get(name) or self._field_files.get(name)
        if path is None:
            blend = self._blend(name)
            if blend is not None:
                return blend
            known = ", ".join(self.listed()) or "none"
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
        if name in self._files or self.installed_folder is None:
            return card
        record = self.installed(name)
        folder = self.installed_folder / name
        return card if record is None else replace(card, files=record.files, folder=folder)

    def _blend(self, name: str) -> NetworkCard | None:
        """The card of a blend by its name; None where it is no blend of networks here."""
        parts = parse_blend_name(name)
        if parts is None or parts[0] not in self._field_files:
            return None
        base = self.card(parts[0])
        if base.blend is None:
            return None
        twin = self.card(base.blend.twin)
        from models import blending  # noqa: PLC0415 - it needs numpy, and few ever blend

        card = blending.blended_card(base, twin, parts[1])
        if self.installed_folder is None:
            return card
        return blending.with_weights(card, base, twin, parts[1], self.installed_folder)


def _cards_in(folder: Path) -> dict[str, Path]:
    return dict(sorted((path.stem, path) for path in folder.glob("*.toml")))


class _House:
    """The one catalog of this process; `look_in` replaces it when a process starts."""

    catalog = Catalog(field=FIELD_FOLDER)


def look_in(folder: Path) -> Catalog:
    """From here on, find installed weights in `folder`; what was read of it before is forgotten.

    For the `main` of a process, which knows its home; nothing else calls it.
    """
    _House.catalog = Catalog(field=FIELD_FOLDER, installed=folder)
    return _House.catalog


def current() -> Catalog:
    """Return the catalog of this process."""
    return _House.catalog


def shipped() -> Catalog:
    """Return the catalog of the networks that ship with the product, weights included."""
    return Catalog()


def names() -> tuple[ModelId, ...]:
    """Return the names of the networks that ship with the product, sorted."""
    return current().names()


def listed() -> tuple[ModelId, ...]:
    """Return the names of all networks that there are cards of, installed or not."""
    return current().listed()


def card(name: str) -> NetworkCard:
    """Return a network's card. Raises as `Catalog.card` does."""
    return current().card(name)
