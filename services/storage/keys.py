"""Every key of an object: made here, read here, and nowhere else.

Pure: text in, text or error out. A key is opaque: it says where bytes lie, never what they are
or whose, so that a listing gives nothing away. Keys are parts of `a-z 0-9 . _ -`, joined by `/`;
no part begins with a dot, so none can climb out of a folder or hide in it.

    artifacts/<2>/<32>              bytes of one artifact; <2> are the first of the <32> letters
    uploads/<32>                    the terms of an upload that is not finished
    work/<32>/<32>                  what a running job hands between processes; <32> is the job
    work/<32>/done-<6>-<32>         a segment of it that is finished, by its number
    renderings/<2>/<32>             a file of what a job rendered, for whoever asks for the same
    log/checkpoints/<20 digits>     the sealed log, head by head
    log/files/<name>                its tiles and entry bundles, by the names that they have in it
    log/keys/<4 digits>             the keys that sign it, after so many of them
"""

from __future__ import annotations

import re
from typing import NewType

from pipelines.errors import RequestError

ObjectKey = NewType("ObjectKey", str)

ARTIFACTS = "artifacts/"
UPLOADS = "uploads/"
WORK = "work/"
RENDERINGS = "renderings/"
CHECKPOINTS = "log/checkpoints/"
LOG_FILES = "log/files/"
LOG_KEYS = "log/keys/"
MOST_LETTERS = 512

_PART = r"[a-z0-9_][a-z0-9._-]{0,127}"
_KEY = re.compile(rf"{_PART}(?:/{_PART}){{0,15}}")
_TOKEN = re.compile(r"[0-9a-f]{32}")
_SIZE_DIGITS = 20
_MOST_KEYS = 9999
_SEGMENT_DIGITS = 6


def object_key(text: str) -> ObjectKey:
    """Return `text` as a key; `RequestError` where it is none."""
    if not is_key(text):
        raise RequestError("That is no key of an object.", next_step="Use keys that were given.")
    return ObjectKey(text)


def is_key(text: str) -> bool:
    """Whether `text` is spelt as a key."""
    return len(text) <= MOST_LETTERS and _KEY.fullmatch(text) is not None


def artifact_key(token: str) -> ObjectKey:
    """Return the key of an artifact; `token` is 32 random hexadecimal letters."""
    return ObjectKey(f"{ARTIFACTS}{_token(token)[:2]}/{token}")


def upload_key(token: str) -> ObjectKey:
    """Return the key of an upload's terms; `token` is 32 random hexadecimal letters."""
    return ObjectKey(f"{UPLOADS}{_token(token)}")


def rendering_key(token: str) -> ObjectKey:
    """Return the key of a rendering's file; `token` is 32 random hexadecimal letters."""
    return ObjectKey(f"{RENDERINGS}{_token(token)[:2]}/{token}")


def work_prefix(job: str) -> str:
    """Return how all keys of a running job begin; `job` is its id as 32 hexadecimal letters."""
    return f"{WORK}{_token(job)}/"


def work_key(job: str, token: str) -> ObjectKey:
    """Return the key of something that a running job hands over, under 32 random letters."""
    return ObjectKey(f"{work_prefix(job)}{_token(token)}")


def done_prefix(job: str) -> str:
    """Return how the keys of a running job's finished segments begin."""
    return f"{work_prefix(job)}done-"


def done_key(job: str, segment: int, token: str) -> ObjectKey:
    """Return the key of a finished segment; of two that finish the same one, both stay."""
    if not 0 <= segment < 10**_SEGMENT_DIGITS:
        raise RequestError("A clip has no such segment.")
    return ObjectKey(f"{done_prefix(job)}{segment:0{_SEGMENT_DIGITS}d}-{_token(token)}")


def job_of_work(key: ObjectKey) -> str | None:
    """Return which job a key of `WORK` belongs to, as 32 letters; None where none is named."""
    job = key.removeprefix(WORK).partition("/")[0]
    return job if key.startswith(WORK) and _TOKEN.fullmatch(job) else None


def checkpoint_key(tree_size: int) -> ObjectKey:
    """Return the key of the log's head of that size; keys sort as sizes do."""
    if not 0 <= tree_size < 10**_SIZE_DIGITS:
        raise RequestError("A log has no such size.")
    return ObjectKey(f"{CHECKPOINTS}{tree_size:0{_SIZE_DIGITS}d}")


def checkpoint_size(key: ObjectKey) -> int:
    """Return how many leaves the head under `key` has; `RequestError` where it is no head's."""
    digits = key.removeprefix(CHECKPOINTS)
    if len(digits) != _SIZE_DIGITS or not (digits.isascii() and digits.isdecimal()):
        raise RequestError(f"That is no key of a log's head: {key}.")
    return int(digits)


def log_file_key(path: str) -> ObjectKey:
    """Return the key of a log's tile or entry bundle, which is called `path` in the log."""
    return object_key(f"{LOG_FILES}{path}")


def log_keys_key(count: int) -> ObjectKey:
    """Return the key of the list of a log's first `count` keys."""
    if not 1 <= count <= _MOST_KEYS:
        raise RequestError("A log has no such number of keys.")
    return ObjectKey(f"{LOG_KEYS}{count:04d}")


def listing_prefix(text: str) -> str:
    """Return `text` as the beginning of keys, "" for all; `RequestError` where none begins so."""
    if text and not _KEY.fullmatch(text.removesuffix("/")):
        raise RequestError("No key begins like that.")
    return text


def _token(token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise RequestError("A key is made of 32 random hexadecimal letters.")
    return token
