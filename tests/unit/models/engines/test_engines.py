"""All engines of the processor compute the same network, and say in our words what goes wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest

from models import weights
from models.catalog import Catalog
from models.engines import choice, onnxruntime_engine, openvino_engine, torch_engine
from models.engines.base import Engine, Session
from models.errors import EngineError, OutOfMemoryError, PrecisionError
from models.spec import CompactArchitecture, NetworkCard, Precision

ENGINES = ("onnxruntime", "torch", "openvino")
SIZES = ((1, 1), (1, 9), (7, 5), (33, 47), (64, 64))


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    return choice.resolve(request.param)


def load(engine: Engine, card: NetworkCard, precision: Precision = Precision.FP32) -> Session:
    """Load a network as it lies on disk."""
    content = weights.read_verified(card, engine.weights_format)
    return engine.load(card, content, threads=1, precision=precision)


def plane(height: int, width: int, seed: int = 1):
    """Draw a batch of one random plane in 0..1."""
    return np.random.default_rng(seed).random((1, 1, height, width), dtype=np.float32)


def reference(card: NetworkCard, batch):
    """Compute the network straight from its kernels, in float64, by definition."""
    from safetensors.numpy import load as load_kernels

    kernels = load_kernels(weights.read_verified(card, choice.resolve("torch").weights_format))

    def convolve(planes, layer: str):
        kernel = kernels[f"{layer}.weight"].astype(np.float64)
        side = kernel.shape[2]
        padded = np.pad(planes, ((0, 0), (side // 2,) * 2, (side // 2,) * 2))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))
        summed = np.einsum("ihwkl,oikl->ohw", windows, kernel)
        return summed + kernels[f"{layer}.bias"].astype(np.float64)[:, None, None]

    source = batch[0].astype(np.float64)
    first = features = np.maximum(convolve(source, "head"), 0)
    for index in range(card.architecture.depth):
        features = np.maximum(convolve(features, f"body.{index}"), 0)
    phases = convolve(features + first, "tail") + convolve(source, "skip")
    scale, (_, height, width) = card.scale, phases.shape
    split = phases.reshape(scale, scale, height, width)
    return split.transpose(2, 0, 3, 1).reshape(height * scale, width * scale)


@pytest.mark.parametrize("name", ["tiny-x1", "tiny-x2", "tiny-x4"])
@pytest.mark.parametrize("size", SIZES)
def test_an_engine_computes_what_the_kernels_define(
    engine: Engine, tiny: Catalog, name: str, size: tuple[int, int]
) -> None:
    """In fp32 every engine gives the network's definition to a hundredth of an 8-bit step."""
    card, batch = tiny.card(name), plane(*size)
    result = load(engine, card).run(batch)
    assert result.dtype == np.float32
    assert result.shape == (1, 1, size[0] * card.scale, size[1] * card.scale)
    np.testing.assert_allclose(result[0, 0], reference(card, batch), rtol=0, atol=0.01 / 255)


def test_values_beyond_the_range_are_not_clipped(engine: Engine, tiny: Catalog) -> None:
    """Footroom and headroom pass: nothing clips what goes in or what comes out."""
    card, batch = tiny.card("tiny-x1"), plane(9, 9) * 4 - 1.5
    result = load(engine, card).run(batch)
    np.testing.assert_allclose(result[0, 0], reference(card, batch), rtol=0, atol=1e-4)
    assert result.min() < 0
    assert result.max() > 1


def test_the_same_input_gives_the_same_bits(engine: Engine, tiny: Catalog) -> None:
    """Two loads, and runs of other sizes in between, give bit-identical results."""
    card, batch = tiny.card("tiny-x2"), plane(41, 53)
    first, second = load(engine, card), load(engine, card)
    expected = first.run(batch)
    first.run(plane(64, 17))
    np.testing.assert_array_equal(first.run(batch), expected)
    np.testing.assert_array_equal(second.run(batch), expected)


def test_one_session_serves_several_threads(engine: Engine, tiny: Catalog) -> None:
    """Calls from several threads at once give what one thread gives."""
    session = load(engine, tiny.card("tiny-x2"))
    batches = [plane(30 + seed, 40, seed) for seed in range(6)]
    expected = [session.run(batch) for batch in batches]
    with ThreadPoolExecutor(3) as pool:
        for made, wanted in zip(pool.map(session.run, batches), expected, strict=True):
            np.testing.assert_array_equal(made, wanted)


def test_a_batch_of_several_planes_is_run_plane_by_plane(engine: Engine, tiny: Catalog) -> None:
    """The planes of a batch do not touch each other."""
    session = load(engine, tiny.card("tiny-x2"))
    batch = np.concatenate([plane(20, 21, seed) for seed in range(3)])
    together = session.run(batch)
    for index in range(3):
        alone = session.run(batch[index : index + 1])
        np.testing.assert_allclose(together[index : index + 1], alone, rtol=0, atol=1e-6)


def test_a_plane_need_not_be_contiguous(engine: Engine, tiny: Catalog) -> None:
    """A view with strides gives what its copy gives."""
    session = load(engine, tiny.card("tiny-x1"))
    view = plane(40, 40)[:, :, ::2, 3:17]
    np.testing.assert_array_equal(session.run(view), session.run(view.copy()))


def test_weights_that_are_no_network_are_an_engine_error(engine: Engine, tiny: Catalog) -> None:
    """Bytes that the library cannot read are an error with the network's name."""
    with pytest.raises(EngineError, match="tiny-x1") as refused:
        engine.load(tiny.card("tiny-x1"), b"\x08\x08 nonsense", threads=1, precision=Precision.FP32)
    assert refused.value.__cause__ is not None
    assert "\n" not in str(refused.value)


def test_an_unproven_precision_is_refused(engine: Engine, tiny: Catalog) -> None:
    """No engine runs fp16 on the processor, and ONNX Runtime no bf16."""
    with pytest.raises(PrecisionError, match="fp16"):
        load(engine, tiny.card("tiny-x1"), Precision.FP16)
    if Precision.BF16 not in engine.precisions:
        with pytest.raises(PrecisionError, match="bf16"):
            load(engine, tiny.card("tiny-x1"), Precision.BF16)


def test_torch_refuses_weights_of_another_size(tiny: Catalog) -> None:
    """Weights that do not fit the architecture on the card are refused when loaded."""
    card = replace(tiny.card("tiny-x2"), architecture=CompactArchitecture(features=4, depth=3))
    with pytest.raises(EngineError, match="architecture"):
        load(choice.resolve("torch"), card)


def test_onnxruntime_refuses_a_network_with_other_names(tiny: Catalog) -> None:
    """A graph whose input is not called `input` is not one of ours."""
    import onnx

    card = tiny.card("tiny-x1")
    graph = onnx.load_from_string(
        weights.read_verified(card, choice.resolve("onnxruntime").weights_format)
    )
    graph.graph.input[0].name = "x"
    for node in graph.graph.node:
        node.input[:] = ["x" if name == "input" else name for name in node.input]
    with pytest.raises(EngineError, match="takes"):
        choice.resolve("onnxruntime").load(
            card, graph.SerializeToString(), threads=1, precision=Precision.FP32
        )


def test_bf16_keeps_the_linear_path_in_fp32(tiny: Catalog) -> None:
    """bf16 rounds the learnt detail only: with none, its result is the one of fp32."""
    card, batch = tiny.card("tiny-x1"), plane(24, 24)
    torch = choice.resolve("torch")
    plain, half = load(torch, card), load(torch, card, Precision.BF16)
    assert not np.array_equal(plain.run(batch), half.run(batch))
    for session in (plain, half):
        assert isinstance(session, torch_engine.TorchSession)
        for parameter in session._network.get_submodule("tail").parameters():
            parameter.requires_grad_(False).zero_()
    np.testing.assert_allclose(half.run(batch), plain.run(batch), atol=1e-6)


def test_openvino_runs_in_bf16_or_says_that_it_cannot(tiny: Catalog) -> None:
    """bf16 is close to fp32 where the processor has it, and refused where it has not."""
    engine, card = openvino_engine.OpenVinoEngine(), tiny.card("tiny-x2")
    if not engine.has_bf16:
        with pytest.raises(PrecisionError, match="no bf16"):
            load(engine, card, Precision.BF16)
        return
    batch = plane(40, 50)
    exact, half = load(engine, card).run(batch), load(engine, card, Precision.BF16).run(batch)
    assert 0 < np.abs(half - exact).max() < 0.25


def test_openvino_without_bf16_does_not_go_on_in_fp32(
    tiny: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a processor without bf16 arithmetic the wish is refused, not granted in name only."""
    monkeypatch.setattr(openvino_engine.OpenVinoEngine, "has_bf16", False)
    with pytest.raises(PrecisionError, match="fp32 instead"):
        load(openvino_engine.OpenVinoEngine(), tiny.card("tiny-x1"), Precision.BF16)


def test_a_provider_that_does_not_start_is_an_error(tiny: Catalog) -> None:
    """ONNX Runtime falls back to the processor in silence; here that is refused."""
    cuda = onnxruntime_engine.OnnxRuntimeEngine(
        provider=onnxruntime_engine.CUDA, device_class="cuda-sm89"
    )
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this machine's ONNX Runtime has CUDA")
    with pytest.warns(UserWarning, match="CUDA"), pytest.raises(EngineError, match="did not start"):
        load(cuda, tiny.card("tiny-x1"))


def test_a_provider_gets_its_options_for_the_precision() -> None:
    """fp32 on a GPU is asked for without TF32, and TensorRT is told the reduced precision."""
    assert onnxruntime_engine.CUDA.options(Precision.FP32, 1)["use_tf32"] == "0"
    assert onnxruntime_engine.CUDA.options(Precision.FP32, 1)["device_id"] == "1"
    assert "trt_fp16_enable" in onnxruntime_engine.TENSORRT.options(Precision.FP16, 0)
    assert "trt_fp16_enable" not in onnxruntime_engine.TENSORRT.options(Precision.FP32, 0)
    assert onnxruntime_engine.CPU.options(Precision.FP32, 0) == {}


def test_a_compiled_engine_has_a_name_of_its_own() -> None:
    """What rounds otherwise is gated otherwise, so its name in plans differs."""
    made = torch_engine.TorchEngine(device="cuda:0", device_class="cuda-sm89", compiled=True)
    assert (made.name, made.device_class) == ("torch-cuda-compiled", "cuda-sm89")
    assert Precision.FP16 in made.precisions
    assert torch_engine.TorchEngine().name == "torch"


def test_a_wrong_batch_is_an_engine_error(engine: Engine, tiny: Catalog) -> None:
    """Three channels for a one-channel network are an engine error, not a library's."""
    with pytest.raises(EngineError) as refused:
        load(engine, tiny.card("tiny-x1")).run(np.zeros((1, 3, 8, 8), dtype=np.float32))
    assert not isinstance(refused.value, OutOfMemoryError)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("translate", "message"),
    [
        (
            onnxruntime_engine._translate,
            "bfc_arena.cc:360 Failed to allocate memory for requested buffer of size 134217728",
        ),
        (onnxruntime_engine._translate, "std::bad_alloc"),
        (
            torch_engine._translate,
            "DefaultCPUAllocator: can't allocate memory: you tried to allocate 134217728 bytes.",
        ),
        (torch_engine._translate, "could not create a primitive"),
        (torch_engine._translate, "CUDA out of memory. Tried to allocate 2.00 GiB."),
        (openvino_engine._translate, "Exception from src/cpu.cpp:1:\nstd::bad_alloc"),
    ],
)
def test_a_lack_of_memory_is_told_from_other_failures(translate, message: str) -> None:
    """What the libraries say when memory runs out becomes OutOfMemoryError, other words do not."""
    assert isinstance(translate(RuntimeError(message)), OutOfMemoryError)
    assert type(translate(RuntimeError("something else\nwith details"))) is EngineError
