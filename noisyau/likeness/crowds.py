"""The near pairs among many pictures that agree in the key of a table of `search`.

All 256 bits are in 16 blocks of 16. A pair that differs in at most `most` of the bits of some
blocks differs in at most r of one of them, whatever radii r the blocks have, if those and one for
each block add up to `most` + 1. Radii are given where they cost least, as counted on some of the
pictures, so that blocks that are much the same in all of them are not looked at (J. Qin and others,
GPH: Similarity Search in Hamming Space, 2018). It is either the first four blocks, the hash, that
are searched so, or the twelve beyond it.

Where neither tells the pictures apart, or `fine` is near 64, each is compared with each.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from noisyau.likeness import kernels

_BITS = 16
_HASH, _BEYOND = range(4), range(4, 16)  # blocks
_ASKED = 64  # pictures on which costs are counted

_COUNTS = np.bitwise_count(np.arange(1 << _BITS))
_FLIPS = np.argsort(_COUNTS, kind="stable")  # all ways to turn bits, few bits first
_WITHIN = np.searchsorted(_COUNTS[_FLIPS], np.arange(_BITS + 1), side="right")  # by radius


class Plan(NamedTuple):
    """Radii by block; cost, in pictures and places looked at."""

    radii: dict[int, int]
    cost: float


def join(
    rows: NDArray[np.int64],
    words: NDArray[np.uint64],
    person: NDArray[np.int32],
    distance: int,
    fine: int,
    parent: NDArray[np.int32],
) -> None:
    """Join the near pairs of two people among some rows of words; arguments as of `search`.

    parent  (faces,) what is joined already, and from now on
    """
    if not len(rows):
        return
    limits = np.uint64(distance), np.uint64(fine)
    again, first = _equal(rows, words, person)
    rows = rows[again == first]
    for word in range(4):  # joins most of what many people have in common
        order = rows[np.argsort(words[rows, word], kind="stable")]
        kernels.join_neighbours(order, words, person, *limits, parent)
    plans = _plan(words[rows], _HASH, distance), _plan(words[rows], _BEYOND, fine)
    for block, radius in min(plans, key=lambda plan: plan.cost).radii.items():
        rows, beyond, joined = _apart(rows, person, kernels.roots(parent))
        flips = _FLIPS[: _WITHIN[radius]]
        keys, folded = _keys(words[rows], block), _folded(block)
        kernels.join_block(
            rows, keys, flips, folded, beyond, joined, words, person, *limits, parent
        )
    found = np.bincount(kernels.roots(parent))[parent[first]] > 1
    kernels.join_pairs(again[found], first[found], parent)


def _equal(
    rows: NDArray[np.int64], words: NDArray[np.uint64], person: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows in some order, and for each the first of the same person that has all its bits."""
    order = rows[np.lexsort((*words[rows].T, person[rows]))]
    new = np.ones(len(order), bool)
    new[1:] = (words[order[1:]] != words[order[:-1]]).any(axis=1)
    new[1:] |= person[order[1:]] != person[order[:-1]]
    return order, order[new][np.cumsum(new) - 1]


def _apart(
    rows: NDArray[np.int64], person: NDArray[np.int32], roots: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The rows in an order in which those that need no comparison, being joined already or else
    of one person, are next to each other; and for each the place where they end, and that
    from which on they are joined. The most are last: they are compared with nobody after them."""
    _, group, sizes = np.unique(roots[rows], return_inverse=True, return_counts=True)
    label = np.where(sizes[group] > 1, group, len(rows) + person[rows].astype(np.int64))
    _, group, sizes = np.unique(label, return_inverse=True, return_counts=True)
    turn = np.empty(len(sizes), np.int64)
    turn[np.argsort(sizes, kind="stable")] = np.arange(len(sizes))
    order = np.argsort(turn[group], kind="stable")
    in_turn = turn[group][order]
    joined = np.where(
        label[order] < len(rows), np.searchsorted(in_turn, in_turn), np.arange(len(rows))
    )
    return rows[order], np.searchsorted(in_turn, in_turn, side="right"), joined


def _keys(words: NDArray[np.uint64], block: int) -> NDArray[np.int64]:
    """(n,) the bits of a block; of the half that a mirror turns they stand for their opposite."""
    shift = np.uint64(_BITS * (block % 4))
    keys = (words[:, block // 4] >> shift).astype(np.int64) & 0xFFFF
    return np.where(keys >> 15, keys ^ 0xFFFF, keys) if _folded(block) else keys


def _folded(block: int) -> bool:
    return block >= 8


def _plan(words: NDArray[np.uint64], blocks: range, most: int) -> Plan:
    """Radii for the blocks, where the next costs least, until they suffice."""
    asked = np.linspace(0, len(words) - 1, _ASKED).astype(np.int64)
    steps = {block: _costs(_keys(words, block), asked, _folded(block)) for block in blocks}
    radii, cost = dict.fromkeys(blocks, -1), 0.0
    for _ in range(most + 1):
        open_ = [block for block in blocks if radii[block] < _BITS]
        block = min(open_, key=lambda block: steps[block][radii[block] + 1])
        radii[block] += 1
        cost += steps[block][radii[block]]
    return Plan({block: radius for block, radius in radii.items() if radius >= 0}, cost)


def _costs(keys: NDArray[np.int64], asked: NDArray[np.int64], folded: bool) -> NDArray[np.float64]:
    """(17,) what a picture costs at radius 0, and how much more with each further one."""
    sizes = np.bincount(keys, minlength=1 << _BITS)
    found = np.zeros(1 << _BITS)
    for key in keys[asked]:
        reached = key ^ _FLIPS
        found += sizes[np.where(reached >> 15, reached ^ 0xFFFF, reached) if folded else reached]
    within = np.cumsum(found / len(asked) + 1)[_WITHIN - 1]
    return np.diff(within, prepend=0.0)
