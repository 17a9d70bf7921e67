"""All pairs of hashes within some bits of each other, joined into groups; no pair is missed.

Of 64 bits in `distance` + k blocks, two hashes that differ in at most `distance` bits agree
in k blocks at least (the pigeonhole principle). So for each choice of k blocks the hashes are
sorted by the bits in them, and only those that agree there are compared (the permuted tables of
G. Manku, A. Jain and A. Das Sarma, Detecting Near-Duplicates for Web Crawling, 2007). Pairs are
never listed and none is compared twice; what is joined already is not compared again, so that a
video whose frames all look the same costs no more than so many pictures that do not.

What takes long are pictures that share a hash and differ beyond it: n of them are n * n / 2
comparisons.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from typing import cast

import numpy as np
from numpy.typing import NDArray

from noisyau.likeness import kernels

FARTHEST = 6
"""The largest distance that can be searched; from there on tables are many and keys short."""

_KEY_BITS = 24  # at least, so that few of 10 million faces agree by chance


def components(
    words: NDArray[np.uint64], distance: int, fine: int, workers: int = 1
) -> NDArray[np.int32]:
    """What looks the same, and whatever is joined by a chain of such pairs.

    words     (faces, 4) from `hashes.words`
    distance  the first words of a pair differ in at most so many bits, 0..FARTHEST
    fine      and all four are apart by so many at most, mirrored or not (`hashes`), 0..256
    workers   threads; each takes 12 bytes a distinct picture
    returns   (faces,) the same number for what looks the same; which number means nothing
    """
    distinct, where = _distinct(words)
    tables = key_places(distance)
    parents = [np.arange(len(distinct), dtype=np.int32) for _ in range(workers)]

    masks = np.array([np.bitwise_or.reduce(np.uint64(1) << places) for places in tables])
    limits = np.uint64(distance), np.uint64(fine)

    def work(worker: int) -> None:
        table = np.empty(len(distinct), np.uint64)
        for number in range(worker, len(tables), workers):
            kernels.keys(distinct, tables[number], table)
            table.sort()
            kernels.join_runs(table, distinct, masks[:number], *limits, parents[worker])

    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(work, range(workers)))
    for other in parents[1:]:
        kernels.join_all(parents[0], other)
    return cast(NDArray[np.int32], kernels.roots(parents[0])[where])


def key_places(distance: int) -> list[NDArray[np.uint64]]:
    """For each table the places of its key's bits in the hash: every choice of k blocks.

    Bits are dealt over the blocks in turn: low frequencies vary less from face to face, and no
    table has only those. k is the smallest with which keys have _KEY_BITS.
    """
    apart = max(distance, 1)
    k = next(k for k in range(1, 64) if 64 * k >= _KEY_BITS * (apart + k))
    blocks = apart + k
    return [
        np.array([63 - bit for bit in range(64) if bit % blocks in chosen], np.uint64)
        for chosen in combinations(range(blocks), k)
    ]


def _distinct(words: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The rows that differ, sorted, and for each row of `words` which of them it is."""
    order = np.argsort(words[:, 0], kind="stable")
    first = words[order, 0]
    tied = np.zeros(len(first), bool)
    tied[1:] = first[1:] == first[:-1]
    tied[:-1] |= tied[1:]
    again = order[tied]  # the other words matter among these alone
    order[tied] = again[np.lexsort(words[again, ::-1].T)]
    rows = words[order]
    new = np.ones(len(rows), bool)
    new[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    where = np.empty(len(rows), np.int64)
    where[order] = np.cumsum(new) - 1
    return rows[new], where
