"""Russian words for what the operations on coding and on light state about themselves."""

from __future__ import annotations

from collections.abc import Mapping

REPAIR_PHRASES: Mapping[str, str] = {
    "Smooths small steps at the edges of a stated grid of blocks.": "Сглаживает малые скачки на "
    "границах указанной сетки блоков.",
    "Steps at the edges of blocks below this many 8-bit code values are smoothed.": "Скачки на "
    "границах блоков меньше этого числа 8-битных кодовых значений сглаживаются.",
    "Side of the blocks, in samples of each plane.": "Сторона блоков, в отсчётах каждой плоскости.",
    "Column at which a block begins, for cut pictures.": "Столбец, с которого начинается блок, "
    "для обрезанных изображений.",
    "Row at which a block begins, for cut pictures.": "Строка, с которой начинается блок, для "
    "обрезанных изображений.",
    "Whether the colour differences are smoothed as well.": "Сглаживаются ли и цветоразности.",
}
"""By the English words of `pipelines.graph.operation_repair` and `operation_light`."""
