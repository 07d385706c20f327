"""`evident provenance`: the log over HTTP, on this machine's loopback and nowhere else."""

from __future__ import annotations

import signal
import socket
from contextlib import suppress
from pathlib import Path

from pipelines.errors import EvidentError, RequestError, ResourceError
from services.auth.credentials import CREDENTIALS_FILE, key_check, make_key
from services.cli.evidence_wiring import settings_for, version
from services.cli.printing import GOOD, console_on_stderr, print_text, wrong_use

LOOPBACK = "127.0.0.1"
MOST_REQUESTS_AT_ONCE = 64
IDLE_SECONDS = 10


def main(*, port: int, make_new_key: bool, home: Path | None) -> int:
    """Serve until stopped; returns the exit code."""
    try:
        directory = settings_for(home).home
        if make_new_key:
            print_text(f"EVIDENT_KEY={make_key(directory)}")
            console_on_stderr().print(
                f"The key is kept in {CREDENTIALS_FILE} of the home; it is not shown again."
            )
        _serve(directory, port)
    except EvidentError as error:
        return wrong_use(error, as_json=False)
    return GOOD


def _serve(home: Path, port: int) -> None:
    try:
        import uvicorn  # noqa: PLC0415 - an extra: a home without a server needs none

        from services.gateway.provenance_app import provenance_app  # noqa: PLC0415 - the same
    except ModuleNotFoundError as error:
        raise RequestError(
            f"This installation has no server: {error.name} is missing.",
            next_step="Install evident with its extra: server.",
        ) from error
    key = key_check(home)
    app = provenance_app(home / "log", key=key, version=version())
    with _listening(port) as listener:
        say = console_on_stderr().print
        say(f"http://{LOOPBACK}:{listener.getsockname()[1]}/v1/log/checkpoint", soft_wrap=True)
        if key is None:
            say("No key is set: /v1/evidence answers nobody. --make-key makes one.")
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_REQUESTS_AT_ONCE,
            timeout_keep_alive=IDLE_SECONDS,
        )
        # By then every request in hand was answered: being stopped is how a server ends well. The
        # server raises the signal that ended it once more, for whoever had set something for it.
        signal.signal(signal.SIGTERM, lambda _number, _frame: None)
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        raise ResourceError(
            f"Port {port} of {LOOPBACK} cannot be had: {error.strerror or error}.",
            next_step="Stop what uses it, or name another with --port.",
        ) from error
