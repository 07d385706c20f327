"""What the codes of a result mean, where an operation changes it.

Clips state it in tags that the result states anew; photographs in profiles, which no operation
writes, so there it is refused.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.errors import RequestError
from pipelines.graph.validate import CheckedGraph, Step
from pipelines.media.video import UNSPECIFIED, ColourTags


def retagged(step: Step, colour: ColourTags) -> ColourTags:
    """What the codes of a clip mean after a step. A matrix of 0 is that of R, G, B and stays."""
    retags = step.descriptor.retags
    if retags is None:
        return colour
    tags = retags(step.parameters)
    if colour.transfer not in (UNSPECIFIED, tags.takes):
        raise RequestError(
            f"{step.descriptor.name}: the file states transfer {colour.transfer}, and this reads "
            f"{tags.takes} (code points of ITU-T H.273)",
            next_step="Name the transfer that the file states, or leave the operation out.",
        )
    matrix = tags.matrix if colour.matrix else 0
    return replace(colour, primaries=tags.primaries, transfer=tags.transfer, matrix=matrix)


def require_kept_colours(checked: CheckedGraph) -> None:
    """Refuse what changes the meaning of codes: a photograph states it in a profile of its own."""
    for step in checked.steps:
        if step.descriptor.retags is not None:
            raise RequestError(
                f"{step.descriptor.name} is for clips; a photograph's colours are in its profile",
                next_step="Leave it out of the graph.",
            )
