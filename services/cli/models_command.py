"""`evident models`: the catalog of networks."""

from __future__ import annotations

from typing import Any

from models import catalog
from models.errors import ModelError
from models.spec import NetworkCard
from services.cli.evidence_wiring import signing_key
from services.cli.gate_wiring import gate_book
from services.cli.models_life_command import describe
from services.cli.printing import (
    GOOD,
    WRONG_USE,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
)
from services.settings.settings import read_settings


def list_networks(*, as_json: bool) -> int:
    """Print one line per network; returns the exit code."""
    cards = [catalog.card(name) for name in catalog.names()]
    settings = read_settings()
    book = gate_book(settings, signing_key(settings))
    if as_json:
        listed = [{**card_json(card), "state": str(book.state(card.name))} for card in cards]
        print_json({"models": listed})
        return GOOD
    width = max((len(card.name) for card in cards), default=0)
    for card in cards:
        print_text(
            f"{card.name:{width}}  {card.task.value} x{card.scale}  {card.network_class.value}  "
            f"{describe(book, card.name)}  {card.title}"
        )
    return GOOD


def show_network(name: str, *, as_json: bool) -> int:
    """Print all facts about one network; returns the exit code."""
    try:
        card = catalog.card(name)
    except ModelError as error:
        if as_json:
            print_json({"error": {"reason": str(error), "next_step": error.next_step}})
        print_error(console_on_stderr(), "", str(error), error.next_step)
        return WRONG_USE
    facts = card_json(card)
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
        "origin": card.origin,
        "parameters": card.parameters,
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
    }
