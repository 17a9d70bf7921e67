"""Which pictures of the label table stay out of pre-training, each with one reason.

In this order; a picture has the first that holds:

    coded_person    one picture of this celebrity looks the same as one of the coded corpus, so
                    that the net would be tested on somebody it was pre-trained on; all pictures
                    of the celebrity go
    two_people      the picture is in a group that spans several celebrities: whom it shows is
                    unknown. What is left of a group is of one person, and the split is by
                    person, so that no group is on both sides of it
    unsure          the label's confidence is under the annotator's minimum
    other_identity  the identity filter says that it shows somebody else
    duplicate       another one of its group is kept: the first by name of those with no other
                    reason
"""

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from noisyau import tables
from noisyau.errors import TableError

REASONS = ("coded_person", "two_people", "unsure", "other_identity", "duplicate")


def unsure(faces: pd.DataFrame, minimum: float) -> NDArray[np.bool_]:
    """(rows,) whose `confidence` is under the minimum.

    A label without a confidence is not: its maker tells none.
    """
    return (faces["confidence"] < minimum).fillna(False).to_numpy(bool)


def first_faces(labels: Path) -> tuple[pa.Table, int]:
    """The first face of each picture in a table of labels, and how many are further ones.

    face_id, subject, confidence, and row, int64: the place in the table
    """
    table = tables.read_arrow(labels, columns=["face_id", "subject", "confidence"])
    first = pc.ends_with(table["face_id"], "#0")
    table = table.append_column("row", pa.array(np.arange(len(table))))
    further = len(table) - pc.sum(first, min_count=0).as_py()
    return (table.filter(first) if further else table), further


def left_out(
    faces: pa.Table,
    groups: pd.DataFrame,
    identity: pd.DataFrame,
    *,
    minimum: float,
    duplicates: Literal["all", "one"],
) -> pa.Table:
    """The pictures that stay out: `tables.LEFT_OUT`, sorted by face_id.

    faces       face_id, subject and confidence of the first faces that the annotator coded
    groups      `tables.DUPLICATES`
    identity    `tables.IDENTITY`; a face without a row stays
    minimum     confidence, 0..1
    duplicates  all: every picture of a group stays; one: the first by name
    """
    found = _Reasons(faces)
    alike = groups[groups["corpus"] == "celebrities"]
    group = _group(faces["face_id"], alike)

    detail = _coded_people(alike, groups[groups["corpus"] == "coded"])
    found.add("coded_person", pc.is_in(faces["subject"], _strings(detail.index)), "subject", detail)

    detail = _several_people(alike)
    found.add("two_people", np.isin(group, detail.index), group, detail)

    sure = faces["confidence"].to_pandas()
    few = unsure(sure.to_frame("confidence"), minimum)
    detail = "confidence " + sure[few].astype(str) + f" is under {minimum:g}"
    found.add("unsure", few, np.arange(len(faces)), detail)

    other = identity[~identity["kept"].to_numpy(bool)].set_index("face_id")["similarity"]
    detail = ("similarity " + other.round(3).astype(str)).where(other.notna(), "no similarity")
    found.add(
        "other_identity", pc.is_in(faces["face_id"], _strings(other.index)), "face_id", detail
    )

    if duplicates == "one":
        rest = np.flatnonzero((group >= 0) & ~found.out)
        rows = pd.DataFrame({"group": group[rest], "row": rest})
        rows["face_id"] = faces["face_id"].take(rest).to_pandas()
        rows = rows.sort_values("face_id")
        kept = rows.drop_duplicates("group").set_index("group")["face_id"]
        further = np.zeros(len(faces), dtype=bool)
        further[rows.loc[rows.duplicated("group"), "row"]] = True
        found.add("duplicate", further, group, "the same picture as " + kept)
    return found.table()


def staying(faces: pa.Table, out: pa.Table) -> pa.Table:
    """The faces that are not among those left out."""
    if not len(out):
        return faces
    return faces.filter(pc.invert(pc.is_in(faces["face_id"], _strings(out["face_id"]))))


def check_split(
    face_id: pa.Array, person: NDArray[np.int32], held_out: NDArray[np.bool_], groups: pd.DataFrame
) -> None:
    """TableError where a person, or pictures that look the same, are on both sides of the split.

    face_id, person, held_out  (faces,): name, number of the person, whether in validation
    groups                     `tables.DUPLICATES`
    """
    group = _group(face_id, groups[groups["corpus"] == "celebrities"])
    for what, numbers in (("person", person), ("group of duplicates", group)):
        known = numbers >= 0
        both = np.intersect1d(numbers[known & held_out], numbers[known & ~held_out])
        if len(both):
            example = face_id[int(np.argmax(numbers == both[0]))]
            raise TableError(
                f"pretrain.parquet: {len(both)} times a {what} is in both train and validation, "
                f"as {example} is; nothing was written. The split is by person, and no group may "
                "span people: run `dvc repro` so that duplicates.parquet is of these pictures."
            )


class _Reasons:
    """The reason of each face that has one, and its detail."""

    def __init__(self, faces: pa.Table) -> None:
        self.faces = faces
        self.out = np.zeros(len(faces), dtype=bool)
        self.parts: list[pd.DataFrame] = []

    def add(
        self,
        reason: str,
        holds: pa.ChunkedArray | NDArray[np.bool_],
        by: str | NDArray[np.int64],
        detail: pd.Series,
    ) -> None:
        """Leave out the faces of which `holds` is true and no reason before.

        by  names a column, or is (faces,): where a face's detail is found in `detail`'s index
        """
        rows = np.flatnonzero(np.asarray(holds) & ~self.out)
        self.out[rows] = True
        part = self.faces.select(["face_id", "subject"]).take(rows).to_pandas()
        keys = part[by] if isinstance(by, str) else pd.Series(by[rows])
        self.parts.append(part.assign(reason=reason, detail=keys.map(detail)))

    def table(self) -> pa.Table:
        rows = pd.concat(self.parts).sort_values("face_id", ignore_index=True)
        return tables.to_arrow(rows, tables.LEFT_OUT)


def _group(face_id: pa.ChunkedArray | pa.Array, alike: pd.DataFrame) -> NDArray[np.int64]:
    """(faces,) the group of each, -1 for none."""
    place = pc.index_in(face_id, _strings(alike["face_id"])).fill_null(-1).to_numpy()
    group: NDArray[np.int64] = np.append(alike["group"].to_numpy(np.int64), -1)[place]
    return group


def _coded_people(alike: pd.DataFrame, coded: pd.DataFrame) -> pd.Series:
    """Celebrity -> which of its pictures looks like which coded face, the first pair."""
    pairs = alike.merge(coded.drop_duplicates("group"), on="group", suffixes=("", "_coded"))
    pairs = pairs.drop_duplicates("subject").set_index("subject")
    return pairs["face_id"] + " looks the same as " + pairs["face_id_coded"] + " of the coded"


def _several_people(alike: pd.DataFrame) -> pd.Series:
    """Group -> the celebrities that it spans, where they are several."""
    people = alike.drop_duplicates(["group", "subject"])
    people = people[people.duplicated("group", keep=False)].sort_values(["group", "subject"])
    told = {group: ", ".join(names) for group, names in people.groupby("group")["subject"]}
    return "the same picture under " + pd.Series(told, dtype="str")


def _strings(names: pd.Series | pd.Index | pa.ChunkedArray) -> pa.Array:
    """As a set of values to look up."""
    if isinstance(names, pa.ChunkedArray):
        return names.combine_chunks()
    return pa.array(names, pa.string())
