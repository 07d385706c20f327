"""Names inside a bundle: decided in one place, safe everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import EvidenceError
from pipelines.evidence.archive_name import check_name, find_collision, safe_part
from pipelines.evidence.archive_writer import bytes_source
from pipelines.evidence.bundle_layout import OWN_FILES, BundleFile, Role, place, role_of


@given(st.text(max_size=300) | st.text("./\\ :\u0301\u0130conNUL%\n", max_size=20))
@settings(max_examples=300, deadline=None)
def test_every_name_can_be_made_safe(name: str) -> None:
    """Whatever a file is called, its safe name may travel, and is safe already."""
    safe = safe_part(name)
    check_name(f"data/received/{safe}")
    assert safe_part(safe) == safe


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("IMG_0001 (2).JPG", "IMG_0001 (2).JPG"),
        ("\u0444\u043e\u0442\u043e.png", "\u0444\u043e\u0442\u043e.png"),
        ("../../etc/passwd", "file.._.._etc_passwd"),
        ("a:b|c?.png", "a_b_c_.png"),
        ("nul.txt", "_nul.txt"),
        ("", "file"),
        ("..", "file"),
        (".hidden", "file.hidden"),
        ("100%.png", "100_.png"),
        ("x" * 300 + ".png", "x" * 116 + ".png"),
        ("\u0416" * 100 + ".png", "\u0416" * 58 + ".png"),
        ("cafe\u0301.png", "caf\xe9.png"),
    ],
)
def test_safe_names_stay_recognisable(name: str, safe: str) -> None:
    """A safe name keeps what it can of the original and its suffix."""
    assert safe_part(name) == safe


def test_roles_and_paths_agree() -> None:
    """Every placed file lies where its role is read from the path again, under its own name."""
    files = [BundleFile(role, bytes_source(b""), "name.bin") for role in Role]
    placed = place(files)
    assert [role_of(file.path) for file in placed] == list(Role)
    assert find_collision([*(file.path for file in placed), *OWN_FILES]) is None
    assert not {file.path for file in placed} & set(OWN_FILES)


def test_same_names_are_told_apart() -> None:
    """Files of one name, or of names that meet on some system, get a number."""
    names = ["a.png", "A.png", "a.png", "b", "b"]
    placed = place([BundleFile(Role.RECEIVED, bytes_source(b""), name) for name in names])
    assert [file.path.removeprefix("data/received/") for file in placed] == [
        "a.png",
        "A-2.png",
        "a-3.png",
        "b",
        "b-2",
    ]


def test_single_roles_are_single() -> None:
    """A bundle has one plan."""
    with pytest.raises(EvidenceError):
        place([BundleFile(Role.PLAN, bytes_source(b"")) for _ in range(2)])


def test_unknown_places_have_no_role() -> None:
    """A path that the layout does not know has no role."""
    for path in ("data/other.json", "data/result/a/b", "result/a", "data/resultx", "VERIFY.txt"):
        assert role_of(path) is None
