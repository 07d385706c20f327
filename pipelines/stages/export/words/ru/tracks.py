"""Russian words about tracks, and translations of what is stated about them in English."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.stages.export.words.parts_tracks import TrackWords
from pipelines.stages.export.words.ru.things import THINGS

TRACKS = TrackWords(
    heading="Треки: что найдено и прослежено",
    meaning="Трек означает, что находки в соседних кадрах приняты за один предмет. Он не говорит, "
    "чьё это лицо; два трека могут относиться к одному человеку, а один трек может перейти с "
    "одного человека на другого. Где ничего не отмечено, ничего не найдено; это не "
    "показывает, что там ничего нет. Оценка принадлежит самому детектору и не является "
    "вероятностью.",
    looked_for="Что искали",
    targets={"face": "лица", "object": "предметы любого рода", **THINGS},
    detector="Детектор",
    digest="SHA-256 его весов или таблицы",
    licence="Лицензия",
    warning="Известные недостатки",
    looked_at="Просмотрено",
    looked_at_value="изображений: {looked} из {frames}, каждое уменьшено до {side} отсчётов или "
    "менее",
    least_score="Оценка, с которой начинается трек",
    file="Все места",
    file_value="{file}, рядом с результатом и в пакете",
    file_digest="SHA-256 этого файла",
    caption="Изображение, на котором найдено больше всего, уменьшенное и в правильном положении; "
    "рамки нарисованы поверх него.",
    none="Ни одного трека не найдено.",
    table="Треки",
    columns=(
        "Трек",
        "Что",
        "Кадры",
        "Мест",
        "Лучшая оценка",
        "Меньшая сторона, отсчётов",
        "Кем сделан",
    ),
    by_detector="детектором",
    corrected="и исправлен",
    drawn="нарисовано",
    edits="Исправления человека, по порядку",
    edit_columns=("Что сделано", "Кем", "Почему"),
)

_FAILURES = {
    "It finds upright faces that look at the camera, misses many of them and marks things that "
    "are none.": "Находит прямо стоящие лица, обращённые к камере, многие из них пропускает и "
    "отмечает то, что лицом не является.",
    "It finds no landmarks.": "Опорных точек лица не находит.",
    "No gate has judged it.": "Никакой контроль качества его не проверял.",
    "Misses faces: those smaller than about 10 pixels, turned away, covered or dark.": "Пропускает "
    "лица: меньше примерно 10 пикселов, отвёрнутые, закрытые или тёмные.",
    "Misses faces: small ones above all, since the picture is reduced to 640x480, and those turned "
    "away, covered or dark.": "Пропускает лица: прежде всего мелкие, так как изображение "
    "уменьшается до 640x480, а также отвёрнутые, закрытые или тёмные.",
    "What it does not mark is not shown to be no face.": "Если что-то не отмечено, это не "
    "показывает, что там нет лица.",
    "Marks things that are no faces, also with high scores.": "Отмечает то, что лицом не является, "
    "в том числе с высокой оценкой.",
    "Misses faces: those that are small, turned away, covered or dark.": "Пропускает лица: мелкие, "
    "отвёрнутые, закрытые или тёмные.",
    "Misses things, and gives things wrong names, also with high scores.": "Пропускает предметы и "
    "называет их неверно, в том числе с высокой оценкой.",
    "AGPL-3.0, exports included: it is never looked for, and a graph that names it says why its "
    "licence allows that.": "AGPL-3.0, включая экспортированные файлы: сама программа эту сеть не "
    "ищет, а граф, который её называет, говорит, почему лицензия это допускает.",
    "An ONNX export with one output is read; how was tried on made answers, and never with its own "
    "weights.": "Читается экспорт ONNX с одним выходом; проверено это на составленных ответах и ни "
    "разу с собственными весами сети.",
}

_EDITS = {
    "Correction of tracks by a person: {edit}": "Исправление треков человеком: {edit!t}",
    "the box of track {n_track} in frame {n_frame} was drawn at {n_left}, {n_top}, {n_width} x "
    "{n_height}": "рамка трека {n_track} в кадре {n_frame} нарисована в точке {n_left}, {n_top}, "
    "{n_width} x {n_height}",
    "tracks {n_tracks} were merged": "треки {n_tracks} объединены",
    "track {n_track} was split at frame {n_frame}": "трек {n_track} разделён в кадре {n_frame}",
    "track {n_track} was deleted": "трек {n_track} удалён",
}

TRACK_PHRASES: Mapping[str, str] = {**_FAILURES, **_EDITS}
