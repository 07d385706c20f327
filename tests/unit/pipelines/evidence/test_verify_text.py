"""VERIFY.txt: its commands work as written, and catch what they say they catch."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from pipelines.evidence.bundle import build_bundle
from pipelines.evidence.bundle_layout import place
from pipelines.evidence.export_entry import export_body

TOOLS = ("bash", "openssl", "sha256sum", "base64", "grep", "sed")


@pytest.fixture
def unpacked(sample: bytes, tmp_path: Path) -> Path:
    """Unpack a bundle where the page's tools are at hand."""
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    if lacking:
        if os.environ.get("CI"):
            pytest.fail(f"this machine lacks {lacking[0]}")
        pytest.skip(f"this machine lacks {lacking[0]}")
    with zipfile.ZipFile(BytesIO(sample)) as packed:
        packed.extractall(tmp_path)
    return tmp_path / "bundle"


def commands(bundle: Path) -> list[str]:
    """Return the page's commands, one block per step."""
    page = (bundle / "VERIFY.txt").read_text()
    blocks = re.findall(r"(?:^    .*\n)+", page, re.MULTILINE)
    return [re.sub(r"(?m)^    ", "", block) for block in blocks]


def run(command: str, bundle: Path) -> subprocess.CompletedProcess[str]:
    """Run one block in the folder that the page names."""
    return subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=bundle,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_every_command_of_the_page_works(workshop: Any, unpacked: Path) -> None:
    """On a good bundle each command prints what the page says it must print."""
    sums, signature, match, key, head = [run(one, unpacked) for one in commands(unpacked)]
    assert sums.returncode == signature.returncode == head.returncode == 0
    lines = sums.stdout.splitlines()
    assert len(lines) == sum(path.is_file() for path in unpacked.rglob("*")) - 1
    assert all(line.endswith(": OK") for line in lines)
    assert "Signature Verified Successfully" in signature.stdout
    assert match.stdout == "1\n"
    assert key.stdout.split()[0] == workshop.signer.key_id
    assert workshop.signer.key_id in (unpacked / "VERIFY.txt").read_text()
    assert "Signature Verified Successfully" in head.stdout


@pytest.mark.parametrize(
    ("step", "file"),
    [
        (0, "data/result/enhanced.png"),
        (1, "statement/statement.pae"),
        (1, "statement/statement.sig"),
        (2, "manifest-sha256.txt"),
        (4, "data/log/checkpoint"),
    ],
)
def test_every_command_of_the_page_can_fail(unpacked: Path, step: int, file: str) -> None:
    """On a changed file the step that is about it fails."""
    good = run(commands(unpacked)[step], unpacked)
    path = unpacked / file
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)
    bad = run(commands(unpacked)[step], unpacked)
    assert good.returncode == 0
    assert bad.returncode != 0


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """Make a time stamping authority of our own; return the folder with tsa.pem."""
    folder = tmp_path / "authority"
    folder.mkdir()
    (folder / "tsa.cnf").write_text(
        "[req]\ndistinguished_name=name\nx509_extensions=stamping\nprompt=no\n"
        "[name]\nCN=A time stamping authority of a test\n"
        "[stamping]\nextendedKeyUsage=critical,timeStamping\n"
        "[tsa]\ndefault_tsa=own\n"
        "[own]\nserial=serial\nsigner_digest=sha256\ndigests=sha256\n"
        "default_policy=1.2.3.4.1\nclock_precision_digits=0\n"
    )
    (folder / "serial").write_text("01\n")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -config tsa.cnf"
        " -keyout tsa.key -out tsa.pem"
    )
    assert run(command, folder).returncode == 0
    return folder


def test_the_page_of_a_stamped_bundle_checks_its_time_stamp(
    workshop: Any, unpacked: Path, authority: Path, tmp_path: Path
) -> None:
    """Where a bundle carries a time stamp, openssl checks it as the page says, and can fail."""
    assert unpacked.exists()

    def stamp(signature: bytes) -> bytes:
        (authority / "signature").write_bytes(signature)
        for command in (
            "openssl ts -query -data signature -sha256 -cert -out query",
            (
                "openssl ts -reply -config tsa.cnf -queryfile query -signer tsa.pem -inkey tsa.key"
                " -out reply"
            ),
        ):
            done = run(command, authority)
            assert done.returncode == 0, done.stderr
        return (authority / "reply").read_bytes()

    placed = place(workshop.files())
    proof = workshop.prove(placed, export_body(placed))
    out = BytesIO()
    build_bundle(out, files=placed, proof=proof, signer=workshop.signer, time_stamper=stamp)
    with zipfile.ZipFile(out) as packed:
        packed.extractall(tmp_path / "stamped")
    bundle = tmp_path / "stamped" / "bundle"
    shutil.copy(authority / "tsa.pem", tmp_path / "stamped" / "tsa.pem")
    step = commands(bundle)[-1]
    done = run(step, bundle)
    assert "Verification: OK" in done.stdout
    assert "Time stamp:" in done.stdout
    (bundle / "statement" / "statement.sig").write_bytes(bytes(64))
    assert "Verification: OK" not in run(step, bundle).stdout
