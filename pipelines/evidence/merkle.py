"""Merkle trees after RFC 6962: heads, inclusion and consistency, made and checked.

Hashing (RFC 6962, section 2.1, https://www.rfc-editor.org/rfc/rfc6962#section-2.1): a leaf is
SHA-256(0x00 || data), a node SHA-256(0x01 || left || right), the empty tree SHA-256("").
Checking follows RFC 9162, sections 2.1.3.2 and 2.1.4.2, step by step. Proofs are made from
complete subtrees alone, which is what a tiled log stores: `NodeReader(level, index)` hands
back the hash over the leaves `index << level` up to `(index + 1) << level`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from pipelines.errors import EvidenceError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
MAX_LEVEL = 63

NodeReader = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    """Return the 32-byte hash of a leaf that holds `data`."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of an inner node over two 32-byte hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: enough to append leaves and to give the head.

    Memory is one hash per level. `nodes()` yields what each append completed, so a store can
    keep every complete subtree.
    """

    def __init__(self, size: int = 0, edge: Sequence[bytes] = ()) -> None:
        if len(edge) != size.bit_count():
            raise EvidenceError(f"A tree of {size} leaves has {size.bit_count()} edge hashes.")
        self._size = size
        self._edge = list(edge)

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    @property
    def root(self) -> bytes:
        """The 32-byte head."""
        if not self._edge:
            return EMPTY_ROOT
        head = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            head = node_hash(left, head)
        return head

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Take one more leaf hash; return the subtrees that it completes: level, index, hash."""
        index = self._size
        completed = [(0, index, leaf)]
        level = 0
        node = leaf
        while index & 1:
            node = node_hash(self._edge.pop(), node)
            index >>= 1
            level += 1
            completed.append((level, index, node))
        self._edge.append(node)
        self._size += 1
        return completed


def frontier_at(size: int, read: NodeReader) -> Frontier:
    """Return the right edge of the first `size` leaves, read from complete subtrees."""
    return Frontier(size, [read(level, index) for level, index in _complete(0, size)])


def inclusion_proof(index: int, size: int, read: NodeReader) -> tuple[bytes, ...]:
    """Return the audit path of leaf `index` in a tree of `size` leaves (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise EvidenceError(f"Leaf {index} is not in a tree of {size} leaves.")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_hash(middle, end, read))
            end = middle
        else:
            path.append(_range_hash(start, middle, read))
            start = middle
    return tuple(reversed(path))


def consistency_proof(first: int, second: int, read: NodeReader) -> tuple[bytes, ...]:
    """Prove that the tree of `first` leaves begins that of `second` (RFC 6962, 2.1.2)."""
    if not 0 < first <= second:
        raise EvidenceError(f"There is no consistency proof from {first} to {second} leaves.")
    path: list[bytes] = []
    start, end = 0, second
    whole = True
    while end != first:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(_range_hash(middle, end, read))
            end = middle
        else:
            path.append(_range_hash(start, middle, read))
            start = middle
            whole = False
    if not whole:
        path.append(_range_hash(start, end, read))
    return tuple(reversed(path))


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the head that `path` leads to from leaf hash `leaf` at `index` (RFC 9162, 2.1.3.2).

    Raises `EvidenceError` where the path cannot belong to that place in that tree.
    """
    # 1. The index lies in the tree.
    if not 0 <= index < size:
        raise EvidenceError(f"Leaf {index} is not in a tree of {size} leaves.")
    # 2. and 3. fn is the leaf, sn the last leaf, r the leaf hash.
    fn, sn, head = index, size - 1, leaf
    # 4. Climb along the path.
    for step in path:
        if sn == 0 or len(step) != HASH_BYTES:
            raise EvidenceError("An inclusion proof has the wrong length.")
        if fn & 1 or fn == sn:
            head = node_hash(step, head)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            head = node_hash(head, step)
        fn >>= 1
        sn >>= 1
    # 5. The path ends at the head.
    if sn != 0:
        raise EvidenceError("An inclusion proof has the wrong length.")
    return head


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` shows leaf hash `leaf` at `index` of the tree with head `root`."""
    try:
        return root_from_inclusion(leaf, index, size, path) == root
    except EvidenceError:
        return False


def is_consistent(
    first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether `path` shows that the second tree extends the first (RFC 9162, 2.1.4.2)."""
    if first == second:
        return not path and first_root == second_root and first >= 0
    if not 0 < first < second or not path or any(len(step) != HASH_BYTES for step in path):
        return False
    # 2. A first size that is a power of two leaves its own head out of the path.
    steps = [first_root, *path] if first & (first - 1) == 0 else list(path)
    # 3. and 4. fn is the last leaf of the first tree, sn of the second.
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    # 5. fr and sr are the heads rebuilt so far.
    fr = sr = steps[0]
    # 6. Climb.
    for step in steps[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr = node_hash(step, fr)
            sr = node_hash(step, sr)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            sr = node_hash(sr, step)
        fn >>= 1
        sn >>= 1
    # 7. Both heads are reached.
    return fr == first_root and sr == second_root and sn == 0


def _split(count: int) -> int:
    """Return the largest power of two smaller than `count` (at least 2)."""
    return 1 << ((count - 1).bit_length() - 1)


def _complete(start: int, end: int) -> list[tuple[int, int]]:
    """List the complete subtrees, left to right, that make up a range with an aligned start."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def _range_hash(start: int, end: int, read: NodeReader) -> bytes:
    """Return the hash over the leaves from `start` to `end`, a range made by the tree's splits."""
    nodes = [read(level, index) for level, index in _complete(start, end)]
    head = nodes[-1]
    for left in reversed(nodes[:-1]):
        head = node_hash(left, head)
    return head
