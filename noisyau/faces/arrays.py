"""Face stores as plain arrays: what training reads.

An array is a folder that appears whole or not at all:

    pictures.npy  (faces, channels, size, size) uint8, which is mapped, not loaded
    names.arrow   which face each is (noisyau/faces/names.py)
    checks.json   checksums of both, of the pictures one for each block of 512

Its name is the digest of what it was made from, so every variant that asks for the same pictures
finds them made. How it is made, noisyau/faces/blocks.py tells.

What is read of an array is looked at first, so that a failing disk trains no net: sizes, shape
and names when it is opened, the blocks of the pictures that are asked for when they are (once a
process; at 0.7 to 1 GB a second and core, and the disk would have to read them anyway).
"""

import hashlib
import json
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from noisyau import digests, facestore, jobs
from noisyau.errors import JobError, TableError
from noisyau.faces import blocks, crops, names
from noisyau.faces.blocks import BLOCK, CHECKS, DONE, NAMES, PICTURES, crc32
from noisyau.faces.crops import Form
from noisyau.faces.names import Names

_CODE = blocks.__file__, crops.__file__, names.__file__  # which shapes an array, with this file


@dataclass(frozen=True)
class FaceArray:
    """Pictures of faces and which face each is.

    pictures  (faces, channels, size, size) uint8, mapped read-only; channels are grey, or red,
              green, blue
    names     of the faces, in the store's order
    folder    where it lies, named by a digest of what it was made from
    checks    CRC-32 of each block of pictures
    sound     (blocks,) which of them have been found to be as they were written
    """

    pictures: NDArray[np.uint8]
    names: Names
    folder: Path
    checks: Sequence[int]
    sound: NDArray[np.bool_]

    @property
    def key(self) -> str:
        """A digest of what it was made from."""
        return self.folder.name

    def rows(self, face_ids: "Sequence[str] | pd.Series[str]") -> NDArray[np.int64]:
        """Where these faces are in `pictures`, whose bytes there are those that were written.

        TableError names a face that is not there, and pictures that have changed; the array
        then goes, to be made anew.
        """
        asked = pa.array(face_ids)
        if isinstance(asked, pa.ChunkedArray):  # as pandas has what came from several pieces
            asked = asked.combine_chunks()
        asked = asked.cast(pa.string())
        found = self.names.rows(asked)
        absent = np.flatnonzero(found < 0)
        if len(absent):
            raise TableError(
                f"{len(absent)} of {len(asked)} faces are not in the face store, the first is "
                f"{asked[absent[0]].as_py()!r}; run `dvc repro` so that tables and store agree"
            )
        self._check(found)
        return found

    def _check(self, rows: NDArray[np.int64]) -> None:
        asked = np.zeros(len(self.checks), bool)
        asked[rows // BLOCK] = True
        todo = np.flatnonzero(asked & ~self.sound).tolist()
        path, size = self.folder / PICTURES, BLOCK * self.pictures[0].nbytes
        begin = path.stat().st_size - self.pictures.nbytes
        with path.open("rb") as file, ThreadPoolExecutor(jobs.workers("auto")) as pool:
            crcs = list(pool.map(lambda block: crc32(file, begin + block * size, size), todo))
        for block, crc in zip(todo, crcs, strict=True):
            if crc != self.checks[block]:
                jobs.clear(self.folder)
                last = min((block + 1) * BLOCK, len(self.pictures)) - 1
                raise TableError(
                    f"{path}: pictures {block * BLOCK} to {last} are not those that were written "
                    f"(checksum {crc:08x}, expected {self.checks[block]:08x}): the disk fails, or "
                    "another program wrote there. The array has been removed; run the same "
                    "command again to make it anew."
                )
        self.sound[todo] = True


def build(
    store: Path,
    form: Form,
    *,
    faces: Literal["kept", "all"] = "kept",
    cache: Path = Path(".parts/arrays"),
    workers: int = 1,
) -> FaceArray:
    """The array of a face store, made if it is not in the cache.

    store    the face store's folder
    form     of the pictures; its reduction is found here
    faces    `kept`, one face an item (k = 0), or `all`
    cache    where arrays lie; may be removed at any time
    workers  threads; the result does not depend on them

    Memory stays flat: pictures go straight into the file. A process that asks for what another
    one is making waits for it, and goes on with it where that one dies. An array that was cut
    short is made anew. Raises TableError where the store has no face, or one that is no picture,
    JobError where the disk is full; nothing is then left on it.
    """
    key = _key(store, form, faces, cache, workers)
    array = cache / key
    with suppress(FileNotFoundError, TableError):
        return _opened(array)
    with jobs.alone(f"array-{key}", cache / "locks", waits=True):
        try:
            return _opened(array)  # another process has made it meanwhile
        except FileNotFoundError:
            pass
        except TableError as fault:
            print(f"{fault}; it is made anew", flush=True)
            jobs.clear(array)
        making = cache / f"{key}.making"
        try:
            blocks.make(store, form, faces == "kept", making, workers)
        except JobError:
            jobs.clear(making)  # the disk is full, and what is half done fills it
            raise
        making.rename(array)
        jobs.clear(array / DONE)
    return _opened(array)


def _key(store: Path, form: Form, faces: str, cache: Path, workers: int) -> str:
    """A digest of all that shapes the array; OpenCV's versions decode differently."""
    files = facestore.files(store)
    place = hashlib.sha256(str(store.resolve()).encode()).hexdigest()[:16]
    content = digests.remembered(files, cache / "digests" / f"{place}.json", workers)
    code = [Path(one).read_bytes() for one in (__file__, *_CODE)]
    made_from = [
        *([file.name for file in files], content, form.size, form.channels, form.margin, faces),
        *(hashlib.sha256(b"".join(code)).hexdigest(), cv2.__version__),
    ]
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:16]


def _opened(array: Path) -> FaceArray:
    """FileNotFoundError where there is none, TableError where it is not as it was made."""
    if not array.exists():
        raise FileNotFoundError(array)
    path, names_path = array / PICTURES, array / NAMES
    try:
        made = json.loads((array / CHECKS).read_text())
        checks = made["pictures"]
        pictures = np.lib.format.open_memmap(path, mode="r")
        beyond = path.stat().st_size - pictures.offset - pictures.nbytes
        if [*pictures.shape, str(pictures.dtype), beyond] != [*made["shape"], "uint8", 0]:
            raise ValueError(
                f"{PICTURES} holds {pictures.shape} {pictures.dtype} and {beyond:,} bytes more, "
                f"not {tuple(made['shape'])} uint8"
            )
        if len(checks) != math.ceil(len(pictures) / BLOCK):
            raise ValueError(f"{CHECKS} has {len(checks)} blocks for {len(pictures):,} pictures")
        with names_path.open("rb") as file:
            if crc32(file, 0, names_path.stat().st_size) != made["names"]:
                raise ValueError(f"{NAMES} is not what was written")
    except (OSError, KeyError, ValueError) as error:
        raise TableError(f"{array}: this array is damaged: {error}") from error
    return FaceArray(pictures, Names(names_path), array, checks, np.zeros(len(checks), bool))
