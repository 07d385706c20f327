"""Which engine is chosen, and what is said when there is none."""

from __future__ import annotations

from dataclasses import replace
from importlib import metadata, util
from importlib.machinery import ModuleSpec

import pytest

from models.catalog import Catalog
from models.engines import choice, devices
from models.engines.devices import Gpu
from models.errors import EngineUnavailableError


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch):
    """Pretend that some packages are not installed, or only their empty folders are."""
    real = util.find_spec

    def hide(*names: str, leave_folder: bool = False) -> None:
        def find(name: str) -> ModuleSpec | None:
            if name in names:
                return ModuleSpec(name, None) if leave_folder else None
            return real(name)

        monkeypatch.setattr(util, "find_spec", find)

    return hide


def test_the_engines_of_the_processor_are_listed_first_with_their_versions() -> None:
    """The listing gives the versions of the installed distributions, best engine first."""
    listed = choice.listing()[:3]
    assert [each.name for each in listed] == ["onnxruntime", "torch", "openvino"]
    assert all(each.is_available for each in listed)
    assert listed[0].version == metadata.version("onnxruntime")
    assert listed[1].version == metadata.version("torch").partition("+")[0]


def test_engines_of_a_gpu_need_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a GPU nothing that runs on one is available; with one, torch's engines are."""
    names = [each.name for each in choice.listing() if each.name.startswith("torch-cuda")]
    assert names
    monkeypatch.setattr(devices, "gpus", lambda: ())
    listed = {each.name: each for each in choice.listing()}
    assert all(choice.A_GPU in listed[name].missing for name in names)
    with pytest.raises(EngineUnavailableError, match="GPU"):
        choice.resolve("torch-cuda")
    gpu = Gpu(0, "a GPU", (8, 9), 1 << 34)
    monkeypatch.setattr(devices, "gpus", lambda: (gpu,))
    listed = {each.name: each for each in choice.listing()}
    assert all(listed[name].is_available for name in names)
    assert choice.resolve("torch-cuda").device_class == "cuda-sm89"


def test_onnxruntime_without_cuda_is_not_its_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The distribution for processors does not make the GPU engine available."""
    monkeypatch.setattr(devices, "gpus", lambda: (Gpu(0, "a GPU", (9, 0), 1),))
    monkeypatch.setattr(choice, "_version", lambda names: "1" if "onnxruntime" in names else None)
    listed = {each.name: each for each in choice.listing()}
    assert listed["onnxruntime"].is_available
    assert listed["onnxruntime-cuda"].missing == ("the package onnxruntime-gpu",)


def test_onnxruntime_is_the_first_choice() -> None:
    """Without a wish ONNX Runtime runs, and its version is the listed one."""
    engine = choice.resolve()
    assert (engine.name, engine.version) == ("onnxruntime", choice.listing()[0].version)
    assert engine.device_class == "cpu"


def test_torch_is_the_second_choice(without) -> None:
    """Where ONNX Runtime is not installed, torch runs."""
    without("onnxruntime")
    assert choice.resolve().name == "torch"


def test_a_wish_is_kept() -> None:
    """An engine that was named is the one that runs."""
    assert choice.resolve("torch").name == "torch"
    assert choice.resolve("onnxruntime").name == "onnxruntime"


def test_no_engine_says_how_to_get_one(without) -> None:
    """Without any engine the next step names the cpu extra."""
    without("onnxruntime", "torch", "openvino")
    with pytest.raises(EngineUnavailableError) as refused:
        choice.resolve()
    assert "evident[cpu]" in refused.value.next_step


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("onnxruntime", "evident[cpu]"),
        ("torch", "evident[torch]"),
        ("openvino", "evident[openvino]"),
    ],
)
def test_a_wish_that_is_not_installed_is_not_replaced(without, name: str, extra: str) -> None:
    """An engine that was named and is absent is refused with its own extra, not replaced."""
    without(name)
    with pytest.raises(EngineUnavailableError, match=name) as refused:
        choice.resolve(name)
    assert extra in refused.value.next_step


def test_torch_needs_safetensors(without) -> None:
    """An engine that lacks something it imports is not available, and the listing says what."""
    without("safetensors")
    torch = choice.listing()[1]
    assert not torch.is_available
    assert torch.missing == ("safetensors",)
    assert torch.version is None


def test_a_folder_that_was_left_behind_is_no_engine(without) -> None:
    """What an uninstall leaves behind does not pass for an engine."""
    without("onnxruntime", leave_folder=True)
    assert choice.listing()[0].missing == ("onnxruntime",)


def test_an_unknown_engine_is_refused_with_those_that_are_known() -> None:
    """A name that is no engine of ours is refused with the names that are."""
    with pytest.raises(EngineUnavailableError, match="'tensorflow'") as refused:
        choice.resolve("tensorflow")
    assert refused.value.next_step.startswith("Name one of: onnxruntime, torch, openvino, ")


def test_an_engine_that_does_not_import_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken installation is an unavailable engine with the reason, not a traceback."""

    def broken(cache: object) -> None:
        raise ImportError("libsomething.so.1: cannot open shared object file")

    first, *rest = choice._BEST_FIRST
    spoilt = replace(first, make=broken)
    monkeypatch.setattr(choice, "_BEST_FIRST", (spoilt, *rest))
    with pytest.raises(EngineUnavailableError, match="libsomething"):
        choice.resolve()


def test_two_builds_of_onnxruntime_are_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two distributions that overwrite each other are reported, one is not."""
    installed = {"onnxruntime": "1.31.1"}

    def version(name: str) -> str:
        if name not in installed:
            raise metadata.PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr(metadata, "version", version)
    assert choice.conflicts() == ()
    installed["onnxruntime-gpu"] = "1.31.1"
    (line,) = choice.conflicts()
    assert line.startswith("onnxruntime and onnxruntime-gpu overwrite each other")


def test_an_engine_that_needs_more_memory_is_reckoned_with(tiny: Catalog) -> None:
    """A card states what ONNX Runtime needs; plans reckon with more where an engine keeps more."""
    card = tiny.card("tiny-x2")
    exact = card.memory.total_bytes(1000)
    assert choice.need_bytes(card, "onnxruntime", pixels=1000) == exact
    assert choice.need_bytes(card, "openvino", pixels=1000) > exact
