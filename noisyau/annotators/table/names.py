"""Whom a name in somebody's table means: items are found by what they and the name share.

The nearest way counts, tried in this order:

    as it is             smith/3.jpg
    without its suffix   smith/3          (of pictures and videos; other dots are part of a name)
    as the other's end   .../smith/3.jpg or 3.jpg for smith/3.jpg, with and without suffix; never
                         jones/3.jpg, whose folder says that it is another

What two share in the nearest way that anything is found by means neither of them.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

NOBODY, SEVERAL = -1, -2

_SUFFIX = r"(?i)\.(jpg|jpeg|png|bmp|webp|tif|tiff|gif|avi|mp4|mkv|mov|webm)$"

_Key = Callable[[pa.Array], pa.Array]


def strings(values: Any) -> pa.Array:
    """A list or an Arrow array as one of strings, which may be longer than 2 GiB together."""
    made = pa.array(values, pa.large_string()) if isinstance(values, list) else values
    made = made.cast(pa.large_string())
    return made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made


def find(
    names: pa.Array, keys: pa.Array, owners: NDArray[np.int64], short: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Whom each name means, and in how near a way.

    names   (n,) distinct
    keys    (k,) what somebody is called; one may be called by several
    owners  (k,) who that is, from 0
    short   (k,) whether one may be the other's end, as `17` may not be of `SN001/17`
    returns (n,) owner, NOBODY or SEVERAL; (n,) the number of the way, 0 the nearest
    """
    found = np.full(len(names), NOBODY, np.int64)
    ways = np.zeros(len(names), np.int64)
    left = np.flatnonzero(pc.not_equal(names, "").to_numpy(zero_copy_only=False))
    names = pc.replace_substring(names, "\\", "/")
    shorts = keys.filter(pa.array(short))
    for way, (change, folders) in enumerate(_ways(shorts)):
        if not len(left):
            break
        asked = names.take(pa.array(left))
        if folders is None:
            result = _looked_up(change(asked), change(keys), owners)
        else:
            depth, of_keys = _depth(asked), _depth(shorts)
            ends = _looked_up(change(asked), change(shorts), owners[short])
            same = pa.array(of_keys == folders)
            begins = _looked_up(
                change(asked), change(shorts.filter(same)), owners[short][of_keys == folders]
            )
            result = np.select([depth == folders, depth > folders], [ends, begins], NOBODY)
        found[left], ways[left] = result, way
        left = left[result == NOBODY]
    return found, ways


def _ways(shorts: pa.Array) -> Iterator[tuple[_Key, int | None]]:
    """Each way's change to names and keys; of an end, how many folders it has."""
    yield _as_it_is, None
    yield _without_suffix, None
    most = int(_depth(shorts).max(initial=-1))
    for folders in range(most, -1, -1):
        yield functools.partial(_last_parts, folders), folders
        yield functools.partial(_last_parts_without_suffix, folders), folders


def _depth(names: pa.Array) -> NDArray[np.int64]:
    """How many folders each name has."""
    return np.asarray(pc.count_substring(names, "/").to_numpy(zero_copy_only=False), np.int64)


def _as_it_is(names: pa.Array) -> pa.Array:
    return names


def _without_suffix(names: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(names, _SUFFIX, "")


def _last_parts(folders: int, names: pa.Array) -> pa.Array:
    pattern = rf"^.*/((?:[^/]*/){{{folders}}}[^/]*)$"
    return pc.replace_substring_regex(names, pattern, r"\1")


def _last_parts_without_suffix(folders: int, names: pa.Array) -> pa.Array:
    return _without_suffix(_last_parts(folders, names))


def _looked_up(names: pa.Array, keys: pa.Array, owners: NDArray[np.int64]) -> NDArray[np.int64]:
    encoded = keys.dictionary_encode()
    code = encoded.indices.to_numpy()
    owner = np.full(len(encoded.dictionary), NOBODY, np.int64)
    owner[code[::-1]] = owners[::-1]  # the first of those who share it
    owner[code[owner[code] != owners]] = SEVERAL
    at = pc.index_in(names, value_set=encoded.dictionary).fill_null(len(owner)).to_numpy()
    return np.asarray(np.append(owner, NOBODY)[at])
