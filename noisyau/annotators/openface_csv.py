"""The CSV files that OpenFace 2.0 to 2.2 write (Baltrusaitis et al. 2018), read by column name.

    pictures  face, confidence[, pose, gaze, landmarks], AUnn_r x 17, AUnn_c x 18; a row a face
    videos    frame, face_id, timestamp, confidence, success[, ...], AUnn_r, AUnn_c; a row a frame

Windows builds write a space before each name; occurrence is written 1.0 or 1.00; which columns
there are depends on the flags. Occurrence and intensity come from separate models and often
disagree (AU01_c 1 beside AU01_r 0.00), so neither is ever made from the other. AU28 has no
intensity. A row that cannot be taken at its word is told, not mended.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from noisyau import aus as au_names
from noisyau import csvs
from noisyau.errors import AnnotatorError, CorpusError

_POINTS = 68
_NO_NUMBER = re.compile(r"[+-]?(nan(\([^)]*\))?|1\.?#\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class Reading:
    """One row: what OpenFace said of one face.

    place       the file and the line
    face        0, 1, ...: which face of the picture
    frame       from 1; None of a picture
    confidence  of the landmarks, 0..1; None where it is no number
    success     False where a frame of a video was not tracked; its AUs mean nothing
    occurrence  AU -> 0, 1, or None where the file has no number; AUs without a column are absent
    intensity   AU -> 0..5 or None, likewise
    points      (68, 2) landmarks in pixels, with -2Dfp; else None
    """

    place: str
    face: int
    frame: int | None
    confidence: float | None
    success: bool
    occurrence: Mapping[int, int | None]
    intensity: Mapping[int, float | None]
    points: NDArray[np.float64] | None


@dataclass(frozen=True)
class Unread:
    """A row that cannot be used, and why."""

    place: str
    detail: str


def read(path: Path) -> Iterator[Reading | Unread]:
    """Every row, in order. Raises AnnotatorError for a file without AU columns, CorpusError for
    one that is no CSV."""
    for row in csvs.read(path, []):
        columns = _columns(path, row)
        if not row.whole:
            found = sum(map(bool, row.cells.values()))
            detail = (
                f"not as many cells as the header has, {len(row.cells)} ({found} filled): cut "
                "short, or commas as decimal marks"
            )
            yield Unread(row.place, detail)
            continue
        try:
            yield _reading(row, columns)
        except ValueError as error:
            yield Unread(row.place, str(error))


def told(path: Path) -> Iterator[Reading | Unread]:
    """The rows of a file that a program has just written; what cannot be read is one Unread."""
    rows = 0
    try:
        for row in read(path):
            rows += 1
            yield row
    except (AnnotatorError, CorpusError) as error:
        yield Unread(path.name, str(error).replace(str(path), path.name))
    else:
        if not rows:
            yield Unread(path.name, f"{path.name}: no row")


def _columns(path: Path, row: csvs.Row) -> dict[str, tuple[int, ...]]:
    columns = {kind: au_names.in_columns(row.cells, kind) for kind in "cr"}
    if not any(columns.values()):
        raise AnnotatorError(
            f"{path}: no column such as AU12_c or AU12_r; found {', '.join(list(row.cells)[:12])}. "
            "OpenFace writes them with -aus."
        )
    return columns


def _reading(row: csvs.Row, columns: Mapping[str, tuple[int, ...]]) -> Reading:
    cells = row.cells
    success = number(cells.get("success", "1"), "success", 0, 1)
    return Reading(
        place=row.place,
        face=whole(cells.get("face", cells.get("face_id", "0")), "face"),
        frame=whole(cells["frame"], "frame") if "frame" in cells else None,
        confidence=number(cells.get("confidence", ""), "confidence", 0, 1),
        success=bool(success),
        occurrence={au: occurrence(cells, au_names.occurrence(au)) for au in columns["c"]},
        intensity={
            au: number(cells[au_names.intensity(au)], au_names.intensity(au), 0, 5)
            for au in columns["r"]
        },
        points=_points(cells),
    )


def occurrence(cells: Mapping[str, str], column: str) -> int | None:
    """1 from `1`, `1.0` or `1.00`; None from an empty cell or a NaN; else ValueError."""
    value = number(cells[column], column, 0, 1)
    if value is not None and value not in (0, 1):
        raise ValueError(f"{column} is {cells[column]!r}; expected 0 or 1")
    return None if value is None else int(value)


def number(cell: str, column: str, low: float, high: float) -> float | None:
    """The number in a cell; None where it is empty or says that it is none.

    C++ programs write NaN as `nan`, `-nan`, `-nan(ind)` or `1.#IND`. Raises ValueError for
    anything else that is no number, or is outside low..high.
    """
    word = cell.strip()
    if not word or _NO_NUMBER.fullmatch(word):
        return None
    try:
        value = float(cell)
    except ValueError:
        raise ValueError(f"{column} is {cell!r}; expected a number") from None
    if not math.isfinite(value) or not low <= value <= high:
        raise ValueError(f"{column} is {cell!r}; expected {low:g} to {high:g}")
    return value


def whole(cell: str, column: str) -> int:
    """The whole number, from 0, in a cell; ValueError where there is none."""
    value = number(cell, column, 0, 2**31 - 1)
    if value is None or value != int(value):
        raise ValueError(f"{column} is {cell!r}; expected a whole number")
    return int(value)


def _points(cells: Mapping[str, str]) -> NDArray[np.float64] | None:
    if "x_0" not in cells:
        return None
    axes = [
        [number(cells.get(f"{axis}_{index}", ""), axis, -1e6, 1e6) for index in range(_POINTS)]
        for axis in "xy"
    ]
    points = np.array(axes, np.float64).T  # None becomes NaN
    return points if np.isfinite(points).all() else None
