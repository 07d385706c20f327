"""The EXIF tags of a photograph as names and words, bounded in number and in length.

Read by Pillow inside the decode child; nothing of the picture is decoded. Makers' notes and other
binary values are told by their length alone.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

_MOST_TAGS = 200
_LONGEST = 300
_EXIF, _GPS = 0x8769, 0x8825


def picture_tags(descriptor: int) -> dict[str, str]:
    """Every tag of the file behind `descriptor`, by name; none where it holds none.

    A file that Pillow does not open has no tags here: what is wrong with it is for others to say.
    """
    from PIL import ExifTags, Image  # noqa: PLC0415 - loaded for photographs alone

    Image.MAX_IMAGE_PIXELS = None  # Nothing is decoded, so nothing can be too large.
    found: dict[str, str] = {}
    with io.FileIO(descriptor, closefd=False) as file:
        file.seek(0)
        try:
            with Image.open(file) as picture:
                exif = picture.getexif()
                parts = (
                    ("", ExifTags.TAGS, dict(exif)),
                    ("", ExifTags.TAGS, exif.get_ifd(_EXIF)),
                    ("GPS ", ExifTags.GPSTAGS, exif.get_ifd(_GPS)),
                )
                for prefix, names, values in parts:
                    for name, words in _told(names, values):
                        if len(found) < _MOST_TAGS:
                            found[f"{prefix}{name}"] = words
        except (OSError, ValueError, SyntaxError, TypeError, LookupError, ArithmeticError):
            return found
    return found


def _told(names: dict[int, str], values: dict[int, Any]) -> Iterator[tuple[str, str]]:
    for tag, value in values.items():
        if tag in (_EXIF, _GPS):
            continue
        name = names.get(tag, f"tag {tag:#06x}")
        if isinstance(value, bytes) and not _is_text(value):
            yield name, f"{len(value)} bytes"
        else:
            text = value.decode("ascii") if isinstance(value, bytes) else str(value)
            cut = f" [… {len(text) - _LONGEST} characters]" if len(text) > _LONGEST else ""
            yield name, text[:_LONGEST].strip("\0 ") + cut


def _is_text(value: bytes) -> bool:
    return all(32 <= one < 127 for one in value)
