"""Names of faces in a file that is mapped, not loaded, and searched without Python's strings.

Beside each name lies a hash of 64 bits. A search looks hashes up, in pieces, then compares the
names themselves: the hashes save time and decide nothing. Of 10 million names (350 MB on disk) a
search holds about 40 bytes for each one that is asked for.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from noisyau import outputs

_PIECE = 2**16  # names that are Python's strings at once, to be hashed

_SCHEMA = pa.schema([("face_id", pa.string()), ("hash", pa.uint64())])


class Names:
    """The names in a file that `write` has written.

    face_ids  (n,) strings, mapped
    """

    def __init__(self, path: Path) -> None:
        self._table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        self.face_ids: pa.ChunkedArray = self._table["face_id"]

    def __len__(self) -> int:
        return len(self.face_ids)

    def rows(self, names: pa.Array) -> NDArray[np.int64]:
        """Where each of these names is, -1 for one that is not there."""
        if not len(names):
            return np.zeros(0, np.int64)
        wanted, one, which = np.unique(_hashes(names), return_index=True, return_inverse=True)
        found, first = np.full(len(wanted), -1, np.int64), 0
        for piece in self._table.to_batches():
            hashes = piece["hash"].to_numpy()
            at = np.minimum(np.searchsorted(wanted, hashes), len(wanted) - 1)
            hits = np.flatnonzero(wanted[at] == hashes)
            hits = hits[_same(piece["face_id"], hits, names, one[at[hits]])]
            found[at[hits]] = first + hits
            first += len(hashes)
        rows, one = found[which], one[which]
        twice = np.flatnonzero(one != np.arange(len(names)))
        rows[twice[~_same(names, twice, names, one[twice])]] = -1
        absent = np.flatnonzero(rows < 0)
        if len(absent):  # or, in a million such searches once, two names had one hash
            exact = pc.index_in(names.take(pa.array(absent)), value_set=self.face_ids)
            rows[absent] = pc.fill_null(exact, -1).to_numpy()
        return rows


def _same(
    some: pa.Array, at: NDArray[np.int64], others: pa.Array, there: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """(m,) whether names at these places are those at these places of others."""
    equal = pc.equal(some.take(pa.array(at)), others.take(pa.array(there)))
    return cast(NDArray[np.bool_], equal.to_numpy(zero_copy_only=False))


def write(pieces: Iterable[pa.Array], path: Path) -> None:
    """Write names that come in pieces; memory does not grow with them."""
    with (
        outputs.whole(path) as scratch,
        pa.OSFile(str(scratch), "wb") as file,
        pa.ipc.new_file(file, _SCHEMA) as writer,
    ):
        for names in pieces:
            writer.write_batch(pa.record_batch([names, pa.array(_hashes(names))], schema=_SCHEMA))


def _hashes(names: pa.Array) -> NDArray[np.uint64]:
    """(n,)"""
    found = np.empty(len(names), np.uint64)
    for first in range(0, len(names), _PIECE):
        some = names.slice(first, _PIECE).to_numpy(zero_copy_only=False)
        found[first : first + len(some)] = pd.util.hash_array(some, categorize=False)
    return found
