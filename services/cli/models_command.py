"""`evident models`: the catalog of networks."""

from __future__ import annotations

from typing import Any

from models.card_file import UNKNOWN
from models.errors import ModelError
from models.spec import NetworkCard
from pipelines.errors import EvidentError
from pipelines.gates.book import Book
from services.cli.evidence_wiring import signing_key
from services.cli.gate_wiring import gate_book
from services.cli.models_install_command import installed_json
from services.cli.models_life_command import describe
from services.cli.networks_wiring import networks_of
from services.cli.printing import (
    GOOD,
    WRONG_USE,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
)
from services.settings.settings import read_settings

_ABSENT = "not installed"


def list_networks(*, as_json: bool) -> int:
    """Print one line per network; returns the exit code."""
    settings = read_settings()
    networks = networks_of(settings)
    book = gate_book(settings, signing_key(settings))
    cards = [networks.card(name) for name in networks.listed()]
    if as_json:
        listed = [{**card_json(card), "state": _state(book, card)} for card in cards]
        print_json({"models": listed})
        return GOOD
    width = max((len(card.name) for card in cards), default=0)
    for card in cards:
        print_text(
            f"{card.name:{width}}  {card.task.value} x{card.scale}  {card.network_class.value}  "
            f"{_standing(book, card)}  {card.title}"
        )
    return GOOD


def _state(book: Book, card: NetworkCard) -> str:
    return str(book.state(card.name)) if card.is_installed else _ABSENT


def _standing(book: Book, card: NetworkCard) -> str:
    if not card.is_installed:
        return _ABSENT
    return describe(book, card.name) if card.makes_pictures else "installed"


def show_network(name: str, *, as_json: bool) -> int:
    """Print all facts about one network; returns the exit code."""
    try:
        networks = networks_of(read_settings())
        card, record = networks.card(name), networks.installed(name)
    except (EvidentError, ModelError) as error:
        if as_json:
            print_json({"error": {"reason": str(error), "next_step": error.next_step}})
        print_error(console_on_stderr(), "", str(error), error.next_step)
        return WRONG_USE
    facts = card_json(card)
    if record is not None:
        facts["installed_from"] = installed_json(record)
    if as_json:
        print_json(facts)
        return GOOD
    for key, value in facts.items():
        _print_fact(key, value)
    return GOOD


def _print_fact(key: str, value: Any) -> None:
    label = key.replace("_", " ")
    if isinstance(value, list):
        print_text(f"{label}:")
        for one in value:
            line = one if isinstance(one, str) else ", ".join(f"{k} {v}" for k, v in one.items())
            print_text(f"  - {line}")
    elif isinstance(value, dict):
        print_text(f"{label}:")
        for inner, one in value.items():
            _print_fact(f"  {inner}", one)
    else:
        print_text(f"{label}: {value}")


def card_json(card: NetworkCard) -> dict[str, Any]:
    """Spell a card for people and programs."""
    return {
        "name": card.name,
        "version": card.version,
        "title": card.title,
        "task": card.task.value,
        "scale": card.scale,
        "class": card.network_class.value,
        "licence": card.licence,
        "use": card.use.value,
        "installed": card.is_installed,
        "origin": card.origin,
        "parameters": card.parameters,
        "samples": card.samples.value,
        "tiling": card.tiling.caption,
        "precisions": sorted(precision.value for precision in card.precisions),
        "training_data": card.training.data,
        "degradation": card.training.degradation,
        "known_failures": list(card.training.known_failures),
        "scores": [
            {
                "judged_set": score.judged_set,
                "pictures": score.pictures,
                "psnr_db": score.psnr_db,
                "gain_db": score.gain_db,
                "reference": score.reference,
            }
            for score in card.scores
        ],
        "files": [
            {"format": kind.value, "name": file.name, "sha256": file.sha256}
            for kind, file in sorted(card.files.items())
        ],
        **_official(card),
    }


def _official(card: NetworkCard) -> dict[str, Any]:
    """What the card says of the makers' own file; nothing for networks that ship."""
    if card.official is None:
        return {}
    return {
        "official": {
            "url": card.official.url,
            "sha256": card.official.sha256 or UNKNOWN,
            "bytes": card.official.size_bytes or UNKNOWN,
            "stated_by": card.official.stated_by,
        },
        "copies": [{"sha256": one.sha256, "note": one.note} for one in card.copies],
    }
