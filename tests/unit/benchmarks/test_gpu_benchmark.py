"""What of the GPU benchmark needs no GPU: its arithmetic, its step, and the order of its frames."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.gpu import __main__ as command
from benchmarks.gpu.enhance import DTYPES, SHAPE, Enhance, kernels
from benchmarks.gpu.flow import Flow
from benchmarks.gpu.frames import decoded, drawn
from benchmarks.gpu.result import document, fastest, not_run
from benchmarks.gpu.ways import BATCHES, Runner, Way, every_way, luma_of, repeated, step_of
from benchmarks.gpu.work import Ceilings, Work, shares
from models.engines.residency import WarmNetworks
from models.nets.compact import PlainCompactNet

CPU = torch.device("cpu")
ROOT = Path(__file__).resolve().parents[3]


def test_multiply_adds_are_those_of_the_network() -> None:
    """The formula counts what the network's own kernels multiply, sample by sample."""
    work = Work(10, 20, SHAPE.features, SHAPE.depth, SHAPE.scale)
    kernel_numbers = sum(
        parameter.numel()
        for name, parameter in PlainCompactNet(SHAPE).named_parameters()
        if name.endswith("weight")
    )
    assert work.multiply_adds == 200 * kernel_numbers


def test_bytes_follow_the_precision_and_the_size() -> None:
    """Half the bytes per sample move half as much; four times the samples four times as much."""
    small, large = Work(10, 20, 32, 8, 2), Work(20, 40, 32, 8, 2)
    assert small.bytes_moved(4) == 2 * small.bytes_moved(2)
    assert large.bytes_moved(2) == 4 * small.bytes_moved(2)


def test_a_share_is_speed_over_ceiling() -> None:
    """At half of what a rate allows the share of it is one half."""
    work = Work(100, 100, 32, 8, 2)
    most = Ceilings(2.0 * work.multiply_adds, 4.0 * work.bytes_moved(2))
    assert shares(1.0, most, work, 2) == {"by_matrix_rate": 0.5, "by_memory_rate": 0.25}


def test_the_weights_are_those_that_ship() -> None:
    """The few lines that read safetensors give what the library gives."""
    from safetensors.torch import load_file

    from benchmarks.gpu.enhance import WEIGHTS

    expected = load_file(WEIGHTS)
    found = kernels()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in found)


def test_the_step_is_the_product_s_network() -> None:
    """Luma comes out of the step as out of the product's engine, and chroma is enlarged."""
    frames = np.random.default_rng(3).integers(0, 256, (2, 36, 32), dtype=np.uint8)
    with torch.inference_mode():
        made = Enhance(torch.float32, CPU)(torch.from_numpy(frames)).numpy()
    assert made.shape == (2, 72, 64)
    network = WarmNetworks("torch", threads=1).network("evident-sr-x2")
    for one, whole in zip(frames, made, strict=True):
        luma = network.run(one[:24].astype(np.float32) / 255)
        expected = np.clip(np.rint(luma * 255), 0, 255)
        assert np.abs(expected - whole[:48].astype(np.float32)).max() <= 1
    flat = np.full((1, 36, 32), 90, dtype=np.uint8)
    with torch.inference_mode():
        chroma = Enhance(torch.float32, CPU)(torch.from_numpy(flat)).numpy()[0, 48:]
    assert (chroma == 90).all()


def test_frames_keep_their_order_and_come_once() -> None:
    """Whatever is in flight, frames leave in the order in which they came, the last part too."""
    flow = Flow(lambda frames: frames + 1, (3, 6, 4), CPU)
    frames = np.arange(10, dtype=np.uint8)[:, None, None] * np.ones((1, 6, 4), np.uint8)
    batches = (frames[first : first + 3] for first in range(0, 10, 3))
    seen = [int(one[0, 0]) for batch in flow.run(batches) for one in batch]
    assert seen == list(range(1, 11))


def test_nothing_in_gives_nothing_out() -> None:
    """A source without frames ends at once."""
    assert list(Flow(lambda frames: frames, (2, 6, 4), CPU).run([])) == []


def test_noise_has_as_many_frames_as_were_wanted() -> None:
    """The last batch is shorter where the number does not divide."""
    assert [len(each) for each in drawn(4, 4, batch=3, frames=7)] == [3, 3, 1]


def test_a_clip_is_decoded_over_and_over() -> None:
    """Decoding starts again at the end of the clip, until there are enough frames."""
    clip = ROOT / "samples" / "clip.mp4"
    batches = list(decoded(clip, 36, 64, batch=32, frames=120))
    assert [len(each) for each in batches] == [32, 32, 32, 24]
    assert all(each.shape[1:] == (54, 64) for each in batches)


def test_a_clip_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """What goes wrong while decoding is raised where the frames are awaited."""
    (tmp_path / "clip.mp4").write_bytes(b"no clip")
    with pytest.raises(Exception, match="clip"):
        list(decoded(tmp_path / "clip.mp4", 36, 64, batch=1, frames=1))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_nothing_is_claimed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a GPU the command says so, measures nothing and leaves the result alone."""
    monkeypatch.setattr(command, "RESULT", tmp_path / "gpu.json")
    monkeypatch.setattr("sys.argv", ["gpu"])
    assert command.main() == 2
    assert not (tmp_path / "gpu.json").exists()
    assert "nothing was measured" in capsys.readouterr().out


def test_the_kept_result_says_whether_it_was_run() -> None:
    """The file that is kept is a run with a GPU named, or what is written where there is none."""
    kept = json.loads((ROOT / "benchmarks" / "results" / "gpu.json").read_text(encoding="utf-8"))
    if kept["run"]:
        assert kept["machine"]["gpu"]
    else:
        assert kept == not_run()


def test_every_way_is_measured_once() -> None:
    """Each runner meets each precision and each batch, and no way stands twice."""
    ways = every_way()
    assert len(ways) == len(set(ways)) == len(Runner) * len(DTYPES) * len(BATCHES)
    assert {"fp32", "fp16", "bf16"} == {one.precision for one in ways}
    assert json.loads(json.dumps([one.facts for one in ways]))[0] == {
        "runner": "torch, channels last",
        "precision": "fp32",
        "batch": 1,
    }


def test_a_way_of_torch_is_the_network() -> None:
    """On the processor the plain way gives what the product gives, alone and inside the step."""
    way = Way(Runner.EAGER, "fp32", 2)
    luma = luma_of(way, (24, 32), CPU)
    plane = torch.rand((2, 1, 24, 32), generator=torch.Generator().manual_seed(1))
    made: Any = repeated(way, luma, plane)()
    expected = WarmNetworks("torch", threads=1).network("evident-sr-x2").run(plane[0, 0].numpy())
    assert made.shape == (2, 1, 48, 64)
    np.testing.assert_allclose(made[0, 0].numpy(), expected, atol=1e-5)
    frames = torch.from_numpy(np.full((2, 36, 32), 90, np.uint8))
    with torch.inference_mode():
        plain = Enhance(torch.float32, CPU)(frames)
        torch.testing.assert_close(step_of(way, (24, 32), CPU)(frames), plain)


def test_a_way_that_the_machine_lacks_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without TensorRT its way is an import error, which the run writes down as its reason."""
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(ImportError, match="tensorrt"):
        luma_of(Way(Runner.TENSORRT, "fp16", 1), (24, 32), CPU)


def measured(*, share: float, whole: float) -> dict[str, Any]:
    """One size of picture as a run writes it down."""
    return {
        "ways": [],
        "best": {},
        "share_of_ceilings": {"by_matrix_rate": share, "by_memory_rate": 0.1},
        "whole_way": {"share_of_bare": whole},
    }


@pytest.mark.parametrize(
    ("share", "whole", "kept"), [(0.6, 0.95, True), (0.59, 1.0, False), (0.9, 0.94, False)]
)
def test_a_run_is_kept_where_both_bars_are(share: float, whole: float, *, kept: bool) -> None:
    """Either bar that is missed at one size fails the whole, and the document says so."""
    sizes = {"720p": measured(share=1.0, whole=1.0), "1080p": measured(share=share, whole=whole)}
    made = document({"gpu": "none"}, {"fp16": Ceilings(2.0, 3.0)}, sizes)
    assert made["kept"] is kept
    assert made["run"] is True
    assert made["ceilings"]["fp16"]["memory_bytes_per_second"] == 3.0
    assert json.loads(json.dumps(made)) == made


def test_the_fastest_way_is_one_that_ran() -> None:
    """Ways that failed count for nothing; where all did, their reasons are the error."""
    ways = [{"failed": "no TensorRT"}, {"frames_per_second": 2.0}, {"frames_per_second": 5.0}]
    assert fastest(ways) == {"frames_per_second": 5.0}
    with pytest.raises(RuntimeError, match="no TensorRT"):
        fastest(ways[:1])
