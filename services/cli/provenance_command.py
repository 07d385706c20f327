"""`evident provenance`: the log over HTTP; with `--seals` it seals for other hosts."""

from __future__ import annotations

import signal
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import EvidentError, RequestError
from services.auth.credentials import CREDENTIALS_FILE, KeyCheck, key_check, make_key
from services.auth.token_file import AnyOf, check_of, own_token, read_token
from services.cli.evidence_wiring import settings_for, version
from services.cli.printing import GOOD, console_on_stderr, print_text, wrong_use
from services.cli.records_wiring import records, server_extra
from services.cli.serve_command import Asked as Door
from services.cli.serve_command import listening, refuse_open_door

if TYPE_CHECKING:
    from fastapi import APIRouter

    from services.settings.settings import Settings

MOST_REQUESTS_AT_ONCE = 64
IDLE_SECONDS = 10
PROVENANCE = "provenance"
WORKER_TOKEN, GATEWAY_TOKEN = "worker.token", "gateway.token"


@dataclass(frozen=True, slots=True)
class Asked:
    """Where to listen, whether to make the key, whether to seal, and where tokens lie."""

    door: Door
    make_key: bool
    seals: bool
    tokens: Path | None


@dataclass(frozen=True, slots=True)
class _Tokens:
    """What tells workers and gateways of other hosts from everybody else."""

    worker: KeyCheck
    gateway: KeyCheck


def main(asked: Asked, *, home: Path | None) -> int:
    """Serve until stopped; returns the exit code."""
    try:
        refuse_open_door(asked.door)
        settings = settings_for(home)
        if asked.make_key:
            print_text(f"EVIDENT_KEY={make_key(settings.home)}")
            console_on_stderr().print(
                f"The key is kept in {CREDENTIALS_FILE} of the home; it is not shown again."
            )
        if asked.tokens is not None and not asked.seals:
            raise RequestError("--tokens is for --seals.", next_step="Give both, or neither.")
        _serve(settings, asked)
    except EvidentError as error:
        return wrong_use(error, as_json=False)
    return GOOD


def _serve(settings: Settings, asked: Asked) -> None:
    with server_extra():
        import uvicorn  # noqa: PLC0415 - an extra: a home without a server needs none

        from services.gateway.provenance_app import provenance_app  # noqa: PLC0415 - the same
    say = console_on_stderr().print
    key = key_check(settings.home)
    with ExitStack() as parts:
        tokens = _tokens(settings, asked.tokens) if asked.seals else None
        sealing = None if tokens is None else _sealing(settings, tokens, parts)
        admitted = [] if key is None else [key]
        if tokens is not None:
            admitted.append(tokens.gateway)
        app = provenance_app(
            settings.home / "log",
            key=AnyOf(admitted) if admitted else None,
            version=version(),
            sealing=sealing,
        )
        listener = parts.enter_context(listening(asked.door.host, asked.door.port))
        host, port = listener.getsockname()[:2]
        scheme = "https" if asked.door.tls_certificate else "http"
        say(f"{scheme}://{host}:{port}/v1/log/checkpoint", soft_wrap=True)
        if key is None:
            say("No key is set: /v1/evidence answers no person. --make-key makes one.")
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=asked.door.behind_proxy is not None,
            forwarded_allow_ips=asked.door.behind_proxy,
            ssl_certfile=asked.door.tls_certificate,
            ssl_keyfile=asked.door.tls_key,
            limit_concurrency=MOST_REQUESTS_AT_ONCE,
            timeout_keep_alive=IDLE_SECONDS,
        )
        # By then every request in hand was answered: being stopped is how a server ends well. The
        # server raises the signal that ended it once more, for whoever had set something for it.
        signal.signal(signal.SIGTERM, lambda _number, _frame: None)
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def _tokens(settings: Settings, folder: Path | None) -> _Tokens:
    """Read the tokens of other hosts; those of the home are made where they are missing."""
    read = read_token if folder is not None else own_token
    where = folder or settings.home / PROVENANCE
    worker, gateway = read(where / WORKER_TOKEN), read(where / GATEWAY_TOKEN)
    if worker == gateway:
        raise RequestError(
            "Workers and gateways have one token, and workers could read all evidence by it.",
            next_step=f"Put another word into {GATEWAY_TOKEN}.",
        )
    console_on_stderr().print(f"Tokens for other hosts: {where}", markup=False, soft_wrap=True)
    return _Tokens(check_of(worker), check_of(gateway))


def _sealing(settings: Settings, tokens: _Tokens, parts: ExitStack) -> APIRouter:
    """Return the routes for other hosts, over this home's log and the records."""
    with server_extra():
        from services.cli.provenance_wiring import (  # noqa: PLC0415 - an extra
            home_log,
            networks_here,
            refuse_elsewhere,
        )
        from services.gateway.sealing_routes import sealing_routes  # noqa: PLC0415 - the same
    refuse_elsewhere(settings, "Sealing")
    database = parts.enter_context(records(settings))
    home = parts.enter_context(home_log(settings, database))
    return sealing_routes(
        home.sealer,
        networks_here(settings, home.signer),
        worker=tokens.worker,
        gateway=tokens.gateway,
    )
