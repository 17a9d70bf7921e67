"""Which pictures of the label table stay out of pre-training, each with one reason.

In this order; a picture has the first that holds:

    coded_person    one picture of this celebrity looks the same as one of the coded corpus, so
                    that the net would be tested on somebody it was pre-trained on, or as one of
                    such a celebrity, who may be the same under another name
                    (`people.overlap`); all pictures of the celebrity go
    two_people      the picture is in a group that spans several celebrities: whom it shows is
                    unknown. What is left of a group is of one person, and the split is by
                    person, so that no group is on both sides of it
    unsure          the label's confidence is under the annotator's minimum
    other_identity  the identity filter says that it shows somebody else
    duplicate       the first of its group, which it looks like, stays. Where that one has
                    another reason the rest stay: they need not look like each other
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from noisyau import tables
from noisyau.errors import TableError
from noisyau.likeness import people

REASONS = {
    "coded_person": "of people who are in the test set",
    "two_people": "looks like another person's picture",
    "unsure": "under the minimum confidence",
    "other_identity": "does not show the person",
    "duplicate": "looks like another one of the person",
}
"""The reasons of `tables.LEFT_OUT` as people read them."""

FIRST_FACES = pa.schema(
    [
        pa.field("face_id", pa.large_string()),
        pa.field("subject", pa.dictionary(pa.int32(), pa.string())),
        pa.field("confidence", pa.float32()),
        pa.field("row", pa.int32()),  # the place in the table of labels
    ]
)
"""The first face of each picture that the annotator coded."""


def unsure(faces: pd.DataFrame, minimum: float) -> NDArray[np.bool_]:
    """(rows,) whose `confidence` is under the minimum.

    A label without a confidence is not: its maker tells none.
    """
    return (faces["confidence"] < minimum).fillna(False).to_numpy(bool)


def first_faces(labels: Path) -> tuple[pa.Table, int]:
    """The first face of each picture in a table of labels, and how many faces are further ones."""
    found = [FIRST_FACES.empty_table()]
    rows = 0
    with tables.opened(labels) as file:
        for batch in file.iter_batches(tables.PIECE, columns=FIRST_FACES.names[:3]):
            row = pa.array(np.arange(rows, rows + len(batch), dtype=np.int32))
            table = pa.Table.from_batches([batch]).append_column("row", row)
            found.append(table.filter(pc.ends_with(table["face_id"], "#0")).cast(FIRST_FACES))
            rows += len(batch)
    faces = pa.concat_tables(found).unify_dictionaries()
    return faces, rows - len(faces)


class LeftOut(NamedTuple):
    """rows: `tables.LEFT_OUT`, sorted by face_id; stays: (faces,) whether a face is not in them."""

    rows: pa.Table
    stays: NDArray[np.bool_]


def left_out(
    faces: pa.Table,
    groups: pd.DataFrame,
    identity: pd.DataFrame,
    *,
    minimum: float,
    duplicates: Literal["all", "one"],
) -> LeftOut:
    """Which of the faces stay out.

    faces       FIRST_FACES, in any order
    groups      `tables.DUPLICATES`
    identity    `tables.IDENTITY`; a face without a row stays
    minimum     confidence, 0..1
    duplicates  all: every picture of a celebrity's group stays; one: the first
    """
    stays = np.ones(len(faces), dtype=bool)
    found = [tables.LEFT_OUT.empty_table()]

    def leave(reason: str, holds: NDArray[np.bool_], detail: Callable[[NDArray[Any]], Any]) -> None:
        rows = np.flatnonzero(holds & stays)
        stays[rows] = False
        names = faces.select(["face_id", "subject"]).take(rows)
        reasons = pa.repeat(reason, len(rows))
        told = pa.array(detail(rows), pa.string(), from_pandas=True)
        columns = [*names.columns, reasons, told]
        found.append(pa.table(columns, names=tables.LEFT_OUT.names).cast(tables.LEFT_OUT))

    alike = groups[groups["corpus"] == people.CELEBRITIES]
    where = _where(faces["face_id"], alike)
    subject = faces["subject"].combine_chunks()
    person, names = subject.indices.to_numpy(), subject.dictionary.to_pandas()

    coded = _coded_people(groups).reindex(names)
    holds = coded.notna().to_numpy()[person]
    leave("coded_person", holds, lambda rows: coded.iloc[person[rows]])

    several = people.sharers(groups, people.CELEBRITIES)
    told = "the same picture under " + several.map(", ".join).astype("str")
    told = told.reindex(alike["group"])
    row, holds = _of_faces(where, told.notna().to_numpy(), len(faces))
    leave("two_people", holds, lambda rows: told.iloc[row[rows]])

    sure = faces.select(["confidence"])
    limit = f" is under {minimum:g}"
    leave(
        "unsure",
        unsure(sure.to_pandas(), minimum),
        lambda rows: pc.binary_join_element_wise(
            "confidence ", sure["confidence"].take(rows).cast(pa.string()), limit, ""
        ).combine_chunks(),
    )

    other = identity[~identity["kept"].to_numpy(bool)]
    place = pc.index_in(faces["face_id"], _strings(other["face_id"])).fill_null(-1).to_numpy()
    unlike = "similarity " + other["similarity"].round(3).astype(str)
    unlike = unlike.where(other["similarity"].notna(), "no similarity")
    leave("other_identity", place >= 0, lambda rows: unlike.iloc[place[rows]])

    if duplicates == "one":
        own = ~alike["group"].isin(people.shared(groups)["group"]).to_numpy()
        first = np.flatnonzero(~alike["group"].duplicated())[pd.factorize(alike["group"])[0]]
        first_stays = (where[first] >= 0) & stays[where[first]]
        copies = own & first_stays & (first != np.arange(len(alike)))
        copy, holds = _of_faces(where, copies, len(faces))
        kept = "the same picture as " + alike["face_id"].iloc[first]
        leave("duplicate", holds, lambda rows: kept.iloc[copy[rows]])
    return LeftOut(pa.concat_tables(found).sort_by("face_id"), stays)


def check_split(
    face_id: pa.Array, person: NDArray[np.int32], held_out: NDArray[np.bool_], groups: pd.DataFrame
) -> None:
    """TableError where a person, or pictures that look the same, are on both sides of the split.

    face_id, person, held_out  (faces,): name, number of the person, whether in validation
    groups                     `tables.DUPLICATES`
    """
    alike = groups[groups["corpus"] == people.CELEBRITIES]
    where = _where(face_id, alike)
    there = where >= 0
    everyone = np.arange(len(face_id))
    for what, numbers, rows in (
        ("person", person, everyone),
        ("group of duplicates", alike["group"].to_numpy()[there], where[there]),
    ):
        index, values = pd.factorize(numbers)
        sides = np.zeros((len(values), 2), dtype=bool)
        sides[index, held_out[rows].astype(int)] = True
        both = values[sides.all(axis=1)]
        if len(both):
            example = face_id[int(rows[np.argmax(numbers == both[0])])]
            raise TableError(
                f"pretrain.parquet: {len(both)} times a {what} is in both train and validation, "
                f"as {example} is; nothing was written. The split is by person, and no group may "
                "span people: run `dvc repro` so that duplicates.parquet is of these pictures."
            )


def _where(face_id: pa.ChunkedArray | pa.Array, alike: pd.DataFrame) -> NDArray[np.int64]:
    """(rows of alike,) which of the faces each is, -1 for none."""
    index, names = pd.factorize(alike["face_id"])
    place = pc.index_in(face_id, _strings(names)).fill_null(-1).to_numpy()
    found = np.full(len(names), -1)
    found[place[place >= 0]] = np.flatnonzero(place >= 0)
    return found[index]


def _of_faces(
    where: NDArray[np.int64], wanted: NDArray[np.bool_], faces: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(faces,) the wanted row of `_where` that each face is, and whether there is one."""
    row = np.full(faces, -1)
    rows = np.flatnonzero(wanted & (where >= 0))
    row[where[rows]] = rows
    return row, row >= 0


def _coded_people(groups: pd.DataFrame) -> "pd.Series[str]":
    """Celebrity -> which of its pictures looks like which that says who it is."""
    found = people.overlap(groups)
    told = found["face_id"] + " looks the same as " + found["other"]
    named = " of " + found["through"] + ", who looks the same as somebody coded"
    return told + named.where(found["through"].notna(), " of the coded")


def _strings(names: pd.Series | pd.Index) -> pa.Array:
    """As a set of values to look up."""
    return pa.array(names, pa.large_string())
