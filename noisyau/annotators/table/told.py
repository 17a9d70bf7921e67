"""What became of the rows of somebody's table and of the faces, as the columns of three tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from noisyau import aus as au_names
from noisyau.annotators import landmarks
from noisyau.annotators.table.claims import NONE, REASONS, Fate, Settled
from noisyau.annotators.table.files import Files
from noisyau.annotators.table.match import Meant, Store


class Told:
    """Each method makes the columns of one table for some of its faces or rows, by number."""

    def __init__(
        self, rows: pa.Table, meant: Meant, store: Store, settled: Settled, files: Files
    ) -> None:
        self._rows, self._meant, self._store = rows, meant, store
        self._settled, self._files = settled, files
        self._file, self._number = rows["file"].to_numpy(), rows["number"].to_numpy()

    def labels(
        self, faces: NDArray[np.int64], aus: Sequence[int], mode: str, version: str
    ) -> Mapping[str, Any]:
        """tables.labels, of faces that have a row."""
        known = self._store.faces.take(pa.array(faces))
        rows = self._rows.take(pa.array(self._settled.face_row[faces]))
        codes = [*map(au_names.occurrence, aus), *map(au_names.intensity, aus)]
        return {
            "face_id": known["face_id"],
            "subject": known["subject"],
            "annotator": ["table"] * len(faces),
            "annotator_version": [version] * len(faces),
            "mode": [mode] * len(faces),
            "confidence": rows["confidence"],
            **{code: rows[code] for code in codes},
        }

    def failures(self, faces: NDArray[np.int64]) -> Mapping[str, Any]:
        """tables.LABEL_FAILURES, of faces that have none."""
        known = self._store.faces.take(pa.array(faces))
        return {
            "face_id": known["face_id"],
            "subject": known["subject"],
            "reason": [REASONS[fate] for fate in self._settled.face_fate[faces]],
            "detail": [self._why_no_label(face) for face in faces.tolist()],
        }

    def unmatched(self, rows: NDArray[np.int64]) -> Mapping[str, Any]:
        """tables.UNMATCHED, of rows that are no label."""
        found = self._rows.select(["name", "own", "frame"]).take(pa.array(rows)).to_pylist()
        return {
            "place": [self._place(row) for row in rows.tolist()],
            "name": [
                f"{one['name']}/{one['frame']}"
                if one["own"] and one["frame"] is not None
                else one["name"]
                for one in found
            ],
            "reason": [REASONS[fate] for fate in self._settled.row_fate[rows]],
            "detail": [self._why_unmatched(row) for row in rows.tolist()],
        }

    def _why_no_label(self, face: int) -> str:
        fate, row = self._settled.face_fate[face], int(self._settled.face_row[face])
        if fate == Fate.NO_ROW:
            return "no row names it"
        why = {
            Fate.AMBIGUOUS: "other rows that name it say something else",
            Fate.BAD_ROW: self._trouble(row),
            Fate.NO_FACE: "success is 0",
            Fate.OTHER_FACE: self._elsewhere(face),
        }
        return f"{self._place(row)}: {why[Fate(fate)]}"

    def _why_unmatched(self, row: int) -> str:
        fate, face = self._settled.row_fate[row], int(self._settled.row_face[row])
        whose = "" if face == NONE else self._face_id(face)
        if fate == Fate.BAD_ROW:
            return self._trouble(row)
        if fate == Fate.NO_ITEM:
            if self._meant.lesser[row]:
                item = self._store.items[int(self._meant.item[row])].as_py()
                return f"{item} is nearest, but another row names it more closely"
            return "no item of the corpus is called so"
        if fate == Fate.NO_STORED_FACE:
            return "the item has no face in the store; the store's failures say why"
        if fate == Fate.NO_FACE:
            return "success is 0"
        if fate == Fate.DUPLICATE:
            first = self._place(int(self._settled.face_row[face]))
            return f"says the same of {whose} as {first}"
        if fate == Fate.AMBIGUOUS:
            if face == NONE:
                return "several items of the corpus are called so; name them in full"
            return f"other rows that name {whose} say something else, or cannot be read"
        return f"its landmarks are not those of {whose}, or another row's are nearer"

    def _place(self, row: int) -> str:
        return self._files.place(int(self._file[row]), int(self._number[row]))

    def _trouble(self, row: int) -> str:
        return str(self._rows["trouble"][row].as_py()) if row != NONE else ""

    def _face_id(self, face: int) -> str:
        return str(self._store.faces["face_id"][face].as_py())

    def _elsewhere(self, face: int) -> str:
        apart = self._settled.distance[face]
        if not np.isfinite(apart):
            return "its landmarks are no numbers"
        return (
            f"the nearest of its faces lies {apart:.1f} eye distances from the stored landmarks, "
            f"at most {landmarks.SAME_FACE:g} is the same"
        )
