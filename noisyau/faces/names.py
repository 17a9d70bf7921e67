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

from noisyau import outputs, tables

_SCHEMA = pa.schema([("face_id", pa.string()), ("hash", pa.uint64())])


class Names:
    """The names in a file that `write` has written.

    face_ids  (n,) strings, mapped
    """

    def __init__(self, path: Path) -> None:
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        self.face_ids, self._hashes = table["face_id"], table["hash"]

    def __len__(self) -> int:
        return len(self.face_ids)

    def rows(self, names: pa.ChunkedArray) -> NDArray[np.int64]:
        """Where each of these names is, -1 for one that is not there."""
        wanted, which = np.unique(_hashes(names), return_inverse=True)
        found = np.full(len(wanted), -1, np.int64)
        for first in range(0, len(self) if len(wanted) else 0, tables.PIECE):
            hashes = self._hashes.slice(first, tables.PIECE).to_numpy()
            order = np.argsort(hashes)  # searched in order, the cache is used
            at = np.minimum(np.searchsorted(wanted, hashes[order]), len(wanted) - 1)
            hits = wanted[at] == hashes[order]
            found[at[hits]] = first + order[hits]
        rows = found[which]
        wrong = np.flatnonzero(~self._are(rows, names))
        if len(wrong):  # absent, or in a million such tables once: two names of one hash
            others = pc.index_in(names.take(pa.array(wrong)), value_set=self.face_ids)
            rows[wrong] = pc.fill_null(others, -1).to_numpy()
        return rows

    def _are(self, rows: NDArray[np.int64], names: pa.ChunkedArray) -> NDArray[np.bool_]:
        """(m,) whether the name in each row is this one."""
        same = np.zeros(len(rows), bool)
        for first in range(0, len(rows) if len(self) else 0, tables.PIECE):
            some = slice(first, first + tables.PIECE)
            there = self.face_ids.take(pa.array(np.maximum(rows[some], 0)))
            same[some] = pc.equal(there, names.slice(first, tables.PIECE)).to_numpy()
        return same & (rows >= 0)


def write(pieces: Iterable[pa.Array], path: Path) -> None:
    """Write names that come in pieces; memory does not grow with them."""
    with (
        outputs.whole(path) as scratch,
        pa.OSFile(str(scratch), "wb") as file,
        pa.ipc.new_file(file, _SCHEMA) as writer,
    ):
        for names in pieces:
            hashes = pa.array(_hashes(pa.chunked_array([names])))
            writer.write_batch(pa.record_batch([names, hashes], schema=_SCHEMA))


def _hashes(names: pa.ChunkedArray) -> NDArray[np.uint64]:
    """(n,)"""
    found = np.empty(len(names), np.uint64)
    for first in range(0, len(names), tables.PIECE):
        some = names.slice(first, tables.PIECE).to_numpy().astype(object)
        found[first : first + len(some)] = pd.util.hash_array(some, categorize=False)
    return cast(NDArray[np.uint64], found)
