"""Russian words for what is stated about files: assumptions, remarks, defects, conversions."""

from __future__ import annotations

from collections.abc import Mapping

_CLIPS = {
    "The file states no colour matrix; {name} assumed where a step needs one.": "Файл не указывает "
    "цветовую матрицу; там, где она нужна, принята {name}.",
    "The file states no range of values; studio range assumed where a step needs one.": "Файл не "
    "указывает диапазон значений; там, где он нужен, принят студийный.",
    "The result states none either.": "Результат этого также не указывает.",
    "The range is stated as studio, for {container} states one with any colours.": "Указан "
    "студийный диапазон: {container} указывает диапазон при любых цветах.",
    "The file carries no timing; {n_rate} fps assumed. Derive no duration, speed or time of "
    "event.": "В файле нет сведений о времени кадров; принято {n_rate} кадр/с. Нельзя выводить ни "
    "длительность, ни скорость, ни время события.",
    "Times of presentation run backwards; those of decoding are used instead.": "Времена показа "
    "идут назад; вместо них использованы времена декодирования.",
    "{n_frames} frames carry no time, the first is frame {n_first}.": "Кадров без указания "
    "времени: {n_frames}, первый из них кадр {n_first}.",
    "The decoder marked frames as damaged: {frames}.": "Декодер отметил кадры как повреждённые: "
    "{frames!t}.",
    "Frames share the time of the frame before: {frames}.": "Кадры с тем же временем, что у "
    "предыдущего: {frames!t}.",
    "Frames are earlier than the frame before: {frames}.": "Кадры раньше предыдущего: {frames!t}.",
    "Gaps of more than three usual frame times before: {frames}.": "Разрывы более чем в три "
    "обычных интервала перед кадрами: {frames!t}.",
    "Frames repeat the frame before, sample for sample: {frames}.": "Кадры повторяют предыдущий "
    "отсчёт в отсчёт: {frames!t}.",
    "The file states {stated}, and its samples show {shown}.": "Файл указывает: {stated!t}; "
    "отсчёты показывают: {shown!t}.",
    "progressive frames": "прогрессивные кадры",
    "interlaced frames": "чересстрочные кадры",
    "nothing about fields": "ничего о полях",
    "the top field first": "верхнее поле первое",
    "the bottom field first": "нижнее поле первое",
    "interlaced frames with the top field first": "чересстрочные кадры с верхним полем первым",
    "interlaced frames with the bottom field first": "чересстрочные кадры с нижним полем первым",
    "film spread over video": "киноплёнку, разложенную в видео",
    "frames that are interlaced in part": "кадры, местами чересстрочные",
    "The clip is damaged, and only one thread of a decoder conceals damage in the same way every "
    "time; so one thread decodes it.": "Видеозапись повреждена, а повреждения каждый раз скрывает "
    "одинаково только один поток декодера; поэтому её декодирует один поток.",
    "Frame {n_frame} does not decode as it did when the clip was indexed.": "Кадр {n_frame} "
    "декодируется не так, как при составлении указателя.",
    "A packet near frame {n_frame} does not decode: {words}.": "Пакет возле кадра {n_frame} не "
    "декодируется; сообщение на английском языке: {words}.",
    "Reading stopped before the end: {words}.": "Чтение остановилось до конца; сообщение на "
    "английском языке: {words}.",
    "The decoder complained {n_times} times.": "Замечаний декодера: {n_times}.",
    "First of each kind, {words}.": "Первые каждого вида, на английском языке: {words}.",
    "{n_listed} and {n_more} more": "{n_listed} и ещё {n_more}",
    "The result does not carry the source's metadata for HDR displays: {names}.": "Метаданные "
    "источника для дисплеев HDR в результат не перенесены: {names!t}.",
    "mastering display and content light level": "монитор мастеринга и уровень яркости содержимого",
    "mastering display": "монитор мастеринга",
    "content light level": "уровень яркости содержимого",
    "HDR10+": "HDR10+",
    "Dolby Vision": "Dolby Vision",
    "No operation ran; the samples were coded as they were decoded.": "Операции не выполнялись; "
    "отсчёты закодированы такими, какими декодированы.",
    "Delivered without loss as FFV1: neither H.264 nor H.265 holds its {why} ({what}).": "Выдано "
    "без потерь в FFV1: ни H.264, ни H.265 не вмещают {why!t} ({what}).",
    "size": "размер",
    "samples": "отсчёты",
    "Wrapped as {container}.": "Помещено в контейнер {container}.",
    "Not as {container}: {reason}.": "Не в {container}: {reason!t}.",
    "it does not carry stream {n_stream} ({codec})": "он не вмещает поток {n_stream} ({codec})",
    "it does not carry {codec}": "он не вмещает {codec}",
    "it states colours beside ffv1 with a range only": "рядом с FFV1 он указывает цвета только "
    "вместе с диапазоном",
    "it cannot state the shape of pixels beside ffv1": "рядом с FFV1 он не может указать пропорции "
    "пикселей",
    "it has no place for frames that share a time": "в нём нет места кадрам с одинаковым временем",
    "it has no time base of {base}": "в нём нет единицы времени {base}",
    "its times are whole milliseconds": "его времена выражены целыми миллисекундами",
    "it cannot keep the times of stream {n_stream} ({codec})": "он не сохраняет времена потока "
    "{n_stream} ({codec})",
    "Times of sound are rounded to whole samples, which {container} counts in.": "Времена звука "
    "округлены до целых отсчётов, которыми считает {container}.",
    "Of several video streams, stream {n_stream} was enhanced.": "Из нескольких видеопотоков "
    "обработан поток {n_stream}.",
    "{what}, stream {n_stream} ({codec}), is copied as it is.": "{what!t}, поток {n_stream} "
    "({codec}), скопировано без изменений.",
    "Cover art": "Обложка",
    "Another video": "Другое видео",
    "attached picture": "приложенное изображение",
    "Stream {n_stream} was left out on request.": "Поток {n_stream} исключён по требованию.",
}

_PHOTOS = {
    "Orientation {n_value} was applied to the samples.": "Ориентация {n_value} применена к "
    "отсчётам.",
    "BMP with 32 bits per pixel and no opacity mask: the fourth bytes are left out.": "BMP с 32 "
    "битами на пиксель без маски непрозрачности: четвёртые байты опущены.",
    "BMP with 16 bits per pixel: 5- or 6-bit components were scaled to 8 bits.": "BMP с 16 битами "
    "на пиксель: 5- и 6-битные составляющие приведены к 8 битам.",
    "Palette indices were replaced by their colours.": "Номера палитры заменены их цветами.",
    "BMP carries no EXIF block.": "BMP не вмещает блок EXIF.",
    "BMP carries no XMP packet.": "BMP не вмещает пакет XMP.",
    "BMP has no gray with opacity: written as equal R, G, B.": "В BMP нет серого с "
    "непрозрачностью: записано равными R, G, B.",
    "Decoder: {line}": "Сообщение декодера на английском языке: {line}",
    "WebP has no gray: written as equal R, G, B.": "В WebP нет серого: записано равными R, G, B.",
    "WebP carries no print resolution.": "WebP не вмещает разрешение печати.",
    "EXIF: the recorded pixel size follows the result.": "EXIF: записанный размер в пикселях "
    "приведён к результату.",
    "EXIF: the recorded pixel size follows the result{ending}.": "EXIF: записанный размер в "
    "пикселях приведён к результату{ending!t}.",
    ", and its thumbnail of the source is unlinked": ", ссылка на миниатюру источника убрана",
    "EXIF block damaged, carried unread: {damage}": "Блок EXIF повреждён и перенесён "
    "непрочитанным; сообщение на английском языке: {damage}",
    "EXIF says orientation {n_stated}, XMP says {n_other}: EXIF counts.": "EXIF указывает "
    "ориентацию {n_stated}, XMP {n_other}: принята указанная в EXIF.",
    "JPEG is lossy: samples are libjpeg-turbo's decoding of YCbCr (BT.601, full range, sampling "
    "{factors}) converted to RGB, 8 bits.": "JPEG сжат с потерями: отсчёты получены "
    "декодированием libjpeg-turbo из YCbCr (BT.601, полный диапазон, дискретизация {factors}) с "
    "переводом в RGB, 8 бит.",
    "JPEG is lossy: samples are libjpeg-turbo's decoding of gray, 8 bits.": "JPEG сжат с потерями: "
    "отсчёты получены декодированием libjpeg-turbo серого, 8 бит.",
    "JPEG is lossy: samples are libjpeg-turbo's decoding of RGB components, 8 bits.": "JPEG сжат с "
    "потерями: отсчёты получены декодированием libjpeg-turbo составляющих RGB, 8 бит.",
    "JPEG is lossy: four inks, 8 bits, as libjpeg-turbo decodes them.": "JPEG сжат с потерями: "
    "четыре краски, 8 бит, по декодированию libjpeg-turbo.",
    "CMYK converted to sRGB through the CMYK profile that libvips carries, relative colorimetric "
    "intent, without black point compensation.": "CMYK переведён в sRGB по профилю "
    "CMYK из libvips, относительный колориметрический способ, без компенсации чёрной точки.",
    "The file says nothing of the inks that it is meant for; those of libvips' own CMYK profile "
    "assumed, so its colours are approximate.": "Файл не сообщает, для каких красок он "
    "предназначен; приняты краски профиля CMYK из libvips, поэтому цвета приблизительны.",
    "CMYK converted to sRGB through its own ICC profile, relative colorimetric intent, without "
    "black point compensation; the profile is not carried on.": "CMYK переведён в sRGB по "
    "собственному профилю ICC, относительный колориметрический способ, без компенсации чёрной "
    "точки; профиль дальше не переносится.",
    "AVIF is lossy as a rule: samples are libheif's decoding to RGB.": "AVIF, как правило, сжат с "
    "потерями: отсчёты получены декодированием libheif в RGB.",
    "HEIC is lossy as a rule: samples are libde265's decoding to RGB by libheif.": "HEIC, как "
    "правило, сжат с потерями: отсчёты получены декодированием libde265 и libheif в RGB.",
    "{n_bits} bits per sample were shifted up to 16.": "Отсчёты по {n_bits} бит сдвинуты до 16.",
    "The file holds {n_pages} pictures; the main one was taken.": "Изображений в файле: "
    "{n_pages}; взято главное.",
    "Coded for HDR displays with {curve}; no tone curve was applied.": "Закодировано для дисплеев "
    "HDR с кривой {curve}; тональная кривая не применялась.",
    "JPEG: {names} not carried to the result.": "JPEG: в результат не перенесено: {names!t}.",
    "extended XMP": "расширенный XMP",
    "further pictures (multi-picture format)": "другие изображения (формат MPF)",
    "Photoshop and IPTC resources": "ресурсы Photoshop и IPTC",
    "a comment": "комментарий",
    "{first}, {second}": "{first!t}; {second!t}",
    "The {name} of {n_bytes} bytes has no room in a JPEG file.": "Для {name!t} размером {n_bytes} "
    "байт нет места в файле JPEG.",
    "EXIF block": "блока EXIF",
    "XMP packet": "пакета XMP",
    "ICC profile": "профиля ICC",
    "The ICC profile is incomplete and is left out.": "Профиль ICC неполон и опущен.",
    "The ICC profile is larger than the limit and is left out.": "Профиль ICC больше допустимого и "
    "опущен.",
    "The ICC profile is for another colour space and is left out.": "Профиль ICC относится к "
    "другому цветовому пространству и опущен.",
    "PNG chunk {name} does not unpack within the limit and is left out.": "Блок PNG {name} не "
    "распаковывается в допустимых пределах и опущен.",
    "PNG chunk {name} has a wrong checksum and is left out.": "Блок PNG {name} имеет неверную "
    "контрольную сумму и опущен.",
    "{n_bytes} bytes follow the end of the PNG file.": "После конца файла PNG следуют байты: "
    "{n_bytes}.",
    "{n_depth}-bit gray was scaled to 8 bits ({n_from} to {n_to}).": "Серый {n_depth} бит приведён "
    "к 8 битам ({n_from} в {n_to}).",
    "The colour marked as transparent became an opacity plane.": "Цвет, отмеченный прозрачным, "
    "стал плоскостью непрозрачности.",
    "Animated PNG: the default picture was taken, {n_frames} frames were not.": "Анимированный PNG:"
    " взято изображение по умолчанию, не взято кадров: {n_frames}.",
    "{n_chunks} PNG text chunks are not carried to the result.": "Текстовых блоков PNG не "
    "перенесено в результат: {n_chunks}.",
    "{kind} has no place for PNG's colour chunks {names}.": "В {kind} нет места цветовым блокам "
    "PNG {names}.",
    "The TIFF file does not say what its last sample is; straight opacity assumed.": "Файл TIFF не "
    "указывает, что означает последний отсчёт; принята прямая непрозрачность.",
    "TIFF with {n_pages} pages: the first was taken, {n_left} {pages} not.": "TIFF, страниц "
    "{n_pages}: взята первая, не взято {n_left}.",
    "TIFF stores white as 0: samples were inverted, so that 0 is black.": "В TIFF белое записано "
    "нулём: отсчёты обращены, чтобы 0 означал чёрное.",
    "JPEG-coded TIFF is lossy: samples are libjpeg-turbo's decoding, 8 bits.": "TIFF с JPEG сжат с "
    "потерями: отсчёты получены декодированием libjpeg-turbo, 8 бит.",
    "TIFF: Photoshop and IPTC resources not carried to the result.": "TIFF: ресурсы Photoshop и "
    "IPTC в результат не перенесены.",
    "The EXIF maker note was moved; offsets inside it may no longer resolve.": "Примечание "
    "изготовителя в EXIF перемещено; смещения внутри него могут стать неверными.",
    "The damaged EXIF block has no room in a TIFF file.": "Повреждённому блоку EXIF нет места в "
    "файле TIFF.",
    "Animated WebP: the first frame was taken, {n_frames} were not.": "Анимированный WebP: взят "
    "первый кадр, не взято: {n_frames}.",
    "WebP is lossy here: samples are libwebp's decoding to RGB, 8 bits.": "WebP здесь сжат с "
    "потерями: отсчёты получены декодированием libwebp в RGB, 8 бит.",
}

_PICTURES = {
    "RGB, full range": "RGB, полный диапазон",
    "RGB, studio range": "RGB, студийный диапазон",
    "gray, full range": "серый, полный диапазон",
    "gray, studio range": "серый, студийный диапазон",
    "YCbCr {chroma}, full range, {name} matrix": "YCbCr {chroma}, полный диапазон, матрица {name}",
    "YCbCr {chroma}, studio range, {name} matrix": "YCbCr {chroma}, студийный диапазон, матрица "
    "{name}",
    "for display only: {what}, no colour profile applied": "только для показа: {what!t}, цветовой "
    "профиль не применён",
    "{what}, opacity not shown": "{what!t}, непрозрачность не показана",
    "{what}, {n_depth} bit reduced to 8": "{what!t}, {n_depth} бит сведены к 8",
    "Y'CbCr converted with the {name} matrix": "Y'CbCr преобразовано матрицей {name}",
    "R, G, B as stored": "R, G, B, как записаны",
    "gray shown as equal R, G, B": "серый показан равными R, G, B",
    "{n_across} x {n_down} dpi": "{n_across} x {n_down} точек на дюйм",
    "H.273 code {n_code}": "H.273, код {n_code}",
    "full": "полный",
    "studio": "студийный",
    "video": "видео",
    "audio": "звук",
    "subtitle": "субтитры",
    "data": "данные",
    "attachment": "вложение",
}

MEDIA_PHRASES: Mapping[str, str] = {**_CLIPS, **_PHOTOS, **_PICTURES}
"""By the English words of `pipelines.media` and of `gathered` and `display` in this room."""
