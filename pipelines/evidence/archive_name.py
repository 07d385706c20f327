"""Names that a bundle may carry: the same file on every system, and inside the bundle only.

A name is relative, with `/` between parts. Refused: empty parts, `.`, `..`, absolute names,
back-slashes, drive letters, the names of devices on Windows, trailing dots and spaces,
control and direction characters, and every spelling that is not Unicode NFC. `%` is refused
because BagIt (RFC 8493, 2.1.3) would spell it otherwise in a manifest than `sha256sum` does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from pipelines.errors import EvidenceError

MAX_PART_BYTES = 200
MAX_NAME_BYTES = 1000

_FORBIDDEN = frozenset('\\/:*?"<>|%')
_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_DEVICES = re.compile(r"(?i)(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\xb9\xb2\xb3])")
_SAFE_BYTES = 120
_SUFFIX_BYTES = 16


def check_name(name: str) -> None:
    """Raise `EvidenceError` unless a bundle may carry `name`."""
    if not name or len(name.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES:
        raise EvidenceError("A name is empty or too long.")
    for part in name.split("/"):
        if not _is_part(part):
            raise EvidenceError(f"The name {name!r} could lead out of its folder or mislead.")


def safe_part(name: str) -> str:
    """Return `name`, the last part of any path, as a file name that a bundle may carry.

    A name that is fine already comes back unchanged. Characters that are refused become `_`;
    a long name keeps its start and its suffix.
    """
    text = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    text = "".join("_" if _is_forbidden(one) else one for one in text)
    text = text.lstrip(" ").rstrip(". ")
    stem, dot, suffix = text.rpartition(".")
    if not dot or len(suffix.encode("utf-8")) > _SUFFIX_BYTES:
        stem, dot, suffix = text, "", ""
    room = _SAFE_BYTES - len((dot + suffix).encode("utf-8"))
    stem = stem.encode("utf-8")[:room].decode("utf-8", "ignore")
    text = (stem + dot + suffix).rstrip(". ")
    if not text or text.startswith("."):
        text = "file" + text
    return text if _is_part(text) else f"_{text}"


def collision_key(name: str) -> str:
    """Return what two names share when some file system takes them for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def find_collision(names: Iterable[str]) -> str | None:
    """Return a name that meets another one of `names`, as a file or as a folder; else None."""
    files: set[str] = set()
    folders: set[str] = set()
    for name in names:
        key = collision_key(name)
        parents = {key[:at] for at, one in enumerate(key) if one == "/"}
        if key in files or key in folders or parents & files:
            return name
        files.add(key)
        folders |= parents
    return None


def _is_part(part: str) -> bool:
    """Whether `part` may stand between two slashes."""
    return (
        part not in {"", ".", ".."}
        and not part.startswith(" ")
        and part[-1] not in ". "
        and not any(_is_forbidden(one) for one in part)
        and len(part.encode("utf-8")) <= MAX_PART_BYTES
        and not _DEVICES.fullmatch(part.split(".", 1)[0].rstrip(" "))
        and unicodedata.is_normalized("NFC", part)
    )


def _is_forbidden(one: str) -> bool:
    return one in _FORBIDDEN or unicodedata.category(one) in _CATEGORIES
