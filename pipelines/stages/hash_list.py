"""A supplier's list of digests: read, matched with a file by name, and held against its bytes.

Read are lines as `md5sum` and its kin write them (`digest  name`, `digest *name`), as BSD and
OpenSSL do (`MD5 (name) = digest`), `name digest` and tables with one digest and one name per
line, and a file that holds one digest alone. Which algorithm it is follows from its length. A
line with two digests, or with none, is no such line. MD5 and SHA-1 show that a copy is faithful;
they do not show that nobody made two files with one digest.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import InputError, RequestError
from pipelines.graph.expected import Algorithm, ExpectedDigest
from pipelines.ports import Progress
from pipelines.stages.ingest import Received
from pipelines.stages.inspect.digests import digests_of

MOST_BYTES = 4 << 20
_MOST_LINES = 100_000
_BY_LENGTH: dict[int, Algorithm] = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_DIGEST = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{128}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}"
                     r"|[0-9A-Fa-f]{32})(?![0-9A-Za-z])")  # fmt: skip
_BSD = re.compile(r"^[A-Za-z0-9-]{2,10} ?\((.+)\) ?= ?$")


@dataclass(frozen=True, slots=True)
class HashLine:
    """One digest of a list, with the name that stands beside it; None where none does."""

    algorithm: Algorithm
    digest: str
    name: str | None


@dataclass(frozen=True, slots=True)
class HashList:
    """A list by name and digest, with its lines."""

    name: str
    sha256: str
    lines: tuple[HashLine, ...]

    def for_file(self, name: str, *, alone: bool) -> tuple[ExpectedDigest, ...]:
        """What the list says of a file; `alone` says that no other file is meant.

        Raises RequestError where it says nothing.
        """
        found = [one for one in self.lines if one.name is not None and _same(one.name, name)]
        if not found and alone and len(self.lines) == 1 and self.lines[0].name is None:
            found = list(self.lines)
        if not found:
            raise RequestError(
                f"{self.name} says nothing of {name}.",
                next_step="Name the list that belongs to it, or leave --hashes out.",
            )
        return tuple(
            ExpectedDigest(
                algorithm=one.algorithm,
                digest=one.digest,
                list_name=self.name[:200],
                list_sha256=self.sha256,
            )
            for one in dict.fromkeys(found)
        )


def read_hash_list(path: Path) -> HashList:
    """Read a list. Raises RequestError where it cannot be read or holds no digest."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise RequestError(
            f"The list {path} cannot be read: {error.strerror}.", next_step="Check the path."
        ) from error
    if len(data) > MOST_BYTES:
        raise RequestError(f"The list {path.name} is larger than {MOST_BYTES} bytes.")
    lines = tuple(_lines(_text(data)))
    if not lines:
        raise RequestError(
            f"{path.name} holds no MD5, SHA-1, SHA-256 or SHA-512.",
            next_step="Name the file that the supplier wrote the digests into.",
        )
    return HashList(path.name, hashlib.sha256(data).hexdigest(), lines)


def require_expected(
    received: Received, expected: tuple[ExpectedDigest, ...], progress: Progress
) -> tuple[str, ...]:
    """Hold a file against what was expected of it; returns a sentence for each digest.

    Raises InputError where one differs.
    """
    if not expected:
        return ()
    digests = {"sha256": received.sha256}
    if any(one.algorithm != "sha256" for one in expected):
        found = digests_of(received.path, progress)
        if found.hex["sha256"] != received.sha256:
            raise InputError(
                f"{received.name} changed while its digests were checked.",
                next_step="Run again on a file that nothing else writes to.",
            )
        digests = dict(found.hex)
    for one in expected:
        if digests[one.algorithm] != one.digest:
            raise InputError(
                f"{received.name} is not the file of {one.list_name}: {one.algorithm.upper()} "
                f"{one.digest} is listed, {digests[one.algorithm]} was found.",
                next_step="Obtain the file again from its supplier; do not work on this one.",
            )
    return tuple(
        f"{one.algorithm.upper()} {one.digest} agrees with the list {one.list_name} "
        f"(SHA-256 {one.list_sha256})."
        for one in expected
    )


def _text(data: bytes) -> str:
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _lines(text: str) -> list[HashLine]:
    found = []
    for line in text.splitlines()[:_MOST_LINES]:
        digests = list(_DIGEST.finditer(line))
        if len(digests) != 1:
            continue
        place = digests[0]
        digest = place[0].lower()
        name = _name(line[: place.start()], line[place.end() :])
        found.append(HashLine(_BY_LENGTH[len(digest)], digest, name))
    return found


def _name(before: str, after: str) -> str | None:
    """The name beside a digest; what stands in front of it may be BSD's, or a table's."""
    bsd = _BSD.match(before.strip() + " " if before.strip().endswith("=") else before)
    if bsd is not None:
        return bsd[1]
    for side in (after, before):
        text = side.strip().strip(",;|\t").removeprefix("*").strip().strip('"')
        if text and not text.endswith(":"):
            return text
    return None


def _same(listed: str, name: str) -> bool:
    """Whether a listed path ends in this name, whichever way its folders are parted."""
    return re.split(r"[\\/]", listed)[-1].casefold() == name.casefold()
