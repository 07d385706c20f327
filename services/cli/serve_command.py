"""`evident serve` and `evident gateway`: a process from its first start to the last drain."""

from __future__ import annotations

import ipaddress
import signal
import socket
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import EvidentError, RequestError, ResourceError
from services.auth.credentials import CREDENTIALS_FILE, make_key
from services.cli.evidence_wiring import settings_for
from services.cli.printing import FAILED, GOOD, console_on_stderr, print_text, wrong_use
from services.cli.records_wiring import records, server_extra

if TYPE_CHECKING:
    from services.cli.orchestrator_wiring import Orchestra
    from services.settings.settings import Settings

MOST_CONNECTIONS = 512
IDLE_SECONDS = 30
DRAIN_SECONDS = 20

_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Asked:
    """Where to listen, and what this process does."""

    host: str
    port: int
    tls_certificate: Path | None
    tls_key: Path | None
    behind_proxy: str | None
    works: bool


def main(asked: Asked, *, home: Path | None) -> int:
    """Serve until stopped; returns the exit code."""
    try:
        refuse_open_door(asked)
        settings = settings_for(home)
        if not (settings.home / CREDENTIALS_FILE).exists():
            print_text(f"EVIDENT_KEY={make_key(settings.home)}")
            console_on_stderr().print(
                f"The operator's key is kept in {CREDENTIALS_FILE} of the home (mode 0600); "
                "it is not shown again.",
                soft_wrap=True,
            )
        with server_extra():
            from services.cli import serve_wiring  # noqa: PLC0415 - an extra
        return _serve(asked, settings, serve_wiring)
    except EvidentError as error:
        return wrong_use(error, as_json=False)


def refuse_open_door(asked: Asked) -> None:
    """Raise RequestError where keys would cross a network in the clear, or TLS is half stated."""
    if (asked.tls_certificate is None) != (asked.tls_key is None):
        raise RequestError(
            "TLS needs a certificate and its key.",
            next_step="Give both --tls-certificate and --tls-key.",
        )
    if _is_loopback(asked.host) or asked.tls_certificate or asked.behind_proxy:
        return
    raise RequestError(
        f"{asked.host} can be reached from outside, and keys would be sent in the clear.",
        next_step="Give --tls-certificate and --tls-key, or name the proxy that ends TLS with "
        "--behind-proxy.",
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _serve(asked: Asked, settings: Settings, wiring: Any) -> int:
    import uvicorn  # noqa: PLC0415 - an extra

    from services.telemetry.logs import configure_logs, log  # noqa: PLC0415 - the same

    configure_logs("serve" if asked.works else "gateway")
    say = log("evident.serve")
    stopping = threading.Event()
    # The server listens to these itself while it runs, and raises them again when it has ended.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    metrics = wiring.Metrics()
    with ExitStack() as parts:
        database = parts.enter_context(records(settings))
        dispatch = parts.enter_context(wiring.dispatch_of(settings, metrics))
        shared = (settings, database, dispatch)
        orchestra = parts.enter_context(wiring.working(*shared, metrics, works=asked.works))
        app = parts.enter_context(
            wiring.gateway(*shared, orchestra, metrics, is_stopping=stopping.is_set)
        )
        listener = parts.enter_context(listening(asked.host, asked.port))
        host, port = listener.getsockname()[:2]
        scheme = "https" if asked.tls_certificate else "http"
        say.info("listening", address=f"{scheme}://{host}:{port}")
        console_on_stderr().print(f"{scheme}://{host}:{port}", soft_wrap=True)
        server = uvicorn.Server(_config(asked, app))
        _Watchman(server, stopping, orchestra).start()
        server.run(sockets=[listener])
        stopping.set()
        say.info("draining")
    fault = None if orchestra is None else orchestra.fault
    if fault is not None:
        say.error("fault", kind=type(fault).__name__, reason=str(fault))
        return FAILED
    say.info("ended")
    return GOOD


def _config(asked: Asked, app: Any) -> Any:
    import uvicorn  # noqa: PLC0415 - an extra

    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=asked.behind_proxy is not None,
        forwarded_allow_ips=asked.behind_proxy,
        ssl_certfile=asked.tls_certificate,
        ssl_keyfile=asked.tls_key,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


class _Watchman(threading.Thread):
    """Tells streams when the server is asked to stop, and stops it where the work has a fault."""

    def __init__(self, server: Any, stopping: threading.Event, orchestra: Orchestra | None) -> None:
        super().__init__(name="watchman", daemon=True)
        self._server = server
        self._stopping = stopping
        self._orchestra = orchestra

    def run(self) -> None:
        """Look until the server ends."""
        while not self._stopping.wait(_LOOK_SECONDS):
            if self._orchestra is not None and self._orchestra.fault is not None:
                self._server.should_exit = True
            if self._server.should_exit:
                self._stopping.set()


def listening(host: str, port: int) -> socket.socket:
    """Return the listener of an address. Raises ResourceError where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ResourceError(
            f"Port {port} of {host} cannot be had: {error.strerror or error}.",
            next_step="Stop what uses it, or name another with --port.",
        ) from error
