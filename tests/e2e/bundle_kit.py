"""Takes a bundle apart and makes another of its parts, sealed and signed by somebody else."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.evidence.archive_writer import bytes_source
from pipelines.evidence.bundle import build_bundle
from pipelines.evidence.bundle_layout import BASE, OWN_FILES, BundleFile, place, role_of
from pipelines.evidence.canonical import canonical_bytes
from pipelines.evidence.entry import Actor, Entry, parse_entry
from pipelines.evidence.export_entry import EXPORT_KIND, export_body
from services.provenance.keys import FileSigner
from services.provenance.local_log import LocalLog

SOMEBODY = Actor("somebody", "a session", "a host", "evident 0.0.0")


@dataclass
class Parts:
    """The files of a job by their paths in the bundle, and its entries up to the export."""

    files: dict[str, bytes]
    entries: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    job: str = ""

    def document(self, path: str) -> Any:
        """A JSON file, decoded."""
        return json.loads(self.files[path])

    def put(self, path: str, data: Any) -> None:
        """Write a file, and its new digest wherever papers and entries state the old one.

        Anything but bytes becomes canonical JSON.
        """
        old = hashlib.sha256(self.files[path]).hexdigest()
        self.files[path] = data if isinstance(data, bytes) else canonical_bytes(data)
        new = hashlib.sha256(self.files[path]).hexdigest()
        bodies = json.dumps([body for _, body in self.entries]).replace(old, new)
        kinds = [kind for kind, _ in self.entries]
        self.entries = list(zip(kinds, json.loads(bodies), strict=True))
        for paper in ("data/plan.json", "data/report.json"):
            if paper != path and old.encode() in self.files[paper]:
                self._replace(paper, old, new)

    def _replace(self, paper: str, old: str, new: str) -> None:
        self.put(paper, json.loads(self.files[paper].replace(old.encode(), new.encode())))

    def drop(self, start: str) -> None:
        """Leave out every file whose path begins so."""
        self.files = {p: data for p, data in self.files.items() if not p.startswith(start)}

    def change_step(self, number: int, **parameters: Any) -> None:
        """Give a step other parameters, in graph and plan alike."""
        graph, plan = self.document("data/graph.json"), self.document("data/plan.json")
        enhance = next(one for one in graph["stages"] if one["kind"] == "enhance")
        enhance["params"]["operations"][number].update(parameters)
        plan["steps"][number]["parameters"].update(parameters)
        self.put("data/plan.json", plan)
        self.put("data/graph.json", graph)

    def change_plan(self, **members: Any) -> None:
        """Give the plan other members."""
        self.put("data/plan.json", {**self.document("data/plan.json"), **members})


@dataclass(frozen=True)
class Made:
    """A bundle that somebody else made, and the public key that it was made with."""

    path: Path
    key: Path


def parts_of(bundle: Path) -> Parts:
    """Read a bundle's files and entries."""
    with zipfile.ZipFile(bundle) as archive:
        files = {name.removeprefix(BASE): archive.read(name) for name in archive.namelist()}
    parsed: list[Entry] = [
        parse_entry(line) for line in files["data/log/entries.jsonl"].splitlines()
    ]
    return Parts(
        files={path: data for path, data in files.items() if path not in OWN_FILES},
        entries=[(one.kind, one.body) for one in parsed if one.kind != EXPORT_KIND],
        job=parsed[0].job,
    )


def remade(bundle: Path, folder: Path, change: Callable[[Parts], None]) -> Made:
    """Make the bundle again in `folder` after `change`, by another key and log."""
    parts = parts_of(bundle)
    change(parts)
    folder.mkdir()
    signer = FileSigner(folder / "keys")
    files = []
    for within, data in parts.files.items():
        role = role_of(within)
        assert role is not None
        files.append(BundleFile(role, bytes_source(data), within.rpartition("/")[2]))
    placed = place(files)
    with LocalLog(folder / "log", signer, actor=SOMEBODY) as log:
        for kind, body in parts.entries:
            log.record(parts.job, kind, body)
        log.record(parts.job, EXPORT_KIND, export_body(placed))
        proof = log.seal(parts.job)
    path = folder / "bundle.zip"
    with path.open("wb") as out:
        build_bundle(out, files=placed, proof=proof, signer=signer)
    with zipfile.ZipFile(path) as archive:
        key = folder / "key.pem"
        key.write_bytes(archive.read(f"{BASE}statement/key.pem"))
    return Made(path, key)
