"""Who may hand over a file: the official address, and where its makers' host sends a reader on.

Redirects are followed to the official host and to the hosts that it is known to store files on,
over https, and nowhere else: a redirect to a stranger, or to plain http, ends the fetch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from types import MappingProxyType
from typing import IO
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from models.errors import InstallError

STORES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "github.com": (
            "objects.githubusercontent.com",
            "release-assets.githubusercontent.com",
        ),
    }
)
"""Where a host keeps the files that it publishes."""
_MOST_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class Origin:
    """The scheme and the hosts (with a port, where one is named) that may hand over a file."""

    scheme: str
    hosts: frozenset[str]

    def require(self, url: str) -> None:
        """Raise InstallError where `url` is not of this origin."""
        parts = urlsplit(url)
        if parts.scheme != self.scheme or parts.netloc not in self.hosts:
            raise InstallError(
                f"{parts.scheme}://{parts.netloc} is not where the makers publish "
                f"({', '.join(sorted(self.hosts))}, {self.scheme} only)",
                next_step="Nothing was taken from there.",
            )


def official_origin(url: str) -> Origin:
    """Return the origin of an official address: its own host and that host's stores."""
    host = urlsplit(url).netloc
    return Origin("https", frozenset({host, *STORES.get(host, ())}))


class _Redirects(HTTPRedirectHandler):
    """Follows a redirect only within the origin."""

    max_redirections = _MOST_REDIRECTS

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> Request | None:
        """Check where the answer points to before anybody goes there."""
        self._origin.require(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def opener(origin: Origin) -> OpenerDirector:
    """Make what opens addresses of this origin: no files, no ftp, no strangers."""
    made = OpenerDirector()
    handlers = (ProxyHandler(), HTTPSHandler()) if origin.scheme == "https" else (HTTPHandler(),)
    errors = (HTTPErrorProcessor(), HTTPDefaultErrorHandler(), _Redirects(origin))
    for handler in (*handlers, *errors):
        made.add_handler(handler)
    return made
