"""The doctor asks services briefly, changes nothing, and shows no password."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from pipelines.errors import EvidentError
from pipelines.media import codecs
from services.cli.doctor_services import services
from services.cli.records_wiring import records
from services.gateway.sealing_routes import sealing_routes
from services.settings.settings import Settings
from tests.contract.sealing_kit import CHECKS, GATEWAY_TOKEN, TOKEN, served


def asked(settings: Settings) -> dict[str, tuple[str, EvidentError | None]]:
    """What is said of each service."""
    return {name: (detail, error) for name, detail, error in services(settings)}


def free_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_fresh_home_is_well_and_stays_fresh(tmp_path: Path) -> None:
    """What is not there yet is said to be made later, and is not made by looking."""
    found = asked(Settings(home=tmp_path))
    assert {name for name, (_, error) in found.items() if error is None} == {
        "records", "artifacts", "broker", "log", "time-stamping authority",
    }  # fmt: skip
    assert "made at the first start" in found["records"][0]
    assert list(tmp_path.iterdir()) == []


def test_records_and_artifacts_that_are_there_are_asked(tmp_path: Path) -> None:
    """Records are said with the step that they stand at, a folder with what it can do."""
    settings = Settings(home=tmp_path, artifacts=str(tmp_path / "store"))
    with records(settings):
        pass
    found = asked(settings)
    assert "as this version has them (r" in found["records"][0]
    assert found["artifacts"] == (f"{tmp_path / 'store'}, answers; cannot lock objects", None)


def test_what_does_not_answer_is_missing_and_keeps_its_password(tmp_path: Path) -> None:
    """A broker and records that are away are named without what opens them."""
    broker, database = free_port(), free_port()
    settings = Settings(
        home=tmp_path,
        broker=f"redis://:hidden@127.0.0.1:{broker}/0",
        records=f"postgresql+psycopg://u:hidden@127.0.0.1:{database}/x",
    )
    found = asked(settings)
    for name in ("broker", "records"):
        detail, error = found[name]
        assert error is not None
        assert error.next_step
        assert "hidden" not in detail
    assert f"redis://127.0.0.1:{broker} does not answer" in found["broker"][0]


def test_a_broker_that_listens_is_well(tmp_path: Path) -> None:
    """Somebody who takes the connection is enough to be told."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        found = asked(Settings(home=tmp_path, broker=f"redis://127.0.0.1:{port}"))
    assert found["broker"] == (f"redis://127.0.0.1:{port}, somebody listens there", None)


def test_a_log_elsewhere_is_asked(tmp_path: Path) -> None:
    """Where another host seals, it is said whether it answers, and what to do where not."""
    token = tmp_path / "worker.token"
    token.write_text("t" * 40)
    token.chmod(0o600)
    address = f"http://127.0.0.1:{free_port()}"
    settings = Settings(home=tmp_path, provenance=address, provenance_token=token)
    detail, error = asked(settings)["log"]
    assert error is not None
    assert "does not answer" in detail
    assert "t" * 40 not in detail + error.next_step
    _, error = asked(Settings(home=tmp_path, provenance=address))["log"]
    assert error is not None
    assert "EVIDENT_PROVENANCE_TOKEN" in str(error)
    nobody: Any = None  # no question about a job is asked
    routes = sealing_routes(nobody, lambda _names: {"keys": [], "networks": {}}, **CHECKS)
    with served(tmp_path / "log", routes) as there:
        for word, is_well in ((TOKEN, True), (GATEWAY_TOKEN, True), ("t" * 40, False)):
            token.write_text(word)
            told = asked(settings.model_copy(update={"provenance": there}))["log"]
            assert (told[1] is None) is is_well
            assert told[0] == f"{there} seals, and admits this host" or not is_well


def test_codecs_are_asked_by_name() -> None:
    """What deliveries need is here, and a name that is no codec is lacking."""
    assert codecs.lacking_encoders() == ()
    assert "h264" not in codecs.lacking_decoders()
    assert codecs._lacking(("h264", "no-such-codec"), "r") == ("no-such-codec",)
