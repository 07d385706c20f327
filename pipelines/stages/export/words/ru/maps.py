"""Russian words about the maps that hold a result against its input."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.stages.export.facts_quality import MapKind, Standing
from pipelines.stages.export.words.parts_work import MapWords

MAPS = MapWords(
    heading="Сопоставление с исходными данными",
    titles={
        MapKind.CONTRADICTION: "Противоречие (contradiction): результат, снова ухудшенный, минус "
        "исходное изображение",
        MapKind.SUPPLIED: "Привнесённое (supplied): результат минус простое восстановление "
        "исходного изображения",
    },
    scale="Чёрное: различие не рисуется. От тёмно-синего до светло-жёлтого: больше 0 и до "
    "{full_scale} 8-битных кодовых значений и выше. Шкала во всех отчётах одна и та же.",
    units="Различия даны в 8-битных кодовых значениях (1/255 полной шкалы): наибольшее по цветовым "
    "плоскостям для каждого отсчёта. Шум исходного изображения оценён по нему самому; "
    "мелкая фактура завышает оценку, и тогда сверх неё считается меньше.",
    not_asked="Граф исключил карты; с исходными данными ничего не сопоставлялось.",
    standings={
        Standing.MEASURED: "Измерено.",
        Standing.NOT_APPLICABLE: "Неприменимо: {reason}",
        Standing.UNAVAILABLE: "Недоступно: {reason}",
    },
    not_measured="Не измерялось.",
    frame="Кадр {frame}. ",
    picture="{file}, {width} x {height} отсчётов; здесь {made}.",
    elsewhere="Изображение находится в файле {file}; в этом документе оно не нарисовано.",
    one_sample="каждая точка есть один отсчёт",
    strongest="каждая точка есть сильнейший из {dots} x {dots} отсчётов",
    largest="Наибольшее различие",
    percentile="99 из 100 отсчётов различаются не более чем на",
    noise="Оценка шума исходного изображения",
    allowed="Объяснимо шумом и округлением",
    allowed_value="до {planes}",
    beyond="Отсчётов сверх этого",
    beyond_value="{beyond} из {samples}",
    columns=("Кадр", "Наибольшее", "99 из 100 не более", "Шум", "Объяснимо до", "Отсчётов сверх"),
    unrest="Непостоянство яркости (unrest)",
    unrest_meaning="Насколько средняя яркость части изображения отстоит от середины между "
    "предыдущим и следующим кадром, по 18 x 32 частям и всем кадрам внутри отрезков. Мерцание "
    "увеличивает его; устранение шума уменьшает, и смазывание тоже.",
    codes="{value} кодовых значений",
    drift="Сдвиг представления лица по дорожкам (embedding drift)",
    drift_meaning="1 минус косинус между представлениями лица, как получено и как выдано: "
    "насколько по-разному их видит нейронная сеть. Лица вырезаны по рамкам и не выровнены.",
    drift_by="Представление: {embedding}.",
    drift_columns=(
        "Дорожка",
        "Изображений",
        "Меньшая сторона",
        "Средний сдвиг",
        "Наибольший сдвиг",
    ),
    too_small="меньше {side} отсчётов: неприменимо",
    no_comparison="Это не сравнение лиц.",
)

MAP_PHRASES: Mapping[str, str] = {
    "No operation was applied": "Ни одна операция не применялась",
    "{reason}.": "{reason!t}.",
    "Every operation is an interpolation, a cut or a stated curve: the result is its own plain "
    "reconstruction, and this map would be empty by definition": "Каждая операция есть "
    "интерполяция, вырезание или указанная кривая: результат сам является простым "
    "восстановлением, и эта карта по определению была бы пуста",
    "too little of the picture is left to degrade it again": "от изображения осталось слишком "
    "мало, чтобы снова его ухудшить",
    "{w_name}: its frames are of other moments than those that came in, and no frame is held "
    "against another": "{w_name}: его кадры относятся к другим моментам, чем поступившие, и "
    "кадры друг с другом не сопоставляются",
    "its frames are of other moments than those that came in, and no frame is held against "
    "another": "его кадры относятся к другим моментам, чем поступившие, и кадры друг с другом не "
    "сопоставляются",
    "{w_name}: it strengthens detail on purpose, and no degradation is stated that would undo "
    "it": "{w_name}: детали усиливаются намеренно, и не указано ухудшение, которое вернуло бы "
    "исходное",
    "it strengthens detail on purpose, and no degradation is stated that would undo it": "детали "
    "усиливаются намеренно, и не указано ухудшение, которое вернуло бы исходное",
    "{w_name}: at the border of its region, samples that were changed and samples that were not "
    "are mixed, which cannot be taken apart": "{w_name}: на границе области изменённые отсчёты "
    "смешаны с неизменёнными, и разделить их нельзя",
    "{w_name}: with subsampled chroma it has no exact inverse": "{w_name}: при прореженной "
    "цветности точного обращения нет",
    "{operations}: the result has fewer samples than what came in": "{operations}: в результате "
    "меньше отсчётов, чем поступило",
    "{w_name}: left out": "{w_name}: опущено",
    "{w_name}: as it was applied": "{w_name}: как применено",
    "{w_name}: {form} instead": "{w_name}: вместо этого {form!t}",
    "{w_name}: {form}, {n_wide} x {n_high} to {n_width} x {n_height}": "{w_name}: {form!t}, "
    "с {n_wide} x {n_high} до {n_width} x {n_height}",
    "{w_name}: {form}": "{w_name}: {form!t}",
    "the result as it is": "результат как есть",
    "the result, put back at its place in the picture": "результат, возвращённый на своё место в "
    "изображении",
    "the mean over the area that a sample of the input covers": "среднее по площади, которую "
    "покрывает исходный отсчёт",
    "antialiased cubic reduction (Keys, a = -0.5), without further blur": "кубическое уменьшение "
    "со сглаживанием (Keys, a = -0,5), без дополнительного размытия",
    "the inverse of the stated curve or factors": "обращение указанной кривой или множителей",
    "the stated point spread": "указанная функция рассеяния точки",
    "cubic interpolation (Keys, a = -0.5)": "кубическая интерполяция (Keys, a = -0,5)",
    "left out": "опущено",
    "What an earlier attempt found cannot be read any more.": "Найденное при прежней попытке "
    "больше не читается.",
    "Maps were made of {frames}.": "Карты сделаны для {frames!t}.",
    "Maps were made of {frames}, numbers without a picture of {others}.": "Карты сделаны для "
    "{frames!t}, числа без изображения для {others!t}.",
    "No map was made of any other frame; nothing is said about them.": "Для других кадров карты не "
    "делались; о них ничего не говорится.",
    "frame {n_frame}": "кадра {n_frame}",
    "frames {n_frames} and {n_last}": "кадров {n_frames} и {n_last}",
    "No embedding network is installed.": "Нейронная сеть для представлений не установлена.",
    "No face was tracked.": "Ни одно лицо не прослежено.",
    "The graph looked for no faces.": "Граф не искал лиц.",
    "Every tracked face is smaller than {n_least} samples on its shorter side.": "Меньшая сторона "
    "каждого прослеженного лица меньше {n_least} отсчётов.",
}
"""By the English words of `pipelines.operations.forward` and `pipelines.stages.maps`."""
