"""The keys of one home: the current one, the next while it takes over, and those retired.

A rotation has two steps. `begin` makes the next key, or takes the one behind a program, and has
the current key sign the handover; from then on both sign every head. `finish` retires the old
key: its private half is deleted, its public half stays on record. Statements are signed by the
current key. The ring is read anew for every head, so other processes follow at their next seal.

`ring.json` in the key folder (mode 0600) says how things stand; without it the key in
`signing-ed25519.pem` is the only one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from pipelines.errors import EvidenceError, RequestError
from pipelines.evidence.note_key import handover_text
from pipelines.evidence.signature import key_id, public_pem
from pipelines.ports import Signer
from services.provenance.command_signer import CommandSigner
from services.provenance.durable_file import replace, sync_folder
from services.provenance.head_keys import Handover, HeadKeys
from services.provenance.keys import KEY_FILE, PUBLIC_FILE, FileSigner, read_private
from services.provenance.ring_file import HandoverRecord, KeyPlace, RingFile

RING_FILE = "ring.json"
MAX_HANDOVERS = 8
"""How often a log's key can change: every head carries every handover, and a note has room."""


class KeyRing:
    """A `HeadSigner` over the keys in `folder`; signs statements with the current key.

    `command` names the program that holds the first key, where that is not a file; it is heeded
    when the ring is made. Raises `EvidenceError` where a key is not private or not the one that
    the ring names. What it holds changes in `head_keys`, `begin` and `finish` alone.
    """

    def __init__(self, folder: Path, *, command: Sequence[str] = ()) -> None:
        self._folder = folder
        self._ring = self._read() or self._first(command)
        self._signers = self._opened(self._ring)

    @property
    def key_id(self) -> str:
        """SHA-256 of the current raw public key, lower-case hexadecimal."""
        return self._signers[0].key_id

    @property
    def public_key(self) -> bytes:
        """The current raw 32-byte public key."""
        return self._signers[0].public_key

    @property
    def next_key(self) -> bytes | None:
        """The raw public key that is taking over, if one is."""
        return self._signers[1].public_key if len(self._signers) > 1 else None

    @property
    def retired(self) -> tuple[bytes, ...]:
        """The raw public keys that signed before, oldest first."""
        return tuple(bytes.fromhex(one) for one in self._ring.retired)

    @property
    def unrecorded(self) -> bool:
        """Whether the newest step of a rotation still has to be entered in the log."""
        return not self._ring.recorded

    def sign(self, message: bytes) -> bytes:
        """Return the current key's 64-byte signature of `message`."""
        return self._signers[0].sign(message)

    def head_keys(self) -> HeadKeys:
        """Read the ring anew and say who signs heads now."""
        ring = self._read() or self._ring
        if ring != self._ring:
            self._ring, self._signers = ring, self._opened(ring)
        return HeadKeys(self._signers, tuple(one.handover() for one in self._ring.handovers))

    def begin(self, origin: str, *, command: Sequence[str] = ()) -> None:
        """Have the current key hand over to a new one in the log `origin`.

        The new key is made in a file, or is the one behind the program `command`. The caller
        holds the log's lock. Raises `RequestError` where a rotation is under way already.
        """
        self.head_keys()
        if self._ring.next is not None:
            raise RequestError(
                "A rotation is under way already.",
                next_step="Finish it: evident keys rotate --finish.",
            )
        if len(self._ring.handovers) >= MAX_HANDOVERS:
            raise RequestError(
                f"The key of this log has changed {MAX_HANDOVERS} times, which is the most.",
                next_step="Move the log's folder and its keys aside to begin a new log.",
            )
        place, key = self._new_key(command)
        if key in {self.public_key, *self.retired}:
            raise RequestError("That key is or was this log's key.", next_step="Take a new key.")
        signature = self.sign(handover_text(origin, self.public_key, key))
        handover = HandoverRecord.of(Handover(origin, self.public_key, key, signature))
        self._write(
            RingFile(
                current=self._ring.current,
                next=place,
                retired=self._ring.retired,
                handovers=(*self._ring.handovers, handover),
                recorded=False,
            )
        )

    def finish(self) -> None:
        """Retire the old key; the caller holds the log's lock and publishes afterwards.

        Raises `RequestError` where no rotation is under way.
        """
        self.head_keys()
        ring = self._ring
        if ring.next is None:
            raise RequestError(
                "No rotation is under way.", next_step="Begin one: evident keys rotate."
            )
        self._write(
            RingFile(
                current=ring.next,
                retired=(*ring.retired, ring.current.public_key),
                handovers=ring.handovers,
                recorded=False,
            )
        )
        replace(self._folder / PUBLIC_FILE, public_pem(self.public_key), scratch=self._folder)
        if ring.current.file is not None:
            (self._folder / ring.current.file).unlink(missing_ok=True)
            sync_folder(self._folder)

    def was_recorded(self) -> None:
        """Note that the log holds the entry about the newest step."""
        self._write(self._ring.model_copy(update={"recorded": True}))

    def _new_key(self, command: Sequence[str]) -> tuple[KeyPlace, bytes]:
        if command:
            key = CommandSigner(command).public_key
            return KeyPlace(command=tuple(command), public_key=key.hex()), key
        name = f"signing-{len(self._ring.handovers) + 2}-ed25519.pem"
        key = FileSigner(self._folder, name).public_key
        return KeyPlace(file=name, public_key=key.hex()), key

    def _first(self, command: Sequence[str]) -> RingFile:
        if not command:
            key = FileSigner(self._folder).public_key
            return RingFile(current=KeyPlace(file=KEY_FILE, public_key=key.hex()))
        key = CommandSigner(command).public_key
        FileSigner.make_folder(self._folder)
        ring = RingFile(current=KeyPlace(command=tuple(command), public_key=key.hex()))
        self._put(ring)
        return ring

    def _opened(self, ring: RingFile) -> tuple[Signer, ...]:
        places = (ring.current,) if ring.next is None else (ring.current, ring.next)
        return tuple(self._signer(place) for place in places)

    def _signer(self, place: KeyPlace) -> Signer:
        key = bytes.fromhex(place.public_key)
        if place.command is not None:
            return CommandSigner(place.command, public_key=key)
        signer = FileSigner(self._folder, str(place.file), make=False)
        if signer.public_key != key:
            raise EvidenceError(
                f"The key in {place.file} is not {key_id(key)}, which the key ring names.",
                next_step="Restore the key folder from one backup.",
            )
        return signer

    def _read(self) -> RingFile | None:
        try:
            data = read_private(self._folder, RING_FILE)
        except FileNotFoundError:
            return None
        try:
            return RingFile.model_validate_json(data)
        except ValidationError as error:
            raise EvidenceError(
                f"The key ring {self._folder / RING_FILE} is not in its form.",
                next_step="Restore the key folder from a backup.",
            ) from error

    def _write(self, ring: RingFile) -> None:
        self._put(ring)
        self._ring, self._signers = ring, self._opened(ring)

    def _put(self, ring: RingFile) -> None:
        data = ring.model_dump_json(indent=1).encode("utf-8")
        replace(self._folder / RING_FILE, data, scratch=self._folder)
