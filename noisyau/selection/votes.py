"""What several annotators say of the same faces, and what a net is to learn from it.

An annotator has no say on a face that its table lacks, on one whose `confidence` is under the
annotator's minimum, and on an AU that it has no column for or a null.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from noisyau import aus as au_names
from noisyau import tables
from noisyau.selection.leftout import unsure

Floats = NDArray[np.float32]
How = Literal["annotator", "agreed", "mean"]


@dataclass(frozen=True)
class Voter:
    """An annotator, asked about a list of faces; its table is read a column at a time.

    path  `tables.labels`
    rows  (faces,) int32: each face's row in the table; null where it has no say
    """

    path: Path
    rows: pa.Array

    @classmethod
    def of(cls, path: Path, face_ids: pd.Series, minimum: float) -> "Voter":
        """The faces by their names; labels under the minimum confidence are no say."""
        wanted = pa.array(face_ids, pa.large_string())
        rows = pa.nulls(len(wanted), pa.int32())
        table = tables.read_arrow(path, columns=["face_id", "confidence"])
        for first in range(0, len(table), tables.PIECE):
            piece = table.slice(first, tables.PIECE).combine_chunks()
            named = piece["face_id"].cast(pa.large_string()).combine_chunks()
            there = pc.add(pc.index_in(wanted, value_set=named), pa.scalar(first, pa.int32()))
            rows = pc.coalesce(rows, there)
        sure = pa.array(~unsure(table.select(["confidence"]).to_pandas(), minimum))
        return cls(path, pc.if_else(pc.take(sure, rows), rows, None))

    def at(self, faces: NDArray[np.int64]) -> "Voter":
        """Asked about some of the faces, by their place in the list."""
        return Voter(self.path, self.rows.take(pa.array(faces)))

    def aus(self) -> tuple[int, ...]:
        """Those that the table has a column for."""
        return au_names.in_columns(pq.read_schema(self.path).names, "c")

    def occurrence(self, au: int) -> Floats:
        """(faces,): 0, 1, NaN no say."""
        return _floats(self.column(au_names.occurrence(au)))

    def intensity(self, au: int) -> Floats:
        """(faces,): 0 to 5, NaN no say."""
        return _floats(self.column(au_names.intensity(au)))

    def column(self, name: str) -> pa.Array:
        """(faces,) as the table has it; null no say."""
        if name not in pq.read_schema(self.path).names:
            return pa.nulls(len(self.rows), pa.float32())
        column = tables.read_arrow(self.path, columns=[name])[name]
        return pc.take(column.combine_chunks(), self.rows)


def _floats(said: pa.Array) -> Floats:
    found: Floats = said.cast(pa.float32()).to_numpy(zero_copy_only=False)
    return found


def target(said: Floats, how: How) -> Floats:
    """What a net is to learn of an AU.

    said     (annotators, faces): 0, 1, NaN no say; the first is the annotator
    how      annotator: what the annotator says
             agreed: what at least two say and nobody denies; an AU that only one of them codes
             is never agreed on, since nobody confirms it
             mean: the mean over those who have a say; what one alone says counts whole
    returns  (faces,): 0 to 1, NaN missing
    """
    if how == "annotator":
        first: Floats = said[0]
        return first
    voices = (~np.isnan(said)).sum(axis=0)
    mean: Floats = np.nansum(said, axis=0) / np.where(voices, voices, np.nan).astype(np.float32)
    if how == "mean":
        return mean
    agreed = (voices > 1) & ((mean == 0) | (mean == 1))
    mean[~agreed] = np.nan
    return mean


def targets(voters: Sequence[Voter], aus: Sequence[int], how: How) -> Iterator[dict[str, Floats]]:
    """AUnn_t of each AU for the faces, `tables.PIECE` at a time.

    voters  the annotators, the main one first, asked about the same faces

    A byte a face, AU and annotator is held.
    """
    asked = voters[:1] if how == "annotator" else voters
    codes = {au: [voter.column(au_names.occurrence(au)) for voter in asked] for au in aus}
    for first in range(0, len(voters[0].rows), tables.PIECE):
        yield {
            au_names.target(au): target(
                np.stack([_floats(said.slice(first, tables.PIECE)) for said in columns]), how
            )
            for au, columns in codes.items()
        }
