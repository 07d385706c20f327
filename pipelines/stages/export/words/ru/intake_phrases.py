"""Russian words for what is said when a file is taken in: overrides, lists of digests, items."""

from __future__ import annotations

from collections.abc import Mapping

INTAKE_PHRASES: Mapping[str, str] = {
    "Stored {n_width} x {n_height}, displayed {n_wide} x {n_high} as overridden; with square "
    "pixels it would be {n_square} x {n_tall}.": "Хранится {n_width} x {n_height}, показывается "
    "{n_wide} x {n_high} по решению оператора; при квадратных точках было бы {n_square} x "
    "{n_tall}.",
    "Frames {n_first} to {n_last} of {n_all} are worked on, and are numbered from 0 here; other "
    "streams are copied whole.": "Обработаны кадры с {n_first} по {n_last} из {n_all}, здесь они "
    "пронумерованы с 0; остальные потоки скопированы целиком.",
    "At frame {n_frame} the container says {n_time} s; {clocks}.": "Кадр {n_frame}: по контейнеру "
    "{n_time} с; {clocks!t}.",
    "At frame {n_frame} the file has no time; {clocks}.": "Кадр {n_frame}: в файле времени нет; "
    "{clocks!t}.",
    "the picture shows {shown}; the true time was {true}": "в кадре видно {shown}; истинное время "
    "{true}",
    "the picture shows {shown}": "в кадре видно {shown}",
    "the true time was {true}": "истинное время {true}",
    "The clip begins {n_seconds} s before zero, which no container here shows; all times were "
    "moved by that.": "Запись начинается за {n_seconds} с до нуля, чего контейнеры не показывают; "
    "все времена сдвинуты на столько же.",
    "Stream {n_stream} is announced as sound and holds nothing; it was left out.": "Поток "
    "{n_stream} объявлен звуковым и ничего не содержит; он не включён.",
    "announced and without a packet: {n_streams}": "объявлены и не содержат пакетов: {n_streams}",
    "left out on request: {n_streams}; announced and without a packet: {n_empty}": "исключены по "
    "требованию: {n_streams}; объявлены и не содержат пакетов: {n_empty}",
    "moved by {n_seconds} s, to begin at zero": "сдвинуто на {n_seconds} с, чтобы начать с нуля",
    "The burned-in clock is right.": "Часы в кадре идут верно.",
    "The burned-in clock is {n_seconds} s ahead.": "Часы в кадре спешат на {n_seconds} с.",
    "The burned-in clock is {n_seconds} s behind.": "Часы в кадре отстают на {n_seconds} с.",
    "{algorithm} {digest} agrees with the list {name} (SHA-256 {whole}).": "{algorithm} {digest} "
    "совпадает с указанной в списке {name} (SHA-256 {whole}).",
    "The file holds {n_streams} video streams, each an item of its own: {listed}.": "Видеопотоков "
    "в файле: {n_streams}, каждый из них отдельный объект: {listed}.",
    "Stream {n_stream} is worked on, for nobody chose.": "Обработан поток {n_stream}, так как "
    "выбор не был сделан.",
    "The times of the frames are in a form of the recorder's maker and were taken as they "
    "stand.": "Времена кадров записаны в форме изготовителя регистратора и взяты как есть.",
}
"""By the English words of `overridden`, `hash_list` and the index of clips."""
