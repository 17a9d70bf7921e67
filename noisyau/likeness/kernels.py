"""The search's inner loops, compiled by numba; see `search` for what they do.

All in one file: numba keys its cache by the file a function is in, so a change here is never
missed. They let other Python threads run meanwhile.
"""

from typing import Any

import numpy as np
from numba import njit

_M1 = np.uint64(0x5555555555555555)
_M2 = np.uint64(0x3333333333333333)
_M4 = np.uint64(0x0F0F0F0F0F0F0F0F)
_SUM = np.uint64(0x0101010101010101)
_1, _2, _4, _56, _128 = (np.uint64(number) for number in (1, 2, 4, 56, 128))


@njit(cache=True, nogil=True, inline="always")
def ones(x: Any) -> Any:
    """How many bits of a uint64 are 1 (H. Warren, Hacker's Delight, 5-1)."""
    x = x - ((x >> _1) & _M1)
    x = (x & _M2) + ((x >> _2) & _M2)
    return (((x + (x >> _4)) & _M4) * _SUM) >> _56


@njit(cache=True, nogil=True)
def root(parent: Any, i: int) -> int:
    """The one that stands for all that i was joined with; the way there is halved."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(cache=True, nogil=True)
def join(parent: Any, i: int, j: int) -> None:
    """From now on i, j and all that they were joined with are one; the first stands for them."""
    i, j = root(parent, i), root(parent, j)
    parent[max(i, j)] = min(i, j)


@njit(cache=True, nogil=True)
def join_all(parent: Any, other: Any) -> None:
    """Whatever is one in `other` becomes one in `parent`."""
    for i in range(len(other)):
        if other[i] != i:
            join(parent, i, other[i])


@njit(cache=True, nogil=True)
def roots(parent: Any) -> Any:
    """(n,) the root of each."""
    for i in range(len(parent)):
        parent[i] = root(parent, i)
    return parent


@njit(cache=True, nogil=True)
def near(words: Any, i: int, j: int, distance: Any, fine: Any) -> bool:
    """Whether rows of (n, 4) are apart by at most `distance` in the first word, `fine` in all.

    The bits of the last two words may all be turned: one picture is then the other's mirror image.
    """
    bits = ones(words[i, 0] ^ words[j, 0])
    if bits > distance:
        return False
    bits += ones(words[i, 1] ^ words[j, 1])
    if bits > fine:
        return False
    turned = ones(words[i, 2] ^ words[j, 2]) + ones(words[i, 3] ^ words[j, 3])
    return bool(bits + min(turned, _128 - turned) <= fine)


@njit(cache=True, nogil=True)
def keys(words: Any, masks: Any, out: Any) -> None:
    """To out (n,): the bits of the first words that are in a mask's, side by side, then the row.

    masks  (bits,) the place of each bit of the key
    """
    row_bits = np.uint64(32)
    for i in range(len(out)):
        word, key = words[i, 0], np.uint64(0)
        for place in masks:
            key = (key << _1) | ((word >> place) & _1)
        out[i] = (key << row_bits) | np.uint64(i)


@njit(cache=True, nogil=True)
def join_runs(
    table: Any, words: Any, person: Any, before: Any, distance: Any, fine: Any, parent: Any
) -> None:
    """Join the rows of different people that agree in their key and are near.

    table   (n,) uint64, sorted: key and row, 32 bits each
    person  (n,) int32; the rows of one are next to each other; -1 is several people
    before  the bits of other tables' keys, as masks: who agrees in one of them is compared there
    """
    n = len(table)
    rows, whose, hashes = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.uint64)
    for i in range(n):
        rows[i] = np.int64(table[i] & np.uint64(0xFFFFFFFF))
        whose[i], hashes[i] = person[rows[i]], words[rows[i], 0]
    first = 0
    while first < n:
        key, last = table[first] >> np.uint64(32), first + 1
        while last < n and table[last] >> np.uint64(32) == key:
            last += 1
        other = first  # the first of the next person
        for i in range(first, last):
            while other < last and (other <= i or (whose[i] >= 0 and whose[other] == whose[i])):
                other += 1
            for j in range(other, last):
                differ = hashes[i] ^ hashes[j]
                if (
                    ones(differ) <= distance
                    and not _compared(differ, before)
                    and near(words, rows[i], rows[j], distance, fine)
                ):
                    join(parent, rows[i], rows[j])
        first = last


@njit(cache=True, nogil=True)
def _compared(differ: Any, before: Any) -> bool:
    for k in range(len(before)):  # noqa: SIM110
        if not differ & before[k]:
            return True
    return False


@njit(cache=True, nogil=True)
def mark_alike(
    words: Any, person: Any, first: int, last: int, distance: Any, fine: Any, marked: Any
) -> None:
    """Mark the rows, first to last, that are near another one of their person.

    Neighbours are first: they mark most of what a video has. A row that is not marked when its
    turn comes is compared with all of its person's, but for those before it that found nobody.
    """
    for i in range(first + 1, last):
        if person[i] == person[i - 1] and near(words, i - 1, i, distance, fine):
            marked[i - 1] = marked[i] = True
    start, end = first, first
    for i in range(first, last):
        if i == end:
            start = i
            while end < last and person[end] == person[i]:
                end += 1
        if marked[i]:
            continue
        for j in range(start, end):
            if (marked[j] or j > i) and near(words, i, j, distance, fine):
                marked[i] = marked[j] = True
                break


@njit(cache=True, nogil=True)
def copies(words: Any, person: Any, distance: Any, fine: Any) -> Any:
    """(n,) the first kept row of the same person that each is near; its own where there is none.

    Rows are kept in their order, each unless it is near one that is kept. Those of a person are
    next to each other.
    """
    of, kept, count = np.empty(len(words), np.int64), np.empty(len(words), np.int64), 0
    for i in range(len(words)):
        if i and person[i] != person[i - 1]:
            count = 0
        of[i] = i
        for k in range(count):
            if near(words, kept[k], i, distance, fine):
                of[i] = kept[k]
                break
        if of[i] == i:
            kept[count] = i
            count += 1
    return of
