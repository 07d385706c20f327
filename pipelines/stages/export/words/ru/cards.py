"""Russian words for the cards of the networks that come with this program."""

from __future__ import annotations

from collections.abc import Mapping

CARD_PHRASES: Mapping[str, str] = {
    "Noise reduction": "Подавление шума",
    "Enlargement by {scale}, for clean pictures": "Увеличение в {scale} раза, для чистых "
    "изображений",
    "Enlargement by {scale}, for blurred, noisy or compressed pictures": "Увеличение в {scale} "
    "раза, для размытых, зашумлённых или сжатых изображений",
    "Made for this product: a plain stack of 3x3 convolutions over one plane "
    "(models/nets/compact.py), trained from scratch by models/training.": "Сделана для этой "
    "программы: простая последовательность свёрток 3x3 над одной плоскостью "
    "(models/nets/compact.py), обучена с нуля программами из models/training.",
    "16 pictures: 8 of the Kodak Lossless True Color Image Suite and 8 that come with "
    "scikit-image, pinned by SHA-256 in models/training/split.toml. No picture of the judging set "
    "is among them.": "16 изображений: 8 из набора Kodak Lossless True Color Image Suite и 8 из "
    "поставки scikit-image, закреплены контрольными суммами SHA-256 в models/training/split.toml. "
    "Изображений проверочного набора среди них нет.",
    "Read noise up to a standard deviation of 25 of 255 code values and shot noise, and in half of "
    "cases JPEG of quality 40 to 98 after it.": "Шум считывания со стандартным отклонением до 25 "
    "из 255 кодовых значений и дробовой шум, а в половине случаев затем JPEG качества от 40 до 98.",
    "Gaussian blur up to a standard deviation of {blur} samples of the large picture, reduction by "
    "{scale} with a bicubic, bilinear or box filter, read noise up to 12 of 255 code values and "
    "shot noise, and in 85 % of cases JPEG of quality 35 to 96.": "Гауссово размытие со "
    "стандартным отклонением до {blur} отсчётов большого изображения, уменьшение в {scale} раза "
    "бикубическим, билинейным или прямоугольным фильтром, шум считывания до 12 из 255 кодовых "
    "значений и дробовой шум, а в 85 % случаев JPEG качества от 35 до 96.",
    "Antialiased bicubic reduction (a = -0.5) by {scale}, rounded to 8 bit. No blur, noise or "
    "compression.": "Бикубическое уменьшение со сглаживанием (a = -0,5) в {scale} раза с "
    "округлением до 8 бит. Без размытия, шума и сжатия.",
    "Predicts samples from other pictures: it is not for reading characters, and not for "
    "identifying or comparing persons.": "Предсказывает отсчёты по другим изображениям: не для "
    "чтения знаков, не для установления личности и не для сравнения людей.",
    "Learnt from 16 pictures: subjects unlike them may gain less, or lose.": "Обучена на 16 "
    "изображениях: непохожие на них предметы могут выиграть меньше или проиграть.",
    "Text, plates and other fine regular patterns near the limit of resolution may come out sharp "
    "and wrong: lines may merge, split or take another direction.": "Текст, номерные знаки и "
    "другие мелкие регулярные узоры на пределе разрешения могут получиться резкими и неверными: "
    "линии могут слиться, раздвоиться или изменить направление.",
    "Noise and compression blocks of the input are taken for detail and made stronger; for such "
    "input use the weights for realistic degradation.": "Шум и блоки сжатия принимаются за детали "
    "и усиливаются; для такого материала есть веса, обученные на реалистичных искажениях.",
    "A blurred input stays blurred.": "Размытое изображение остаётся размытым.",
    "Weak texture (skin, fur, grass, fabric) may be taken for noise and smoothed away.": "Слабая "
    "текстура (кожа, мех, трава, ткань) может быть принята за шум и сглажена.",
    "Weak texture (skin, fur, grass, fabric) may be taken for noise and smoothed away: on a "
    "picture of a cat, conventional noise reduction before bicubic enlargement was better.": ""
    "Слабая текстура (кожа, мех, трава, ткань) может быть принята за шум и сглажена: на снимке "
    "кошки традиционное подавление шума перед бикубическим увеличением дало лучший результат.",
    "Noise with structure (banding, rolling lines, noise enlarged by a resize) stays.": "Шум со "
    "структурой (полосы, бегущие строки, шум, увеличенный вместе с изображением) остаётся.",
    "Noise much stronger than a standard deviation of 25 of 255 code values stays in part.": "Шум "
    "со стандартным отклонением намного больше 25 из 255 кодовых значений частично остаётся.",
    "On clean input it gives less detail than the weights for clean reduction.": "На чистом "
    "материале даёт меньше деталей, чем веса для чистого уменьшения.",
    "Motion blur and interlacing are not undone.": "Размытие от движения и чересстрочность не "
    "устраняются.",
    "7 pictures that were never trained on: Kodak 3, 6, 9, 12 and scikit-image's astronaut, "
    "chelsea, coffee, degraded as in training{more}(models/training/split.toml)": "из 7 "
    "изображений, не участвовавших в обучении: Kodak 3, 6, 9, 12 и astronaut, chelsea, coffee из "
    "scikit-image, искажённых так же, как при обучении{more!t}(models/training/split.toml)",
    ", 8 draws each ": ", по 8 вариантов на каждое ",
    "the degraded input itself": "само искажённое изображение",
    "bicubic enlargement of the same input": "бикубическое увеличение того же изображения",
    "exact(reach {reach})": "точное, exact (охват {reach})",
    "aligned(window {window}, reach {reach})": "по сетке, aligned (окно {window}, охват {reach})",
    "approximate(tolerance {tolerance}, reach {reach})": "приближённое, approximate (допуск "
    "{tolerance}, охват {reach})",
    "fixed(side {side}, reach {reach})": "частями одного размера, fixed (сторона {side}, охват "
    "{reach})",
    "whole-frame": "только целым кадром, whole-frame",
}
"""By the English words of `models/cards`; a gap stands for a number."""
