"""Russian words for what the operations on coding and on light state about themselves."""

from __future__ import annotations

from collections.abc import Mapping

REPAIR_PHRASES: Mapping[str, str] = {
    "Smooths small steps at the edges of a stated grid of blocks.": "Сглаживает малые скачки "
    "на границах указанной сетки блоков.",
    "Steps at the edges of blocks below this many 8-bit code values are smoothed.": "Скачки на "
    "границах блоков меньше этого числа 8-битных кодовых значений сглаживаются.",
    "Side of the blocks, in samples of each plane.": "Сторона блоков, в отсчётах каждой плоскости.",
    "Column at which a block begins, for cut pictures.": "Столбец, с которого начинается блок, "
    "для обрезанных изображений.",
    "Row at which a block begins, for cut pictures.": "Строка, с которой начинается блок, для "
    "обрезанных изображений.",
    "Whether the colour differences are smoothed as well.": "Сглаживаются ли и цветоразности.",
    "Makes a view copy in BT.709 of a picture for HDR displays, by a stated curve.": "Делает "
    "копию для просмотра в BT.709 из изображения для HDR-дисплеев по указанной кривой.",
    "How codes stand for light in the picture: pq or hlg (ITU-R BT.2100).": "Как коды "
    "изображения обозначают свет: pq или hlg (ITU-R BT.2100).",
    "Curve for bright light: bt2390 (its EETF), reinhard, or clip.": "Кривая для яркого света: "
    "bt2390 (её EETF), reinhard или clip (отсечение).",
    "Brightest light of the picture, in candelas per square metre.": "Самый яркий свет "
    "изображения, в канделах на квадратный метр.",
    "Light that becomes the result's white, in candelas per square metre.": "Свет, который "
    "становится белым результата, в канделах на квадратный метр.",
    "lights and colours beyond the result's range are cut off, and no way leads back": "свет и "
    "цвета за пределами диапазона результата отсекаются, и обратного пути нет",
    "{operation}: lights and colours beyond the result's range are cut off, and no way leads "
    "back": "{operation}: свет и цвета за пределами диапазона результата отсекаются, и "
    "обратного пути нет",
    "Lowers flicker by mixing frames along their motion, limited by what does "
    "not fit.": "Уменьшает мерцание, смешивая кадры вдоль их движения; "
    "несовпадающее не смешивается.",
    "Size of the flicker, in 8-bit code values; larger changes are not mixed, and no sample "
    "moves further than this.": "Величина мерцания, в 8-битных кодовых значениях; большие "
    "изменения не смешиваются, и ни один отсчёт не изменяется сильнее.",
    "How far motion is followed from frame to frame, in pixels.": "Как далеко прослеживается "
    "движение от кадра к кадру, в пикселях.",
}
"""By the English words of `pipelines.graph.operation_repair` and `operation_light`."""
