"""The faces that may be used for pre-training, in one order, and the people that they are of.

A share of the people is held out to watch pre-training. People come in one order, and so do the
pictures of each person; `noisyau.selection.subsets` draws in these orders.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from noisyau import tables
from noisyau.errors import TableError
from noisyau.selection import sampling
from noisyau.selection.leftout import check_split


@dataclass(frozen=True)
class Pool:
    """The faces that may be used, sorted by face_id, and the people that they are of.

    face_id  (faces,)
    row      (faces,) int32: place in the table of labels
    person   (faces,) int32: row of people
    place    (faces,) int32: place among the person's pictures, in an order by digest
    people   subject, gender, region, split; pictures, how many; turn, place among all people in
             an order by digest; start, 0..1, where systematic sampling begins with the person
    """

    face_id: pa.Array
    row: NDArray[np.int32]
    person: NDArray[np.int32]
    place: NDArray[np.int32]
    people: pd.DataFrame

    def held_out(self) -> NDArray[np.bool_]:
        """(faces,) that are in validation."""
        return (self.people["split"] == "validation").to_numpy()[self.person]

    def pieces(self, at: NDArray[np.int64]) -> Iterator[pa.Table]:
        """These rows with face_id, subject, gender, region and split, some at a time."""
        told = pa.Table.from_pandas(
            self.people[["subject", "gender", "region", "split"]], preserve_index=False
        )
        told = told.cast(pa.schema([(name, pa.string()) for name in told.column_names]))
        told = told.combine_chunks()
        for first in range(0, len(at), tables.PIECE):
            piece = at[first : first + tables.PIECE]
            names = self.face_id.take(pa.array(piece)).cast(pa.string())
            yield told.take(self.person[piece]).add_column(0, "face_id", names)


def pool(
    faces: pa.Table, people: pd.DataFrame, groups: pd.DataFrame, *, validation: float, seed: int
) -> Pool:
    """The faces in their order, some people held out.

    faces       `leftout.FIRST_FACES` of every face that may be used, in any order
    people      subject, gender, region; subjects without a row have neither
    groups      `tables.DUPLICATES`; none may span the split
    validation  share of the subjects held out, 0..1; at least one, and never all

    Raises TableError where there are fewer than two people, where a face is there twice, and
    where a person or a group is on both sides.
    """
    order = pc.sort_indices(faces["face_id"])
    face_id = pa.concat_arrays(faces["face_id"].take(order).chunks)
    again = pc.equal(face_id[1:], face_id[:-1]).index(True).as_py()
    if again >= 0:
        raise TableError(f"the label table has face {face_id[again]} twice; run `dvc repro`")
    subject = faces["subject"].combine_chunks()
    used = np.unique(subject.indices)
    names = np.array(subject.dictionary.to_pylist(), dtype=object)[used]
    if len(names) < 2:
        raise TableError(
            f"pre-training needs at least 2 people, one of them held out; found {len(names)} with "
            "a coded face that may be used. See the failures tables in data/faces and data/labels, "
            "and data/tables/left_out.parquet."
        )
    rank = np.empty(len(subject.dictionary), dtype=np.int32)
    rank[used[np.argsort(names)]] = np.arange(len(names), dtype=np.int32)
    person = rank[subject.indices.take(order)]
    told = _people(sorted(names), people, person, validation, seed)
    place = _places(person, told["pictures"].to_numpy(), sampling.digests(face_id, seed, "face_id"))
    row = faces["row"].take(order).to_numpy()
    found = Pool(face_id, row, person, place, told)
    check_split(face_id, person, found.held_out(), groups)
    return found


def _people(
    names: list[str], people: pd.DataFrame, person: NDArray[np.int32], validation: float, seed: int
) -> pd.DataFrame:
    """As `Pool.people`."""
    told = pd.DataFrame({"subject": names}).merge(
        people[["subject", "gender", "region"]], on="subject", how="left", validate="one_to_one"
    )
    held_out = min(max(1, round(validation * len(names))), len(names) - 1)
    watched = told["subject"].isin(sampling.ordered(names, seed, "validation")[:held_out])
    turn = pd.Index(sampling.ordered(names, seed, "subject")).get_indexer(pd.Index(names))
    start = sampling.fractions(sampling.digests(pa.array(names), seed, "start"))
    return told.assign(
        split=np.where(watched, "validation", "train"),
        pictures=np.bincount(person, minlength=len(names)),
        turn=turn,
        start=start,
    )


def _places(
    person: NDArray[np.int32], pictures: NDArray[np.int64], digest: NDArray[np.uint64]
) -> NDArray[np.int32]:
    """(faces,) each face's place among its person's, by the digest's 32 highest bits, then name."""
    order = np.argsort(person.astype(np.uint64) << 32 | digest >> 32, kind="stable")
    first = np.cumsum(pictures) - pictures
    place = np.empty(len(person), dtype=np.int32)
    place[order] = np.arange(len(person)) - np.repeat(first, pictures)
    return place
