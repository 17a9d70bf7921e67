"""All pairs of hashes within some bits of each other; no pair is missed.

Pairs of two people are joined into groups (`components`), and never through a pair of one person:
the frames of a video look like their neighbours, so that a single false pair would join two whole
videos. Of 64 bits in `distance` + k blocks, two hashes that differ in at most `distance` bits agree
in k blocks at least (the pigeonhole principle). So for each choice of k blocks the hashes are
sorted by the bits in them, and only those that agree there are compared (the permuted tables of
G. Manku, A. Jain and A. Das Sarma, Detecting Near-Duplicates for Web Crawling, 2007). Pairs are
never listed and none is compared twice; equal hashes are one. What takes long are pictures of
different people that share a hash and differ beyond it: n of them are n * n / 2 comparisons.

Pairs of one person (`alike`, `copies`) are so few that each can be compared with each.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from typing import cast

import numpy as np
from numpy.typing import NDArray

from noisyau.likeness import kernels

FARTHEST = 6
"""The largest distance that can be searched; from there on tables are many and keys short."""

_AGREE = (1, 1, 2, 2, 4, 4, 4)  # k by distance: keys of 24 to 32 bits, for few to agree


def components(
    words: NDArray[np.uint64],
    person: NDArray[np.int32],
    distance: int,
    fine: int,
    workers: int = 1,
) -> NDArray[np.int32]:
    """Pictures that look like another person's, and whatever is joined by a chain of such pairs.

    words     (faces, 4) from `hashes.words`
    person    (faces,) whom each shows, 0 and on
    distance  the first words of a pair differ in at most so many bits, 0..FARTHEST
    fine      and all four are apart by so many at most, mirrored or not (`hashes`), 0..256
    workers   threads; each takes 28 bytes a distinct picture
    returns   (faces,) the same number for what is joined; which number means nothing
    """
    distinct, where, owner = _distinct(words, person)
    places = key_places(distance)
    masks = np.array([np.bitwise_or.reduce(np.uint64(1) << table) for table in places])
    limits = np.uint64(distance), np.uint64(fine)

    def work(worker: int) -> NDArray[np.int32]:
        parent = np.arange(len(distinct), dtype=np.int32)
        table = np.empty(len(distinct), np.uint64)
        for number in range(worker, len(places), workers):
            kernels.keys(distinct, places[number], table)
            table.sort()
            kernels.join_runs(table, distinct, owner, masks[:number], *limits, parent)
        return parent

    with ThreadPoolExecutor(workers) as threads:
        parent, *others = threads.map(work, range(workers))
    for other in others:
        kernels.join_all(parent, other)
    found = kernels.roots(parent)
    # equal pictures of one person that nobody else's looks like are joined by no pair
    alone = (np.bincount(found, minlength=len(found))[found] == 1) & (owner >= 0)
    joined = cast(NDArray[np.int32], found[where])
    rows = np.flatnonzero(alone[where])
    joined[rows] = len(distinct) + np.arange(len(rows))
    return joined


def _distinct(
    words: NDArray[np.uint64], person: NDArray[np.int32]
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int32]]:
    """The rows that differ, which of them each row is, and whose each is, -1 for several people's.

    They come by person. A row of several people is as good as one of each: whoever else looks like
    it looks like somebody else's.
    """
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
    number = np.cumsum(new) - 1
    owner = person[order][new]
    owner[number[person[order] != owner[number]]] = -1
    by_owner = np.argsort(owner, kind="stable")
    place = np.empty(len(owner), np.int64)
    place[by_owner] = np.arange(len(owner))
    where = np.empty(len(rows), np.int64)
    where[order] = place[number]
    return rows[new][by_owner], where, owner[by_owner]


def key_places(distance: int) -> list[NDArray[np.uint64]]:
    """For each table the places of its key's bits in the hash: every choice of k blocks.

    Bits are dealt over the blocks in turn: low frequencies vary less from face to face, and no
    table has only those.
    """
    k = _AGREE[distance]
    blocks = max(distance, 1) + k
    return [
        np.array([63 - bit for bit in range(64) if bit % blocks in chosen], np.uint64)
        for chosen in combinations(range(blocks), k)
    ]


def alike(
    words: NDArray[np.uint64],
    person: NDArray[np.int32],
    distance: int,
    fine: int,
    workers: int = 1,
) -> NDArray[np.bool_]:
    """(faces,) whether each looks like another one of its person; arguments as of `components`.

    n pictures of one person that are all different are n * n / 2 comparisons.
    """
    marked = np.zeros(len(words), bool)
    new = np.flatnonzero(np.diff(person)) + 1  # where a person begins
    ends = np.searchsorted(new, np.arange(1, 8 * workers) * len(words) // (8 * workers))
    bounds = np.unique([0, *np.append(new, len(words))[ends], len(words)])

    def work(piece: int) -> None:
        first, last = bounds[piece], bounds[piece + 1]
        limits = np.uint64(distance), np.uint64(fine)
        kernels.mark_alike(words, person, first, last, *limits, marked)

    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(work, range(len(bounds) - 1)))
    return marked


def copies(
    words: NDArray[np.uint64], person: NDArray[np.int32], distance: int, fine: int
) -> NDArray[np.int64]:
    """(faces,) the picture that each is a copy of, itself where it is kept.

    In the given order a picture is kept unless it looks like one of its person that is kept: so
    each copy looks like what it is a copy of, not only like some picture in between. Arguments as
    of `components`.
    """
    found = kernels.copies(words, person, np.uint64(distance), np.uint64(fine))
    return cast(NDArray[np.int64], found)
