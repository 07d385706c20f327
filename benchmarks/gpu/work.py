"""What one frame costs the compact network, as plain numbers: multiply-adds and bytes moved.

Both are lower bounds. Bytes count every feature map written once and read once between layers,
as kernels do that are not fused; a build that fuses layers moves less and may beat the bound.
"""

from __future__ import annotations

from dataclasses import dataclass

_HEAD, _BODY, _TAIL = 25, 9, 25
"""Samples under each kernel: 5x5, 3x3, 5x5."""


@dataclass(frozen=True, slots=True)
class Work:
    """One frame of `height` x `width` luma samples through a network of this size."""

    height: int
    width: int
    features: int
    depth: int
    scale: int

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of all convolutions of one frame."""
        phases = self.scale**2
        per_sample = (
            _HEAD * self.features
            + self.depth * _BODY * self.features**2
            + _TAIL * self.features * phases
            + _TAIL * phases
        )
        return per_sample * self.height * self.width

    def bytes_moved(self, sample_bytes: int) -> int:
        """Bytes read and written for one frame when every layer is a kernel of its own."""
        phases = self.scale**2
        head = 1 + self.features
        body = self.depth * 2 * self.features
        tail = 3 * self.features + phases  # the sum of two maps is read by the last layer
        skip = 1 + 2 * phases
        return (head + body + tail + skip) * self.height * self.width * sample_bytes


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What the device did at most in this run: multiply-adds and bytes per second."""

    multiply_adds_per_second: float
    bytes_per_second: float

    def frames_per_second(self, work: Work, sample_bytes: int) -> dict[str, float]:
        """Most frames per second that either rate allows alone."""
        return {
            "by_matrix_rate": self.multiply_adds_per_second / work.multiply_adds,
            "by_memory_rate": self.bytes_per_second / work.bytes_moved(sample_bytes),
        }


def shares(
    frames_per_second: float, ceilings: Ceilings, work: Work, sample_bytes: int
) -> dict[str, float]:
    """What share of each ceiling a measured speed is."""
    most = ceilings.frames_per_second(work, sample_bytes)
    return {name: round(frames_per_second / limit, 4) for name, limit in most.items()}
