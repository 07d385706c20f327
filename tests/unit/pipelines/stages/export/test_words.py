"""The words of a report: every language says everything, and says the same."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from models import catalog
from models.spec import WeightsFormat
from pipelines.graph.descriptors import ForwardModel, PlainForm
from pipelines.graph.operation_table import OPERATIONS
from pipelines.stages.export.facts_custody import AttestationKind, CustodyKind, DigestStage
from pipelines.stages.export.gathered import network_facts
from pipelines.stages.export.pdf_style import BOLD, MONO, SANS, letters
from pipelines.stages.export.words import WORDS, Language, words_in
from pipelines.stages.export.words.language import Plural
from pipelines.stages.export.words.phrase_book import PhraseBook

ROOT = Path(__file__).resolve().parents[5]
RUSSIAN = words_in(Language.RU)
GAP = re.compile(r"\{[a-z_0-9]*\}")
STATING = (
    "pipelines/media/conservation.py",
    "pipelines/media/containers.py",
    "pipelines/media/delivery.py",
    "pipelines/media/index.py",
    "pipelines/media/tasks/decoder_words.py",
    "pipelines/media/tasks/video_index.py",
    "pipelines/media/tasks/video_walk.py",
    "pipelines/media/photo*.py",
    "pipelines/media/stated.py",
    "pipelines/run/clip_job.py",
    "pipelines/run/clip_taps.py",
    "pipelines/run/credentials.py",
    "pipelines/run/entries.py",
    "pipelines/run/runner.py",
    "pipelines/stages/hash_list.py",
    "pipelines/stages/overridden.py",
    "pipelines/stages/drift.py",
    "pipelines/stages/qa.py",
)
"""Modules whose sentences reach a report as they are."""
SENTENCE = re.compile(r"[A-Z0-9].* .*\.|its? .+", re.DOTALL)
"""A sentence, or why a container was not taken, which stands inside one."""
COMPOSED = re.compile(r"1: [a-z]+|1 x 1|1 and 1 more|stream 1 \(1, 1\)|, first in .*| with .*")
"""Texts that laws are put together of: `stream 1 (audio, aac): packets`, a size, a list."""
LAWS = ("pipelines/media/conservation.py", "pipelines/stages/qa.py")
ADVICE = ("Choose ", "Convert ", "Nothing was delivered.", "Obtain ", "Run ", "The index ")
"""How sentences begin that speak to whoever runs a job; they never reach a report."""
NO_TEXTS = {"forms", "language", "phrases"}


def said(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Every text of a catalogue with its place."""
    if isinstance(value, Plural):
        # The forms of one phrase differ between languages; the last is used in all of them.
        yield f"{path}.many", value.many
    elif isinstance(value, str):
        yield path, value
    else:
        for name, one in parts(value):
            yield from said(one, f"{path}.{name}")


def parts(value: object) -> Iterator[tuple[str, object]]:
    """What a group, a table or a list of texts is made of."""
    if isinstance(value, Mapping):
        yield from ((str(key), one) for key, one in value.items())
    elif isinstance(value, tuple):
        yield from ((str(index), one) for index, one in enumerate(value))
    elif dataclasses.is_dataclass(value):
        names = {field.name for field in dataclasses.fields(value)}
        yield from ((name, getattr(value, name)) for name in sorted(names - NO_TEXTS))


def stated(path: Path) -> Iterator[str]:
    """The texts in a module that are no message of an error, each gap filled with 1."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    outside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            outside.add(id(node.value))
        elif is_error(node):
            outside.update(id(inner) for inner in ast.walk(node))
        elif isinstance(node, ast.JoinedStr):
            outside.update(id(inner) for inner in node.values)
    yield from (literal(node) for node in ast.walk(tree) if id(node) not in outside)


def is_error(node: ast.AST) -> bool:
    """Whether a part of a program says what went wrong, not what a file is."""
    if isinstance(node, ast.Call):
        return ast.unparse(node.func).endswith("Error")
    if isinstance(node, ast.keyword):
        return node.arg in {"error", "next_step"}
    return isinstance(node, ast.Raise)


def literal(node: ast.AST) -> str:
    """The text of a string in a program, with 1 for each of its gaps; empty for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(one) or "1" for one in node.values)
    return ""


@pytest.mark.parametrize("language", Language)
def test_every_language_says_everything(language: Language) -> None:
    """Each text of the English catalogue has one in every language, with the same gaps."""
    english = dict(said(WORDS[Language.EN], "words"))
    other = dict(said(WORDS[language], "words"))
    assert len(english) > 300
    assert other.keys() == english.keys()
    gaps = {
        name: (sorted(set(GAP.findall(text))), sorted(set(GAP.findall(other[name]))))
        for name, text in english.items()
    }
    assert [name for name, (ours, theirs) in gaps.items() if ours != theirs] == []
    assert [name for name, text in other.items() if not text.strip()] == []


def test_nothing_is_left_in_english() -> None:
    """Every Russian text has Russian letters, but for marks that are the same everywhere."""
    plain = [
        name
        for name, text in said(RUSSIAN, "words")
        if not re.search("[а-яё]", GAP.sub("", text), re.IGNORECASE)
    ]
    same = r"\.(icc|colour_value|digest_line|digest_columns\.1|report_digest|entry_columns\.0)$"
    assert [name for name in plain if not re.search(same, name)] == []


def test_tables_by_kind_are_complete() -> None:
    """Whatever kind of custody, digest or proof a report can hold has a word in each language."""
    for words in WORDS.values():
        assert set(words.custody.kinds) == set(CustodyKind)
        assert set(words.custody.stages) == set(DigestStage)
        assert set(words.custody.proof_kinds) == set(AttestationKind)
        assert set(words.files.orientations) == set(range(1, 9))
        assert set(words.sentences.presets) == {"forensic-safe", "balanced", "presentation"}


def test_every_operation_and_parameter_has_russian_words() -> None:
    """The summary and the meaning of each parameter of every operation are in the book."""
    missing = [
        text
        for operation in OPERATIONS.values()
        for text in (
            operation.summary,
            operation.consistency.reason,
            *(field.description or "" for field in operation.parameters.model_fields.values()),
        )
        if RUSSIAN.phrases.known(text) is None
    ]
    assert missing == []


def test_every_way_back_has_russian_words() -> None:
    """What a map can be held against is in the book, as it stands in a report."""
    texts = [
        *(f"resize: {one.value}" for one in ForwardModel if one is not ForwardModel.NONE),
        f"resize: {ForwardModel.CUBIC.value}, 20 x 20 to 10 x 10",
        f"resize and crop: {ForwardModel.AREA.value}, 20 x 20 to 10 x 10",
        f"resize: {PlainForm.INTERPOLATED.value} instead",
        f"resize: {PlainForm.LEFT_OUT.value}",
        "resize: as it was applied",
        *(
            f"{one.name}: {one.consistency.reason}."
            for one in OPERATIONS.values()
            if one.consistency.reason
        ),
    ]
    assert [text for text in texts if not RUSSIAN.phrases.known(text)] == []


def pictured(name: str) -> bool:
    """Whether a network makes pictures, so that a report may print its card."""
    return catalog.card(name).makes_pictures


@pytest.mark.parametrize("name", catalog.names())
def test_every_card_that_ships_has_russian_words(name: str) -> None:
    """What a card says of training, failures, origin and scores is in the book."""
    facts = network_facts(catalog.card(name), ran=WeightsFormat.ONNX)
    texts = [
        facts.title,
        facts.origin,
        facts.training_data,
        facts.degradation,
        facts.tiling,
        *facts.known_failures,
        *(score.judged_set for score in facts.scores),
        *(score.reference for score in facts.scores),
    ]
    assert [text for text in texts if RUSSIAN.phrases.known(text) is None] == []


MADE_BY_OTHERS = [
    name for name in catalog.listed() if name not in catalog.names() and pictured(name)
]


@pytest.mark.parametrize("name", [*MADE_BY_OTHERS, "realesr-general-x4v3-denoise-0.30"])
def test_every_card_of_the_field_has_russian_words(name: str) -> None:
    """What a report prints of a network that others made is in the book, blends included."""
    card = catalog.card(name)
    texts = [
        card.title,
        card.origin,
        f"Blend of 0.30 of a-b (SHA-256 {'0' * 64}) and 0.70 of c-d (SHA-256 {'1' * 64}).",
        card.training.data,
        card.training.degradation,
        card.tiling.caption,
        *card.training.known_failures,
    ]
    assert [text for text in texts if RUSSIAN.phrases.known(text) is None] == []


def test_every_law_has_russian_words() -> None:
    """What a conservation law is called, what it found and why it may differ is in the book."""
    texts = {text for path in LAWS for text in stated(ROOT / path)}
    worded = {text for text in texts if " " in text and not COMPOSED.fullmatch(text)}
    assert len(worded) > 25
    assert [text for text in sorted(worded) if not RUSSIAN.phrases.known(text)] == []


def test_every_sentence_about_a_file_has_russian_words() -> None:
    """Assumptions, remarks, defects and warnings that the code can state are in the book."""
    paths = [path for pattern in STATING for path in sorted(ROOT.glob(pattern))]
    found = ((text, path.name) for path in paths for text in stated(path))
    texts = {
        text: name
        for text, name in found
        if SENTENCE.fullmatch(text) and not text.startswith(ADVICE)
    }
    assert len(texts) > 40
    missing = [f"{name}: {text}" for text, name in texts.items() if not RUSSIAN.phrases.known(text)]
    assert missing == []


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 кадров"),
        (1, "1 кадр"),
        (2, "2 кадра"),
        (4, "4 кадра"),
        (5, "5 кадров"),
        (11, "11 кадров"),
        (14, "14 кадров"),
        (21, "21 кадр"),
        (112, "112 кадров"),
        (122, "122 кадра"),
        (1_000_001, "1 000 001 кадр"),
    ],
)
def test_russian_plurals(count: int, words: str) -> None:
    """A Russian noun takes the form that its number asks for."""
    assert RUSSIAN.forms.counted(count, RUSSIAN.steps.frames) == words


def test_numbers_and_times_are_written_as_people_write_them() -> None:
    """Decimals, thousands and dates follow the language; versions and names do not change."""
    english = words_in(Language.EN)
    assert english.forms.moment("2026-03-04T05:06:07.5Z") == "2026-03-04 05:06:07.5 UTC"
    assert RUSSIAN.forms.moment("2026-03-04T05:06:07.5Z") == "04.03.2026 05:06:07.5 UTC"
    assert (english.forms.whole(1234567), RUSSIAN.forms.whole(1234567)) == (
        "1,234,567",
        "1 234 567",
    )
    assert (RUSSIAN.forms.decimal("-0.25"), RUSSIAN.forms.decimal("1.0.0")) == ("-0,25", "1.0.0")


def test_an_unknown_text_is_marked_as_english() -> None:
    """A text without a translation is shown whole, behind a mark; a number needs none."""
    text = "Something that nobody has translated."
    assert RUSSIAN.say(text) == f"[текст на английском языке] {text}"
    assert RUSSIAN.say("320 - 240") == "320 - 240"
    assert RUSSIAN.phrases.value("libx264") == "libx264"
    assert words_in(Language.EN).say(text) == text


def test_a_sentence_is_never_translated_in_part() -> None:
    """Where one gap or one sentence is unknown, the whole text stays English behind its mark."""
    mark = "[текст на английском языке] "
    known = "JPEG: a comment, extended XMP not carried to the result."
    assert RUSSIAN.say(known) == "JPEG: в результат не перенесено: комментарий; расширенный XMP."
    half = "JPEG: a comment, a riddle not carried to the result."
    assert RUSSIAN.say(half) == mark + half
    two = "Palette indices were replaced by their colours. And more."
    assert RUSSIAN.say(two) == mark + two


def test_a_gap_for_numbers_takes_nothing_else() -> None:
    """Words that a file put where a number belongs do not pass as a translated sentence."""
    book = PhraseBook({"Stream {n_stream} is odd.": "Поток {n_stream} странный."}, "? {text}")
    assert book.say("Stream 7 is odd.") == "Поток 7 странный."
    assert book.say("Stream of lies is odd.") == "? Stream of lies is odd."


def test_why_a_container_was_taken_is_said_in_russian_alone() -> None:
    """Reasons that a container was not taken are not mistaken for what an operation does."""
    why = "it cannot keep the times of stream 1 (ac3)"
    said = RUSSIAN.say(f"Wrapped as matroska. Not as mp4: {why}. Not as mov: {why}.")
    assert said.startswith("Помещено в контейнер matroska. Не в mp4: он не сохраняет")
    assert "Not as" not in said


def test_the_russian_sentences_are_fixed() -> None:
    """The design's sentences stand in Russian word for word as they were agreed."""
    truths = RUSSIAN.sentences
    assert truths.presets["forensic-safe"] == (
        "Профиль традиционной обработки. Он ограничивает набор разрешённых операций; ни о "
        "точности, ни о допустимости в качестве доказательства он ничего не говорит."
    )
    assert truths.trained == (
        "Содержит то, что предсказано по другим изображениям. Не для чтения знаков, не для "
        "установления личности и не для сравнения людей."
    )
    assert truths.consistency == (
        "Показывает, где результат, подвергнутый указанному ухудшению, расходится с исходными "
        "данными. Малое значение не показывает, что деталь подлинная."
    )
    assert truths.verify == (
        "Показано: байты не изменились с момента той записи. Не показано: подлинность, точность, "
        "время события, обращения к файлу вне этой системы."
    )


def test_the_document_has_letters_for_every_language() -> None:
    """The embedded letters draw every character of every catalogue and every phrase."""
    drawn = letters(SANS) & letters(BOLD)
    for words in WORDS.values():
        texts = [text for _, text in said(words, "words")]
        texts += words.phrases.phrases.values()
        assert {one for text in texts for one in text if ord(one) not in drawn} == set()
    assert {ord(one) for one in "0123456789abcdef"} <= letters(MONO)
