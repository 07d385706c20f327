"""What was committed while its answer was lost stays, and asking again finds it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pipelines.errors import ResourceError
from pipelines.media.probe import Probed
from services.auth.scopes import PROJECT_SCOPES, Principal
from services.gateway.uploads import Sender, Uploads
from services.jobs.artifacts import Artifact
from services.storage.keys import object_key
from services.storage.opening import open_folder

DATA = b"a picture"
SENDER = Sender(Principal("vera", "p", frozenset(PROJECT_SCOPES)), "r-1")


class Records:
    """Keeps the first artifact of a digest, as the records do; may die after a commit."""

    def __init__(self) -> None:
        self.known: dict[str, Artifact] = {}
        self.is_dying = False

    def upload(
        self, project: str, artifact: Artifact, *, name: str, principal: str, request: str
    ) -> Artifact:
        """Commit, then answer."""
        del project, name, principal, request
        kept = self.known.setdefault(artifact.digest, artifact)
        if self.is_dying:
            raise ResourceError("The records do not answer.")
        return kept


@pytest.fixture
def records() -> Records:
    """Records that are empty."""
    return Records()


@pytest.fixture
def uploads(tmp_path: Path, records: Records) -> Uploads:
    """Uploads into a folder; whatever comes is a picture."""
    probed = Probed("photo", "image/png", 1, 1)
    return Uploads(open_folder(tmp_path), records, lambda _path: probed, most_bytes=100)


def held(tmp_path: Path, records: Records) -> bytes:
    """Read the bytes that the records name."""
    (artifact,) = records.known.values()
    with open_folder(tmp_path).objects.open(object_key(artifact.object_key)) as pieces:
        return b"".join(pieces)


def test_bytes_whose_commit_was_not_answered_stay(
    tmp_path: Path, uploads: Uploads, records: Records
) -> None:
    """The records may name them: removing them would leave a digest without its bytes."""
    records.is_dying = True
    with pytest.raises(ResourceError):
        uploads.whole([DATA], SENDER, expected=None)
    assert held(tmp_path, records) == DATA


def test_sending_again_after_a_lost_answer_keeps_one_copy(
    tmp_path: Path, uploads: Uploads, records: Records
) -> None:
    """The second upload finds the first one's bytes, and its own go."""
    records.is_dying = True
    with pytest.raises(ResourceError):
        uploads.whole([DATA], SENDER, expected=None)
    records.is_dying = False
    accepted = uploads.whole([DATA], SENDER, expected=None)
    assert accepted.sha256 == hashlib.sha256(DATA).hexdigest()
    assert len(list(open_folder(tmp_path).objects.list())) == 1
    assert held(tmp_path, records) == DATA
