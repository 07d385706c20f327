"""Every error that the pipelines raise, by whose fault it is.

EvidentError
├── InputError            the file as received cannot be processed
│   ├── UnreadableError       no such file, no permission, empty, not a regular file
│   ├── NotMediaError         no picture and no video in it
│   │   └── UnknownFormatError    a format that nothing here reads
│   ├── DamagedError          media, but it does not decode
│   │   └── UnsteadyError         it decoded to other samples than the time before
│   └── TooLargeError         beyond the stated limits of pixels, frames or bytes
├── RequestError          what was asked for is not possible or not admitted
│   ├── GraphError            the graph does not validate; names the field
│   ├── PolicyError           the preset does not admit it; names the preset that would
│   └── UnsupportedError      valid, but this container, codec or build cannot carry it
├── ResourceError         this machine cannot do it now
│   ├── DiskFullError         no space left where results or scratch files go
│   └── MemoryCeilingError    the computed ceiling exceeds what is available
├── DecodeChildError      the bounded decoder crashed, ran away or stopped answering
├── CredentialsError      content credentials cannot be made or read here
├── TimeStampError        the time-stamping authority gave no time stamp that counts
├── ConservationError     the result broke a conservation law; carries the numbers
└── EvidenceError         a record, bundle or log is not what it claims

An error explains itself to a person: `str(error)` is one line with the reason and
`error.next_step` one line with what to do about it.
"""

from __future__ import annotations


class EvidentError(Exception):
    """Base of every error of ours: a one-line reason and, where there is one, a next step."""

    def __init__(self, reason: str, *, next_step: str = "") -> None:
        super().__init__(" ".join(reason.split()))
        self.next_step = " ".join(next_step.split())


class InputError(EvidentError):
    """The file as received cannot be processed."""


class UnreadableError(InputError):
    """No such file, no permission, empty, or not a regular file."""


class NotMediaError(InputError):
    """The file holds no picture and no video that we can recognise."""


class UnknownFormatError(NotMediaError):
    """Nothing here opens the file: its maker's own player is required."""


class DamagedError(InputError):
    """The file is media but does not decode to a single picture or frame."""


class UnsteadyError(DamagedError):
    """A frame decoded to other samples than it did when the clip was indexed."""


class TooLargeError(InputError):
    """The file is beyond the stated limits of pixels, frames or bytes."""


class RequestError(EvidentError):
    """What was asked for is not possible or not admitted."""


class GraphError(RequestError):
    """The graph does not validate. `field` is the path of the offending value."""

    def __init__(self, reason: str, *, field: str = "", next_step: str = "") -> None:
        super().__init__(reason, next_step=next_step)
        self.field = field


class PolicyError(GraphError):
    """The preset does not admit what the graph asks for."""


class UnsupportedError(RequestError):
    """A valid wish that this container, codec or build cannot carry."""


class ResourceError(EvidentError):
    """This machine cannot do it now."""


class DiskFullError(ResourceError):
    """No space is left where results or scratch files go."""


class MemoryCeilingError(ResourceError):
    """The ceiling computed for the job exceeds the memory that is available."""


class DecodeChildError(EvidentError):
    """The bounded decoder crashed, ran away or stopped answering."""


class CredentialsError(EvidentError):
    """Content credentials cannot be made for this file, or cannot be read from it."""


class TimeStampError(EvidentError):
    """The time-stamping authority cannot be asked, or gave no time stamp that counts."""


class ConservationError(EvidentError):
    """The result broke a conservation law. The reason carries the numbers."""


class EvidenceError(EvidentError):
    """A record, bundle or log is not what it claims to be."""
