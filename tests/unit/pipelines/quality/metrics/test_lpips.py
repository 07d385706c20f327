"""LPIPS against an independent formulation, on classifiers with random weights.

The official classifiers are not at hand. With random ones every layer, tap and head is compared
with the same network written in torch; that proves the arithmetic, and no published value.
"""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

from pipelines.errors import InputError, RequestError
from pipelines.quality.metrics.backbones import Backbone
from pipelines.quality.metrics.calibration import calibrate
from pipelines.quality.metrics.fingerprint import Better, Unavailable
from pipelines.quality.metrics.lpips import Lpips, read_heads
from pipelines.quality.metrics.parameters import LPIPS_SHA256, lpips

TAPS = {
    Backbone.ALEX: (1, 4, 7, 9, 11),
    Backbone.VGG: (3, 8, 15, 22, 29),
    Backbone.SQUEEZE: (1, 4, 7, 9, 10, 11, 12),
}
"""After which of torchvision's layers the features are taken, as the authors list them."""


class Fire(nn.Module):
    """SqueezeNet's block as torchvision has it."""

    def __init__(self, inputs: int, few: int, each: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, few, 1)
        self.expand1x1 = nn.Conv2d(few, each, 1)
        self.expand3x3 = nn.Conv2d(few, each, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Few channels, then both expansions side by side."""
        x = functional.relu(self.squeeze(x))
        both = (functional.relu(self.expand1x1(x)), functional.relu(self.expand3x3(x)))
        return torch.cat(both, 1)


def official(backbone: Backbone) -> nn.Sequential:
    """The features of torchvision's classifier, layer by layer."""
    if backbone is Backbone.SQUEEZE:
        sizes = ((64, 16, 64), (128, 16, 64), (128, 32, 128), (256, 32, 128))
        more = ((256, 48, 192), (384, 48, 192), (384, 64, 256), (512, 64, 256))

        def pool() -> nn.MaxPool2d:
            return nn.MaxPool2d(3, 2, ceil_mode=True)

        fires = [Fire(*size) for size in (*sizes, *more)]
        return nn.Sequential(
            nn.Conv2d(3, 64, 3, 2), nn.ReLU(), pool(), *fires[:2], pool(), *fires[2:4], pool(),
            *fires[4:],
        )  # fmt: skip
    if backbone is Backbone.ALEX:
        return nn.Sequential(
            nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
        )  # fmt: skip
    layers: list[nn.Module] = []
    inputs = 3
    for size in (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512):
        if size:
            layers += [nn.Conv2d(inputs, size, 3, padding=1), nn.ReLU()]
            inputs = size
        else:
            layers.append(nn.MaxPool2d(2, 2))
    return nn.Sequential(*layers)


def supplied(backbone: Backbone) -> tuple[nn.Sequential, bytes]:
    """A classifier with random weights, and its file in torchvision's layout."""
    torch.manual_seed(len(backbone.label))
    network = official(backbone).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim > 1:
                nn.init.kaiming_normal_(parameter)
    kept = {f"features.{name}": one for name, one in network.state_dict().items()}
    return network, save({**kept, "classifier.1.weight": torch.ones(2, 2)})


def expected(
    backbone: Backbone, network: nn.Sequential, heads: list[Tensor], pair: list[np.ndarray]
) -> float:
    """The metric as its authors write it, in torch and float64."""
    shift = torch.tensor([-0.030, -0.088, -0.188]).double()[:, None, None]
    scale = torch.tensor([0.458, 0.448, 0.450]).double()[:, None, None]
    network = network.double()
    taps: list[list[Tensor]] = []
    for picture in pair:
        x = torch.from_numpy(picture).permute(2, 0, 1) / 127.5 - 1
        x = ((x - shift) / scale)[None]
        taps.append([])
        for index, layer in enumerate(network):
            x = layer(x)
            if index in TAPS[backbone]:
                taps[-1].append(x)
    total = 0.0
    for head, one, other in zip(heads, *taps, strict=True):
        units = [each / (each.pow(2).sum(1, keepdim=True).sqrt() + 1e-10) for each in (one, other)]
        square = (units[0] - units[1]) ** 2
        total += float(functional.conv2d(square, head.double()[None, :, None, None]).mean())
    return total


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    """A picture and a spoilt one, of odd sizes."""
    rows, columns = np.mgrid[0:97, 0:131]
    clean = np.stack([128 + 90 * np.sin(columns / at + rows / 9) for at in (4, 7, 11)], axis=-1)
    noise = np.random.default_rng(2).normal(0, 20, clean.shape)
    return [np.clip(np.rint(one), 0, 255) for one in (clean, clean + noise)]


@pytest.mark.parametrize("backbone", list(Backbone))
def test_it_is_the_metric_of_the_paper(backbone: Backbone, pictures: list[np.ndarray]) -> None:
    """Layers, taps, unit vectors, heads and means agree with torch on every classifier."""
    network, content = supplied(backbone)
    rng = np.random.default_rng(1)
    heads = tuple(rng.random(size, dtype=np.float32) for size in backbone.channels)
    from models.formats.safetensors_file import read_tensors

    weights = backbone.taken(read_tensors(content, name="a test"))
    metric = Lpips(backbone, heads, weights, "heads", "weights")
    with torch.inference_mode():
        wanted = expected(backbone, network, [torch.from_numpy(one) for one in heads], pictures)
    assert metric.score(*pictures).value == pytest.approx(wanted, rel=1e-4)
    assert wanted > 0.01
    assert metric.score(*pictures).better is Better.LOWER
    if backbone is not Backbone.VGG:  # whose six larger pictures would take half a minute
        assert all(known.holds for known in calibrate(metric))


@pytest.mark.shared_data
@pytest.mark.parametrize("backbone", list(Backbone))
def test_the_published_heads_are_read(shared: Path, backbone: Backbone) -> None:
    """Heads come out as torch's own restricted reader gives them, and none is negative."""
    path = shared / "weights" / "lpips" / f"{backbone.label}.pth"
    content = path.read_bytes()
    assert hashlib.sha256(content).hexdigest() == LPIPS_SHA256[backbone]
    wanted = torch.load(path, map_location="cpu", weights_only=True)
    for tap, head in enumerate(read_heads(content, backbone.channels)):
        np.testing.assert_array_equal(head, wanted[f"lin{tap}.model.1.weight"].numpy().ravel())
        assert head.min() >= 0


@pytest.mark.shared_data
def test_files_make_the_metric_available(
    shared: Path, tmp_path: Path, pictures: list[np.ndarray]
) -> None:
    """With heads and a classifier there is a number, whose fingerprint names both files."""
    folder = tmp_path / "lpips"
    folder.mkdir()
    heads = (shared / "weights" / "lpips" / "squeeze.pth").read_bytes()
    (folder / "squeeze.pth").write_bytes(heads)
    missing = lpips([tmp_path])
    assert isinstance(missing, Unavailable)
    assert "squeeze-backbone.safetensors" in missing.reason
    _, content = supplied(Backbone.SQUEEZE)
    (folder / "squeeze-backbone.safetensors").write_bytes(content)
    metric = lpips([tmp_path], crop=4)
    assert isinstance(metric, Lpips)
    stated = dict(metric.fingerprint.parameters)
    assert stated["weights_sha256"] == hashlib.sha256(content).hexdigest()
    assert stated["heads_sha256"] == LPIPS_SHA256[Backbone.SQUEEZE]
    assert metric.fingerprint.crop == 4
    assert math.isfinite(metric.score(*pictures).value)
    assert all(known.holds for known in calibrate(metric))


def test_without_its_files_it_is_unavailable(tmp_path: Path) -> None:
    """Nothing stands in for what is missing, and heads of another digest do not count."""
    (tmp_path / "lpips").mkdir()
    (tmp_path / "lpips" / "alex.pth").write_bytes(b"not the heads")
    found = lpips([tmp_path])
    assert isinstance(found, Unavailable)
    assert "alex.pth" in found.reason


def test_another_classifier_s_file_is_refused(tmp_path: Path) -> None:
    """A file that lacks a layer, or is no safetensors file at all, is an error that says so."""
    from models.formats.safetensors_file import read_tensors

    _, content = supplied(Backbone.SQUEEZE)
    with pytest.raises(InputError, match="not alex"):
        Backbone.ALEX.taken(read_tensors(content, name="a test"))
    (tmp_path / "lpips").mkdir()
    (tmp_path / "lpips" / "alex.pth").write_bytes(b"heads")
    (tmp_path / "lpips" / "alex-backbone.safetensors").write_bytes(b"\x80\x02 a pickle")
    pinned = {Backbone.ALEX: hashlib.sha256(b"heads").hexdigest()}
    with pytest.raises(InputError):
        lpips([tmp_path], heads_sha256=pinned)


@pytest.mark.parametrize("content", [b"", b"\x80\x02.", b"\x80\x02cos\nsystem\n.", bytes(100)])
def test_what_are_no_heads_is_refused_and_never_run(content: bytes) -> None:
    """Pickles are told apart opcode by opcode; one that would call something is only not a head."""
    with pytest.raises(InputError):
        read_heads(content, Backbone.ALEX.channels)


def test_a_picture_that_is_too_small_is_refused(pictures: list[np.ndarray]) -> None:
    """Below 64 samples a side deep features have no room."""
    metric = Lpips(Backbone.ALEX, (), {}, "", "")
    with pytest.raises(RequestError, match="64"):
        metric.score(*(one[:63] for one in pictures))
