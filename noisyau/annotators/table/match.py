"""Which items of a face store the rows of somebody's table name."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from noisyau import facestore, tables
from noisyau.annotators.table import names
from noisyau.annotators.table.names import NOBODY, strings


@dataclass(frozen=True)
class Store:
    """Who is in a face store, without pictures.

    folder   where it lies
    faces    face_id and subject, in order
    items    distinct; those with a face come first, then those that were lost
    item_of  (faces,) the number of each face's item
    framed   (items,) whether it is a frame of a video
    """

    folder: Path
    faces: pa.Table
    items: pa.Array
    item_of: NDArray[np.int64]
    framed: NDArray[np.bool_]

    def landmarks(self) -> NDArray[np.float32]:
        """(faces, 5, 2), pixels of the source picture."""
        parts = [
            batch.column(0).flatten().flatten().to_numpy().reshape(-1, 5, 2)
            for batch in facestore.read_faces(self.folder, ["landmarks"], rows=65536)
        ]
        return np.concatenate(parts) if parts else np.empty((0, 5, 2), np.float32)


def load(folder: Path) -> Store:
    """The store's faces, and the items of its failures."""
    columns = ["face_id", "item", "subject", "frame"]
    schema = pa.schema([tables.FACES.field(name) for name in columns])
    batches = facestore.read_faces(folder, columns, rows=65536)
    faces = pa.Table.from_batches(list(batches), schema)
    lost = tables.read_arrow(folder / facestore.FAILURES, tables.FAILURES)
    together = pa.concat_tables([faces, lost.select(["item", "frame"])], promote_options="default")
    encoded = strings(together["item"]).dictionary_encode()
    number = encoded.indices.to_numpy().astype(np.int64)
    framed = np.zeros(len(encoded.dictionary), bool)
    framed[number[together["frame"].is_valid().to_numpy()]] = True
    return Store(
        folder,
        faces.select(["face_id", "subject"]),
        encoded.dictionary,
        number[: len(faces)],
        framed,
    )


@dataclass(frozen=True)
class Meant:
    """Whom each row means.

    item    (rows,) its number, NOBODY, or SEVERAL where more than one is called so
    face    (rows,) the number of the face where the row names one by its face_id, else NOBODY
    lesser  (rows,) whether another row names the same item in a nearer way, so that this one
            means somebody else
    """

    item: NDArray[np.int64]
    face: NDArray[np.int64]
    lesser: NDArray[np.bool_]


def match(rows: pa.Table, store: Store, videos: Mapping[str, str]) -> Meant:
    """Find the rows' faces, items or frames by name.

    rows    of rows.ROWS
    videos  what an item is called before its frame -> the file of the video, where that has
            another name: {"SN001": "LeftVideoSN001_comp.avi"}
    """
    encoded = strings(rows["name"]).dictionary_encode()
    code, distinct = encoded.indices.to_numpy(), encoded.dictionary
    face = _faces(distinct, store)[code]
    numbers = np.arange(len(store.items))
    found, ways = names.find(distinct, store.items, numbers, short=~store.framed)
    item, way = found[code], ways[code]
    framed = rows["frame"].is_valid().to_numpy()
    item[rows["own"].to_numpy() & framed] = NOBODY  # such a file is a video's, never a picture's
    by_frame = np.flatnonzero(framed & (item == NOBODY) & (face == NOBODY))
    if len(by_frame):
        frames = rows["frame"].take(pa.array(by_frame))
        item[by_frame], way[by_frame] = _frames(distinct, code[by_frame], frames, store, videos)
    named = face != NOBODY
    item[named], way[named] = store.item_of[face[named]], 0
    item[_from_0(rows, code)] = NOBODY
    sure = np.flatnonzero(item >= 0)
    nearest = np.full(len(store.items), np.iinfo(np.int64).max)
    np.minimum.at(nearest, item[sure], way[sure])
    lesser = np.zeros(len(item), bool)
    lesser[sure] = way[sure] > nearest[item[sure]]
    return Meant(item, face, lesser)


def _from_0(rows: pa.Table, code: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(rows,) whether a row's video counts its frames from 0, where items count from 1.

    code  (rows,) which rows have one name
    """
    frame = rows["frame"].fill_null(-1).to_numpy()
    return np.asarray(np.isin(code, np.unique(code[frame == 0])) & (frame >= 0), np.bool_)


def _faces(distinct: pa.Array, store: Store) -> NDArray[np.int64]:
    """The face that each name is the face_id of."""
    face = np.full(len(distinct), NOBODY, np.int64)
    maybe = np.flatnonzero(pc.match_substring(distinct, "#").to_numpy(zero_copy_only=False))
    if len(maybe):
        known = strings(store.faces["face_id"])
        at = pc.index_in(distinct.take(pa.array(maybe)), value_set=known)
        face[maybe] = at.fill_null(NOBODY).to_numpy()
    return face


def _frames(
    distinct: pa.Array,
    code: NDArray[np.int64],
    frames: pa.ChunkedArray,
    store: Store,
    videos: Mapping[str, str],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The items of rows that name a video and a frame, and how near the video's name is."""
    items = store.items.filter(pa.array(store.framed))
    known = pc.unique(pc.replace_substring_regex(items, r"/[^/]*$", ""))
    number = {video: index for index, video in enumerate(known.to_pylist())}
    files = {video: file for video, file in videos.items() if video in number}
    keys = pa.concat_arrays([known, strings(list(files.values()))])
    owners = np.array([*range(len(known)), *(number[video] for video in files)], np.int64)
    asked, code = np.unique(code, return_inverse=True)
    video, ways = names.find(
        distinct.take(pa.array(asked)), keys, owners, short=np.ones(len(keys), bool)
    )
    video, way = video[code], ways[code]
    found = video.copy()  # NOBODY and SEVERAL stay
    sure = np.flatnonzero(video >= 0)
    prefixes = known.take(pa.array(video[sure]))
    numbers = strings(frames.take(pa.array(sure)).cast(pa.string()))
    full = pc.binary_join_element_wise(prefixes, numbers, pa.scalar("/", pa.large_string()))
    found[sure] = pc.index_in(full, value_set=store.items).fill_null(NOBODY).to_numpy()
    return found, way
