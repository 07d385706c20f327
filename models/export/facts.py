"""What a person has to be told about each of our networks, and nothing that is measured.

`ship` joins these texts with the digests, sizes and scores that it measures.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.spec import Task

VERSION = "1.0.0"
LICENCE = "Apache-2.0"
ORIGIN = (
    "Made for this product: a plain stack of 3x3 convolutions over one plane "
    "(models/nets/compact.py), trained from scratch by models/training."
)
TRAINING_DATA = (
    "16 pictures: 8 of the Kodak Lossless True Color Image Suite and 8 that come with "
    "scikit-image, pinned by SHA-256 in models/training/split.toml. No picture of the judging "
    "set is among them."
)
_EVERY_FAILURE = (
    (
        "Predicts samples from other pictures: it is not for reading characters, and not for "
        "identifying or comparing persons."
    ),
    "Learnt from 16 pictures: subjects unlike them may gain less, or lose.",
)
_SCALING_FAILURES = (
    (
        "Text, plates and other fine regular patterns near the limit of resolution may come out "
        "sharp and wrong: lines may merge, split or take another direction."
    ),
)
_CLEAN_FAILURES = (
    (
        "Noise and compression blocks of the input are taken for detail and made stronger; "
        "for such input use the weights for realistic degradation."
    ),
    "A blurred input stays blurred.",
)
_REAL_FAILURES = (
    (
        "Weak texture (skin, fur, grass, fabric) may be taken for noise and smoothed away: on a "
        "picture of a cat, conventional noise reduction before bicubic enlargement was better."
    ),
    "On clean input it gives less detail than the weights for clean reduction.",
    "Motion blur and interlacing are not undone.",
)
_DENOISE_FAILURES = (
    "Weak texture (skin, fur, grass, fabric) may be taken for noise and smoothed away.",
    "Noise with structure (banding, rolling lines, noise enlarged by a resize) stays.",
    "Noise much stronger than a standard deviation of 25 of 255 code values stays in part.",
)
_CLEAN = (
    "Antialiased bicubic reduction (a = -0.5) by {scale}, rounded to 8 bit. "
    "No blur, noise or compression."
)
_REALISTIC = (
    "Gaussian blur up to a standard deviation of {widest} samples of the large picture, "
    "reduction by {scale} with a bicubic, bilinear or box filter, read noise up to 12 of 255 "
    "code values and shot noise, and in 85 % of cases JPEG of quality 35 to 96."
)
_NOISE = (
    "Read noise up to a standard deviation of 25 of 255 code values and shot noise, and in half "
    "of cases JPEG of quality 40 to 98 after it."
)


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one network's card."""

    title: str
    task: Task
    scale: int
    degradation: str
    known_failures: tuple[str, ...]


def _clean(scale: int) -> Texts:
    return Texts(
        title=f"Enlargement by {scale}, for clean pictures",
        task=Task.SUPER_RESOLVE,
        scale=scale,
        degradation=_CLEAN.format(scale=scale),
        known_failures=(*_EVERY_FAILURE, *_SCALING_FAILURES, *_CLEAN_FAILURES),
    )


def _realistic(scale: int) -> Texts:
    return Texts(
        title=f"Enlargement by {scale}, for blurred, noisy or compressed pictures",
        task=Task.SUPER_RESOLVE,
        scale=scale,
        degradation=_REALISTIC.format(scale=scale, widest=f"{0.55 * scale:g}"),
        known_failures=(*_EVERY_FAILURE, *_SCALING_FAILURES, *_REAL_FAILURES),
    )


TEXTS = {
    "evident-sr-x2": _clean(2),
    "evident-sr-x4": _clean(4),
    "evident-sr-x2-real": _realistic(2),
    "evident-sr-x4-real": _realistic(4),
    "evident-denoise": Texts(
        title="Noise reduction",
        task=Task.DENOISE,
        scale=1,
        degradation=_NOISE,
        known_failures=(*_EVERY_FAILURE, *_DENOISE_FAILURES),
    ),
}
