"""The page of a validation pack: commands that can be run as they stand."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

from models import catalog
from models.spec import ModelId
from pipelines.gates.pack import OWN_KEY, OwnRecords, write_pack

GOLDEN = Path(__file__).resolve().parents[4] / "golden_set"


def test_a_network_of_ones_own_is_imported_and_its_own_records_go_along(tmp_path: Path) -> None:
    """What does not ship is imported from the pack; the key lies beside the records of here."""
    card = replace(catalog.card("evident-denoise"), name=ModelId("lab-net"))
    shelf = tmp_path / "gates"
    shelf.mkdir()
    (shelf / "lab-net.torch.fp32.cpu.0123.dsse.json").write_bytes(b"a record")
    (shelf / "other.torch.fp32.cpu.0123.dsse.json").write_bytes(b"of another")
    write_pack(tmp_path / "pack.zip", [card], GOLDEN, OwnRecords(shelf, b"a key"))
    with zipfile.ZipFile(tmp_path / "pack.zip") as archive:
        names = set(archive.namelist())
        page = archive.read("pack/README.txt").decode()
        assert archive.read(f"pack/records/{OWN_KEY}") == b"a key"
    assert "evident models import pack/networks/evident-denoise.safetensors --as lab-net" in page
    assert "evident gate lab-net --set pack/golden_set --out gates\n" in page
    assert "Apache-2.0" in page
    assert "pack/networks/evident-denoise.safetensors" in names
    assert "pack/golden_set/class_thresholds.toml" in names
    assert {name for name in names if "0123" in name} == {
        "pack/records/lab-net.torch.fp32.cpu.0123.dsse.json"
    }


def test_every_way_with_a_baseline_is_repeated_in_its_precision(tmp_path: Path) -> None:
    """One command for each engine and precision that has a baseline to compare with."""
    card = catalog.card("evident-denoise")
    write_pack(tmp_path / "pack.zip", [card], GOLDEN)
    with zipfile.ZipFile(tmp_path / "pack.zip") as archive:
        page = archive.read("pack/README.txt").decode()
        assert f"pack/records/{OWN_KEY}" not in archive.namelist()
    for path in (GOLDEN / "baselines").glob("evident-denoise.*"):
        engine, precision = path.name.split(".")[1:3]
        assert f"--out gates --engine {engine} --precision {precision}\n" in page
    assert "models import" not in page
