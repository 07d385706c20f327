"""Russian words of the operations, the networks, the notes and the run."""

from __future__ import annotations

from pipelines.graph.descriptors import FrameUse, OperationClass, ParameterSource, PlaneUse
from pipelines.graph.region import Space
from pipelines.stages.export.fact_types import Chosen
from pipelines.stages.export.words.language import Plural
from pipelines.stages.export.words.parts_work import NetworkWords, NoteWords, RunWords, StepWords

STEPS = StepWords(
    heading="Что сделано, по порядку",
    title="Шаг {number}: {name}",
    looks_at="Учитывает",
    own_position="только отсчёт на том же месте",
    around=Plural(
        "{count} отсчёт с каждой стороны",
        "{count} отсчёта с каждой стороны",
        "{count} отсчётов с каждой стороны",
    ),
    frames_around="{near}; {before} до и {after} после",
    frames=Plural("{count} кадр", "{count} кадра", "{count} кадров"),
    network="Нейронная сеть",
    size="Размер",
    size_value="с {width} x {height} до {wide} x {high} отсчётов",
    region="Область, указанная человеком",
    region_named="названа «{name}»",
    region_rectangle="от {left}, {top}: {width} x {height}",
    region_polygon="многоугольник {corners}",
    region_spaces={
        Space.DISPLAYED: "в пикселях показываемого изображения",
        Space.STORED: "в отсчётах хранимого изображения",
    },
    region_frames="только кадры файла с {first} по {last}",
    region_hard="резкая граница",
    region_feather=Plural(
        "плавный переход в {count} отсчёт внутрь от границы",
        "плавный переход в {count} отсчёта внутрь от границы",
        "плавный переход в {count} отсчётов внутрь от границы",
    ),
    region_because="причина: {reason}",
    outside="Вне области",
    outside_value="без изменений: операция не затрагивает там ни одного отсчёта; где граница "
    "делит отсчёты цвета, общие для нескольких пикселей, цвет оставлен прежним",
    residual="Остаточная погрешность совмещения",
    not_measured="не измерялась (кадры не совмещались)",
    columns=("Параметр", "Значение", "По умолчанию", "Откуда", "Смысл"),
    facts="{operation_class}, {use}, параметры {source}",
    classes={
        OperationClass.CONVENTIONAL: "традиционная",
        OperationClass.TRAINED: "обученная",
        OperationClass.GENERATIVE: "генеративная",
    },
    uses={FrameUse.SINGLE: "по одному кадру", FrameUse.MIXES: "смешивает кадры"},
    sources={ParameterSource.GIVEN: "заданы", ParameterSource.ESTIMATED: "оценены программой"},
    chosen={
        Chosen.GIVEN: "задано для этого задания",
        Chosen.DEFAULT: "по умолчанию",
        Chosen.ESTIMATED: "оценено программой",
    },
    made="Результат даёт {made_by}.",
    made_by={
        OperationClass.CONVENTIONAL: "фиксированное вычисление над записанными отсчётами",
        OperationClass.TRAINED: "нейронная сеть, которая предсказывает отсчёты по тому, что "
        "усвоила на других изображениях",
        OperationClass.GENERATIVE: "генеративная нейронная сеть, которая может выдумать содержание",
    },
    alone="Каждое изображение обработано само по себе",
    combined="Каждый кадр результата объединяет не более чем {before} до него и {after} после него",
    chose={
        ParameterSource.GIVEN: "параметры заданы, а не оценены по изображению",
        ParameterSource.ESTIMATED: "параметры оценены программой по самому изображению",
    },
    planes="Операция может изменить {planes}.",
    changes={
        PlaneUse.LUMA: "только яркость",
        PlaneUse.COLOUR: "яркость и цвет, но не непрозрачность",
        PlaneUse.ALL: "все отсчёты, включая непрозрачность",
    },
    yes="да",
    no="нет",
    none="нет",
)

NETWORKS = NetworkWords(
    heading="Нейронные сети",
    none="Нейронные сети не использовались.",
    title="Название",
    network_class="Класс",
    weights="Веса",
    weights_value="{file}, обученных чисел: {count}",
    weights_digest="Веса, SHA-256",
    weights_travel="Где находятся",
    weights_in_bundle="в пакете, в папке data/networks/",
    weights_not_in_bundle="не в пакете: лицензия не позволяет их передавать",
    licence="Лицензия",
    origin="Происхождение",
    trained_on="Обучающие данные",
    trained_for="Искажения при обучении",
    cutting="Деление на части",
    gate="контрольная проверка: {gate}",
    gates={
        "passed": "пройдена",
        "failed": "не пройдена",
        "ungated": "не проводилась (ungated)",
        "withdrawn": "сеть отозвана (withdrawn)",
    },
    gate_judged="проверена на эталонном наборе «{judged_set}» (n = {pictures})",
    gate_not_judged="контрольная проверка её не оценивала (n = 0)",
    failures="Известные ошибки",
    score="PSNR {psnr} дБ, на {gain} дБ больше, чем {reference}. {sentence}",
)

NOTES = NoteWords(
    heading="Допущения, предупреждения и дефекты",
    assumptions="Допущения",
    no_assumptions="Допущений не потребовалось.",
    overrides="Отступления от правил по решению оператора",
    no_overrides="Отступлений от правил нет.",
    warnings="Предупреждения",
    no_warnings="Предупреждений нет.",
    replans="Изменения плана во время работы",
    no_replans="План не менялся.",
    defects="Дефекты, которые уже были в полученном файле",
    no_defects="Не обнаружены.",
    more="Ещё {count}; все они перечислены в report.json.",
)

RUN = RunWords(
    heading="Как это вычислено",
    graph="Граф, SHA-256",
    plan="План, SHA-256",
    engine="Вычислитель",
    engine_value="{engine}, {precision}, на {device}",
    no_engine="вычислитель сетей не использовался, {precision}, на {device}",
    threads="Потоки вычислений",
    tile="Фрагмент",
    not_cut="без деления",
    segments="Отрезки",
    segments_value="{count}; в каждом не более чем {frames}",
    segments_seconds="{count}; в каждом не более чем {frames} ({seconds} с)",
    resumed="Возобновлено",
    resumed_value=Plural("{count} раз", "{count} раза", "{count} раз"),
    reused="Повторное использование",
    reused_value=(
        "Задание {job} уже обработало тот же файл по тому же плану. Полученное тогда сверено с "
        "его контрольными суммами и взято, целиком или частично, вместо нового вычисления; всё "
        "дальнейшее (файл, законы сохранения, суммы в этом отчёте) сделано и проверено заново."
    ),
    time="Время вычислений",
    software="Программное обеспечение",
    application="Программа",
    hardware="Оборудование",
    host="Компьютер",
)
