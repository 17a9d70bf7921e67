"""How a sample is drawn: in one order, so that a smaller sample lies inside a larger one.

Names are ordered by a digest of the seed and of each name alone, so that a sample is the same on
any machine, and a name that is added or lost moves no other. Cells (genders, regions) share a
sample by Webster's divisor method: the r-th name of a cell has its turn at (r + 1/2) / share, and
a sample of n is the n names whose turn comes first. No quota is rounded, so that cells of equal
shares differ by one at most, and a larger sample never has fewer of a cell. Where a cell has no
more names, those that may stand in for it go on in the proportion of their shares.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

_PIECE = 2**17  # names that are Python objects at once


class Drawn(NamedTuple):
    """A sample. chosen: (names,); the others (cells,), how many names of each.

    wanted is what the cell's share comes to, were no cell ever exhausted.
    """

    chosen: NDArray[np.bool_]
    wanted: NDArray[np.int64]
    available: NDArray[np.int64]
    taken: NDArray[np.int64]


def draw(
    total: int,
    place: NDArray[Any],
    cell: NDArray[np.int8],
    shares: NDArray[np.float64],
    strata: Sequence[NDArray[np.int64]],
) -> Drawn:
    """The first `total` names, or as many as there are in cells.

    place   (names,) orders the names of a cell; equal ones keep the order they are given in
    cell    (names,) index into shares; -1 in none, never taken
    shares  (cells,) over 0
    strata  the cells that may stand in for each other; every cell is in one of them
    """
    available = np.bincount(cell[cell >= 0], minlength=len(shares))
    of_strata = np.array([shares[stratum].sum() for stratum in strata])
    endless = np.full(len(strata), total)
    taken, wanted = np.zeros((2, len(shares)), np.int64)
    for stratum, number in zip(strata, allocate(total, of_strata, endless), strict=True):
        taken[stratum] = allocate(int(number), shares[stratum], available[stratum])
        wanted[stratum] = allocate(int(number), shares[stratum], endless[:1].repeat(len(stratum)))
    chosen = np.zeros(len(cell), dtype=bool)
    for index, number in enumerate(taken):
        there = np.flatnonzero(cell == index)
        chosen[there[_first(place[there], int(number))]] = True
    return Drawn(chosen, wanted, available, taken)


def _first(place: NDArray[Any], number: int) -> NDArray[np.bool_]:
    """(names,) the `number` smallest; of equal ones those that come first."""
    if number == 0:
        return np.zeros(len(place), dtype=bool)
    last = np.partition(place, number - 1)[number - 1]
    chosen: NDArray[np.bool_] = place < last
    chosen[np.flatnonzero(place == last)[: number - np.count_nonzero(chosen)]] = True
    return chosen


def allocate(
    total: int, shares: NDArray[np.float64], available: NDArray[np.int64]
) -> NDArray[np.int64]:
    """(cells,) how many of `total` each cell has; all there are, where they do not suffice.

    Turns that fall together are taken in the order of the cells.
    """
    total = min(total, int(available.sum()))
    near = len(shares) + 1  # of the water level: rounding moves no cell further
    low = np.rint(_level(total, shares, available) * shares).astype(np.int64) - near
    low = low.clip(0, available)
    high = np.minimum(low + 2 * near + 1, available)
    ranks = [np.arange(start, end) for start, end in zip(low, high, strict=True)]
    cell = np.repeat(np.arange(len(shares)), high - low)
    turns = (np.concatenate(ranks) + 0.5) / shares[cell]
    first = np.argsort(turns, kind="stable")[: total - low.sum()]
    return low + np.bincount(cell[first], minlength=len(shares))


def _level(total: int, shares: NDArray[np.float64], available: NDArray[np.int64]) -> float:
    """The water level: where each cell has level * share, or all there are, which is the total."""
    level, full = 0.0, np.zeros(len(shares), dtype=bool)
    while not full.all():
        level = float((total - available[full].sum()) / shares[~full].sum())
        more = ~full & (available < level * shares)
        if not more.any():
            break
        full |= more
    return level


def ordered(names: Iterable[str], seed: int, purpose: str) -> list[str]:
    """The names in an order that depends on the seed and on each name alone (BLAKE2b)."""

    def place(name: str) -> bytes:
        return hashlib.blake2b(f"{seed}/{purpose}/{name}".encode(), digest_size=8).digest()

    return sorted(names, key=place)


def digests(names: pa.Array, seed: int, purpose: str) -> NDArray[np.uint64]:
    """(names,) 64 bits each, for millions of names.

    SipHash-2-4 of the UTF-8 as pandas computes it, then the finaliser of SplitMix64. The key is
    the 16 hexadecimal digits of a BLAKE2b digest of seed and purpose.
    """
    key = hashlib.blake2b(f"{seed}/{purpose}".encode(), digest_size=8).hexdigest()
    found = np.empty(len(names), dtype=np.uint64)
    for first in range(0, len(names), _PIECE):
        piece = names[first : first + _PIECE].to_numpy(zero_copy_only=False)
        found[first : first + _PIECE] = pd.util.hash_array(piece, hash_key=key, categorize=False)
    return found


def fractions(digest: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Digests as numbers in [0, 1), by their 53 highest bits."""
    return (digest >> np.uint64(11)).astype(np.float64) * 2.0**-53
