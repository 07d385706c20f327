"""The command line with a torch engine whose networks answer one code value off here and there.

Two engines may agree bit for bit on one processor and not on another. What a verdict says about
engines that disagree is tested with this one, which disagrees on every machine.
"""

from __future__ import annotations

from models.engines.base import Batch
from models.engines.torch_engine import TorchSession
from services.cli.main import main

_as_trained = TorchSession.run


def _nudged(self: TorchSession, batch: Batch) -> Batch:
    result = _as_trained(self, batch).copy()
    result[..., ::7, ::7] += 1 / 255
    return result


if __name__ == "__main__":
    TorchSession.run = _nudged  # type: ignore[method-assign]
    main()
