"""Licences as policy: which networks need a person's permission before they run.

A network that may not be used for everything runs only where a person said why it may be used
here. The reason is an entry of the log and a line of the report. Whether it is a good one is
between that person and the network's owner.
"""

from __future__ import annotations

from models import catalog
from models.spec import NetworkCard, Use
from pipelines.errors import PolicyError

_SAID = {
    Use.NON_COMMERCIAL: "for non-commercial use only",
    Use.NETWORK_COPYLEFT: "on terms that reach whoever offers it over a network",
}


def require_permission(card: NetworkCard, reason: str | None, *, field: str) -> None:
    """Raise PolicyError where the network's licence needs a permission and there is none."""
    if card.use is Use.FREE or reason is not None:
        return
    raise PolicyError(
        f"{card.name} is licensed {_SAID[card.use]} ({card.licence})",
        field=field,
        next_step="Say why it may be used here with --allow-licence REASON; it goes on record, "
        "and the report prints it.",
    )


def detector_card(name: str | None) -> NetworkCard | None:
    """The card of a detector that a graph names; None where it is none of the catalog's."""
    return catalog.card(name) if name in catalog.listed() else None


def permission_words(card: NetworkCard) -> str:
    """The report's warning about a network that ran by permission; empty for any other."""
    if card.use is Use.FREE:
        return ""
    return f"{card.name} is licensed {_SAID[card.use]}; it ran by the operator's permission."
