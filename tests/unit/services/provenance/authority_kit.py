"""A time-stamping authority of our own: `openssl ts` behind an HTTP server on loopback."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONFIGURATION = """
[tsa]
default_tsa = ours
[ours]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
tsa_name = yes
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """What `openssl ts` needs, in a folder; `spoil` changes an answer before it is sent."""

    folder: Path
    url: str = ""
    asked: list[bytes] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    spoil: bytes | None = None

    @property
    def ca(self) -> Path:
        """The certificate that its stamps lead to."""
        return self.folder / "ca.pem"

    @property
    def anchors(self) -> tuple[x509.Certificate, ...]:
        """The same, read."""
        return (x509.load_pem_x509_certificate(self.ca.read_bytes()),)

    def answer(self, query: bytes) -> bytes:
        """Stamp a query."""
        self.asked.append(query)
        (self.folder / "query").write_bytes(query)
        openssl(
            *("ts", "-reply", "-config", "ts.cnf", "-queryfile", "query", "-out", "reply"),
            cwd=self.folder,
        )
        return (self.folder / "reply").read_bytes()


def openssl(*arguments: str, cwd: Path) -> str:
    """Run openssl; returns what it said."""
    program = shutil.which("openssl")
    if program is None:
        pytest.fail("openssl is not installed; stamps are compared with what it says")
    done = subprocess.run(
        [program, *arguments], cwd=cwd, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout + done.stderr


def make_authority(folder: Path) -> Authority:
    """Make keys and certificates: an issuer, and an authority that it certified for stamping."""
    folder.mkdir()
    root, stamper = (generate_private_key(65537, 2048) for _ in range(2))
    issuer, name = _name("test issuer"), _name("test authority")
    ca = _dated(issuer, issuer, root).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    leaf = _dated(name, issuer, stamper).add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
    )
    for file, made in (("ca.pem", ca), ("tsa.pem", leaf)):
        signed = made.sign(root, SHA256())
        (folder / file).write_bytes(signed.public_bytes(Encoding.PEM))
    (folder / "tsa.key").write_bytes(
        stamper.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (folder / "ts.cnf").write_text(CONFIGURATION)
    (folder / "serial").write_text("01\n")
    return Authority(folder)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _dated(holder: x509.Name, issuer: x509.Name, key: RSAPrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(holder)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )


@contextmanager
def serving(authority: Authority) -> Iterator[Authority]:
    """Answer on loopback until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            data = authority.answer(query) if authority.spoil is None else authority.spoil
            self.send_response(authority.status)
            for name, value in authority.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_told: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    authority.url = f"http://127.0.0.1:{server.server_port}/tsr"
    try:
        yield authority
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
