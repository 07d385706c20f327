"""The console's pages as they are served: a fixed list of files, read once, and their headers.

Everything comes from here and nothing from elsewhere: no script of others, no font, no picture.
The policy says so to the browser, so that a mistake in a page cannot load or send anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType

PAGE = "index.html"

_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "Cache-Control": "no-cache",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    }
)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its bytes, its media type, and the tag by which a browser knows it again."""

    data: bytes
    media_type: str
    etag: str


def assets() -> dict[str, Asset]:
    """Read every file of the pages, by its name."""
    found = {}
    for one in files(__package__).joinpath("pages").iterdir():
        media_type = _TYPES.get(one.name.rpartition(".")[2])
        if media_type is not None:
            data = one.read_bytes()
            found[one.name] = Asset(data, media_type, f'"{sha256(data).hexdigest()[:32]}"')
    return found
