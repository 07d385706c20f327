"""The child that makes and reads content credentials (C2PA 2.x) with the C2PA library.

It parses strangers' files, so it holds no key: what is to be signed goes to the parent, once.
A credentialed file is written to memory that the parent hands over; only the library's draft of a
large one is a file, without a name. Every wish for a network is refused by the settings.

Messages, signing: in, memory for the finished file (where it is embedded); out, `{"sign": …}`;
in, `{"signature": …}`; out, `{"signed": {…}}`. Reading: out, `{"found": {…}}`. Between them
`{"bytes": n}` now and then. Bytes travel as base64.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pipelines.errors import CredentialsError
from pipelines.media.channel import Channel
from pipelines.media.tasks.credential_streams import Discard, FileWindow, Heard, MemoryStream
from pipelines.media.tasks.regular_file import descriptor_of

_SAID_BYTES = 64 << 20
_LONGEST_REASON = 300
_SETTINGS: dict[str, Any] = {
    "version": 1,
    "core": {"allowed_network_hosts": [], "max_decompressed_manifest_size_in_mb": 32},
    "verify": {
        "remote_manifest_fetch": False,
        "ocsp_fetch": False,
        # The finished file is read back here, so that what was found can be told.
        "verify_after_sign": False,
    },
    # A thumbnail would be a second, unlabelled copy of the picture.
    "builder": {
        "thumbnail": {"enabled": False},
        # What this product states itself, as against what was handed to it to pass on.
        "created_assertion_labels": ["c2pa.actions", "c2pa.ingredient", "invalid.evident.job"],
    },
}


def run(arguments: Mapping[str, Any], channel: Channel) -> None:
    """Sign, or read, as `arguments["want"]` says: "sign" or "read"."""
    try:
        import c2pa  # noqa: PLC0415  (the library, only here)
    except ImportError as error:
        raise CredentialsError(
            "The C2PA library is not installed.", next_step="Install the `credentials` extra."
        ) from error
    try:
        if arguments["want"] == "sign":
            _sign(c2pa, arguments, channel)
        else:
            _read(c2pa, arguments, channel)
    except c2pa.C2paError as error:
        reason = f"The C2PA library refuses the file: {error}"[:_LONGEST_REASON]
        raise CredentialsError(reason) from error


def _sign(c2pa: Any, arguments: Mapping[str, Any], channel: Channel) -> None:
    """Sign a manifest over a result, and read back what came of it.

    `arguments`: "result", "result_type", "embed", "manifest", "algorithm", "certificates",
    "source" (None: nothing of the file as received is parsed), "source_type", "ingredient",
    "scratch" (a folder), "in_memory_bytes".
    """
    embed = bool(arguments["embed"])
    out = MemoryStream(channel.receive_memory()) if embed else Discard()
    heard = _heard(channel)
    kind = arguments["result_type"]
    with ExitStack() as stack:
        result = stack.enter_context(descriptor_of(Path(arguments["result"])))
        context = c2pa.Context.from_dict(_drafting(arguments))
        builder = c2pa.Builder.from_json(json.dumps(_definition(arguments)), context)
        builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
        if arguments["source"] is not None:
            source = stack.enter_context(descriptor_of(Path(arguments["source"])))
            builder.add_ingredient(
                arguments["ingredient"], arguments["source_type"], FileWindow(source, heard)
            )
        if not embed:
            builder.set_no_embed()
        signer = _signer(c2pa, arguments, channel)
        store = builder.sign(signer, kind, FileWindow(result, heard), out)
        finished = out if embed else FileWindow(result, heard)
        reader = c2pa.Reader(kind, finished, None if embed else store, context)
        found = _found(c2pa, reader)
    channel.send(
        {"signed": {**found, "bytes": out.size, "store": base64.b64encode(store).decode()}}
    )


def _drafting(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with the place of drafts: memory, and beyond so many bytes this folder."""
    os.environ["TMPDIR"] = arguments["scratch"]
    megabytes = int(arguments["in_memory_bytes"]) >> 20
    core = {**_SETTINGS["core"], "backing_store_memory_threshold_in_mb": megabytes}
    return {**_SETTINGS, "core": core}


def _definition(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest; an ingredient whose bytes are not parsed is defined in it."""
    manifest = dict(arguments["manifest"])
    if arguments["source"] is None:
        manifest["ingredients"] = [{**arguments["ingredient"], "format": arguments["source_type"]}]
    return manifest


def _signer(c2pa: Any, arguments: Mapping[str, Any], channel: Channel) -> Any:
    """A signer that asks the parent."""

    def ask(message: bytes) -> bytes:
        channel.send({"sign": base64.b64encode(message).decode()})
        return base64.b64decode(channel.receive()["signature"])

    algorithm = getattr(c2pa.C2paSigningAlg, str(arguments["algorithm"]).upper())
    return c2pa.Signer.from_callback(ask, algorithm, arguments["certificates"])


def _read(c2pa: Any, arguments: Mapping[str, Any], channel: Channel) -> None:
    """Read credentials.

    `arguments`: "path", "first", "size", "media_type", "store" (base64 or None), "anchors".
    """
    settings = dict(_SETTINGS)
    if arguments["anchors"]:
        settings["trust"] = {"user_anchors": arguments["anchors"]}
    store = arguments["store"]
    with descriptor_of(Path(arguments["path"])) as descriptor:
        window = FileWindow(
            descriptor, _heard(channel), first=arguments["first"], size=arguments["size"]
        )
        try:
            reader = c2pa.Reader(
                arguments["media_type"],
                window,
                None if store is None else base64.b64decode(store),
                c2pa.Context.from_dict(settings),
            )
        except c2pa.C2paError.ManifestNotFound:
            channel.send({"found": None})
            return
        channel.send({"found": _found(c2pa, reader)})


def _found(c2pa: Any, reader: Any) -> dict[str, Any]:
    """What the library says: its state, the failures' codes, and the newest manifest."""
    document = json.loads(reader.json())
    label = document.get("active_manifest", "")
    return {
        "library": c2pa.sdk_version(),
        "state": document.get("validation_state", "Invalid"),
        "failures": [
            {"code": one.get("code", ""), "about": one.get("explanation", "")}
            for one in document.get("validation_status", ())
        ],
        "label": label,
        "manifest": document.get("manifests", {}).get(label, {}),
    }


def _heard(channel: Channel) -> Heard:
    """Tell the parent every 64 MiB that work goes on."""
    unsaid = 0

    def heard(count: int) -> None:
        nonlocal unsaid
        unsaid += count
        if unsaid >= _SAID_BYTES:
            channel.send({"bytes": unsaid})
            unsaid = 0

    return heard
