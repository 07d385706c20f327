"""How fast a network is, as a figure that travels: its time over that of a matrix product.

A budget in seconds would judge the machine. So the network's run over one plane is timed in turn
with a float32 matrix product of about as many multiply-adds, and the ratio of the shortest times
is kept: what else runs on a machine only ever adds to a time. About 1 means that the engine does
what the processor's arithmetic allows. On a machine that is busy all the while the figure means
nothing; let a gate have it to itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from models.spec import NetworkCard
from pipelines.gates.results import Speed
from pipelines.operations.base import Network

SIDE = 256
ROUNDS = 15
_INNER = 512


def measure_speed(
    card: NetworkCard,
    network: Network,
    *,
    clock: Callable[[], float] = time.perf_counter,
    rounds: int = ROUNDS,
) -> Speed:
    """Time `network` and a matrix product in turn; the first round of either warms up."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    plane = (0.5 + 0.3 * np.sin(rows / 7.0) * np.cos(columns / 5.0)).astype(np.float32)
    picture = np.stack([plane] * network.planes) if network.planes > 1 else plane
    multiplications = card.parameters * SIDE * SIDE
    columns_wanted = max(1, multiplications // (_INNER * _INNER))
    left = np.ones((_INNER, _INNER), np.float32)
    right = np.ones((_INNER, columns_wanted), np.float32)
    spent: list[float] = []
    product: list[float] = []
    for _ in range(rounds + 1):
        begun = clock()
        network.run(picture)
        between = clock()
        np.matmul(left, right)
        spent.append(between - begun)
        product.append(clock() - between)
    return Speed(ratio=min(spent[1:]) / min(product[1:]), pixels=SIDE * SIDE)
