"""Labels made elsewhere as an annotator: rows of CSV and Parquet files for the faces of a store.

Rows find their faces by name (table.names), several faces of one item by landmarks
(table.claims). Every face becomes a label or a failure, every row a label or
unmatched, each with the reason:

    rows    no_item         no item of the corpus is called so
            no_stored_face  the item is there, its face was lost in stage detect
    faces   no_row          no row is called so
    both    ambiguous       several items share the name, or several rows that differ the face
            bad_row         a cell is not what its column says, or the row is cut
            no_face         the program that made the labels says that it found none (success 0)
            other_face      the landmarks are not on the face
    rows    duplicate       an earlier row says the same of the face
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from noisyau import aus as au_names
from noisyau import outputs, tables
from noisyau.annotators.base import Counts, failures_path, unmatched_path
from noisyau.annotators.table.claims import REASONS, Fate, settle
from noisyau.annotators.table.files import Files, find
from noisyau.annotators.table.match import Store, load, match
from noisyau.annotators.table.rows import read
from noisyau.annotators.table.told import Told
from noisyau.errors import AnnotatorError

_SLICE = 65536  # rows that are written together


def annotate(
    faces: Path,
    out: Path,
    path: Path,
    *,
    columns: Mapping[str, str],
    mode: str,
    videos: Mapping[str, str],
    needed: bool = False,
) -> Counts:
    """Give the faces of a store their labels out of files; nothing is coded here.

    faces    the face store's folder
    out      the table of labels; its failures and the unmatched rows go beside it
    path     a CSV or Parquet file, or a folder with such files
    columns  what columns say whose names do not: {item: image, AU12_r: smile}
    mode     `static` or `dynamic`: how the labels were made
    videos   what an item is called before its frame -> the name of the video's file
    needed   whether a store none of whose faces is named is an error, and not only told

    Raises AnnotatorError, CorpusError or TableError: see rows.read.
    """
    files = find(path)
    rows = read(files, columns)
    store = load(faces)
    meant = match(rows, store, videos)
    settled = settle(rows, meant, store)
    if not (meant.item >= 0).any():
        _nobody(rows, store, files, needed)
    version = " ".join((files.digest()[:12], *(f"{k}={columns[k]}" for k in sorted(columns))))
    told = Told(rows, meant, store, settled, files)
    coded = np.flatnonzero(settled.face_fate == Fate.LABEL)
    lost = np.flatnonzero(settled.face_fate != Fate.LABEL)
    left = np.flatnonzero(settled.row_fate != Fate.LABEL)
    aus = au_names.in_columns(rows.column_names, "c")
    _write(out, tables.labels(aus), coded, lambda which: told.labels(which, aus, mode, version))
    _write(failures_path(out), tables.LABEL_FAILURES, lost, told.failures)
    _write(unmatched_path(out), tables.UNMATCHED, left, told.unmatched)
    print(
        f"{path}: {len(rows):,} rows = {len(coded):,} labels + {len(left):,} unmatched"
        f"{_by_reason(settled.row_fate)}",
        flush=True,
    )
    return Counts(len(store.faces), len(coded), _count(settled.face_fate))


def _count(fates: NDArray[np.int8]) -> dict[str, int]:
    counts = np.bincount(fates, minlength=len(REASONS))
    counts[Fate.LABEL] = 0
    return {reason: int(n) for reason, n in zip(REASONS, counts, strict=True) if n}


def _by_reason(fates: NDArray[np.int8]) -> str:
    counts = _count(fates)
    text = ", ".join(f"{reason} {n:,}" for reason, n in sorted(counts.items()))
    return f" ({text})" if counts else ""


def _nobody(rows: pa.Table, store: Store, files: Files, needed: bool) -> None:
    """No row names any item: an error, or a warning for a corpus that the file need not have."""
    theirs = ", ".join(map(repr, rows["name"].slice(0, 3).to_pylist())) or "no rows"
    ours = ", ".join(map(repr, store.items.slice(0, 3).to_pylist())) or "no items"
    text = (
        f"{files.path}: none of {len(rows):,} rows names an item of {store.folder}. The rows are "
        f"called {theirs}; the items {ours}. Name the column that holds the items in params.yaml, "
        "annotators.table.columns: {item: ...}, or rename what it holds"
    )
    if needed:
        raise AnnotatorError(text)
    print(
        f"warning: {text}. If the labels are of another corpus, all is well: the annotator is not "
        "scored on this one.",
        file=sys.stderr,
        flush=True,
    )


def _write(
    path: Path,
    schema: pa.Schema,
    which: NDArray[np.int64],
    made: Callable[[NDArray[np.int64]], Mapping[str, Any]],
) -> None:
    """A table of the rows or faces `which`, made and written some at a time."""
    with outputs.whole(path) as scratch, tables.writer(scratch, schema) as writer:
        for first in range(0, len(which), _SLICE):
            part = made(which[first : first + _SLICE])
            writer.write_table(tables.checked(pa.table(dict(part), schema)))
