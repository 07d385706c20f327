"""Numbers of frames of which the first are listed and all are counted."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

MOST_LISTED = 100


@dataclass(slots=True)
class Picked:
    """How many frames were picked, and the first of them."""

    count: int = 0
    first: list[int] = field(default_factory=list)

    def add(self, frames: NDArray[np.int64]) -> None:
        """Take more frames, in order."""
        self.count += len(frames)
        room = MOST_LISTED - len(self.first)
        if room > 0:
            self.first.extend(frames[:room].tolist())

    @property
    def words(self) -> str:
        """The frames as a person reads them."""
        listed = ", ".join(map(str, self.first))
        more = self.count - len(self.first)
        return f"{listed} and {more} more" if more > 0 else listed
