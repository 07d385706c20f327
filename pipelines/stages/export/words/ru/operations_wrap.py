"""Russian words for what the operations on pictures that close on themselves state."""

from __future__ import annotations

from collections.abc import Mapping

WRAP_PHRASES: Mapping[str, str] = {
    "Lays around a picture that closes on itself what lies beyond its edges.": "Добавляет "
    "вокруг замкнутого изображения то, что лежит за его краями.",
    "Cuts off what wrap laid around.": "Отрезает то, что добавил wrap.",
    "How it goes on: horizontal, both (textures), or sphere (equirectangular).": "Как оно "
    "продолжается: horizontal (по горизонтали), both (текстуры) или sphere (равнопромежуточная "
    "панорама).",
    "Samples that are laid around each wrapped side.": "Сколько отсчётов добавляется с каждой "
    "замкнутой стороны.",
    "The mode that wrap was given.": "Режим, заданный для wrap.",
    "Samples to cut off each wrapped side: those of wrap, times what the picture was enlarged "
    "since.": "Сколько отсчётов отрезать с каждой замкнутой стороны: как у wrap, умноженное на "
    "увеличение с тех пор.",
    "samples stand at two places, and the way back would compare only one of them": "отсчёты "
    "стоят в двух местах, и обратный путь сравнил бы только одно из них",
    "{operation}: samples stand at two places, and the way back would compare only one of "
    "them": "{operation}: отсчёты стоят в двух местах, и обратный путь сравнил бы только "
    "одно из них",
}
"""By the English words of `pipelines.graph.operation_wrap`."""
