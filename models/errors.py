"""Every error that the models room raises, by whose fault it is.

ModelError
├── UnknownModelError         no card of that name in the catalog
├── CardError                 a card is not what a card must be; names the file and the key
├── WeightsError              the weights of a network cannot be used
│   ├── MissingWeightsError       the file that the card names is not there
│   ├── AlteredWeightsError       its digest or size is not the card's
│   ├── UnsafeWeightsError        it is a pickle, or not the format that it claims to be
│   └── UnknownWeightsError       nobody knows which network it is, or it is another one
├── InstallError              weights could not be fetched, read or put away
├── EngineUnavailableError    no engine that could run it is installed
├── EngineError               an engine could not load or run the network
│   ├── PrecisionError            the network or the engine is not proven in this precision
│   ├── NotFiniteError            the result held NaN or infinity, in fp32 as well
│   └── OutOfMemoryError          it did not fit, at the smallest tile as well
└── ExportError               an exported network differs from the one that was trained

An error explains itself to a person: `str(error)` is one line with the reason and
`error.next_step` one line with what to do about it.
"""

from __future__ import annotations


class ModelError(Exception):
    """Base of every error of this room: a one-line reason and, where there is one, a next step."""

    def __init__(self, reason: str, *, next_step: str = "") -> None:
        super().__init__(" ".join(reason.split()))
        self.next_step = " ".join(next_step.split())


class UnknownModelError(ModelError):
    """The catalog holds no card of that name."""


class CardError(ModelError):
    """A card lacks a fact, holds one that is unknown, or contradicts itself."""


class WeightsError(ModelError):
    """The weights of a network cannot be used."""


class MissingWeightsError(WeightsError):
    """The file that the card names is not there or cannot be read."""


class AlteredWeightsError(WeightsError):
    """The file's digest or size differs from the card's."""


class UnsafeWeightsError(WeightsError):
    """The file is a pickle, which can run code when it is read, or is not what it claims."""


class UnknownWeightsError(WeightsError):
    """No card is this file's, or several could be, or it is another network's."""


class InstallError(ModelError):
    """Weights could not be fetched from their makers, read from disk or put away."""


class EngineUnavailableError(ModelError):
    """No engine that could run the network is installed. The next step says how to get one."""


class EngineError(ModelError):
    """An engine could not load or run the network."""


class PrecisionError(EngineError):
    """The network or the engine is not proven in the precision that was asked for."""


class NotFiniteError(EngineError):
    """The result held NaN or infinity, in the safe precision as well."""


class OutOfMemoryError(EngineError):
    """The network did not fit into memory."""


class ExportError(ModelError):
    """An exported network differs from the one that was trained, or is too large to ship."""
