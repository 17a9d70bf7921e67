"""Groups of pictures that look the same, over both corpora, and what they say about people.

Only a picture's first face takes part. Of the coded corpus those pictures alone are kept that are
in a group with another person's: a video's frames look like their neighbours, which says nothing
and would be most of the table. Of the celebrities every group of two pictures is kept.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from noisyau import tables
from noisyau.likeness import hashes, search

CELEBRITIES, CODED = "celebrities", "coded"


def duplicates(
    hash_tables: Mapping[str, Path], *, distance: int, fine: int, workers: int = 1
) -> pd.DataFrame:
    """`tables.DUPLICATES`: the pictures that look like another one.

    hash_tables  corpus to its table of `hashes.hash_faces`
    distance     bits of the hash's 64 that may differ, 0..search.FARTHEST
    fine         bits of all 256 that may differ
    workers      threads

    Groups are numbered from 0 by their first picture, in the order of corpus and face_id. Beyond
    the bits (32 bytes a picture, twice) only what is in a group is held in memory.
    """
    words = [_words(path) for path in hash_tables.values()]
    labels = search.components(np.concatenate(words), distance, fine, workers)
    sizes = np.bincount(labels, minlength=1)
    parts, first = [], 0
    for (corpus, path), part in zip(hash_tables.items(), words, strict=True):
        own = labels[first : first + len(part)]
        parts.append(_named(path, corpus, own, sizes[own] > 1))
        first += len(part)
    rows = pd.concat(parts, ignore_index=True)
    several = rows.groupby("label")[["corpus", "subject"]].nunique().max(axis=1) > 1
    rows = rows[(rows["corpus"] != CODED) | rows["label"].map(several)]
    rows = rows.sort_values(["corpus", "face_id"], ignore_index=True)
    rows["group"] = pd.factorize(rows["label"])[0]
    rows = rows.sort_values(["group", "corpus", "face_id"], ignore_index=True)
    return cast(pd.DataFrame, rows[tables.DUPLICATES.names])


def conflicts(rows: pd.DataFrame) -> pd.DataFrame:
    """Of `tables.DUPLICATES` the groups that span several people: who shares which pictures."""
    people = rows["corpus"] + "/" + rows["subject"]
    return rows[people.groupby(rows["group"]).transform("nunique") > 1]


def overlap(rows: pd.DataFrame) -> set[str]:
    """The celebrities of whom a picture is in a group with a coded person's."""
    coded = rows["group"][rows["corpus"] == CODED]
    shared = (rows["corpus"] == CELEBRITIES) & rows["group"].isin(coded)
    return set(rows["subject"][shared])


def _words(path: Path) -> NDArray[np.uint64]:
    return hashes.words(tables.read_arrow(path, tables.HASHES, ["fine"])["fine"])


def _named(
    path: Path, corpus: str, labels: NDArray[np.int32], wanted: NDArray[np.bool_]
) -> pd.DataFrame:
    """The wanted rows of a table of hashes, with their labels."""
    names, first = [tables.HASHES.empty_table().select(["face_id", "subject"])], 0
    with tables.opened(path) as file:
        for batch in file.iter_batches(65536, columns=["face_id", "subject"]):
            kept = pa.array(wanted[first : first + batch.num_rows])
            names.append(pa.Table.from_batches([batch]).filter(kept))
            first += batch.num_rows
    rows = cast(pd.DataFrame, pa.concat_tables(names).to_pandas())
    return rows.assign(corpus=corpus, label=labels[wanted])
