"""Keys are spelt in one way, sort as they should, and lead nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import RequestError
from pipelines.evidence.tiles import entries_path, tile_path
from services.storage.keys import (
    MOST_LETTERS,
    artifact_key,
    checkpoint_key,
    checkpoint_size,
    is_key,
    listing_prefix,
    log_file_key,
    log_keys_key,
    object_key,
    upload_key,
)

TOKENS = st.text(alphabet="0123456789abcdef", min_size=32, max_size=32)


@given(TOKENS)
def test_keys_that_are_made_are_keys(token: str) -> None:
    """What this file makes it also reads, and says where it belongs."""
    for key, place in ((artifact_key(token), "artifacts/"), (upload_key(token), "uploads/")):
        assert object_key(key) == key
        assert key.startswith(place)
        assert key.endswith(token)


@given(TOKENS, TOKENS)
def test_keys_are_as_different_as_their_tokens(one: str, other: str) -> None:
    """Two tokens never share a key."""
    assert (artifact_key(one) == artifact_key(other)) == (one == other)


@given(st.integers(0, 10**20 - 1), st.integers(0, 10**20 - 1))
def test_heads_sort_as_their_sizes(one: int, other: int) -> None:
    """The log's heads stand in the order of their sizes, which are read back from their keys."""
    assert checkpoint_size(checkpoint_key(one)) == one
    assert (checkpoint_key(one) < checkpoint_key(other)) == (one < other)


@given(st.text())
def test_a_key_cannot_climb_or_hide(text: str) -> None:
    """No key has an empty part, one that begins with a dot, or a letter that a shell would heed."""
    if is_key(text):
        assert all(part and not part.startswith((".", "-")) for part in text.split("/"))
        assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-/")


@pytest.mark.parametrize(
    "text",
    ["", "/", "a/", "/a", "a//b", "..", "a/..", "a/../b", ".a", "A", "a b", "a\n", "a\x00", "é",
     "a" * 129, "/".join("a" * 17), "a" * (MOST_LETTERS + 1)],
)  # fmt: skip
def test_what_is_no_key_is_refused(text: str) -> None:
    """Anything else is refused by name."""
    with pytest.raises(RequestError, match="no key"):
        object_key(text)


@pytest.mark.parametrize("token", ["", "ab", "A" * 32, "g" * 32, "0" * 33, "../" + "0" * 29])
def test_a_token_is_random_letters(token: str) -> None:
    """Keys are made of 32 hexadecimal letters and nothing else."""
    for make in (artifact_key, upload_key):
        with pytest.raises(RequestError, match="32 random"):
            make(token)


@pytest.mark.parametrize("size", [-1, 10**20])
def test_a_head_has_a_size(size: int) -> None:
    """Sizes that no log has are refused."""
    with pytest.raises(RequestError, match="no such size"):
        checkpoint_key(size)


@given(st.integers(0, 7), st.integers(0, 10**9), st.integers(1, 256))
def test_every_file_of_a_log_has_a_key(level: int, index: int, width: int) -> None:
    """Whatever a log calls its tiles and bundles can be called so in a store."""
    for path in (tile_path(level, index, width), entries_path(index, width)):
        assert log_file_key(path) == f"log/files/{path}"


@pytest.mark.parametrize("count", [0, 10_000])
def test_a_log_has_a_number_of_keys(count: int) -> None:
    """Numbers of keys that no log has are refused."""
    with pytest.raises(RequestError, match="number of keys"):
        log_keys_key(count)


@pytest.mark.parametrize(
    "key", ["log/checkpoints/5", "artifacts/ab", "log/checkpoints/" + "x" * 20]
)
def test_what_is_no_key_of_a_head_has_no_size(key: str) -> None:
    """Other keys are not read as those of heads."""
    with pytest.raises(RequestError, match="log's head"):
        checkpoint_size(object_key(key))


@pytest.mark.parametrize("text", ["", "artifacts/", "artifacts/ab", "log/checkpoints/"])
def test_prefixes_are_beginnings_of_keys(text: str) -> None:
    """What could begin a key may be listed."""
    assert listing_prefix(text) == text


@pytest.mark.parametrize("text", ["/", "../", "a//", "A", "artifacts/."])
def test_prefixes_that_begin_no_key_are_refused(text: str) -> None:
    """What could not begin a key is refused."""
    with pytest.raises(RequestError, match="No key begins"):
        listing_prefix(text)
