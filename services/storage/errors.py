"""What can go wrong with an object, beside the store not answering.

EvidentError
├── RequestError
│   └── OffsetError           an upload goes on at another byte than the one it was at
└── StorageError
    ├── ObjectMissingError    there is no such object
    ├── ObjectTakenError      the key holds an object, which is never overwritten
    ├── ObjectLockedError     the store keeps the object until a date
    └── AlteredObjectError    the bytes do not have the digest that they should have
"""

from __future__ import annotations

from pipelines.errors import EvidentError, RequestError


class StorageError(EvidentError):
    """The object store holds something else than was expected of it."""


class ObjectMissingError(StorageError):
    """There is no such object."""


class ObjectTakenError(StorageError):
    """The key holds an object already, and objects are never overwritten."""


class ObjectLockedError(StorageError):
    """The store keeps the object until a date, against everybody."""


class AlteredObjectError(StorageError):
    """The bytes do not have the digest that was stated for them."""


class OffsetError(RequestError):
    """An upload was to go on at another byte than the one it was at; `held` is where it is."""

    def __init__(self, reason: str, *, held: int, next_step: str = "") -> None:
        super().__init__(reason, next_step=next_step)
        self.held = held
