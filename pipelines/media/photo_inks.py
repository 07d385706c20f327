"""Pictures in four inks (CMYK) become sRGB, for nothing here works on inks.

Inks are converted by the picture's own ICC profile, with relative colorimetric intent and without
black point compensation. Where it has none, the profile that libvips carries stands for the
press that nobody named: that is an assumption, printed as one, and the colours are approximate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyvips

INKS = 4
INTENT = "relative"
_PROFILE = "icc-profile-data"
_BUILT_IN = "cmyk"
_BY_OWN = (
    "CMYK converted to sRGB through its own ICC profile, relative colorimetric intent, without "
    "black point compensation; the profile is not carried on."
)
_BY_LENT = (
    "CMYK converted to sRGB through the CMYK profile that libvips carries, relative colorimetric "
    "intent, without black point compensation."
)

_ASSUMED = (
    "The file says nothing of the inks that it is meant for; those of libvips' own CMYK profile "
    "assumed, so its colours are approximate."
)


def is_for_inks(icc: bytes | None) -> bool:
    """Whether a profile's header says that it describes four inks (ICC.1:2022, 7.2.8)."""
    return icc is not None and icc[16:20] == b"CMYK"


def said_of_inks(icc: bytes | None) -> tuple[str, tuple[str, ...]]:
    """What becomes of the inks, and what has to be assumed for it."""
    if is_for_inks(icc):
        return _BY_OWN, ()
    return _BY_LENT, (_ASSUMED,)


def as_srgb(image: pyvips.Image) -> pyvips.Image:
    """Convert a picture in inks, of 8 or 16 bits a sample, as `said_of_inks` says."""
    own = image.get(_PROFILE) if image.get_typeof(_PROFILE) else None
    depth = 16 if image.format == "ushort" else 8
    if is_for_inks(own):
        return image.icc_transform("srgb", embedded=True, intent=INTENT, depth=depth)
    bare = image.copy()
    if own is not None:
        bare.remove(_PROFILE)
    return bare.icc_transform("srgb", input_profile=_BUILT_IN, intent=INTENT, depth=depth)
