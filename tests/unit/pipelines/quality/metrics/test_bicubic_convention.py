"""The convention of the papers, held on pictures that are here against independent programs.

The field scores enlargement by 4 on luma of BT.601 (MATLAB's rgb2ycbcr, rounded), without four
samples of border, after MATLAB's antialiased cubic reduction. The set that it names for bicubic,
28.42 dB and 0.8104, is not here; so the same arithmetic is done by Pillow, scikit-image and
numbers that were worked out with them once.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from pipelines.quality.metrics.full_reference import Psnr, Ssim
from pipelines.quality.metrics.pictures import picture

SMALL = Path(__file__).resolve().parents[5] / "golden_set" / "small"
BICUBIC_X4 = {"astronaut": (27.09, 0.828), "coffee": (27.57, 0.856), "chelsea": (29.22, 0.699)}
"""PSNR in dB and SSIM of luma, as scikit-image has them."""


@pytest.mark.parametrize("name", BICUBIC_X4)
def test_bicubic_by_four_scores_as_independent_programs_say(name: str) -> None:
    """PSNR and SSIM of luma are scikit-image's, but for a tie in rounding, and what was found."""
    truth = Image.open(SMALL / f"{name}.png").convert("RGB")
    size = (truth.width // 4, truth.height // 4)
    back = truth.resize(size, Image.Resampling.BICUBIC).resize(truth.size, Image.Resampling.BICUBIC)
    luma = [np.rint(rgb2ycbcr(np.asarray(one))[..., 0])[4:-4, 4:-4] for one in (back, truth)]
    psnr = peak_signal_noise_ratio(luma[1], luma[0], data_range=255)
    ssim = structural_similarity(
        luma[0], luma[1], gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        data_range=255,
    )  # fmt: skip
    made, wanted = (picture(np.asarray(one)) for one in (back, truth))
    assert Psnr(crop=4).score(made, wanted).value == pytest.approx(psnr, abs=1e-4)
    assert Ssim(crop=4).score(made, wanted).value == pytest.approx(ssim, abs=1e-4)
    assert (psnr, ssim) == pytest.approx(BICUBIC_X4[name], abs=6e-3)
