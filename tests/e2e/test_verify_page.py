"""VERIFY.txt of real bundles: its commands agree with what this program says, and can fail."""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command_kit import Evident, make_clip
from tests.e2e.page_kit import TOOLS, require, run, steps, unpack


@pytest.fixture(scope="module")
def clip_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run a clip whose name a shell would trip over; unpack its bundle."""
    require(*TOOLS, "ffmpeg")
    folder = tmp_path_factory.mktemp("page")
    evident = Evident(folder)
    clip = make_clip(folder / "tram $(no) 'n°1'.mp4", frames=60)
    assert evident("run", clip, "--out", "out").code == 0
    return unpack(folder / "out" / clip.name / "bundle.zip", folder / "unpacked")


def test_the_page_of_a_photograph_works(evident: Evident, photo: Path) -> None:
    """With sha256sum and openssl alone, every step says what the page says that it must."""
    require(*TOOLS)
    assert evident("run", photo, "--out", "out").code == 0
    bundle = unpack(evident.folder / "out" / photo.name / "bundle.zip", evident.folder / "u")
    sums, signature, match, key, head = [run(one, bundle) for one in steps(bundle)]
    assert sums.returncode == 0
    assert all(line.endswith(": OK") for line in sums.stdout.splitlines())
    assert "Signature Verified Successfully" in signature.stdout
    assert match.stdout == "1\n"
    public = evident.folder / "home" / "keys" / "signing-ed25519.pub.pem"
    assert public.read_bytes() == (bundle / "statement" / "key.pem").read_bytes()
    assert key.stdout.split()[0] in (bundle / "VERIFY.txt").read_text()
    assert "Signature Verified Successfully" in head.stdout


def test_the_page_of_a_clip_compares_every_frame(clip_bundle: Path) -> None:
    """Ffmpeg prints for every frame, received and delivered, what the ledger holds."""
    *others, frames = steps(clip_bundle)
    assert all(run(one, clip_bundle).returncode == 0 for one in others)
    done = run(frames, clip_bundle)
    assert done.stdout.splitlines() == ["received: same", "result: same"], done.stderr
    assert len((clip_bundle.parent / "frames.txt").read_text().splitlines()) == 60


@pytest.mark.parametrize(
    ("member", "end"), [("source_sha256", "received"), ("delivered_sha256", "result")]
)
def test_the_page_of_a_clip_can_fail(clip_bundle: Path, member: str, end: str) -> None:
    """Where the ledger holds another digest of one frame, at either end, the step fails."""
    ledger = clip_bundle / "data" / "ledger.jsonl"
    good = ledger.read_bytes()
    lines = good.splitlines(keepends=True)
    line = json.loads(lines[30])
    lines[30] = lines[30].replace(line[member].encode(), b"0" * 64)
    ledger.write_bytes(b"".join(lines))
    try:
        said = run(steps(clip_bundle)[-1], clip_bundle).stdout
    finally:
        ledger.write_bytes(good)
    assert f"{end}: same" not in said
    assert "line 30" in said
    assert said.count(": same") == 1


def test_ffmpeg_reads_the_packets_that_the_ledger_chains(clip_bundle: Path) -> None:
    """The chain over a stream's packets follows from what ffmpeg prints about them."""
    header = json.loads((clip_bundle / "data" / "ledger.jsonl").read_text().splitlines()[0])
    (received,) = (clip_bundle / "data" / "received").iterdir()
    printed = subprocess.run(
        ["ffmpeg", "-v", "error", "-copyts", "-i", received, "-map", "0", "-c", "copy",
         "-f", "framehash", "-hash", "sha256", "-"],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    packets: dict[int, list[list[str]]] = {}
    for line in printed.splitlines():
        if not line.startswith("#"):
            fields = [one.strip() for one in line.split(",")]
            packets.setdefault(int(fields[0]), []).append(fields)
    found: list[dict[str, Any]] = []
    for stream, rows in sorted(packets.items()):
        chain = hashlib.sha256()
        for _, dts, pts, _, _, sha256, *_ in rows:
            chain.update(bytes.fromhex(sha256) + struct.pack(">qq", int(pts), int(dts)))
        size = sum(int(row[4]) for row in rows)
        found.append(
            {"stream": stream, "packets": len(rows), "bytes": size, "chain": chain.hexdigest()}
        )
    assert found == header["packets"]
