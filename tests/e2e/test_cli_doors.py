"""The gateway's doors as processes: TLS with a certificate, a proxy in front, and stated limits."""

from __future__ import annotations

import re
import signal
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.e2e.command_kit import Evident

WRONG = {"Authorization": "Bearer ev_0000000000000000_" + "x" * 43}
MOST_WRONG = 20


@dataclass(frozen=True)
class Told(Evident):
    """The command line with settings of its own."""

    settings: tuple[tuple[str, str], ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """An environment that holds them."""
        return {**super().environment, **dict(self.settings)}


@contextmanager
def gateway(evident: Evident, *words: object) -> Iterator[str]:
    """Run a gateway; gives its address. Afterwards it has ended well."""
    server = evident.start("gateway", "--port", "0", *words)
    try:
        assert server.stderr is not None
        found = next(
            (hit[0] for line in server.stderr if (hit := re.match(r"https?://[\d.]+:\d+", line))),
            None,
        )
        assert found is not None, "the gateway printed no address"
        yield found
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=60)
        assert server.returncode == 0, said[-2000:]
    finally:
        server.kill()
        server.communicate()


def wrong(web: httpx.Client, forwarded: str) -> int:
    """Ask with a wrong key, as if for somebody else; return the status."""
    return web.get("/v1/jobs", headers={**WRONG, "X-Forwarded-For": forwarded}).status_code


def test_keys_travel_by_tls(evident: Evident, certificate: tuple[Path, Path]) -> None:
    """With a certificate the gateway speaks TLS to who trusts it, and nothing in the clear."""
    chain, private = certificate
    words = ("--tls-certificate", chain, "--tls-key", private)
    with gateway(evident, *words) as address:
        assert address.startswith("https://")
        trusting = ssl.create_default_context(cafile=str(chain))
        with httpx.Client(base_url=address, verify=trusting, trust_env=False) as web:
            assert web.get("/readyz").json()["status"] == "ready"
            assert web.get("/v1/jobs").status_code == 401
        with (
            httpx.Client(base_url=address, trust_env=False) as stranger,
            pytest.raises(httpx.ConnectError),
        ):
            stranger.get("/healthz")
        clear = address.replace("https://", "http://")
        with httpx.Client(base_url=clear, trust_env=False) as web, pytest.raises(httpx.HTTPError):
            web.get("/healthz")


def test_a_named_proxy_is_believed(evident: Evident) -> None:
    """Wrong keys are counted by the address that the proxy tells, each for itself."""
    with (
        gateway(evident, "--behind-proxy", "127.0.0.1") as address,
        httpx.Client(base_url=address, trust_env=False) as web,
    ):
        first = [wrong(web, "192.0.2.1") for _ in range(2 * MOST_WRONG + 20)]
        assert first[0] == 401
        assert first[-1] == 429
        assert wrong(web, "192.0.2.2") == 401


@pytest.mark.parametrize("words", [(), ("--behind-proxy", "192.0.2.9")])
def test_nobody_else_is_believed(evident: Evident, words: tuple[str, ...]) -> None:
    """Whoever is not the named proxy is counted by its own address, whatever it claims."""
    with (
        gateway(evident, *words) as address,
        httpx.Client(base_url=address, trust_env=False) as web,
    ):
        found = [wrong(web, f"198.51.100.{number}") for number in range(2 * MOST_WRONG + 20)]
        assert found[0] == 401
        assert found[-1] == 429


def test_limits_are_settings(evident: Evident) -> None:
    """A longer file than is set is refused, and so is whoever asks more often than is set."""
    told = Told(
        evident.folder,
        settings=(
            ("EVIDENT_UPLOAD_BYTES", "1000"),
            ("EVIDENT_REQUESTS_PER_SECOND", "0.1"),
            ("EVIDENT_REQUESTS_BURST", "5"),
        ),
    )
    with gateway(told) as address:
        words = (evident.folder / "home" / "credentials").read_text("utf-8").strip()
        bearer = {"Authorization": f"Bearer {words.removeprefix('EVIDENT_KEY=')}"}
        with httpx.Client(base_url=address, trust_env=False, headers=bearer) as web:
            long = web.post("/v1/artifacts", content=bytes(1001))
            assert long.status_code == 413
            assert "1000" in long.json()["error"]["detail"]
            often = [web.get("/v1/jobs") for _ in range(6)]
            assert often[0].status_code == 200
            assert often[-1].status_code == 429
            assert int(often[-1].headers["Retry-After"]) >= 1
