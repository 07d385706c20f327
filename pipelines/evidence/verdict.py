"""What a verification found, as a value and as lines for a person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipelines.evidence.json_value import Json

SENTENCE = (
    "Shown: bytes unchanged since that record. "
    "Not shown: authenticity, accuracy, time of event, accesses outside this system."
)


class Standing(StrEnum):
    """How much the signatures say about who signed."""

    SELF_ASSERTED = "self-asserted"
    PINNED = "pinned"
    TIME_STAMPED = "time-stamped"
    WITNESSED = "witnessed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked; `file` is the file inside the bundle that is at fault."""

    name: str
    passed: bool
    detail: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one verification.

    `standings` are all that hold, the weightiest last. `files` are the paths inside the bundle,
    `keys` the SHA-256 of the statement's and the log's public keys (empty where it did not come
    to that), `not_checked` what no conclusion may rest on, `subject` what was verified,
    `left_out` what of a bundle is not here.
    """

    checks: tuple[Check, ...]
    files: tuple[str, ...]
    standings: tuple[Standing, ...]
    not_checked: tuple[str, ...]
    job: str = ""
    keys: tuple[str, ...] = ()
    subject: str = "bundle"
    left_out: tuple[str, ...] = ()

    @property
    def standing(self) -> Standing:
        """The weightiest standing."""
        return self.standings[-1]

    @property
    def ok(self) -> bool:
        """Whether everything that was checked holds."""
        return all(check.passed for check in self.checks)

    @property
    def first_failure(self) -> Check | None:
        """The first thing that does not hold."""
        return next((check for check in self.checks if not check.passed), None)

    def lines(self) -> tuple[str, ...]:
        """Return the verdict as lines for a terminal or a page."""
        failure = self.first_failure
        found = [
            f"{'ok    ' if check.passed else 'FAILED'} {check.name}: "
            + (f"{check.file}: " if check.file else "")
            + check.detail
            for check in self.checks
        ]
        if failure is None:
            found.append(f"The {self.subject} holds ({', '.join(self.standings)}). {SENTENCE}")
        else:
            found.append(f"The {self.subject} does not hold: {failure.file}: {failure.detail}")
        if self.left_out:
            found.append("It is not the whole bundle.")
        found.extend(f"Left out: {one}" for one in self.left_out)
        found.extend(f"Not checked: {one}" for one in self.not_checked)
        return tuple(found)

    def as_json(self) -> dict[str, Json]:
        """Return the verdict as JSON values."""
        failure = self.first_failure
        return {
            "ok": self.ok,
            "subject": self.subject,
            "standing": str(self.standing),
            "standings": [str(one) for one in self.standings],
            "job": self.job,
            "keys": list(self.keys),
            "first_failure": None if failure is None else _check_json(failure),
            "checks": [_check_json(check) for check in self.checks],
            "files": list(self.files),
            "left_out": list(self.left_out),
            "not_checked": list(self.not_checked),
            "sentence": SENTENCE if self.ok else "",
        }


def _check_json(check: Check) -> dict[str, Json]:
    return {
        "name": check.name,
        "passed": check.passed,
        "detail": check.detail,
        "file": check.file,
    }
