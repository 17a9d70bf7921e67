"""Perceptual hashes of stored faces: pictures that look the same differ in few bits.

The bits are the signs of the lowest spatial frequencies (waves of the cosine transform) of the
crop's middle, from low to high: 128 waves that a mirror leaves as they are, then 128 whose sign
it turns. The first 64 are `hash`, with which pictures are searched, all 256 are `fine`, with which
what was found is confirmed. Two pictures are apart by the bits of the first half that differ, and
those of the second half that differ or, if these are fewer, agree: so a mirrored copy is found
too. Signs alone are kept, so brightness and contrast do not matter. The method is pHash
(C. Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010) with signs
for its median.

Copies of 439 of the 878 portraits, through detection and alignment again: the share found with
`distance` 4 or 5 and `fine` 24 or 32.

    copy                         4, 24   4, 32   5, 24   5, 32
    JPEG of quality 90           1.000   1.000   1.000   1.000
                    50           0.995   0.998   0.995   0.998
                    30           0.964   0.970   0.982   0.989
    scaled to half               0.959   0.968   0.975   0.984
              double             1.000   1.000   1.000   1.000
    5 % cut off each side        0.964   0.966   0.979   0.984
    10 %                         0.929   0.941   0.954   0.973
    brighter, darker by 30       0.991   0.991   0.994   0.997
    contrast 0.7, 1.3            0.992   0.992   0.996   0.996
    gamma 1.4                    0.938   0.941   0.989   0.991
    grey                         0.975   0.982   0.982   0.991
    caption below                0.995   0.995   0.998   1.000
    logo in a corner             0.998   0.998   1.000   1.000
    turned by 3 degrees          0.991   0.991   0.995   0.998
    5 % cut, 0.6 of the size, brighter, quality 50
                                 0.859   0.882   0.907   0.938
    letters across the face      0.492   0.667   0.528   0.754
    mirrored                     0.740   0.863   0.784   0.927

None of 385,003 pairs of different people's portraits was taken for a copy at any of these: the
nearest differ in 49 bits. Of 17.5 million pairs of rendered people, who share one head, the
nearest differ in 31, of 2.2 million pairs of coded people's frames in 29. Distances between the
portraits vary as those of 160 tosses of a coin would (the measure is J. Daugman's, How Iris
Recognition Works, 2004), by which 10 million strangers' pictures hold not one false pair at 24;
going on from the rendered pairs' tail instead, a factor of e in 3.2 bits, they may hold 200,000
at 24 and ten times as many at 32. Neither can be measured on 878.

The middle is 0.6 of the crop's side: wider, and the black beyond a picture's edge tells a cropped
copy from its source; narrower, and faces have less to tell them apart.
"""

import functools
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from noisyau import facestore, jobs, outputs, tables
from noisyau.errors import TableError
from noisyau.faces.decode import UndecodableError, decode
from noisyau.items import Picture

BITS = 256
_MARGIN = 0.2  # of the crop's side, left out on each of its sides
_SIDE = 32  # pixels that the middle is shrunk to

_WAVES = sorted(
    ((down, across) for down in range(_SIDE) for across in range(_SIDE)),
    key=lambda wave: (sum(wave), wave),
)[1:]  # without the first, which is the mean
_KEPT = [
    wave
    for turned in (0, 1)
    for wave in [wave for wave in _WAVES if wave[1] % 2 == turned][: BITS // 2]
]
_DOWN, _ACROSS = np.array(_KEPT).T


def fine_hash(crop: Picture) -> bytes:
    """The 256 bits of an aligned crop (side, side, 3), eight a byte; the module says which.

    A flat crop has no waves and gives zeros.
    """
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    edge = round(_MARGIN * len(grey))
    middle = grey[edge : len(grey) - edge, edge : len(grey) - edge]
    small = cv2.resize(middle, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    waves = cv2.dct(small - small.mean())
    return np.packbits(waves[_DOWN, _ACROSS] > 0).tobytes()


def hash_faces(
    faces: Path, out: Path, *, workers: int, cluster: str | None = None, parts: Path
) -> int:
    """Hash the first face of every item of a store, in the store's order; returns how many.

    faces    the face store's folder
    out      the table, `tables.HASHES`
    workers  processes
    cluster  a Dask cluster that does the work instead, as `jobs.run` takes it
    parts    where finished files of the store are kept, from `jobs.parts`; removed at the end

    Raises TableError that names the face whose picture cannot be decoded.
    """
    made = jobs.run(
        _hash_file,
        {path.stem: path for path in facestore.files(faces)},
        parts,
        workers=workers,
        cluster=cluster,
        label=f"hash {faces.name}",
        unit="face",
        total=facestore.count(faces),
    )
    rows = 0
    with outputs.whole(out) as scratch, tables.writer(scratch, tables.HASHES) as writer:
        for part in made:
            table = tables.read_arrow(part, tables.HASHES)
            writer.write_table(table)
            rows += len(table)
    jobs.clear(parts)
    return rows


def _hash_file(path: Path, out: Path) -> int:
    """A file of the store to a part; returns its faces, further faces included."""
    _one_thread()
    batches, seen = [tables.HASHES.empty_table()], 0
    with tables.opened(path) as file:
        columns = ["face_id", "subject", "image"]
        for batch in file.iter_batches(facestore.FACES_PER_GROUP, columns=columns):
            seen += batch.num_rows
            first = [name.endswith("#0") for name in batch["face_id"].to_pylist()]
            kept = batch.filter(pa.array(first, pa.bool_()))
            names, images = kept["face_id"].to_pylist(), kept["image"].to_pylist()
            fine = [_hash(path, *face) for face in zip(names, images, strict=True)]
            hashes = [int.from_bytes(bits[:8]) for bits in fine]
            rows = {
                "face_id": kept["face_id"],
                "subject": kept["subject"],
                "hash": pa.array(hashes, pa.uint64()),
                "fine": pa.array(fine, pa.binary(BITS // 8)),
            }
            batches.append(pa.table(rows, schema=tables.HASHES))
    tables.write(pa.concat_tables(batches), out, tables.HASHES)
    return seen


def _hash(path: Path, face_id: str, image: bytes) -> bytes:
    try:
        return fine_hash(decode(image))
    except UndecodableError as error:
        raise TableError(
            f"{path}: {face_id}: {error.detail}. Remove {path.parent} and run `dvc repro` to make "
            "the face store anew."
        ) from error


@functools.cache
def _one_thread() -> None:
    cv2.setNumThreads(1)  # processes share the work; threads inside them only get in the way


def words(fine: pa.ChunkedArray | pa.Array) -> NDArray[np.uint64]:
    """The column `fine` as (faces, 4) numbers; the first of each is its `hash`."""
    chunks = fine.chunks if isinstance(fine, pa.ChunkedArray) else [fine]
    width = BITS // 64
    arrays = [
        np.frombuffer(chunk.buffers()[1], ">u8", len(chunk) * width, chunk.offset * BITS // 8)
        for chunk in chunks
        if len(chunk)
    ]
    joined = np.concatenate([np.zeros(0, ">u8"), *arrays])
    return cast(NDArray[np.uint64], joined.astype(np.uint64).reshape(-1, width))
