"""Groups of pictures that look the same, over both corpora.

Only a picture's first face takes part. A group is of one of two kinds, and a picture may be in one
of each:

    of several people  pictures that look like another person's, joined by such pairs alone
    of one celebrity   a picture that is kept, the first by face_id, and those that look like it;
                       in the order of face_id a picture is kept unless it looks like one that is

Groups of one coded person are not sought: a video's frames look like their neighbours, which says
nothing and would be most of the table.
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
from noisyau.likeness.people import CODED

_AT_ONCE = 65536  # rows of a table


def duplicates(
    hash_tables: Mapping[str, Path], *, distance: int, fine: int, workers: int = 1
) -> pd.DataFrame:
    """`tables.DUPLICATES`: the pictures that look like another one.

    hash_tables  corpus to its table of `hashes.hash_faces`
    distance     bits of the hash's 64 that may differ, 0..search.FARTHEST
    fine         bits of all 256 that may differ
    workers      threads

    Groups are numbered from 0 by their first picture, in the order of corpus and face_id; of two
    groups with the same, that of several people is first.
    """
    place, person = _people(list(hash_tables.values()))
    words = _words(list(hash_tables.values()), place)
    label = search.components(words, person, distance, fine, workers)
    of_several = np.bincount(label, minlength=1)[label] > 1
    parts, first = [], 0
    for corpus, path in hash_tables.items():
        part = slice(first, first + tables.count(path))
        own = place[part]
        across = _named(path, corpus, own, of_several)
        parts.append(across.assign(kind=0, label=label[across["place"]]))
        if corpus != CODED:
            twice = np.zeros(len(words), bool)
            twice[part] = search.alike(words[part], person[part], distance, fine, workers)
            within = _named(path, corpus, own, twice).sort_values(["subject", "face_id"])
            at = within["place"].to_numpy()
            of = search.copies(words[at], person[at], distance, fine)
            kept = np.bincount(of, minlength=1)[of] > 1
            parts.append(within.assign(kind=1, label=of)[kept])
        first = part.stop
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.sort_values(["corpus", "face_id", "kind"], ignore_index=True)
    rows["group"] = pd.factorize(pd.MultiIndex.from_frame(rows[["kind", "label"]]))[0]
    rows = rows.sort_values(["group", "corpus", "face_id"], ignore_index=True)
    return cast(pd.DataFrame, rows[tables.DUPLICATES.names])


def _people(paths: list[Path]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """For each row of the tables its place in an order in which each person's are together, and
    by place a number of the person. The tables follow each other in that order too."""
    numbers: dict[tuple[Path, str], int] = {}
    found = [np.zeros(0, np.int32)]
    for path in paths:
        with tables.opened(path) as file:
            for batch in file.iter_batches(_AT_ONCE, columns=["subject"]):
                names = batch["subject"].dictionary_encode()
                own = [
                    numbers.setdefault((path, name), len(numbers))
                    for name in names.dictionary.to_pylist()
                ]
                found.append(np.array(own, np.int32)[names.indices.to_numpy()])
    person = np.concatenate(found)
    order = np.argsort(person, kind="stable")
    place = np.empty(len(person), np.int64)
    place[order] = np.arange(len(person))
    return place, person[order]


def _words(paths: list[Path], place: NDArray[np.int64]) -> NDArray[np.uint64]:
    words, first = np.empty((len(place), hashes.BITS // 64), np.uint64), 0
    for path in paths:
        with tables.opened(path) as file:
            for batch in file.iter_batches(_AT_ONCE, columns=["fine"]):
                at = place[first : first + batch.num_rows]
                words[at] = hashes.words(batch["fine"])
                first += batch.num_rows
    return words


def _named(
    path: Path, corpus: str, place: NDArray[np.int64], wanted: NDArray[np.bool_]
) -> pd.DataFrame:
    """The rows of a table of hashes whose place is wanted, with their places."""
    names, first = [tables.HASHES.empty_table().select(["face_id", "subject"])], 0
    here = wanted[place]
    with tables.opened(path) as file:
        for batch in file.iter_batches(_AT_ONCE, columns=["face_id", "subject"]):
            kept = pa.array(here[first : first + batch.num_rows])
            names.append(pa.Table.from_batches([batch]).filter(kept))
            first += batch.num_rows
    rows = cast(pd.DataFrame, pa.concat_tables(names).to_pandas())
    return rows.assign(corpus=corpus, place=place[here])
