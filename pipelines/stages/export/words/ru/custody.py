"""Russian words of custody, verification, signatures and the command line's summary."""

from __future__ import annotations

from pipelines.stages.export.facts_custody import (
    AttestationKind,
    AttestationState,
    CustodyKind,
    CustodySource,
    DigestStage,
    PersonRole,
)
from pipelines.stages.export.words.language import Plural
from pipelines.stages.export.words.parts_custody import ClosingWords, CustodyWords, SummaryWords

CUSTODY = CustodyWords(
    heading="Цепочка хранения",
    introduction="То, что видела эта система, и то, что заявил оператор. Обращения к файлу вне "
    "этой системы ей не видны.",
    people="Участники и их роли",
    people_columns=("Роль", "Имя", "Должность", "Организация"),
    roles={
        PersonRole.OPERATOR: "оператор",
        PersonRole.REQUESTER: "инициатор",
        PersonRole.REVIEWER: "проверяющий",
    },
    identity="Имена указаны со слов оператора; личность никого из участников не проверялась.",
    lines="Получение, передача и доступ",
    lines_introduction="О полученном файле, если не указана другая контрольная сумма SHA-256.",
    no_lines="В журнале этой системы нет ни передач, ни обращений; оператор их также не заявил.",
    line_columns=("Когда", "Что", "Кто", "Источник сведений"),
    kinds={
        CustodyKind.RECEIVED: "получение",
        CustodyKind.TRANSFER: "передача",
        CustodyKind.ACCESS: "доступ",
        CustodyKind.STAGE: "этап работы",
        CustodyKind.EXPORT: "выдача",
    },
    sources={
        CustodySource.SEALED: "закреплённый журнал, лист {leaf}",
        CustodySource.UNSEALED: "журнал, закрепляется вместе с этим заданием",
        CustodySource.STATED: "заявлено оператором",
    },
    recorded="записал {who}, {time}, лист {leaf}",
    time_stated="заявлено: {time}",
    time_unknown="время не указано",
    digest_line="SHA-256 {sha256}",
    digests="Контрольные суммы на каждом этапе",
    digests_introduction="Все контрольные суммы: SHA-256 (FIPS 180-4), шестнадцатеричная запись.",
    digest_columns=("Что охвачено", "SHA-256"),
    stages={
        DigestStage.RECEIVED: "полученный файл",
        DigestStage.GRAPH: "граф: что было запрошено",
        DigestStage.PLAN: "план: всё, что из этого определено",
        DigestStage.WEIGHTS: "веса нейронной сети",
        DigestStage.INDEX: "указатель: время и отсчёты каждого кадра",
        DigestStage.DECODED: "отсчёты после декодирования",
        DigestStage.ENCODER: "отсчёты, переданные кодеру",
        DigestStage.ENCODER_FRAMES: "контрольные суммы всех кадров, переданных кодеру, по порядку",
        DigestStage.DELIVERED_SAMPLES: "отсчёты результата, декодированного заново",
        DigestStage.DELIVERED_FRAMES: "контрольные суммы всех кадров результата, декодированного "
        "заново",
        DigestStage.LEDGER: "реестр: контрольные суммы каждого кадра",
        DigestStage.TRACKS: "все места всех треков",
        DigestStage.FUSION: "файл объединения кадров",
        DigestStage.MAP: "карта",
        DigestStage.CREDENTIALS: "сведения о происхождении (C2PA)",
        DigestStage.RESULT: "выданный файл",
    },
    entries="Записи журнала",
    entries_introduction="Что журнал содержит об этом задании до составления отчёта. Запись, "
    "которая называет выданные файлы, делается после; все записи с доказательствами лежат в "
    "пакете.",
    no_entries="Записи журнала с доказательствами лежат в пакете.",
    entry_columns=("№", "Вид", "Время", "SHA-256 записи"),
    proofs="Дополнительные подтверждения",
    proof_kinds={
        AttestationKind.TIME_STAMP: "Метка времени (RFC 3161)",
        AttestationKind.WITNESS: "Свидетель журнала",
    },
    proof_states={
        AttestationState.REQUESTED: "запрашивается при подписании пакета, после этого отчёта",
        AttestationState.NONE: "нет",
        AttestationState.FAILED: "получить не удалось",
    },
)

CLOSING = ClosingWords(
    limits="Каких выводов делать нельзя",
    verify="Как проверить",
    verify_introduction="Проверить это может любой, без связи с нами и без какого-либо сервера.",
    bundle="Проверить весь пакет: каждый файл, журнал и подписи.",
    received="Без этой программы: сравнить контрольную сумму SHA-256 имеющегося файла с суммой "
    "полученного, {sha256}.",
    delivered="То же для выданного файла, {sha256}.",
    by_hand="Проверить пакет вручную с помощью unzip, sha256sum и openssl: как именно, сказано в "
    "нём самом.",
    replay="Выполнить работу заново по записанному плану и сравнить каждый отсчёт.",
    shows="Этот документ показывает факты из report.json и ничего сверх них.",
    report_digest="report.json, SHA-256",
    signatures="Проверка и подписи",
    signatures_introduction="Подписываясь, человек заявляет, что он сделал и видел. Программа "
    "подписывает пакет, а не эти строки.",
    signature_name="Имя",
    signature_function="Должность",
    signature_organisation="Организация",
    signature_date="Дата",
    signature_sign="Подпись",
)

SUMMARY = SummaryWords(
    head="{name}: {label} (режим {preset}, задание {job})",
    no_operation="Операций нет: отсчёты те же, что получены декодированием.",
    result="Результат",
    frames=Plural(", {count} кадр", ", {count} кадра", ", {count} кадров"),
    network="нейронная сеть {name} {version} (контрольная проверка: {gate})",
    note="Важно",
    assumed="Допущение",
    override="Отступление от правил",
    warning="Предупреждение",
    fusion="Объединение вокруг кадра {frame}",
    tracks="Треки",
    tracks_found=Plural(
        "найден {count} ({detector}). Прежде чем скрывать или судить по нему, посмотрите на него. "
        "{warning}",
        "найдено {count} ({detector}). Прежде чем скрывать или судить по ним, посмотрите на них. "
        "{warning}",
        "найдено {count} ({detector}). Прежде чем скрывать или судить по ним, посмотрите на них. "
        "{warning}",
    ),
    defect="Уже было в источнике",
    broken="Не сохранено",
    became="{name}: было {source}, стало {result}",
    more="ещё {count}, все перечислены в отчёте",
    already="Уже сделано.",
    bundle="Пакет",
    bundle_holds="проверен, всё сходится ({standing}). {sentence}",
    more_settings=Plural("ещё {count} параметр", "ещё {count} параметра", "ещё {count} параметров"),
)
