"""The orientation inside an XMP packet: read it, and reset it where it was applied.

The packet is searched as text and never parsed as XML: it comes from strangers, and one digit
is all that is read or written. Both spellings of a property count, attribute and element.

Source: ISO 16684-1 (XMP) for the syntax, XMP specification part 2 for `tiff:Orientation`.
"""

from __future__ import annotations

import re

_PREFIX = re.compile(rb"xmlns:([A-Za-z_][\w.-]{0,63})\s*=\s*[\"']http://ns\.adobe\.com/tiff/1\.0/")


def xmp_orientation(xmp: bytes | None) -> int | None:
    """Return the value of `tiff:Orientation`, 1 to 8, or None where the packet holds none."""
    found = _pattern(xmp).search(xmp) if xmp else None
    return int(found[2]) if found else None


def xmp_upright(xmp: bytes) -> bytes:
    """Set every `tiff:Orientation` of the packet to 1; its length does not change."""
    return _pattern(xmp).sub(rb"\g<1>1", xmp)


def _pattern(xmp: bytes) -> re.Pattern[bytes]:
    """Match up to the digit (group 1) and the digit (group 2), in the packet's own prefix."""
    declared = _PREFIX.search(xmp)
    prefix = re.escape(declared[1]) if declared else b"tiff"
    return re.compile(rb"(\b" + prefix + rb":Orientation\s*(?:=\s*[\"']|>)\s*)([1-8])(?=[\s\"'<])")
