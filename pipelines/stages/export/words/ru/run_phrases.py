"""Russian words for conservation laws, changes of plan, warnings, software and hardware."""

from __future__ import annotations

from collections.abc import Mapping

_LAWS = {
    "frames": "число кадров",
    "{digest}, first in segment {n_segment}": "{digest}, впервые в отрезке {n_segment}",
    "MP4 states a range with any colours": "MP4 указывает диапазон при любых цветах",
    "coded pictures": "закодированные изображения",
    "first frame, decoded": "первый кадр после декодирования",
    "presentation times": "времена показа",
    "frame {n_frame} at {n_time} s": "кадр {n_frame} в {n_time} с",
    "{n_time} s, and {n_frames} frames differ": "{n_time} с, расходится кадров: {n_frames}",
    "all equal": "все равны",
    "as declared": "как заявлено",
    "duration of the last frame": "длительность последнего кадра",
    "{n_time} s": "{n_time} с",
    "Matroska states no duration of a last frame": "Matroska не указывает длительность последнего "
    "кадра",
    "bits per sample": "бит на отсчёт",
    "planes and chroma": "плоскости и цветность",
    "rotation": "поворот",
    "{n_degrees} degrees": "{n_degrees} градусов",
    "display matrix": "матрица показа",
    "sample aspect": "пропорции отсчёта",
    "1 or not stated": "1 или не указано",
    "primaries": "основные цвета",
    "transfer": "передаточная функция",
    "matrix": "матрица",
    "range": "диапазон",
    "not stated": "не указано",
    "H.264 and H.265 that state no range are studio range": "H.264 и H.265 без указания диапазона "
    "имеют студийный",
    "streams": "потоки",
    "left out on request: {n_streams}": "исключены по требованию: {n_streams}",
    "stream {n_stream} ({kind}, {codec}): packets": "поток {n_stream} ({kind!t}, {codec}): пакеты",
    "stream {n_stream} ({kind}, {codec}): payloads": "поток {n_stream} ({kind!t}, {codec}): "
    "содержимое пакетов",
    "stream {n_stream} ({kind}, {codec}): times": "поток {n_stream} ({kind!t}, {codec}): времена",
    "stream {n_stream} ({kind}, {codec}): language": "поток {n_stream} ({kind!t}, {codec}): язык",
    "headers in the packets moved into the container": "заголовки из пакетов перенесены в "
    "контейнер",
    "{n_times} times": "времён: {n_times}",
    "{n_times}, others without": "{n_times}, без времени другие",
    "largest difference {n_worst} s": "наибольшее расхождение {n_worst} с",
    "rounded to whole samples, which the container counts in": "округлено до целых отсчётов, "
    "которыми считает контейнер",
    "chapters": "главы",
    "none": "нет",
    "channels": "каналы",
    "rgb": "RGB",
    "gray": "серый",
    "ycbcr": "YCbCr",
    "{family} with opacity": "{family!t} с непрозрачностью",
    "orientation to apply": "ориентация, которую следует применить",
    "orientation {n_value} was applied to the samples": "ориентация {n_value} применена к отсчётам",
    "ICC profile": "профиль ICC",
    "EXIF": "EXIF",
    "XMP": "XMP",
    "samples as encoded": "отсчёты, как закодированы",
    "samples outside the regions": "отсчёты вне областей",
    "{n_samples} samples": "отсчётов: {n_samples}",
    "{n_frames} frames": "кадров: {n_frames}",
    "{n_count} differing": "расходится: {n_count}",
    "{n_bytes} bytes, SHA-256 {digest}": "{n_bytes} байт, SHA-256 {digest}",
    "declared by {operations}": "заявлено операцией {operations}",
    "overridden by the operator": "задано оператором",
}

_RUN = {
    "{field} was set to {value} by the operator.": "Оператор задал {field} = {value}.",
    "{field} was set to {value} by the operator, because: {reason}.": "Оператор задал {field} = "
    "{value}; причина: {reason}.",
    "The content credentials name the file as received by its digest only; the C2PA library could "
    "not read that file itself.": "Сведения о происхождении называют полученный файл только по "
    "контрольной сумме; библиотека C2PA не смогла прочитать сам файл.",
    "The result carries no content credentials: {reason}.": "Результат не содержит сведений о "
    "происхождении: {reason!t}.",
    "The content credentials of the file as received do not hold: {codes}.": "Сведения о "
    "происхождении в полученном файле не подтверждаются: {codes}.",
    "they were left out on request": "они исключены по требованию",
    "no key for them is configured": "ключ для них не задан",
    "the C2PA library is not installed": "библиотека C2PA не установлена",
    "{name} ran although no gate has judged it (ungated).": "Сеть {name} работала без контрольной "
    "проверки (ungated).",
    "{name} is licensed for non-commercial use only; it ran by the operator's permission.": "Сеть "
    "{name} разрешена её владельцем только для некоммерческого использования; она применена с "
    "разрешения оператора.",
    "{name} is licensed on terms that reach whoever offers it over a network; it ran by the "
    "operator's permission.": "Условия лицензии сети {name} распространяются на всякого, кто "
    "предоставляет её по сети; она применена с разрешения оператора.",
    "{name}: out of memory for {size} samples in tiles of {n_side}; run again in tiles of "
    "{n_smaller}": "{name}: не хватило памяти для {size} отсчётов при фрагментах {n_side}; "
    "выполнено заново с фрагментами {n_smaller}",
    "{name}: the tile at row {n_row}, column {n_column} was not finite and was run again in "
    "fp32": "{name}: во фрагменте со строки {n_row}, столбца {n_column} получены не числа; "
    "выполнено заново в fp32",
    "deblur_estimated found no blur in the picture {why}, and left it as it "
    "is.": "deblur_estimated: на изображении нет размытия, {why!t}; оно оставлено как есть.",
    "deblur_estimated found no blur in frame {n_frame} {why}, and left it as it "
    "is.": "deblur_estimated: в кадре {n_frame} нет размытия, {why!t}; кадр оставлен как есть.",
    "deblur_estimated found in the picture {what}, and took it back; edges may "
    "ring.": "deblur_estimated: на изображении найдено и обращено: {what!t}; у границ возможен "
    "звон.",
    "deblur_estimated found in frame {n_frame} {what}, and took it back; edges may "
    "ring.": "deblur_estimated: в кадре {n_frame} найдено и обращено: {what!t}; у границ возможен "
    "звон.",
    "that its edges tell": "которое показали бы границы",
    "that stands out (confidence {n_confidence} of 1)": "которое выделялось бы (уверенность "
    "{n_confidence} из 1)",
    "a Gaussian of sigma {n_sigma} samples": "гауссово размытие, сигма {n_sigma} отсчётов",
    "a motion of {n_length} samples at {n_angle} degrees, confidence {n_confidence} of 1": "смаз "
    "длиной {n_length} отсчётов под углом {n_angle} градусов, уверенность {n_confidence} из 1",
    "What deblur_estimated found after other operations is not stated: its input is not "
    "kept.": "Что deblur_estimated нашла после других операций, не указано: её входные данные не "
    "сохраняются.",
    "system": "система",
    "processor": "процессор",
    "processor threads": "потоков процессора",
    "cpu": "процессоре (cpu)",
}

_CUSTODY = {
    "ingest": "приём (ingest)",
    "track": "поиск и прослеживание (track)",
    "detect_track": "поиск и прослеживание (detect_track)",
    "enhance": "обработка (enhance)",
    "qa": "контроль (qa)",
    "export": "выдача (export)",
    "exported as a result": "выдано как результат",
    "used for an export": "использовано при выдаче",
    "record of an older log": "запись прежнего журнала",
    "identical": "совпадает (identical)",
    "differs": "расходится (differs)",
    "not-replayable": "повторить нельзя (not-replayable)",
}

RUN_PHRASES: Mapping[str, str] = {**_LAWS, **_RUN, **_CUSTODY}
"""By the English words of the conservation laws, the engines, the runner and the log's history."""
