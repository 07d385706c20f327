"""The cheapest way to pair rows with columns: the assignment problem, solved exactly.

H. W. Kuhn, "The Hungarian method for the assignment problem", 1955, in the form with shortest
augmenting paths and potentials (R. Jonker, A. Volgenant, 1987), O(n^3). Written here so that
tracking needs no library beyond numpy; the tests hold it against scipy's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pairs = tuple[tuple[int, int], ...]


def cheapest_pairs(cost: NDArray[np.float64], *, most: float) -> Pairs:
    """Pair rows of (n, m) with columns so that the sum is least; none dearer than `most`.

    Pairs above `most` are not made: their cost counts as a constant larger than every sum, so as
    many of the others are made as can be. Returned by rising row.
    """
    if 0 in cost.shape:
        return ()
    allowed = cost <= most
    dear = float(np.abs(cost[allowed]).sum()) + 1.0 if allowed.any() else 1.0
    priced = np.where(allowed, cost, dear)
    turned = priced.shape[0] > priced.shape[1]
    columns = _column_of_rows(priced.T if turned else priced)
    pairs = enumerate(columns.tolist())
    ordered = sorted((b, a) if turned else (a, b) for a, b in pairs)
    return tuple(pair for pair in ordered if allowed[pair])


def _column_of_rows(cost: NDArray[np.float64]) -> NDArray[np.int64]:
    """The column of each row of (n, m), n <= m, in a cheapest full assignment.

    Row and column numbers begin at 1 inside; 0 stands for none.
    """
    rows, columns = cost.shape
    of_row = np.zeros(rows + 1)
    of_column = np.zeros(columns + 1)
    row_at = np.zeros(columns + 1, np.int64)
    for row in range(1, rows + 1):
        row_at[0] = row
        here = 0
        shortest = np.full(columns + 1, np.inf)
        came_from = np.zeros(columns + 1, np.int64)
        visited = np.zeros(columns + 1, bool)
        while row_at[here]:
            visited[here] = True
            reduced = cost[row_at[here] - 1] - of_row[row_at[here]] - of_column[1:]
            better = ~visited[1:] & (reduced < shortest[1:])
            shortest[1:][better] = reduced[better]
            came_from[1:][better] = here
            open_ones = np.where(visited, np.inf, shortest)
            open_ones[0] = np.inf
            nearest = int(np.argmin(open_ones))
            step = open_ones[nearest]
            of_row[row_at[visited]] += step
            of_column[visited] -= step
            shortest[~visited] -= step
            here = nearest
        while here:
            row_at[here] = row_at[came_from[here]]
            here = int(came_from[here])
    found = np.zeros(rows, np.int64)
    taken = np.flatnonzero(row_at[1:])
    found[row_at[1:][taken] - 1] = taken
    return found
