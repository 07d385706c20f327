"""Where a box will be: a Kalman filter of constant velocity for each of its four numbers.

R. E. Kalman, 1960; numbers and noises as A. Bewley and others (SORT, 2016) and N. Wojke and
others (DeepSORT, 2017) chose them: the centre, the height and the ratio of width to height, with
noises in proportion to the height. The four do not influence each other, so that each has a
filter of two states in closed form and no matrix is inverted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipelines.analysis.found import Box

_PLACE = 1 / 20
_SPEED = 1 / 160
_RATIO = 1e-2
_RATIO_SPEED = 1e-5
_RATIO_SEEN = 1e-1


@dataclass(frozen=True, slots=True)
class Line:
    """One number that moves: its value, its velocity per step, and their covariance."""

    value: float
    speed: float
    of_value: float
    between: float
    of_speed: float

    def later(self, place: float, speed: float) -> Line:
        """One step on; `place` and `speed` are the standard deviations of what is not known."""
        return Line(
            self.value + self.speed,
            self.speed,
            self.of_value + 2 * self.between + self.of_speed + place**2,
            self.between + self.of_speed,
            self.of_speed + speed**2,
        )

    def seen(self, value: float, noise: float) -> Line:
        """Corrected by a measurement with the standard deviation `noise`."""
        total = self.of_value + noise**2
        gain, of_speed = self.of_value / total, self.between / total
        missed = value - self.value
        return Line(
            self.value + gain * missed,
            self.speed + of_speed * missed,
            (1 - gain) * self.of_value,
            (1 - gain) * self.between,
            self.of_speed - of_speed * self.between,
        )


@dataclass(frozen=True, slots=True)
class Motion:
    """How a box moves: centre, ratio of width to height, and height."""

    x: Line
    y: Line
    ratio: Line
    height: Line

    @classmethod
    def starting(cls, box: Box) -> Motion:
        """A box that was seen once, whose velocity nobody knows yet."""
        size = box.height
        place, speed = (2 * _PLACE * size) ** 2, (10 * _SPEED * size) ** 2
        x, y, ratio, height = _numbers(box)
        return cls(
            Line(x, 0.0, place, 0.0, speed),
            Line(y, 0.0, place, 0.0, speed),
            Line(ratio, 0.0, _RATIO**2, 0.0, _RATIO_SPEED**2),
            Line(height, 0.0, place, 0.0, speed),
        )

    def later(self) -> Motion:
        """One step on."""
        size = max(self.height.value, 1.0)
        place, speed = _PLACE * size, _SPEED * size
        return Motion(
            self.x.later(place, speed),
            self.y.later(place, speed),
            self.ratio.later(_RATIO, _RATIO_SPEED),
            self.height.later(place, speed),
        )

    def seen(self, box: Box) -> Motion:
        """Corrected by a box that was found."""
        noise = _PLACE * max(self.height.value, 1.0)
        x, y, ratio, height = _numbers(box)
        return Motion(
            self.x.seen(x, noise),
            self.y.seen(y, noise),
            self.ratio.seen(ratio, _RATIO_SEEN),
            self.height.seen(height, noise),
        )

    def of_constant_size(self) -> Motion:
        """The same without a change of size: what is not seen must not shrink to nothing."""
        return replace(self, height=replace(self.height, speed=0.0))

    @property
    def box(self) -> Box:
        """Where the box is taken to be."""
        height = max(self.height.value, 1.0)
        width = max(self.ratio.value, 0.05) * height
        return Box(self.x.value - width / 2, self.y.value - height / 2, width, height)


def _numbers(box: Box) -> tuple[float, float, float, float]:
    height = max(box.height, 1.0)
    return (
        box.left + box.width / 2,
        box.top + box.height / 2,
        max(box.width, 1.0) / height,
        height,
    )
