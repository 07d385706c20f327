"""Merkle trees: the RFC's known answers, and proofs that hold for what is true alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import EvidenceError
from pipelines.evidence.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    frontier_at,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
    node_hash,
)

# The eight leaves and the heads at sizes 1 to 8 that Certificate Transparency's reference
# implementation publishes for RFC 6962 (merkle_tree_test, "ReferenceMerkleTree").
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}


class Tree:
    """A tree that keeps every complete subtree in memory."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.frontier = Frontier()
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.roots = [EMPTY_ROOT]
        for leaf in leaves:
            for level, index, node in self.frontier.append(leaf_hash(leaf)):
                self.nodes[level, index] = node
            self.roots.append(self.frontier.root)

    def read(self, level: int, index: int) -> bytes:
        """Hand out a complete subtree."""
        return self.nodes[level, index]


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """Follow the definition of RFC 6962, 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(naive_root(leaves[:k]), naive_root(leaves[k:]))


def test_reference_roots() -> None:
    """The heads at every size are those of the reference implementation."""
    tree = Tree(LEAVES)
    assert [root.hex() for root in tree.roots[1:]] == ROOTS
    assert EMPTY_ROOT.hex().startswith("e3b0c44298fc1c149afbf4c8996fb924")


@pytest.mark.parametrize(("place", "path"), PATHS.items())
def test_reference_paths(place: tuple[int, int], path: list[str]) -> None:
    """Audit paths are those of the reference implementation."""
    index, size = place
    made = inclusion_proof(index, size, Tree(LEAVES).read)
    assert [step.hex() for step in made] == path


def test_all_proofs_of_small_trees() -> None:
    """Every leaf of every tree up to 33 leaves has a proof, and it holds nowhere else."""
    leaves = [bytes([n]) for n in range(33)]
    tree = Tree(leaves)
    for size in range(1, 34):
        assert tree.roots[size] == naive_root(leaves[:size])
        for index in range(size):
            path = inclusion_proof(index, size, tree.read)
            leaf = leaf_hash(leaves[index])
            assert is_included(leaf, index, size, path, tree.roots[size])
            for other in range(size):
                if other != index:
                    assert not is_included(leaf, other, size, path, tree.roots[size])


def test_all_consistency_proofs_of_small_trees() -> None:
    """Every pair of sizes up to 33 has a proof, and it holds for that pair alone."""
    tree = Tree([bytes([n]) for n in range(33)])
    for second in range(1, 34):
        for first in range(1, second + 1):
            path = consistency_proof(first, second, tree.read)
            old, new = tree.roots[first], tree.roots[second]
            assert is_consistent(first, second, old, new, path)
            if first < second:
                assert not is_consistent(first, second, new, old, path)
                assert not is_consistent(first, second, old, old, path)
                assert not is_consistent(first, second, old, new, path[:-1])
                assert not is_consistent(first, second, old, new, (*path, old))


@given(st.integers(1, 600), st.data())
@settings(max_examples=60, deadline=None)
def test_changed_proofs_fail(size: int, data: st.DataObject) -> None:
    """A proof with one bit flipped, one step dropped or one step added does not hold."""
    leaves = [n.to_bytes(2, "big") for n in range(size)]
    tree = Tree(leaves)
    index = data.draw(st.integers(0, size - 1))
    leaf, root = leaf_hash(leaves[index]), tree.frontier.root
    path = list(inclusion_proof(index, size, tree.read))
    assert is_included(leaf, index, size, path, root)
    assert not is_included(leaf, index, size, [*path, root], root)
    if path:
        step = data.draw(st.integers(0, len(path) - 1))
        bit = data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(path[step], "big") ^ (1 << bit)).to_bytes(32, "big")
        assert not is_included(leaf, index, size, [*path[:step], flipped, *path[step + 1 :]], root)
        assert not is_included(leaf, index, size, [*path[:step], *path[step + 1 :]], root)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 200, 255, 256, 257])
def test_frontier_resumes(size: int) -> None:
    """A tree taken up again from stored subtrees grows into the same heads."""
    leaves = [n.to_bytes(2, "big") for n in range(300)]
    tree = Tree(leaves)
    frontier = frontier_at(size, tree.read)
    assert frontier.root == tree.roots[size]
    for leaf in leaves[size:]:
        frontier.append(leaf_hash(leaf))
    assert frontier.root == tree.roots[300]


def test_places_outside_the_tree_are_refused() -> None:
    """There is no proof of a leaf, or between sizes, that the tree does not have."""
    tree = Tree(LEAVES)
    for index, size in ((8, 8), (-1, 8), (0, 0)):
        with pytest.raises(EvidenceError):
            inclusion_proof(index, size, tree.read)
    for first, second in ((0, 8), (9, 8), (-1, 3)):
        with pytest.raises(EvidenceError):
            consistency_proof(first, second, tree.read)
    assert not is_included(leaf_hash(b""), 0, 0, [], EMPTY_ROOT)
