"""Makes the small golden set: truths, degraded inputs, character sheets, a clip, the manifest.

Run in the development environment: `python -m golden_set.make_golden_set`. Every degradation is
spelt out in `degradations` with its seed. The same libraries give the same bytes; `manifest.toml`
holds the digests, and a gate refuses a set that does not have them. The photographs are among
those that none of our networks was trained on; the character sheets and the chart are computed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from skimage import data

from golden_set.degradations import CLEAN, NOISE, NOISE_JPEG, REAL, Rgb, degraded, png, video
from golden_set.set_writer import SetWriter

HERE = Path(__file__).parent
FONT = HERE.parent / "pipelines" / "stages" / "export" / "fonts" / "DejaVuSans-Bold.ttf"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SIDE = 256
OVERSAMPLED = 4
OF_TEXT = {1: (NOISE, NOISE_JPEG), 2: (CLEAN, REAL), 4: (CLEAN, REAL)}
PIXELS = {1: (5, 6, 8, 10), 2: (3, 4, 5, 6, 8), 4: (2, 3, 4, 5)}


def main() -> None:
    """Write the whole set anew."""
    golden = SetWriter(HERE, "small", made_by="make_golden_set.py")
    for number, (name, picture, licence) in enumerate(truths()):
        golden.photo(number, name, picture, licence)
    for scale, sizes in PIXELS.items():
        for pixels in sizes:
            sheet_cases(golden, scale, pixels)
    clip_case(golden)
    golden.finish()


def truths() -> list[tuple[str, Rgb, str]]:
    """The pictures that a result should have been, (256, 256, 3) in code values."""
    return [
        ("astronaut", part(data.astronaut(), 0, 100), "public domain (NASA)"),
        ("coffee", part(data.coffee(), 60, 150), "CC0 (Rachel Michetti)"),
        ("chelsea", part(data.chelsea(), 20, 90), "CC0 (Stéfan van der Walt)"),
        ("chart", chart(), "Apache-2.0 (computed)"),
    ]


def part(picture: NDArray[Any], top: int, left: int) -> Rgb:
    """Cut a square out of a photograph."""
    return picture[top : top + SIDE, left : left + SIDE].astype(np.float64)


def chart() -> Rgb:
    """Rings that grow finer, slanted edges in colour, and a ramp."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] - SIDE / 2
    rings = 127.5 + 100 * np.cos((rows**2 + columns**2) * np.pi / (3.2 * SIDE))
    picture = np.repeat(rings[..., None], 3, axis=2)
    edge = columns[:96, :96] * 0.97 + rows[:96, :96] * 0.26 > -110
    picture[:96, :96] = np.where(edge[..., None], (200, 60, 40), (30, 90, 180))
    picture[-48:, :] = np.linspace(16, 235, SIDE)[None, :, None]
    return np.clip(np.rint(picture), 0, 255)


def sheet_cases(golden: SetWriter, scale: int, pixels: int) -> None:
    """Store a sheet of characters whose capitals are `pixels` high in the input."""
    height = scale * pixels
    seed = 100 * scale + pixels
    random = np.random.default_rng(seed)
    text = "".join(random.permutation(list(ALPHABET * 2)).tolist())
    cell = Cell(height)
    sheet = np.zeros((9 * cell.rows, 8 * cell.columns, 3))
    for at, letter in enumerate(text):
        row, column = divmod(at, 8)
        paper, ink = (
            ((225, 225, 215), (30, 30, 34)) if row % 2 else ((24, 60, 140), (240, 240, 240))
        )
        shade = cell.glyph(letter, *random.uniform(-0.5, 0.5, 2))[..., None]
        place = np.s_[
            row * cell.rows : (row + 1) * cell.rows,
            column * cell.columns : (column + 1) * cell.columns,
        ]
        sheet[place] = np.array(paper) * (1 - shade) + np.array(ink) * shade
    name = f"characters-{pixels}px-x{scale}"
    truth = golden.keep(f"{name}.png", png(sheet))
    strip = np.concatenate([cell.glyph(letter, 0, 0) for letter in ALPHABET], axis=1)
    glyphs = golden.keep(f"{name}-glyphs.png", png(255 * strip))
    lines = []
    for kind in OF_TEXT[scale]:
        content, suffix = degraded(sheet, kind, scale, seed)
        lines += ["[[characters]]", f'name = "{name}-{kind.name}"', f"scale = {scale}"]
        lines += [f'degradation = "{kind.name}"', f'made_by = "{kind.words(scale)}"']
        lines += [f"seed = {seed}", 'licence = "Apache-2.0 (computed)"']
        lines += [f"pixels_per_character = {pixels}", f'text = "{text}"']
        lines += [f'alphabet = "{ALPHABET}"', f"cell = [{cell.rows}, {cell.columns}]"]
        lines += [f"truth = {truth}", f"glyphs = {glyphs}"]
        lines += [f"input = {golden.keep(f'{name}-{kind.name}.{suffix}', content)}", ""]
    golden.add(lines)


class Cell:
    """The room of one character whose capitals are `height` samples high; sides divide by 4."""

    def __init__(self, height: int) -> None:
        self.rows = -(-int(1.75 * height + 4) // 4) * 4
        self.columns = -(-int(1.35 * height + 4) // 4) * 4
        self._height = height * OVERSAMPLED
        size = self._height
        while self._capital(size) < self._height:
            size += 1
        self._font = ImageFont.truetype(str(FONT), size)

    def glyph(self, letter: str, right: float, down: float) -> NDArray[np.float64]:
        """Ink of a letter, 0 to 1, moved by fractions of a sample."""
        large = Image.new("L", (self.columns * OVERSAMPLED, self.rows * OVERSAMPLED))
        left, top, end, bottom = self._font.getbbox(letter)
        x = (large.width - (end - left)) / 2 - left + right * OVERSAMPLED
        y = (large.height - self._height) / 2 + down * OVERSAMPLED
        del top, bottom
        ascent = self._font.getbbox("H")[1]
        ImageDraw.Draw(large).text((round(x), round(y - ascent)), letter, 255, font=self._font)
        ink = np.asarray(large, np.float64) / 255
        blocks = ink.reshape(self.rows, OVERSAMPLED, self.columns, OVERSAMPLED)
        return blocks.mean(axis=(1, 3))

    @staticmethod
    def _capital(size: int) -> float:
        box = ImageFont.truetype(str(FONT), size).getbbox("H")
        return float(box[3] - box[1])


def clip_case(golden: SetWriter) -> None:
    """Store a pan over a photograph, half as large and with noise that changes per frame."""
    random = np.random.default_rng(77)
    scene, frames = data.coffee().astype(np.float64), 12
    truth, small = [], []
    for number in range(frames):
        top, left = 90 + number, 200 + 2 * number
        frame = scene[top : top + 128, left : left + 160]
        truth.append(frame)
        half = np.asarray(
            Image.fromarray(frame.astype(np.uint8)).resize((80, 64), Image.Resampling.BICUBIC)
        )
        small.append(half + random.normal(0, 3, half.shape))
    lines = ["[[clip]]", 'name = "coffee-pan-x2"', "scale = 2", 'degradation = "pan"']
    lines += ['made_by = "reduction by 2 (Pillow\'s bicubic), Gaussian noise 3 of 255, H.264"']
    lines += ["seed = 77", 'licence = "CC0 (Rachel Michetti)"', f"frames = {frames}"]
    lines += [f"truth = {golden.keep('coffee-pan.mp4', video(truth, qp=0))}"]
    lines += [f"input = {golden.keep('coffee-pan-x2.mp4', video(small, qp=18))}", ""]
    golden.add(lines)


if __name__ == "__main__":
    main()
