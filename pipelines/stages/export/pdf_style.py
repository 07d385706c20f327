"""How the document looks: its letters, colours, measures and paragraph styles.

The letters are embedded from `fonts/`, so a report looks the same everywhere and a character
without a letter is escaped by `sanitise`, never drawn as an empty box.
"""

from __future__ import annotations

from pathlib import Path

from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.platypus import Paragraph

from pipelines.errors import UnsupportedError
from pipelines.stages.export.sanitise import LONGEST, for_paragraph

SANS = "EvidentSans"
BOLD = "EvidentSans-Bold"
MONO = "EvidentMono"
_FONTS = {SANS: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf", MONO: "DejaVuSansMono.ttf"}
_FOLDER = Path(__file__).with_name("fonts")

PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN = 20 * mm
TOP = 27 * mm
BOTTOM = 22 * mm
TEXT_WIDTH = PAGE_WIDTH - 2 * MARGIN
GAP = 3 * mm

INK = HexColor(0x1B1F24)
QUIET = HexColor(0x5B6470)
LINE = HexColor(0xD3D9E0)
PALE = HexColor(0xF4F6F8)
BLUE = HexColor(0x1F3A5F)
AMBER = HexColor(0x8A5A00)
AMBER_PALE = HexColor(0xFFF7E3)
RED = HexColor(0xA3161E)
RED_PALE = HexColor(0xFDEDEE)
GREEN = HexColor(0x1D6B3A)


def _style(name: str, size: float, **more: object) -> ParagraphStyle:
    settings: dict[str, object] = {
        "fontName": SANS,
        "fontSize": size,
        "leading": round(size * 1.42, 1),
        "textColor": INK,
        "splitLongWords": 1,
        "spaceShrinkage": 0,
        "bulletFontName": SANS,
    }
    return ParagraphStyle(name, **{**settings, **more})


TITLE = _style("title", 24, fontName=BOLD, leading=29)
SUBTITLE = _style("subtitle", 10.5, textColor=QUIET)
HEADING = _style(
    "heading", 13, fontName=BOLD, textColor=BLUE, spaceBefore=15, spaceAfter=5, keepWithNext=1
)
SUBHEADING = _style("subheading", 9.6, fontName=BOLD, spaceBefore=8, spaceAfter=2, keepWithNext=1)
BODY = _style("body", 9, spaceAfter=4)
CELL = _style("cell", 8, leading=10.8)
FACT_LINE = _style("fact-line", 8, leading=10.8, fontName=BOLD, spaceAfter=3)
CELL_BOLD = _style("cell-bold", 8, leading=10.8, fontName=BOLD)
CELL_MONO = _style("cell-mono", 7.6, leading=10.8, fontName=MONO)
LABEL = _style("label", 8, leading=10.8, textColor=QUIET)
HEAD_CELL = _style("head-cell", 7.6, leading=10, fontName=BOLD, textColor=QUIET)
SMALL = _style("small", 7.6, leading=10.4, textColor=QUIET)
CAPTION = _style("caption", 7.6, leading=10.2, alignment=TA_CENTER)
CAPTION_BOLD = _style("caption-bold", 8.4, leading=11.5, fontName=BOLD, alignment=TA_CENTER)
BULLET = _style("bullet", 9, leftIndent=13, bulletIndent=1, spaceAfter=2.5)
BOXED = _style("boxed", 9, leading=13, spaceAfter=3)
BOXED_BOLD = _style("boxed-bold", 9.6, leading=13, fontName=BOLD, spaceAfter=3)
NAME = _style("name", 12.5, leading=17, fontName=BOLD)
COMMAND = _style("command", 8, leading=11, fontName=MONO)


def ready() -> None:
    """Register the letters and settle how bytes are written; harmless when done before.

    Streams are written as they are, not as base-85 text: a quarter smaller, and twice as fast.

    Raises UnsupportedError where this installation lacks them.
    """
    rl_config.useA85 = 0
    for name, file in _FONTS.items():
        if name in pdfmetrics.getRegisteredFontNames():
            continue
        try:
            pdfmetrics.registerFont(TTFont(name, str(_FOLDER / file)))
        except (TTFError, OSError) as error:
            raise UnsupportedError(
                f"the letters of the report are missing: {file}",
                next_step="Install the product again; its files are incomplete.",
            ) from error
    pdfmetrics.registerFontFamily(SANS, normal=SANS, bold=BOLD, italic=SANS, boldItalic=BOLD)


def letters(font: str) -> frozenset[int]:
    """Return the code points that one of the document's fonts can draw."""
    ready()
    found: dict[int, int] = pdfmetrics.getFont(font).face.charToGlyph
    return frozenset(found)


def safe(text: str, style: ParagraphStyle = BODY, *, longest: int = LONGEST) -> str:
    """Return text from outside as mark-up that draws in `style`, and nothing but text."""
    return for_paragraph(text, letters=_known(style.fontName), longest=longest)


def paragraph(text: str, style: ParagraphStyle = BODY, *, longest: int = LONGEST) -> Paragraph:
    """Return a paragraph of text from outside; it holds no mark-up."""
    return Paragraph(safe(text, style, longest=longest), style)


_CACHE: dict[str, frozenset[int]] = {}


def _known(font: str) -> frozenset[int]:
    if font not in _CACHE:
        _CACHE[font] = letters(font)
    return _CACHE[font]
