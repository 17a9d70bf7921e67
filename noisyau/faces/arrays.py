"""Face stores as plain arrays: what training reads.

An array is uint8 (faces, channels, size, size) in a .npy file that is mapped, not loaded, with
the face ids beside it. Its name is the digest of what it was made from, so every variant that
asks for the same pictures finds them made.

A crop is decoded at half or quarter resolution where that leaves enough pixels, then averaged
down by area: 224-pixel crops become 64-pixel arrays at 2,600 to 5,000 a second and core.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from noisyau import facestore, outputs, tables
from noisyau.errors import TableError

_FLAGS = {
    (1, 4): cv2.IMREAD_REDUCED_GRAYSCALE_4,
    (1, 2): cv2.IMREAD_REDUCED_GRAYSCALE_2,
    (1, 1): cv2.IMREAD_GRAYSCALE,
    (3, 4): cv2.IMREAD_REDUCED_COLOR_4,
    (3, 2): cv2.IMREAD_REDUCED_COLOR_2,
    (3, 1): cv2.IMREAD_COLOR,
}

_ENOUGH = 1.5  # pixels decoded per pixel wanted


@dataclass(frozen=True)
class FaceArray:
    """Pictures of faces and which face each is.

    pictures  (faces, channels, size, size) uint8, mapped read-only; channels are grey, or red,
              green, blue
    face_ids  (faces,), in the store's order
    key       a digest of what it was made from
    """

    pictures: NDArray[np.uint8]
    face_ids: "pd.Index[str]"
    key: str

    def rows(self, face_ids: Sequence[str]) -> NDArray[np.int64]:
        """Where these faces are in `pictures`; TableError names those that are not there."""
        found = np.asarray(self.face_ids.get_indexer(pd.Index(face_ids)), np.int64)
        absent = np.flatnonzero(found < 0)
        if len(absent):
            raise TableError(
                f"{len(absent)} of {len(face_ids)} faces are not in the face store, the first is "
                f"{face_ids[absent[0]]!r}; run `dvc repro` so that tables and store agree"
            )
        return found


def build(
    folder: Path,
    cache: Path,
    *,
    size: int,
    channels: Literal[1, 3] = 1,
    margin: float = 0.0,
    faces: Literal["kept", "all"] = "kept",
    workers: int = 1,
) -> FaceArray:
    """The array of a face store, made if it is not in the cache.

    folder   the face store
    cache    where arrays lie; may be removed at any time
    margin   share of the crop's side that is cut off all round, 0..0.4, for nets that want the
             face larger; up to 0.1 the face itself stays inside
    faces    `kept`, one face an item (k = 0), or `all`
    workers  threads; the result does not depend on them

    Memory stays flat: pictures go straight into the file.
    """
    code = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    made_from = [tables.digest(*facestore.files(folder)), size, channels, margin, faces, code]
    key = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:16]
    pictures, index = cache / f"{key}.npy", cache / f"{key}.parquet"
    if not (pictures.exists() and index.exists()):
        _make(folder, pictures, index, _Form(size, channels, margin), faces == "kept", workers)
    face_ids = pd.Index(tables.read_arrow(index)["face_id"].to_pandas(), dtype=object)
    return FaceArray(np.load(pictures, mmap_mode="r"), face_ids, key)


@dataclass(frozen=True)
class _Form:
    """What a picture is to be; `reduction` is how far it is shrunk while it is decoded."""

    size: int
    channels: int
    margin: float
    reduction: int = 1

    def for_crops_like(self, image: bytes) -> "_Form":
        """With the reduction for crops of this one's side; a store's are all alike.

        Measured on 200 crops of 224 pixels against full decoding: at 1.75 times `size` pictures
        differ by 1.5 of 255 grey levels (root mean square), at 1.17 times by 3.8.
        """
        side = len(_decoded(image, cv2.IMREAD_GRAYSCALE)) * (1 - 2 * self.margin)
        fits = (shrink for shrink in (4, 2) if side / shrink >= _ENOUGH * self.size)
        return replace(self, reduction=next(fits, 1))

    def picture(self, image: bytes) -> NDArray[np.uint8]:
        """An encoded crop as (channels, size, size)."""
        crop = _decoded(image, _FLAGS[self.channels, self.reduction])
        cut = round(self.margin * len(crop))
        crop = crop[cut : len(crop) - cut, cut : len(crop) - cut]
        if len(crop) != self.size:
            way = cv2.INTER_AREA if len(crop) > self.size else cv2.INTER_LINEAR
            crop = cast(
                NDArray[np.uint8], cv2.resize(crop, (self.size, self.size), interpolation=way)
            )
        return crop[None] if self.channels == 1 else crop[:, :, ::-1].transpose(2, 0, 1)


def _make(
    folder: Path, pictures: Path, index: Path, form: _Form, kept_only: bool, workers: int
) -> None:
    ids = _filtered(facestore.read_table(folder, ["face_id"])["face_id"], kept_only)
    if ids.empty:
        raise TableError(
            f"{folder}: no face in this store, so there is nothing to train on; "
            f"{facestore.FAILURES} beside it says why its items were lost"
        )
    shape = len(ids), form.channels, form.size, form.size
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    # Written, not mapped: a full disk is an error here, and would kill the process there.
    with (
        outputs.whole(pictures) as scratch,
        scratch.open("wb") as file,
        ThreadPoolExecutor(workers) as pool,
    ):
        np.lib.format.write_array_header_1_0(file, header)
        for number, images in enumerate(_images(folder, kept_only)):
            if number == 0:
                form = form.for_crops_like(images[0])
            for picture in pool.map(form.picture, images):  # decoding releases Python's lock
                file.write(picture.tobytes())
    names = pa.table({"face_id": pa.array(ids, pa.string())})
    tables.write(names, index, names.schema)


def _filtered(face_ids: "pd.Series[str]", kept_only: bool) -> "pd.Series[str]":
    return face_ids[face_ids.str.endswith("#0")] if kept_only else face_ids


def _images(folder: Path, kept_only: bool) -> Iterator[list[bytes]]:
    for batch in facestore.read_faces(folder, ["face_id", "image"]):
        if kept_only:
            batch = batch.filter(pc.ends_with(batch["face_id"], "#0"))
        if batch.num_rows:
            yield batch["image"].to_pylist()


def _decoded(image: bytes, flag: int) -> NDArray[np.uint8]:
    return cast(NDArray[np.uint8], cv2.imdecode(np.frombuffer(image, np.uint8), flag))
