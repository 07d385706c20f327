"""A workshop for bundles: real ones from a real log, and forged ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path

import pytest

from pipelines.evidence.archive_writer import bytes_source
from pipelines.evidence.bundle import build_bundle
from pipelines.evidence.bundle_layout import (
    STATEMENT_FILES,
    BundleFile,
    PlacedFile,
    Role,
    place,
)
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.entry import JobProof
from pipelines.evidence.export_entry import EXPORT_KIND, export_body
from pipelines.evidence.json_value import Json
from pipelines.evidence.signature import Signer
from pipelines.evidence.verdict import Verdict
from pipelines.evidence.verify import verify_bundle
from services.provenance.keys import FileSigner
from tests.unit.pipelines.evidence import forge_kit
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

    unpack = staticmethod(forge_kit.unpack)
    pack = staticmethod(forge_kit.pack)
    facts = staticmethod(forge_kit.facts)
    relist = staticmethod(forge_kit.relist)

    def resign(
        self,
        files: Mapping[str, bytes],
        signer: Signer | None = None,
        head: Checkpoint | None = None,
        job: str | None = None,
    ) -> bytes:
        """Return a bundle of `files` with manifests and statement made anew over them."""
        relisted = forge_kit.relist(
            {path: data for path, data in files.items() if path not in STATEMENT_FILES}
        )
        said = forge_kit.bundle_says(relisted, head=head, job=job)
        return forge_kit.resign(files, signer or self.signer, said=said)

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
