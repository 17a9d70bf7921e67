"""What several annotators say of the same faces, and what a net is to learn from it.

An annotator has no say on a face that its table lacks, on one whose `confidence` is under the
annotator's minimum, and on an AU that it has no column for or a null.
"""

from collections.abc import Mapping, Sequence
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
from noisyau.subsets import unsure

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
        table = tables.read(path, columns=["face_id", "confidence"])
        named = pa.array(table["face_id"], pa.large_string())
        rows = pc.index_in(pa.array(face_ids, pa.large_string()), value_set=named)
        sure = pa.array(~unsure(table, minimum))
        return cls(path, pc.if_else(pc.take(sure, rows), rows, None))

    def aus(self) -> tuple[int, ...]:
        """Those that the table has a column for."""
        return au_names.in_columns(pq.read_schema(self.path).names, "c")

    def occurrence(self, au: int) -> Floats:
        """(faces,): 0, 1, NaN no say."""
        return self._column(au_names.occurrence(au))

    def intensity(self, au: int) -> Floats:
        """(faces,): 0 to 5, NaN no say."""
        return self._column(au_names.intensity(au))

    def _column(self, name: str) -> Floats:
        if name not in pq.read_schema(self.path).names:
            return np.full(len(self.rows), np.nan, np.float32)
        column = tables.read_arrow(self.path, columns=[name])[name].cast(pa.float32())
        said: Floats = pc.take(column.combine_chunks(), self.rows).to_numpy(zero_copy_only=False)
        return said


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


def targets(
    minima: Mapping[Path, float], face_ids: pd.Series, aus: Sequence[int], how: How
) -> dict[str, Floats]:
    """AUnn_t of each AU for these faces.

    minima  each annotator's table and minimum confidence, the main one first
    """
    voters = [Voter.of(path, face_ids, minimum) for path, minimum in minima.items()]
    asked = voters[:1] if how == "annotator" else voters
    return {
        au_names.target(au): target(np.stack([voter.occurrence(au) for voter in asked]), how)
        for au in aus
    }
