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
def join_runs(table: Any, words: Any, before: Any, distance: Any, fine: Any, parent: Any) -> None:
    """Join the rows that agree in their key and are near.

    table   (n,) uint64, sorted: key and row, 32 bits each; rows are in the order of their words
    before  the bits of other tables' keys, as masks: who agrees in one of them is compared there
    """
    first = 0
    while first < len(table):
        key, last = table[first] >> np.uint64(32), first + 1
        while last < len(table) and table[last] >> np.uint64(32) == key:
            last += 1
        if last - first > 1:
            _join_run(table[first:last], words, before, distance, fine, parent)
        first = last


@njit(cache=True, nogil=True)
def _join_run(run: Any, words: Any, before: Any, distance: Any, fine: Any, parent: Any) -> None:
    """Neighbours in the order of the words are first: they join most of what a video has. Then
    each with each, but for stretches that are joined already and stretches of one hash that is
    too far, or was compared in another table."""
    n = len(run)
    rows, roots = np.empty(n, np.int64), np.empty(n, np.int64)
    for i in range(n):
        rows[i] = run[i] & np.uint64(0xFFFFFFFF)
    for i in range(1, n):
        if root(parent, rows[i]) != root(parent, rows[i - 1]) and near(
            words, rows[i - 1], rows[i], distance, fine
        ):
            join(parent, rows[i - 1], rows[i])
    several = False
    for i in range(n):
        roots[i] = root(parent, rows[i])
        several |= roots[i] != roots[0]
    if not several:
        return
    if n > 2:
        order = np.argsort(roots)
        rows, roots = rows[order], roots[order]
    hashes = np.empty(n, np.uint64)
    joined, same = np.empty(n, np.int64), np.empty(n, np.int64)  # where each stretch ends
    for i in range(n - 1, -1, -1):
        hashes[i] = words[rows[i], 0]
        joined[i] = joined[i + 1] if i + 1 < n and roots[i + 1] == roots[i] else i + 1
        same[i] = same[i + 1] if i + 1 < n and hashes[i + 1] == hashes[i] else i + 1
    for i in range(n):
        j = joined[i]
        while j < n:
            differ = hashes[i] ^ hashes[j]
            if ones(differ) > distance or _compared(differ, before):
                j = same[j]
            elif root(parent, rows[i]) == root(parent, rows[j]):
                j = joined[j]
            elif near(words, rows[i], rows[j], distance, fine):
                join(parent, rows[i], rows[j])
                j = joined[j]
            else:
                j += 1


@njit(cache=True, nogil=True)
def _compared(differ: Any, before: Any) -> bool:
    for k in range(len(before)):  # noqa: SIM110
        if not differ & before[k]:
            return True
    return False
