"""Russian words for what operations and their parameters state about themselves."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.stages.export.words.ru.operations_blur import BLUR_PHRASES
from pipelines.stages.export.words.ru.operations_faces import FACE_PHRASES
from pipelines.stages.export.words.ru.operations_place import PLACE_PHRASES
from pipelines.stages.export.words.ru.operations_repair import REPAIR_PHRASES
from pipelines.stages.export.words.ru.operations_wrap import WRAP_PHRASES

_SUMMARIES = {
    "Interpolates the picture to another size.": "Интерполирует изображение к другому размеру.",
    "Keeps a rectangle of the picture, sample for sample.": "Оставляет прямоугольную часть "
    "изображения, отсчёт в отсчёт.",
    "Maps a stated range of luma onto another along a straight line.": "Линейно переводит "
    "указанный диапазон яркости в другой.",
    "Brightens or darkens the middle tones of luma; black and white stay.": "Осветляет или "
    "затемняет средние тона яркости; чёрное и белое не меняются.",
    "Multiplies red, green and blue by given factors.": "Умножает красный, зелёный и синий на "
    "заданные множители.",
    "Unsharp mask on luma.": "Нерезкое маскирование яркости.",
    "Strengthens detail of luma against its surroundings, within a stated limit.": "Усиливает "
    "детали яркости относительно окружения в указанных пределах.",
    "Removes noise of a stated strength within each frame.": "Устраняет шум указанной силы внутри "
    "каждого кадра.",
    "Averages what stays the same in neighbouring frames; motion is left alone.": "Усредняет то, "
    "что в соседних кадрах остаётся неизменным; движение не затрагивается.",
    "Removes noise from luma with a trained network.": "Устраняет шум яркости обученной нейронной "
    "сетью.",
    "Enlarges luma with a trained network; colour and opacity are interpolated.": "Увеличивает "
    "яркость обученной нейронной сетью; цвет и непрозрачность интерполируются.",
    "Makes a frame of every field, sample for sample.": "Делает кадр из каждого поля, отсчёт в "
    "отсчёт.",
    "Fills the rows of the other field in from neighbouring fields and rows.": "Восполняет строки "
    "другого поля по соседним полям и строкам.",
    "Replaces the rows of the other field by copies of the rows beside them.": "Заменяет строки "
    "другого поля копиями соседних строк.",
    "Puts the fields of film that was spread over video together again.": "Снова соединяет поля "
    "киноплёнки, разложенной в видео.",
}

_MEANINGS = {
    "New size over old size, the same along both axes.": "Отношение нового размера к старому, "
    "одинаковое по обеим осям.",
    "New width in pixels; without a height the aspect is kept.": "Новая ширина в пикселях; если "
    "высота не задана, пропорции сохраняются.",
    "New height in pixels; without a width the aspect is kept.": "Новая высота в пикселях; если "
    "ширина не задана, пропорции сохраняются.",
    "Interpolation: lanczos (sharpest), bicubic (softer), area (plain mean).": "Интерполяция: "
    "lanczos (самая резкая), bicubic (мягче), area (простое среднее).",
    "Columns cut off on the left.": "Сколько столбцов отрезано слева.",
    "Rows cut off at the top.": "Сколько строк отрезано сверху.",
    "Columns kept.": "Сколько столбцов оставлено.",
    "Rows kept.": "Сколько строк оставлено.",
    "Level that becomes black.": "Уровень, который становится чёрным.",
    "Level that becomes white.": "Уровень, который становится белым.",
    "Level at which black leaves.": "Уровень чёрного на выходе.",
    "Level at which white leaves.": "Уровень белого на выходе.",
    "Above 1 brightens the middle tones, below 1 darkens them.": "Больше 1 осветляет средние тона, "
    "меньше 1 затемняет их.",
    "Factor on red.": "Множитель красного.",
    "Factor on green.": "Множитель зелёного.",
    "Factor on blue.": "Множитель синего.",
    "Standard deviation of the Gaussian blur, in pixels.": "Стандартное отклонение гауссова "
    "размытия, в пикселях.",
    "Share of the difference that is added.": "Доля разности, которая добавляется.",
    "Differences are first made smaller by this many 8-bit code values, so that weak noise is left "
    "alone.": "Разности сначала уменьшаются на столько 8-битных кодовых значений, чтобы слабый шум "
    "не усиливался.",
    "Half the side of the averaging window, in pixels; the result looks twice as far.": "Половина "
    "стороны окна усреднения, в пикселях; результат зависит от отсчётов вдвое дальше.",
    "Share of the detail that is added.": "Доля детали, которая добавляется.",
    "Contrast in 8-bit code values above which an edge counts as structure and is not "
    "strengthened.": "Контраст в 8-битных кодовых значениях, выше которого граница считается "
    "структурой и не усиливается.",
    "No sample moves further than this many 8-bit code values.": "Ни один отсчёт не изменяется "
    "более чем на столько 8-битных кодовых значений.",
    "Standard deviation of the noise in luma, in 8-bit code values; 0 leaves luma alone.": ""
    "Стандартное отклонение шума яркости, в 8-битных кодовых значениях; 0 оставляет яркость без "
    "изменений.",
    "The same for the two colour differences; as luma unless given.": "То же для двух "
    "цветоразностей; если не задано, как для яркости.",
    "Standard deviation of the noise, in 8-bit code values; larger changes count as motion and are "
    "not averaged.": "Стандартное отклонение шума, в 8-битных кодовых значениях; большие изменения "
    "считаются движением и не усредняются.",
    "Frames before, and as many after, that are mixed in.": "Сколько кадров до и столько же после "
    "примешивается.",
    "Catalog name of the network.": "Имя нейронной сети в каталоге.",
    "New size over old size: 2 or 4.": "Отношение нового размера к старому: 2 или 4.",
    "Catalog name of the network; evident-sr-x2 or -x4 unless named, and -real after it for "
    "compressed or noisy footage.": "Имя нейронной сети в каталоге; если не указано, evident-sr-x2 "
    "или -x4, а с окончанием -real для сжатого или зашумлённого материала.",
    "For a network with a twin that takes out less noise: 1 is the network itself, 0 its twin, and "
    "between them their weights are mixed, in hundredths.": "Для сети, у которой есть двойник, "
    "оставляющий больше шума: 1 означает саму сеть, 0 её двойника, а между ними их веса "
    "смешиваются, с точностью до сотых.",
    "Which field was taken first: top or bottom.": "Какое поле снято первым: верхнее (top) или "
    "нижнее (bottom).",
    "frame: one picture of each frame's first field; field: one of every field, so there are twice "
    "as many.": "frame: одно изображение на кадр, по первому полю; field: одно на каждое поле, "
    "то есть вдвое больше.",
    "The number, 0 to 4, of the first frame that begins a cycle: both of its fields and those of "
    "the next frame belong together.": "Номер, от 0 до 4, первого кадра, с которого начинается "
    "цикл: оба его поля и поля следующего кадра составляют пары.",
}

OPERATION_PHRASES: Mapping[str, str] = {
    **_SUMMARIES,
    **_MEANINGS,
    **BLUR_PHRASES,
    **FACE_PHRASES,
    **PLACE_PHRASES,
    **REPAIR_PHRASES,
    **WRAP_PHRASES,
}
"""By the English words of every `operation_*` of `pipelines.graph`."""
