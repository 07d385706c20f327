"""How large a picture is stored, and how large a player shows it.

Recorders store pictures with pixels that are not square and often say nothing of it. Sizes whose
usual aspect is known are told beside what the file states; nothing is corrected here.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

_ANALOGUE = Fraction(4, 3)
_WIDE = Fraction(16, 9)
_USUAL: dict[tuple[int, int], tuple[str, Fraction]] = {
    (960, 576): ("960H (PAL)", _ANALOGUE),
    (960, 480): ("960H (NTSC)", _ANALOGUE),
    (928, 576): ("960H (PAL)", _ANALOGUE),
    (928, 480): ("960H (NTSC)", _ANALOGUE),
    (704, 576): ("4CIF (PAL)", _ANALOGUE),
    (704, 480): ("4CIF (NTSC)", _ANALOGUE),
    (720, 576): ("D1 (PAL)", _ANALOGUE),
    (720, 480): ("D1 (NTSC)", _ANALOGUE),
    (704, 288): ("2CIF (PAL)", _ANALOGUE),
    (704, 240): ("2CIF (NTSC)", _ANALOGUE),
    (720, 288): ("half D1 (PAL)", _ANALOGUE),
    (720, 240): ("half D1 (NTSC)", _ANALOGUE),
    (352, 576): ("half D1 (PAL)", _ANALOGUE),
    (352, 480): ("half D1 (NTSC)", _ANALOGUE),
    (352, 288): ("CIF (PAL)", _ANALOGUE),
    (352, 240): ("CIF (NTSC)", _ANALOGUE),
    (176, 144): ("QCIF (PAL)", _ANALOGUE),
    (960, 1080): ("half HD", _WIDE),
    (1440, 1080): ("HDV", _WIDE),
}
_TOLERANCE = Fraction(4, 100)


@dataclass(frozen=True, slots=True)
class Aspect:
    """A picture's stored and displayed size, before and after its rotation."""

    width: int
    height: int
    sample: Fraction | None
    rotation: int = 0

    @property
    def display(self) -> Fraction:
        """Width over height as shown, before rotation; pixels are square where nothing is said."""
        return Fraction(self.width, self.height) * (self.sample or 1)

    @property
    def shown(self) -> tuple[int, int]:
        """The size in square pixels as a player shows it: the stored height, rotation applied."""
        width = round(self.height * self.display)
        size = (width, self.height)
        return size if self.rotation % 180 == 0 else (size[1], size[0])

    @property
    def remark(self) -> str:
        """What is usual for such a size where the file states something else; empty otherwise."""
        known = _USUAL.get((self.width, self.height))
        if known is None:
            return ""
        name, usual = known
        if abs(self.display / usual - 1) <= _TOLERANCE + Fraction(5, 100):
            return ""
        stated = "square pixels" if self.sample == 1 else f"pixels of {self.sample}"
        if self.sample is None:
            stated = "no shape of pixels"
        return (
            f"{self.width} x {self.height} is a size of {name}, which is shown at "
            f"{usual.numerator}:{usual.denominator} as a rule; the file states {stated}, which "
            f"gives {float(self.display):.3f}. Judge it by a round thing in the picture."
        )


def sample_aspect_for(width: int, height: int, display: Fraction) -> Fraction:
    """The shape of pixels with which a picture is shown at `display`."""
    return display * Fraction(height, width)
