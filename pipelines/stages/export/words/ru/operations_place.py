"""Russian words for what the operations that move samples state about themselves."""

from __future__ import annotations

from collections.abc import Mapping

PLACE_PHRASES: Mapping[str, str] = {
    "Draws a plane, given by its four corners, as it looks from straight ahead.": "Рисует "
    "плоскость, заданную четырьмя углами, так, как она выглядит прямо спереди.",
    "x and y of the four corners in the picture: top left, top right, bottom right, bottom left "
    "of the plane.": "x и y четырёх углов на изображении: левый верхний, правый верхний, правый "
    "нижний, левый нижний угол плоскости.",
    "Width of the result in pixels.": "Ширина результата в пикселях.",
    "Height of the result in pixels.": "Высота результата в пикселях.",
    "Takes the distortion of a lens out, by given coefficients.": "Устраняет искажение объектива "
    "по заданным коэффициентам.",
    "Description of the lens: brown-conrady or fisheye.": "Описание объектива: brown-conrady или "
    "fisheye («рыбий глаз»).",
    "Focal length over the width of a pixel, in pixels.": "Отношение фокусного расстояния к "
    "ширине пикселя, в пикселях.",
    "Focal length over the height of a pixel; as fx unless given.": "Отношение фокусного "
    "расстояния к высоте пикселя; если не задано, как fx.",
    "Column of the optical axis; the middle of the picture unless given.": "Столбец оптической "
    "оси; если не задан, середина изображения.",
    "Row of the optical axis; the middle of the picture unless given.": "Строка оптической оси; "
    "если не задана, середина изображения.",
    "Radial coefficient of order 2.": "Радиальный коэффициент порядка 2.",
    "Radial coefficient of order 4.": "Радиальный коэффициент порядка 4.",
    "Radial coefficient of order 6.": "Радиальный коэффициент порядка 6.",
    "Radial coefficient of order 8; fisheye only.": "Радиальный коэффициент порядка 8; только "
    "для fisheye.",
    "First tangential coefficient; brown-conrady only.": "Первый тангенциальный коэффициент; "
    "только для brown-conrady.",
    "Second tangential coefficient; brown-conrady only.": "Второй тангенциальный коэффициент; "
    "только для brown-conrady.",
    "Focal length of the result over that of the picture; below 1 shows more.": "Отношение "
    "фокусного расстояния результата к исходному; меньше 1 показывает больше.",
    "it moves samples to places between samples, and the way back would show its own "
    "interpolation": "отсчёты переносятся на места между отсчётами, и обратный путь показал бы "
    "собственную интерполяцию",
    "{operation}: it moves samples to places between samples, and the way back would show its "
    "own interpolation": "{operation}: отсчёты переносятся на места между отсчётами, и обратный "
    "путь показал бы собственную интерполяцию",
    "Moves each frame onto a smoothed path, estimated from the frames around it; no sample of "
    "another frame enters.": "Переносит каждый кадр на сглаженный путь, оценённый по окружающим "
    "кадрам; отсчёты других кадров не примешиваются.",
    "Frames before, and as many after, over which the camera's path is smoothed.": "Сколько "
    "кадров до и столько же после, по которым сглаживается путь камеры.",
    "Rims: crop cuts a margin off and moves no further; black keeps the size.": "Края: crop "
    "отрезает поле и дальше него не сдвигает; black сохраняет размер.",
    "Share of each side that crop cuts off, on either end.": "Доля каждой стороны, которую crop "
    "отрезает с обоих концов.",
    "First column of the region to hold still.": "Первый столбец области, которая удерживается "
    "неподвижной.",
    "First row of the region to hold still.": "Первая строка области, которая удерживается "
    "неподвижной.",
    "Columns of the region to hold still; to the right edge unless given.": "Число столбцов "
    "удерживаемой области; если не задано, до правого края.",
    "Rows of the region to hold still; to the bottom edge unless given.": "Число строк "
    "удерживаемой области; если не задано, до нижнего края.",
    "where a frame belongs follows from the frames around it, and maps see one frame": "место "
    "кадра следует из окружающих кадров, а карты рассматривают один кадр",
    "{operation}: where a frame belongs follows from the frames around it, and maps see one "
    "frame": "{operation}: место кадра следует из окружающих кадров, а карты рассматривают один "
    "кадр",
}
"""By the English words of `pipelines.graph.operation_place`."""
