"""Russian words for what the operation on faces states about itself."""

from __future__ import annotations

from collections.abc import Mapping

FACE_PHRASES: Mapping[str, str] = {
    "Redraws tracked faces with a generative network and pastes them back.": "Перерисовывает "
    "прослеженные лица генеративной сетью и вставляет их обратно.",
    "Catalog name of the network; it takes aligned faces of 512 x 512 samples.": "Имя сети в "
    "каталоге; она принимает выровненные лица 512 x 512 отсчётов.",
    "Share of the face as received in the result: 0 is the network's face, 1 leaves every sample "
    "as it was.": "Доля полученного лица в результате: 0 — лицо от сети, 1 — каждый отсчёт "
    "остаётся прежним.",
    "Frames on each side over which a face's landmarks are smoothed along its track, and over "
    "which it is faded in and out; 0 takes every frame by itself.": "Кадров с каждой стороны, по "
    "которым сглаживаются опорные точки лица вдоль его трека и за которые оно плавно появляется и "
    "исчезает; 0 — каждый кадр сам по себе.",
    "Numbers of the tracks that are restored; all of them unless named.": "Номера треков, которые "
    "восстанавливаются; если не названы, все.",
    "{operation}: it redraws faces, and nobody states how they were degraded": "{operation}: "
    "перерисовывает лица, а как они были ухудшены, никто не указывает",
    "it redraws faces, and nobody states how they were degraded": "она перерисовывает лица, а как "
    "они были ухудшены, никто не указывает",
}
"""By the English words of `pipelines.graph.operation_faces`."""
