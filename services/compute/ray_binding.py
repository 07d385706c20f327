"""The one place that reaches into Ray: on which address its servers of this machine listen.

Ray takes a loopback address for a mistake and puts the machine's outward address in its place;
all its servers then listen on every interface. With the address left as it was named, they listen
on that address alone (asserted by `tests/integration/test_ray.py` of the listening sockets). What
this replaces is private to Ray, so a version without it is refused, never run exposed.
"""

from __future__ import annotations

import ipaddress
import os
import stat
from collections.abc import MutableMapping
from pathlib import Path

from pipelines.errors import RequestError, ResourceError

LOOPBACK = "127.0.0.1"
_RESOLVER = "resolve_ip_for_localhost"


def listen_where_told() -> None:
    """Have Ray's servers of this process listen on the address that they are given."""
    from ray._private import services  # noqa: PLC0415 - slow, and an extra

    if not callable(getattr(services, _RESOLVER, None)):
        raise ResourceError(
            "This version of Ray cannot be bound to one address.",
            next_step="Install evident with its extra: cluster.",
        )

    def as_told(host: str) -> str:
        return host

    setattr(services, _RESOLVER, as_told)


def is_loopback(host: str) -> bool:
    """Whether nobody outside this machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def ray_environment(environment: MutableMapping[str, str], token: Path) -> None:
    """Tell Ray's processes to ask everybody for the token in `token`, and to report nothing."""
    require_private(token)
    environment.update(
        RAY_AUTH_MODE="token",
        RAY_AUTH_TOKEN_PATH=str(token),
        RAY_USAGE_STATS_ENABLED="0",
        RAY_ENABLE_UV_RUN_RUNTIME_ENV="0",
        RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO="0",
    )
    # The token is in its file alone: a variable would be seen by every process of the machine.
    environment.pop("RAY_AUTH_TOKEN", None)


def require_private(token: Path) -> None:
    """Raise RequestError where the token is not there, or others can read it."""
    try:
        found = token.stat()
    except OSError as error:
        raise RequestError(
            f"The token of the pool is not there: {token}: {os.strerror(error.errno or 0)}.",
            next_step="Copy it from the machine of the head, with mode 0600.",
        ) from error
    if stat.S_IMODE(found.st_mode) & 0o077 or found.st_uid != os.getuid():
        raise RequestError(
            f"Others than its owner can read the token of the pool, {token}.",
            next_step=f"chmod 600 {token}",
        )
    if found.st_size < 32:
        raise RequestError("The token of the pool is too short to be one.")
