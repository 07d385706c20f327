"""VERIFY.txt: one page for a person who has `sha256sum`, `openssl` and, for clips, `ffmpeg`.

Every indented block is a command that works as it stands; the tests run them.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.evidence.verdict import SENTENCE

_PAGE = """\
HOW TO CHECK THIS BUNDLE BY HAND

Job {job}
Statement signed by key {statement_key}
Log kept by key         {log_key}

You need unzip, sha256sum, base64 and openssl 3.0 or newer, and no part of the program that
made this bundle. Unpack the archive and open a terminal in the folder "bundle".

1. Every file is the one that was packed.

    sha256sum -c manifest-sha256.txt
    sha256sum -c tagmanifest-sha256.txt

   Every line must end in OK.

2. The statement was signed with the key beside it.

    openssl pkeyutl -verify -pubin -inkey statement/key.pem -rawin \\
        -in statement/statement.pae -sigfile statement/statement.sig

   It must print: Signature Verified Successfully

3. The statement is about this manifest, and so about every file under data/.

    grep -c "$(sha256sum < manifest-sha256.txt | cut -d ' ' -f 1)" statement/statement.pae

   It must print: 1

4. The key belongs to whom you think.

    openssl pkey -pubin -in statement/key.pem -outform DER | tail -c 32 | sha256sum

   It must print the key named above. Compare it with a value that reached you another way.
   Without that comparison the bundle is self-asserted: somebody signed it, and nothing here
   says who.

5. The log's head was signed with the log's key.

    head -n 3 data/log/checkpoint > ../head.txt
    sed -n 5p data/log/checkpoint | cut -d ' ' -f 3 | base64 -d | tail -c 64 > ../head.sig
    openssl pkeyutl -verify -pubin -inkey data/log/key.pem -rawin \\
        -in ../head.txt -sigfile ../head.sig

   It must print: Signature Verified Successfully

{optional}{last}. Read what was recorded. data/log/entries.jsonl has one entry per line, oldest
   first; the line of kind "export" names every file of the job with its SHA-256.
   data/report.json and data/plan.json say what was done.

Not checked by these steps: that each entry is a leaf of the log (data/log/proofs.json, audit
paths of RFC 6962) and that the archive has no byte besides. "evident verify" checks both, and
any other implementation of the published formats can.

{sentence}
"""


_STAMP = """\
{number}. The signature is as old as its time stamp says. As ../tsa.pem take the certificate of a
   time stamping authority that you trust, from the authority itself.

    openssl ts -verify -in statement/timestamp.tsr -data statement/statement.sig \\
        -CAfile ../tsa.pem
    openssl ts -reply -in statement/timestamp.tsr -text

   The first must print Verification: OK; the second shows the time.

"""
_CLIP = """\
{number}. The frames are those of the ledger, at both ends. Needs ffmpeg 5.1 or newer. A damaged
   clip may decode otherwise with another version of it.

    frames() {{ ffmpeg -v error -noautorotate -i "$1" -map "0:$2" -fps_mode passthrough \\
        -f framehash -hash sha256 - | sed -n 's/^[0-9].* //p'; }}
    stated() {{ sed -n "s/.*\\"$1\\":\\"\\([0-9a-f]*\\)\\".*/\\1/p" data/ledger.jsonl; }}
    frames {received} {received_stream} > ../frames.txt
    stated source_sha256 | cmp - ../frames.txt && echo received: same
    frames {result} {result_stream} > ../frames.txt
    stated delivered_sha256 | cmp - ../frames.txt && echo result: same

   It must print: received: same, and: result: same

"""


@dataclass(frozen=True, slots=True)
class ClipEnds:
    """A clip's two ends: paths in the bundle, and the number of the video stream in each."""

    received: str
    received_stream: int
    result: str
    result_stream: int


def verify_page(
    *,
    job: str,
    statement_key: str,
    log_key: str,
    stamped: bool = False,
    clip: ClipEnds | None = None,
) -> bytes:
    """Return the page of a bundle; the keys are named by their SHA-256 in hexadecimal."""
    optional = []
    if stamped:
        optional.append(_STAMP.format(number=6))
    if clip is not None:
        optional.append(
            _CLIP.format(
                number=6 + len(optional),
                received=shlex.quote(clip.received),
                received_stream=clip.received_stream,
                result=shlex.quote(clip.result),
                result_stream=clip.result_stream,
            )
        )
    page = _PAGE.format(
        job=job,
        statement_key=statement_key,
        log_key=log_key,
        optional="".join(optional),
        last=6 + len(optional),
        sentence=SENTENCE,
    )
    return page.encode("utf-8")


_SUPPLEMENT = """\
HOW TO CHECK THIS SUPPLEMENT BY HAND

It is about the bundle whose archive has the SHA-256

    {bundle}

of job {job}, and counts only beside that bundle, which has a page like this of its own.
Statement signed by key {statement_key}
Log kept by key         {log_key}

Unpack the archive and open a terminal in the folder "supplement".

    sha256sum -c manifest-sha256.txt
    sha256sum -c tagmanifest-sha256.txt
    openssl pkeyutl -verify -pubin -inkey statement/key.pem -rawin \\
        -in statement/statement.pae -sigfile statement/statement.sig
    grep -c "$(sha256sum < manifest-sha256.txt | cut -d ' ' -f 1)" statement/statement.pae

The first two must say OK for every line, the third Signature Verified Successfully, the last 1.
Compare the key with a value that reached you another way.

Not checked by these steps: that the entries are in the log, and that the log grew from the
bundle's head (data/supplement.json, consistency proof of RFC 6962). "evident verify BUNDLE
--supplement FILE" checks both.
"""


def supplement_page(*, job: str, bundle: str, statement_key: str, log_key: str) -> bytes:
    """Return the page of a supplement; digests and keys are in hexadecimal."""
    page = _SUPPLEMENT.format(job=job, bundle=bundle, statement_key=statement_key, log_key=log_key)
    return page.encode("utf-8")


_DISCLOSURE = """\
HOW TO CHECK THIS DISCLOSURE BY HAND

It is a part of a bundle, and not the bundle. The whole one has the SHA-256

    {bundle}

and is about job {job}. {by} left out the files below: {reason}
Each is named with the SHA-256 that the bundle's own statement has for it.

{left_out}

Statement signed by key {statement_key}

Unpack the archive and open a terminal in the folder "disclosure".

    sha256sum -c manifest-sha256.txt
    sha256sum -c tagmanifest-sha256.txt
    openssl pkeyutl -verify -pubin -inkey statement/key.pem -rawin \\
        -in statement/statement.pae -sigfile statement/statement.sig
    grep -c "$(sha256sum < manifest-sha256.txt | cut -d ' ' -f 1)" statement/statement.pae

The first two must say OK for every line, the third Signature Verified Successfully, the last 1.
Compare the key with a value that reached you another way. The bundle's own statement, manifests
and keys are in data/bundle; its page data/bundle/VERIFY.txt says how to check them. There
sha256sum finds nothing amiss but the files that were left out.
"""


def disclosure_page(
    *,
    job: str,
    bundle: str,
    by: str,
    reason: str,
    left_out: Sequence[str],
    statement_key: str,
) -> bytes:
    """Return the page of a disclosure; `left_out` are lines as `sha256sum` prints them."""
    page = _DISCLOSURE.format(
        job=job,
        bundle=bundle,
        by=by,
        reason=reason,
        left_out="\n".join(f"    {one}" for one in left_out),
        statement_key=statement_key,
    )
    return page.encode("utf-8")
