"""Opens the evidence log of a home for whoever works in it: key, actor, log. Imports no engine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path
from uuid import uuid4

from pipelines.errors import EvidenceError, RequestError
from pipelines.evidence.cosignature import parse_witness_key
from pipelines.evidence.entry import Actor
from pipelines.stages.export.sanitise import shown
from services.provenance.head_keys import HeadSigner
from services.provenance.key_ring import KeyRing
from services.provenance.local_log import LocalLog
from services.provenance.witness_client import WitnessAddress, Witnesses
from services.settings.settings import Settings, read_settings


def settings_for(home: Path | None) -> Settings:
    """Return the settings in force, about another home where one is named."""
    settings = read_settings()
    return settings if home is None else settings.model_copy(update={"home": home})


def signing_key(settings: Settings) -> KeyRing:
    """Return the home's keys, made at their first use."""
    return KeyRing(settings.home / "keys", command=settings.signer_command or ())


@contextmanager
def evidence_log(settings: Settings, signer: HeadSigner) -> Iterator[LocalLog]:
    """Open the home's log for this process."""
    with LocalLog(
        settings.home / "log", signer, actor=actor(settings), witnesses=_witnesses(settings)
    ) as log:
        yield log


def _witnesses(settings: Settings) -> Witnesses | None:
    """Return who is asked to sign heads; what they fail to do is said on stderr."""
    if not settings.witnesses:
        return None
    try:
        addresses = [
            WitnessAddress(parse_witness_key(one.key), one.url) for one in settings.witnesses
        ]
    except EvidenceError as error:
        raise RequestError(
            f"EVIDENT_WITNESSES: {error}", next_step="Correct or unset the variable."
        ) from error
    return Witnesses(
        addresses,
        timeout_seconds=settings.witness_seconds,
        warn=_warn,
    )


def _warn(sentence: str) -> None:
    sys.stderr.write(f"warning: {shown(sentence, longest=1000)}\n")


def actor(settings: Settings) -> Actor:
    """Say who acts in this process: one session from its start to its end."""
    return Actor(
        operator=settings.operator,
        session=_session(),
        host=settings.host or "not stated",
        application=f"evident {version()}",
    )


def version() -> str:
    """The product's version; `unknown` where it runs without having been installed."""
    try:
        return metadata.version("evident")
    except metadata.PackageNotFoundError:
        return "unknown"


@cache
def _session() -> str:
    return str(uuid4())
