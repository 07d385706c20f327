"""A supplier's list of digests is read as it is written, and a file is held against it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pipelines.errors import InputError, RequestError
from pipelines.ports import SilentProgress
from pipelines.stages.hash_list import HashList, read_hash_list, require_expected
from pipelines.stages.ingest import receive

DATA = b"\xff\xd8\xff recording"
NAME = "camera 3.jpg"


def digest(algorithm: str) -> str:
    """The digest of the file."""
    return hashlib.new(algorithm, DATA).hexdigest()


def written(folder: Path, text: str | bytes) -> HashList:
    """A list of this text."""
    path = folder / "list.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_hash_list(path)


FORMS = [
    "{md5}  camera 3.jpg\n",
    "{sha256} *camera 3.jpg\n",
    "{sha1}  ./export/camera 3.jpg\r\n",
    "{SHA256}\tE:\\export\\camera 3.jpg\r\n",
    "MD5 (camera 3.jpg) = {md5}\n",
    "SHA256(camera 3.jpg)= {sha256}\n",
    "camera 3.jpg,{sha1}\n",
    '"camera 3.jpg";{md5};\n',
    "# made by a recorder\n\n{sha512}  camera 3.jpg\n" + "0" * 32 + "  other.mp4\n",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_lists_are_read_as_programs_write_them(tmp_path: Path, form: str, encoding: str) -> None:
    """Whatever program wrote it, the file's digest is found and agrees."""
    digests = {name: digest(name) for name in ("md5", "sha1", "sha256", "sha512")}
    text = form.format(**digests, SHA256=digests["sha256"].upper())
    listed = written(tmp_path, text.encode(encoding))
    path = tmp_path / NAME
    path.write_bytes(DATA)
    expected = listed.for_file(NAME, alone=False)
    (said,) = require_expected(receive(path, SilentProgress()), expected, SilentProgress())
    assert listed.sha256 in said


def test_one_digest_alone_belongs_to_one_file_alone(tmp_path: Path) -> None:
    """A list without a name is believed for the only file, and for no other."""
    listed = written(tmp_path, digest("md5") + "\n")
    assert listed.for_file(NAME, alone=True)[0].algorithm == "md5"
    with pytest.raises(RequestError, match="says nothing"):
        listed.for_file(NAME, alone=False)


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_a_file_that_is_another_is_refused_with_both_digests(
    tmp_path: Path, algorithm: str
) -> None:
    """One byte more, and the refusal names what is listed and what was found."""
    listed = written(tmp_path, f"{digest(algorithm)}  {NAME}\n")
    path = tmp_path / NAME
    path.write_bytes(DATA + b"!")
    with pytest.raises(InputError, match=digest(algorithm)):
        require_expected(
            receive(path, SilentProgress()),
            listed.for_file(NAME, alone=True),
            SilentProgress(),
        )


@pytest.mark.parametrize("text", ["", "nothing here", "abc123  a.mp4", "0" * 33, b"\0" * 500])
def test_what_holds_no_digest_is_no_list(tmp_path: Path, text: str | bytes) -> None:
    """Nothing is guessed from numbers of another length."""
    with pytest.raises(RequestError, match="holds no"):
        written(tmp_path, text)


def test_a_file_that_is_not_listed_is_not_passed(tmp_path: Path) -> None:
    """Another name's digest proves nothing."""
    listed = written(tmp_path, f"{digest('md5')}  camera 4.jpg\n")
    with pytest.raises(RequestError, match="says nothing"):
        listed.for_file(NAME, alone=True)
