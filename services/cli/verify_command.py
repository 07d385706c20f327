"""`evident verify`: what holds of a bundle, and the first thing that does not."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import EvidentError, UnreadableError
from pipelines.evidence.verify_any import verify_any
from pipelines.media.pool import DecodePool
from pipelines.stages.export.sanitise import shown
from services.cli.key_files import trusted
from services.cli.outside_checks import certificates, pem, time_stamp_check
from services.cli.printing import (
    FAILED,
    GOOD,
    WRONG_USE,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
)
from services.provenance.credential_check import credential_check


@dataclass(frozen=True, slots=True)
class Asked:
    """The options as typed. `issuers` and `authorities` are files of certificates."""

    bundle: Path
    trusted: tuple[Path, ...] = ()
    supplements: tuple[Path, ...] = ()
    issuers: Path | None = None
    authorities: Path | None = None


def main(asked: Asked, *, as_json: bool) -> int:
    """Print the verdicts on a bundle and its supplements; returns the exit code."""
    try:
        known = trusted(asked.trusted)
        issuers = "" if asked.issuers is None else pem(certificates(asked.issuers))
        paths = (asked.bundle, *asked.supplements)
        try:
            with ExitStack() as stack:
                opened = [stack.enter_context(path.open("rb")) for path in paths]
                pool = stack.enter_context(DecodePool(spare=0))
                verdicts = verify_any(
                    opened[0],
                    opened[1:],
                    trusted_keys=known.keys,
                    witnesses=known.witnesses,
                    time_stamp_check=time_stamp_check(asked.authorities),
                    credential_check=credential_check(pool, anchors=issuers),
                )
        except OSError as error:
            raise UnreadableError(
                f"{error.filename} cannot be read: {error.strerror or error}.",
                next_step="Check the path.",
            ) from error
    except EvidentError as error:
        if as_json:
            print_json({"ok": False, "error": {"reason": str(error), "next_step": error.next_step}})
        print_error(console_on_stderr(), "", str(error), error.next_step)
        return WRONG_USE
    named = list(zip(paths, verdicts, strict=False))
    if as_json:
        name = str(Path.cwd() / asked.bundle)
        about = [{"supplement": str(Path.cwd() / path), **one.as_json()} for path, one in named[1:]]
        print_json({"bundle": name, **verdicts[0].as_json(), "supplements": about})
    for path, verdict in named if not as_json else ():
        print_text("\n".join((shown(str(path), longest=1000), *verdict.lines())))
    return GOOD if all(verdict.ok for verdict in verdicts) else FAILED
