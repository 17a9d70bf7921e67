"""Which row of somebody's table is a face's label, where several rows or faces come together.

A row claims the faces of the item that it names: with landmarks all of them, of which it can have
the one that it lies on; without, the item's first, for there is nothing to tell others by.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from noisyau.annotators import landmarks
from noisyau.annotators.table.match import Meant, Store

NONE = -1


class Fate(IntEnum):
    """What becomes of a row or a face; in small letters, the reason in a table."""

    LABEL = 0
    NO_ITEM = 1
    NO_STORED_FACE = 2
    BAD_ROW = 3
    NO_FACE = 4
    OTHER_FACE = 5
    DUPLICATE = 6
    AMBIGUOUS = 7
    NO_ROW = 8


REASONS = tuple(fate.name.lower() for fate in Fate)


@dataclass(frozen=True)
class Settled:
    """What became of rows and faces.

    row_fate   (rows,) Fate.LABEL, or why it is no label
    row_face   (rows,) the face that it is the label of, or was refused for; NONE
    face_fate  (faces,) Fate.LABEL, or why it has none
    face_row   (faces,) its label's row, or the first that was refused for that reason; NONE
    distance   (faces,) to the nearest row with landmarks, in eye distances; inf without
    """

    row_fate: NDArray[np.int8]
    row_face: NDArray[np.int64]
    face_fate: NDArray[np.int8]
    face_row: NDArray[np.int64]
    distance: NDArray[np.float64]


def settle(rows: pa.Table, meant: Meant, store: Store) -> Settled:
    """Give each face at most one row and each row at most one face.

    Of rows that say the same the first counts. Of rows of one file that say different things,
    landmarks tell which is the face's; else they are ambiguous and nobody's.
    """
    claims = _claims(rows, meant, store)
    total, faces = len(rows), len(store.faces)
    settled = Settled(
        _fates(rows, meant, store),
        np.full(total, NONE, np.int64),
        np.full(faces, Fate.NO_ROW, np.int8),
        np.full(faces, NONE, np.int64),
        np.full(faces, np.inf),
    )
    first = claims.drop_duplicates("row")
    settled.row_face[first["row"]] = first["face"]
    pointed = claims[claims["pointed"]]
    np.minimum.at(settled.distance, pointed["face"], pointed["distance"])
    claims["fate"] = settled.row_fate[claims["row"]]
    for fate in (Fate.NO_FACE, Fate.OTHER_FACE, Fate.BAD_ROW):  # the last one tells most
        of = claims[claims["fate"] == fate].drop_duplicates("face")
        settled.face_fate[of["face"]], settled.face_row[of["face"]] = fate, of["row"]
    good = claims[(claims["fate"] == Fate.OTHER_FACE) & (claims["distance"] <= landmarks.SAME_FACE)]
    good = good.sort_values(["row", "distance", "face"]).drop_duplicates("row")
    unread = claims.loc[(claims["fate"] == Fate.BAD_ROW) & ~claims["pointed"], "face"]
    unsure = ~good["pointed"] & good["face"].isin(unread)  # which of the two is whose?
    settled.row_fate[good.loc[unsure, "row"]] = Fate.AMBIGUOUS
    good = good[~unsure]
    several = good["face"].duplicated(keep=False)
    further = rows["further"].to_numpy()[good["row"]] & (meant.face[good["row"]] == NONE)
    unplaced = good[~several & ~good["pointed"] & further]  # not the first, but which?
    settled.row_fate[unplaced["row"]] = Fate.AMBIGUOUS
    settled.face_fate[unplaced["face"]] = Fate.AMBIGUOUS
    settled.face_row[unplaced["face"]] = unplaced["row"]
    good, several = good.drop(unplaced.index), several.drop(unplaced.index)
    _give(settled, good[~several])
    if several.any():
        _judge(settled, good[several].sort_values(["face", "row"]), rows)
    return settled


def _fates(rows: pa.Table, meant: Meant, store: Store) -> NDArray[np.int8]:
    """Why each row would be no label; Fate.OTHER_FACE until it is found to lie on a face."""
    fate = np.full(len(rows), Fate.OTHER_FACE, np.int8)
    fate[~rows["success"].to_numpy()] = Fate.NO_FACE
    with_face = int(store.item_of.max(initial=-1)) + 1
    fate[meant.item >= with_face] = Fate.NO_STORED_FACE
    fate[meant.item < 0] = Fate.AMBIGUOUS
    fate[(meant.item == NONE) | meant.lesser] = Fate.NO_ITEM
    fate[rows["trouble"].is_valid().to_numpy()] = Fate.BAD_ROW
    return fate


def _claims(rows: pa.Table, meant: Meant, store: Store) -> pd.DataFrame:
    """One row a pair that may belong together, in the order of the rows."""
    order = np.argsort(store.item_of, kind="stable")
    with_face = int(store.item_of.max(initial=-1)) + 1
    starts = np.searchsorted(store.item_of[order], np.arange(with_face + 1))
    asks = np.flatnonzero((meant.item >= 0) & (meant.item < with_face) & ~meant.lesser)
    item, face = meant.item[asks], meant.face[asks]
    has_points = rows["points"].is_valid().to_numpy()
    wide = has_points[asks] & (face == NONE)
    count = np.where(wide, starts[item + 1] - starts[item], 1)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    chosen = order[np.repeat(starts[item], count) + within]
    named = np.repeat(face, count)
    row = np.repeat(asks, count)
    claims = pd.DataFrame(
        {
            "row": row,
            "face": np.where(named == NONE, chosen, named),
            "pointed": has_points[row],
            "distance": 0.0,
        }
    )
    if has_points.any():
        near = claims["pointed"].to_numpy()
        points = rows["points"].take(pa.array(row[near])).combine_chunks()
        found = points.flatten().to_numpy().reshape(-1, 5, 2)
        apart = landmarks.distances(store.landmarks()[claims["face"][near]], found)
        claims.loc[near, "distance"] = np.where(np.isnan(apart), np.inf, apart)
    return claims


def _give(settled: Settled, claims: pd.DataFrame) -> None:
    row, face = claims["row"], claims["face"]
    settled.row_fate[row], settled.row_face[row] = Fate.LABEL, face
    settled.face_fate[face], settled.face_row[face] = Fate.LABEL, row


def _judge(settled: Settled, rivals: pd.DataFrame, rows: pa.Table) -> None:
    """Several rows lie on one face, or claim it without landmarks."""
    asked = rows.take(pa.array(rivals["row"].to_numpy()))
    codes = [name for name in rows.column_names if name.startswith("AU")]
    said = asked.select(["confidence", *codes]).to_pandas()
    rivals = rivals.assign(
        file=asked["file"].to_numpy(),
        said=said.groupby([*said.columns], dropna=False).ngroup().to_numpy(),
    )
    by_face = rivals.groupby("face")
    same = by_face["said"].transform("nunique") == 1
    apart = by_face["pointed"].transform("all") & (by_face["file"].transform("nunique") == 1)
    nearest = rivals[apart & ~same].sort_values(["face", "distance", "row"])
    winners = pd.concat([rivals[same], nearest]).drop_duplicates("face")
    told = rivals["face"].map(winners.set_index("face")["said"])
    settled.row_face[rivals["row"]] = rivals["face"]
    settled.row_fate[rivals["row"]] = np.select(
        [told.isna(), rivals["said"] == told], [Fate.AMBIGUOUS, Fate.DUPLICATE], Fate.OTHER_FACE
    )
    unclear = rivals[told.isna()].drop_duplicates("face")
    settled.face_fate[unclear["face"]] = Fate.AMBIGUOUS
    settled.face_row[unclear["face"]] = unclear["row"]
    _give(settled, winners)
