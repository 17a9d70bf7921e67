"""A face store decoded into one file, block by block, in threads.

A block that is done leaves a note with its checksum, and is not done again by the process that
goes on after a kill.
"""

import functools
import json
import math
import os
import zlib
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from noisyau import facestore, jobs, outputs
from noisyau.errors import TableError
from noisyau.faces import names
from noisyau.faces.crops import Form

BLOCK = 512
"""Pictures that are decoded, noted and checked together."""

PICTURES, NAMES, CHECKS, DONE = "pictures.npy", "names.arrow", "checks.json", "done"
"""The files of an array; in `DONE` lie the notes of its blocks while it is made."""

_AT_ONCE = 64  # pictures of a block in memory
_READ = 2**20  # bytes of a file in memory while it is checked

_Rows = TypeVar("_Rows", pa.Table, pa.RecordBatch)


def make(store: Path, form: Form, kept_only: bool, making: Path, workers: int) -> None:
    """Make the array in a folder of its own, where blocks that are done are found again."""
    starts, count = _starts(store, kept_only)
    if not count:
        raise TableError(
            f"{store}: no face in this store, so there is nothing to train on; "
            f"{facestore.FAILURES} beside it says why its items were lost"
        )
    making.mkdir(parents=True, exist_ok=True)
    batches = facestore.read_faces(store, ["face_id"])
    names.write((_kept(batch, kept_only)["face_id"] for batch in batches), making / NAMES)
    shape = count, form.channels, form.size, form.size
    begin = _reserve(making, shape)
    first = facestore.read_rows(store, starts[0], starts[0] + 1, ["image"])["image"][0]
    form = form.for_crops_like(first.as_py())
    done = jobs.run(
        functools.partial(_decode, store, form, kept_only, making / PICTURES, begin),
        {f"{at:07d}": (at, *ends) for at, ends in enumerate(pairwise(starts))},
        making / DONE,
        workers=workers,
        threads=True,
        label=f"pictures {store.name}",
        unit="face",
        total=count,
    )
    with (making / NAMES).open("rb") as file:
        names_crc = crc32(file, 0, (making / NAMES).stat().st_size)
    crcs = [int(path.read_text()) for path in done]
    text = json.dumps({"shape": shape, "names": names_crc, "pictures": crcs})
    outputs.write_text(text, making / CHECKS)


def _starts(store: Path, kept_only: bool) -> tuple[list[int], int]:
    """The rows of the store at which blocks begin, and the last one's end; faces in all."""
    starts, count, seen = [], 0, 0
    for batch in facestore.read_faces(store, ["face_id"], rows=65536):
        kept = pc.ends_with(batch["face_id"], "#0" if kept_only else "")
        rows = seen + np.flatnonzero(kept.to_numpy(zero_copy_only=False))
        starts += rows[(count + np.arange(len(rows))) % BLOCK == 0].tolist()
        count, seen = count + len(rows), seen + batch.num_rows
    return [*starts, seen], count


def _reserve(making: Path, shape: tuple[int, ...]) -> int:
    """The file of all pictures, as long as it will be; returns where they begin.

    A disk that is too small is told here, before anything is decoded. Pictures are written into
    the file, not mapped: what the disk refuses is an error then, and would kill the process.
    """
    path, size = making / PICTURES, math.prod(shape)
    if not path.exists():
        jobs.clear(making / DONE)
        with outputs.whole(path) as scratch, scratch.open("wb") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            file.flush()
            if hasattr(os, "posix_fallocate"):  # not on macOS
                os.posix_fallocate(file.fileno(), 0, file.tell() + size)
            else:
                file.truncate(file.tell() + size)
    return path.stat().st_size - size


def _decode(
    store: Path,
    form: Form,
    kept_only: bool,
    pictures: Path,
    begin: int,
    block: tuple[int, int, int],
    out: Path,
) -> int:
    """A block, from two rows of the store on, into its place; its checksum into `out`."""
    number, first, last = block
    faces = _kept(facestore.read_rows(store, first, last, ["face_id", "image"]), kept_only)
    crc = 0
    with pictures.open("r+b") as file:
        file.seek(begin + number * BLOCK * form.channels * form.size**2)
        for some in faces.to_batches(max_chunksize=_AT_ONCE):
            made = b"".join(_picture(store, form, face) for face in some.to_pylist())
            crc = zlib.crc32(made, crc)
            file.write(made)
    out.write_text(str(crc))
    return len(faces)


def _picture(store: Path, form: Form, face: Mapping[str, Any]) -> bytes:
    try:
        return form.picture(face["image"]).tobytes()  # decoding releases Python's lock
    except ValueError as error:
        raise TableError(
            f"{store}: {face['face_id']}: {error}. Remove {store} and run `dvc repro` to make the "
            "face store anew."
        ) from error


def _kept(faces: _Rows, kept_only: bool) -> _Rows:
    return faces.filter(pc.ends_with(faces["face_id"], "#0")) if kept_only else faces


def crc32(file: BinaryIO, begin: int, size: int) -> int:
    """CRC-32 of so many bytes of a file from there on, or of those up to its end."""
    crc = 0
    for at in range(begin, begin + size, _READ):
        crc = zlib.crc32(os.pread(file.fileno(), min(_READ, begin + size - at), at), crc)
    return crc
