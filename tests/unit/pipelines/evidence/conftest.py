"""A workshop for bundles: real ones from a real log, and forged ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path

import pytest

from pipelines.evidence.archive_reader import read_chunks, read_members
from pipelines.evidence.archive_writer import bytes_source, measure, write_archive
from pipelines.evidence.attestation import Statement, sign_statement
from pipelines.evidence.bundle import build_bundle
from pipelines.evidence.bundle_content import FileFact, manifest, predicate, subjects, tag_manifest
from pipelines.evidence.bundle_layout import (
    BASE,
    CHECKPOINT,
    ENTRIES,
    MANIFEST,
    STATEMENT_FILES,
    TAG_MANIFEST,
    BundleFile,
    PlacedFile,
    Role,
    place,
)
from pipelines.evidence.checkpoint import Checkpoint, parse_checkpoint
from pipelines.evidence.entry import JobProof, parse_entry
from pipelines.evidence.export_entry import EXPORT_KIND, export_body
from pipelines.evidence.json_value import Json
from pipelines.evidence.signature import Signer
from pipelines.evidence.signed_bag import statement_files
from pipelines.evidence.verdict import Verdict
from pipelines.evidence.verify import verify_bundle
from services.provenance.keys import FileSigner
from tests.unit.services.provenance.log_kit import open_log

LEDGER = b'{"frames":2,"version":1}\n{"index":0,"pts":"0"}\n{"index":1,"pts":"1/25"}\n'


class Workshop:
    """Makes bundles with its own key and log, takes them apart and puts them together."""

    def __init__(self, folder: Path) -> None:
        self.signer: Signer = FileSigner(folder / "keys")
        self.log = open_log(folder / "log", self.signer)
        self.jobs = 0

    def files(self, result: bytes = b"result") -> list[BundleFile]:
        """Return a small job of every role."""
        content = {
            Role.RECEIVED: b"received",
            Role.RESULT: result,
            Role.REPORT: b'{"report":1}',
            Role.REPORT_PDF: b"%PDF",
            Role.GRAPH: b'{"version":1}',
            Role.PLAN: b'{"plan":1}',
            Role.LEDGER: LEDGER,
            Role.NETWORK: b"card",
            Role.ATTACHMENT: b"map",
        }
        names = {Role.RECEIVED: "IMG 1.jpg", Role.RESULT: "enhanced.png"}
        return [
            BundleFile(role, bytes_source(data), names.get(role, f"{role}.bin"))
            for role, data in content.items()
        ]

    def prove(self, placed: Iterable[PlacedFile], body: Mapping[str, Json]) -> JobProof:
        """Record a job among others' entries, seal it and prove it."""
        self.jobs += 1
        job = f"job-{self.jobs}"
        self.log.record(job, "submit", {"preset": "forensic-safe"})
        self.log.record("another", "submit", {})
        self.log.record(job, EXPORT_KIND, body)
        return self.log.seal(job)

    def bundle(self, files: list[BundleFile] | None = None, signer: Signer | None = None) -> bytes:
        """Build a bundle the way a job does."""
        placed = place(self.files() if files is None else files)
        out = BytesIO()
        proof = self.prove(placed, export_body(placed))
        build_bundle(out, files=placed, proof=proof, signer=signer or self.signer)
        return out.getvalue()

    @staticmethod
    def unpack(bundle: bytes) -> dict[str, bytes]:
        """Return the files of `bundle` by their paths in it."""
        file = BytesIO(bundle)
        return {
            member.name.removeprefix(BASE): b"".join(read_chunks(file, member))
            for member in read_members(file)
        }

    @staticmethod
    def pack(files: Mapping[str, bytes]) -> bytes:
        """Return a canonical archive of `files`, whatever they say."""
        out = BytesIO()
        write_archive(out, [(BASE + p, measure(bytes_source(d))) for p, d in files.items()])
        return out.getvalue()

    @staticmethod
    def facts(files: Mapping[str, bytes]) -> dict[str, FileFact]:
        """Measure `files`."""
        measured = {path: measure(bytes_source(data)) for path, data in files.items()}
        return {path: FileFact(one.sha256, one.size) for path, one in measured.items()}

    def relist(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return `files` with manifests that are right about them."""
        kept = {path: d for path, d in files.items() if path not in {MANIFEST, TAG_MANIFEST}}
        kept[MANIFEST] = manifest(self.facts(kept))
        kept[TAG_MANIFEST] = tag_manifest(self.facts(kept))
        return kept

    def resign(
        self,
        files: Mapping[str, bytes],
        signer: Signer | None = None,
        head: Checkpoint | None = None,
        job: str | None = None,
    ) -> bytes:
        """Return a bundle of `files` with manifests and statement made anew over them."""
        signer = signer or self.signer
        drop = {*STATEMENT_FILES, MANIFEST, TAG_MANIFEST}
        kept = {path: data for path, data in files.items() if path not in drop}
        kept[MANIFEST] = manifest(self.facts(kept))
        facts = self.facts(kept)
        head = head or parse_checkpoint(files[CHECKPOINT].partition(b"\n\n")[0] + b"\n")
        job = job or parse_entry(files[ENTRIES].split(b"\n")[0]).job
        envelope = sign_statement(Statement(subjects(facts), predicate(job, head, facts)), signer)
        kept |= statement_files(envelope, signer.public_key)
        kept[TAG_MANIFEST] = tag_manifest(self.facts(kept))
        return self.pack(kept)

    def verify(self, bundle: bytes, *, pinned: bool = False) -> Verdict:
        """Verify `bundle`, with the workshop's key pinned or with none."""
        keys = (self.signer.public_key,) if pinned else ()
        return verify_bundle(BytesIO(bundle), trusted_keys=keys)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Give a workshop with a key and a log of its own."""
    return Workshop(tmp_path_factory.mktemp("workshop"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Somebody else's workshop."""
    return Workshop(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(scope="module")
def sample(workshop: Workshop) -> bytes:
    """Build a bundle that holds."""
    return workshop.bundle()
