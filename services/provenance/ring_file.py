"""The form of `ring.json`: which keys a home has and where they are."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.provenance.head_keys import Handover

RawKey = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
"""A raw 32-byte public key in hexadecimal."""

Signature = Annotated[str, StringConstraints(pattern="^[0-9a-f]{128}$")]
KeyFile = Annotated[str, StringConstraints(pattern=r"^signing-(?:[0-9]+-)?ed25519\.pem$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KeyPlace(_Strict):
    """Where a private key is: in a file of the key folder, or behind a program."""

    public_key: RawKey
    file: KeyFile | None = None
    command: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.file is None) == (not self.command):
            raise ValueError("a key is in a file or behind a program")
        return self


class HandoverRecord(_Strict):
    """A handover, in hexadecimal."""

    origin: str
    old_key: RawKey
    new_key: RawKey
    signature: Signature

    @classmethod
    def of(cls, handover: Handover) -> Self:
        """Spell `handover`."""
        return cls(
            origin=handover.origin,
            old_key=handover.old_key.hex(),
            new_key=handover.new_key.hex(),
            signature=handover.signature.hex(),
        )

    def handover(self) -> Handover:
        """Return what it spells."""
        keys = (bytes.fromhex(self.old_key), bytes.fromhex(self.new_key))
        return Handover(self.origin, *keys, bytes.fromhex(self.signature))


class RingFile(_Strict):
    """The ring; `recorded` is False until the log holds an entry about its newest step."""

    version: Literal[1] = 1
    current: KeyPlace
    next: KeyPlace | None = None
    retired: tuple[RawKey, ...] = ()
    handovers: tuple[HandoverRecord, ...] = Field(default=(), max_length=64)
    recorded: bool = True
