"""Russian words about fused frames, and translations of what is stated about them in English."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.stages.export.facts_fusion import FusionRole
from pipelines.stages.export.words.parts_fusion import FusionWords

FUSION = FusionWords(
    title="Объединение кадров",
    heading="Объединение кадров: область вокруг кадра {frame}",
    content="Традиционная обработка с оценёнными параметрами, смешивающая кадры. Нейронные сети не "
    "участвовали, и ни одна деталь не взята ниоткуда, кроме перечисленных кадров.",
    chosen="Выбранный кадр",
    chosen_value="{frame}, счёт с 0 в порядке показа",
    region="Область",
    region_value="{width} x {height} отсчётов, от столбца {left} и строки {top}",
    looked_at="Просмотрено",
    looked_at_value="кадров с каждой стороны: {radius}; сетка в {scale} раза мельче",
    independent="Независимые данные",
    independent_value="в пересчёте на кадры: {frames}, не считая выбранного",
    outcome="Итог",
    files={
        FusionRole.FUSED: "Объединённая область",
        FusionRole.PLAIN: "Для сравнения",
        FusionRole.LIST: "Список",
    },
    file_value="{file}, рядом с результатом и в пакете; SHA-256 {sha256}",
    pictures="Область",
    captions={
        FusionRole.FUSED: "Объединение",
        FusionRole.PLAIN: "Только выбранный кадр, увеличенный кубической интерполяцией",
    },
    frames="Просмотренные кадры",
    columns=(
        "Кадр", "Время", "Тип", "Сдвиг, строк", "Сдвиг, столбцов", "Остаток", "Независимо", "Вес",
        "Использован",
    ),
    used="да",
    reading="Время дано в единицах времени потока. Сдвиг дан в отсчётах выбранного кадра. "
    "Остаток есть то, что расходится между кадром и выбранным кадром после совмещения, в "
    "8-битных кодовых значениях. «Независимо» есть часть области, которую кодек не скопировал из "
    "другого кадра. Вес есть доля кадра в результате; кадр без веса просмотрен и оставлен в "
    "стороне.",
    sources={"source": "источник", "received": "полученный файл", "bundle": "пакет"},
)  # fmt: skip

FUSION_PHRASES: Mapping[str, str] = {
    "does not fit: another picture, or moved in another way than by a shift": "не подходит: другое "
    "изображение или движение, которое не сводится к сдвигу",
    "a copy of an earlier frame in every block": "во всех блоках копия более раннего кадра",
    "fits, and nothing was fused": "подходит, но объединения не было",
    "Declined: of {n_frames} frames around, {n_copies} are copies of earlier ones and {n_odd} do "
    "not fit; what is left amounts to {n_left} frames of independent samples, and {n_needed} are "
    "needed. Nothing would be added by fusing them.": "Отказ: из соседних кадров ({n_frames}) "
    "копий более ранних кадров: {n_copies}, неподходящих: {n_odd}; независимых данных остаётся "
    "в пересчёте на кадры {n_left}, а нужно {n_needed}. Объединение ничего бы не добавило.",
    "No frame lies between the samples of another: noise is averaged, and no finer detail was "
    "observed.": "Ни один кадр не ложится между отсчётами другого: шум усредняется, более мелких "
    "деталей не наблюдалось.",
}
