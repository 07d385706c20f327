"""A network's life: which states there are, which moves are allowed, and what each needs.

imported -> candidate -> gated -> released -> withdrawn. A gate that fails sends a candidate
back; a withdrawn network may become a candidate again, never released at once. Who moved it and
why is an entry of the log (`network.moved`, job `network:<name>`), and the state is what the last
of them says.
"""

from __future__ import annotations

from enum import StrEnum

from pipelines.errors import RequestError
from pipelines.evidence.json_value import Json

KIND = "network.moved"
MOST_REASON = 1000


class LifeState(StrEnum):
    """Where a network stands."""

    IMPORTED = "imported"
    """Its files are here; nobody has looked at it."""
    CANDIDATE = "candidate"
    """Somebody wants it judged."""
    GATED = "gated"
    """A gate passed on this machine or came with the release."""
    RELEASED = "released"
    """Jobs may run it."""
    WITHDRAWN = "withdrawn"
    """Jobs may not run it any more; running ones end as they began."""


MOVES: dict[LifeState, frozenset[LifeState]] = {
    LifeState.IMPORTED: frozenset({LifeState.CANDIDATE, LifeState.WITHDRAWN}),
    LifeState.CANDIDATE: frozenset({LifeState.GATED, LifeState.WITHDRAWN}),
    LifeState.GATED: frozenset({LifeState.RELEASED, LifeState.CANDIDATE, LifeState.WITHDRAWN}),
    LifeState.RELEASED: frozenset({LifeState.CANDIDATE, LifeState.WITHDRAWN}),
    LifeState.WITHDRAWN: frozenset({LifeState.CANDIDATE}),
}


def job_of(network: str) -> str:
    """The log's job under which a network's moves are kept."""
    return f"network:{network}"


def advance(network: str, state: LifeState, to: LifeState) -> LifeState:
    """Return `to` where that move is allowed; raises RequestError naming those that are."""
    if to not in MOVES[state]:
        allowed = ", ".join(sorted(MOVES[state])) or "nothing"
        raise RequestError(
            f"{network} is {state}; it cannot become {to}.",
            next_step=f"From here it can become: {allowed}.",
        )
    return to


def move_body(
    network: str,
    state: LifeState,
    to: LifeState,
    *,
    weights_sha256: str,
    reason: str,
    gate_sha256: str = "",
) -> dict[str, Json]:
    """The entry of a move, after checking that it is allowed and has a reason.

    Becoming gated or released names the gate's record by digest. Raises RequestError.
    """
    advance(network, state, to)
    if not reason.strip() or len(reason) > MOST_REASON:
        raise RequestError(
            f"A move needs a reason of at most {MOST_REASON} characters.",
            next_step="Say why with --reason.",
        )
    if to in {LifeState.GATED, LifeState.RELEASED} and not gate_sha256:
        raise RequestError(
            f"{network} has no gate that passed, so it cannot become {to}.",
            next_step=f"Run `evident gate {network}` first.",
        )
    return {
        "network": network,
        "from": str(state),
        "to": str(to),
        "reason": reason.strip(),
        "weights_sha256": weights_sha256,
        **({"gate_sha256": gate_sha256} if gate_sha256 else {}),
    }


def state_after(bodies: list[dict[str, Json]], *, first: LifeState) -> LifeState:
    """The state that a network's moves lead to from `first`; an unknown word is skipped."""
    state = first
    for body in bodies:
        to = body.get("to")
        if isinstance(to, str) and to in list(LifeState):
            state = LifeState(to)
    return state
