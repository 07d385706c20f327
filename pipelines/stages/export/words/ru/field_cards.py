"""Russian words for the cards of the field's networks, which others made and published."""

from __future__ import annotations

from collections.abc import Mapping

FIELD_CARD_PHRASES: Mapping[str, str] = {
    "{title}, with a denoise strength of {n_share}": "{title!t}, с силой подавления шума {n_share}",
    "Blend of {n_first} of {base} (SHA-256 {base_digest}) and {n_second} of {twin} (SHA-256 "
    "{twin_digest}).": "Смесь: {n_first} сети {base} (SHA-256 {base_digest}) и {n_second} сети "
    "{twin} (SHA-256 {twin_digest}).",
    "Enlargement by 4 of photographs, small network": "Увеличение фотографий в 4 раза, малая сеть",
    "Enlargement by 4 of photographs, small network that takes out less noise": "Увеличение "
    "фотографий в 4 раза, малая сеть, оставляющая больше шума",
    "Enlargement by 4 of drawn animation, small network": "Увеличение рисованной анимации в 4 "
    "раза, малая сеть",
    "Enlargement by {n_scale} of photographs, large network": "Увеличение фотографий в {n_scale} "
    "раза, большая сеть",
    "Enlargement by 4 of photographs (SwinIR, adversarial)": "Увеличение фотографий в 4 раза "
    "(SwinIR, состязательное обучение)",
    "Enlargement by {n_scale}, for clean pictures ({name})": "Увеличение в {n_scale} раза, для "
    "чистых изображений ({name})",
    "Restoration of one aligned face ({name})": "Восстановление одного выровненного лица ({name})",
    "Restoration of one aligned face, with a stated fidelity (CodeFormer)": "Восстановление одного "
    "выровненного лица с заданной точностью (CodeFormer)",
    "Noise reduction for photographs of telephones (NAFNet)": "Подавление шума на снимках "
    "телефонов (NAFNet)",
    "Motion blur taken back (NAFNet, GoPro)": "Устранение смаза от движения (NAFNet, GoPro)",
    "Motion blur and compression taken back (NAFNet, REDS)": "Устранение смаза от движения и "
    "следов сжатия (NAFNet, REDS)",
    "{work}; published by the authors in {place}.": "{work}; опубликована авторами в {place}.",
    "{work}; published in {place}.": "{work}; опубликована в {place}.",
    "Not stated in detail for this release; the project names DF2K and OutdoorSceneTraining for "
    "its networks.": "Для этого выпуска подробно не указано; для своих сетей проект называет "
    "наборы DF2K и OutdoorSceneTraining.",
    "Not stated in detail for this release: frames of drawn animation.": "Для этого выпуска "
    "подробно не указано: кадры рисованной анимации.",
    "{sets}, as the paper states.": "{sets}, по сведениям из статьи.",
    "{sets}, as the authors state.": "{sets}, по сведениям авторов.",
    "FFHQ, 70 000 faces, as the paper states; the pictures of that set are under non-commercial "
    "terms.": "FFHQ, 70 000 лиц, по сведениям из статьи; изображения этого набора доступны на "
    "некоммерческих условиях.",
    "SIDD, photographs by five telephones with their averages, as the paper states.": "SIDD, "
    "снимки пяти телефонов и их усреднения, по сведениям из статьи.",
    "{set}, sharp frames of a fast camera and their averages, as the paper states.": "{set}, "
    "резкие кадры быстрой камеры и их усреднения, по сведениям из статьи.",
    "Synthetic blur, reduction, noise and JPEG compression, twice in a row, as the Real-ESRGAN "
    "paper describes; the release states no more for this network.": "Искусственные размытие, "
    "уменьшение, шум и сжатие JPEG, дважды подряд, как описано в статье о Real-ESRGAN; больше для "
    "этой сети в выпуске не указано.",
    "Synthetic blur, reduction, noise and JPEG compression, twice in a row, as the Real-ESRGAN "
    "paper describes.": "Искусственные размытие, уменьшение, шум и сжатие JPEG, дважды подряд, как "
    "описано в статье о Real-ESRGAN.",
    "Synthetic blur, reduction, noise and JPEG compression of faces, as the paper describes.": ""
    "Искусственные размытие, уменьшение, шум и сжатие JPEG лиц, как описано в статье.",
    "The random degradations of BSRGAN: blur, reduction, noise and JPEG compression in any "
    "order.": "Случайные искажения BSRGAN: размытие, уменьшение, шум и сжатие JPEG в любом "
    "порядке.",
    "Antialiased bicubic reduction by {n_scale}.": "Бикубическое уменьшение со сглаживанием в "
    "{n_scale} раза.",
    "Motion blur made by averaging neighbouring frames.": "Смаз от движения, полученный "
    "усреднением соседних кадров.",
    "Motion blur made by averaging neighbouring frames, and JPEG compression.": "Смаз от движения, "
    "полученный усреднением соседних кадров, и сжатие JPEG.",
    "Real noise of small sensors; nothing synthetic.": "Настоящий шум малых матриц; ничего "
    "искусственного.",
    "Trained with an adversarial loss: it may invent texture, strokes and edges that were never in "
    "front of the camera, and it does so with the look of a sharp photograph.": "Обучена "
    "состязательно: может выдумать текстуру, штрихи и края, которых перед камерой не было, и "
    "выглядит это как резкая фотография.",
    "Letters, digits and faces may come out sharp and wrong.": "Буквы, цифры и лица могут "
    "получиться резкими и неверными.",
    "Not for reading characters or for identifying or comparing persons.": "Не для чтения знаков, "
    "не для установления личности и не для сравнения людей.",
    "Fine natural texture (skin, grass, fabric) may be flattened or replaced.": "Мелкая природная "
    "текстура (кожа, трава, ткань) может быть сглажена или заменена.",
    "Noise and compression blocks may be kept and made sharper.": "Шум и блоки сжатия могут "
    "остаться и стать резче.",
    "Noise and compression blocks of the input are taken for detail and made stronger.": "Шум и "
    "блоки сжатия принимаются за детали и усиливаются.",
    "Made for drawn animation: photographs come out as if they were drawn.": "Сделана для "
    "рисованной анимации: фотографии получаются как нарисованные.",
    "Frames of a clip are treated one by one: invented detail may flicker.": "Кадры видео "
    "обрабатываются по одному: выдуманные детали могут мерцать.",
    "Draws a plausible face from the faces that it has learnt: the person in the result may be "
    "another one.": "Рисует правдоподобное лицо по выученным лицам: в результате может оказаться "
    "другой человек.",
    "Never for identifying or comparing persons.": "Никогда не для установления личности и не для "
    "сравнения людей.",
    "Works on an upright, aligned face of 512 x 512 samples; what it makes of anything else is "
    "meaningless.": "Работает с выровненным прямо стоящим лицом размером 512 x 512 отсчётов; "
    "на всём прочем результат лишён смысла.",
    "Blur of other kinds (defocus, shake during long exposures) may stay or be made worse.": ""
    "Размытие других видов (расфокусировка, дрожание при долгой выдержке) может остаться или "
    "усилиться.",
    "Looks at the whole picture at once, so it cannot be cut into tiles, and large pictures need "
    "much memory.": "Смотрит на всё изображение сразу, поэтому на фрагменты не делится, а большим "
    "изображениям нужно много памяти.",
    "With its own weights it has not been run by the makers of this product: loading, sizes and "
    "tiles were tried with random weights.": "С собственными весами создатели этой программы её не "
    "запускали: загрузка, размеры и фрагменты проверены со случайными весами.",
    "No library that is installed by default defines it, so that this product has not even loaded "
    "it.": "Ни одна из устанавливаемых по умолчанию библиотек её не описывает, поэтому программа "
    "её даже не загружала.",
}
"""By the English words of `models/cards/field` and of blends; a gap stands for what differs."""
