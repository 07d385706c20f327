"""Russian words for what the operations against blur state about themselves."""

from __future__ import annotations

from collections.abc import Mapping

BLUR_PHRASES: Mapping[str, str] = {
    "Takes a stated blur back on luma.": "Обращает указанное размытие яркости.",
    "Shape of the point spread: motion, defocus, gaussian, or kernel.": "Вид функции рассеяния "
    "точки: motion (смаз), defocus (расфокусировка), gaussian (гауссова) или kernel (по отсчётам).",
    "Motion: length of the line, in pixels.": "Смаз: длина линии, в пикселях.",
    "Motion: angle of the line in degrees, from the horizontal towards the top.": "Смаз: угол "
    "линии в градусах, от горизонтали к верху.",
    "Defocus: radius of the disc, in pixels.": "Расфокусировка: радиус круга, в пикселях.",
    "Gaussian: standard deviation, in pixels.": "Гауссова: стандартное отклонение, в пикселях.",
    "Kernel: its rows from the top, each a text of decimal numbers with spaces between; brought "
    "to a sum of 1.": "По отсчётам: строки сверху вниз, каждая — текст из десятичных чисел через "
    "пробел; сумма приводится к 1.",
    "How it is taken back: wiener (linear) or richardson-lucy (iterated).": "Как размытие "
    "обращается: wiener (линейно) или richardson-lucy (итерациями).",
    "Wiener: power of the noise over power of the picture; more is smoother.": "Винер: отношение "
    "мощности шума к мощности изображения; чем больше, тем глаже.",
    "Richardson-Lucy: how often the picture is improved.": "Ричардсон — Люси: сколько раз "
    "уточняется изображение.",
    "Estimates the blur of luma as a Gaussian or as a motion along a line, and takes it back; "
    "where the estimate is wrong, edges ring: light and dark lines beside them are not of the "
    "scene.": "Оценивает размытие яркости как гауссово или как смаз вдоль прямой и обращает его; "
    "где оценка неверна, возникает звон: светлые и тёмные линии у границ не принадлежат сцене.",
    "Shape of the blur that is estimated: gaussian (its width) or motion (length and "
    "angle).": "Вид оцениваемого размытия: gaussian (гауссово, его ширина) или motion (смаз, "
    "длина и угол).",
    "Power of the noise over power of the picture; more is smoother and rings less.": "Отношение "
    "мощности шума к мощности изображения; чем больше, тем глаже и меньше звон.",
    "Takes blur back with a trained network; no blur is stated to it.": "Обращает размытие "
    "обученной нейронной сетью; само размытие ей не указывается.",
    "Catalog name of a network whose task is deblur; none ships.": "Имя в каталоге нейронной сети, "
    "назначение которой — deblur; в поставке таких нет.",
    "a network takes the blur back, and none is stated that would undo it": "размытие обратила "
    "нейронная сеть, и не указано такое, которое вернуло бы исходное",
    "{operation}: a network takes the blur back, and none is stated that would undo "
    "it": "{operation}: размытие обратила нейронная сеть, и не указано такое, которое вернуло "
    "бы исходное",
    "the blur is estimated anew for every picture, and none is stated that would undo "
    "it": "размытие оценивается заново для каждого изображения, и не указано такое, "
    "которое вернуло бы исходное",
    "{operation}: the blur is estimated anew for every picture, and none is stated that would "
    "undo it": "{operation}: размытие оценивается заново для каждого изображения, и не указано "
    "такое, которое вернуло бы исходное",
}
"""By the English words of `pipelines.graph.operation_blur`."""
