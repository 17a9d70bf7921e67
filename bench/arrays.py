"""The array that training reads: how fast it is made and looked at, and the memory it takes.

A face store of 192-pixel crops becomes 64-pixel pictures; the target is at least 1,000 a second
and core, a second being one of the processor's, so that what else runs does not count. A store of
tiny crops is then made, opened and searched with 10,000 and with 1,000,000 of them, each in a
process of its own; the target is that the second takes no more memory beyond the mapped array.
"""

import multiprocessing
import re
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import pyarrow as pa

from noisyau import facestore, jobs, tables
from noisyau.faces import arrays
from noisyau.faces.crops import Form
from noisyau.faces.find import encode

FACES, CROP, SIZE = 10_000, 192, 64
FEW, MANY, TINY = 10_000, 1_000_000, 16
ASKED = 10_000
DISTINCT = 200
REPEATS = 2
TARGET = 1000


def run() -> dict[str, Any]:
    with TemporaryDirectory(prefix="noisyau-") as folder:
        speed = _alone(_speed, Path(folder))
        store(Path(folder, "warm"), 10, TINY)  # all that is loaded on first use
        few, many = (_memory_of(Path(folder), count) for count in (FEW, MANY))
    ratio = round(many["peak_mb"] / few["peak_mb"], 2)
    return {**speed, "target": TARGET, f"memory_{FEW}": few, f"memory_{MANY}": many, "ratio": ratio}


def _alone(work: Any, *given: Any) -> dict[str, Any]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        found: dict[str, Any] = process.submit(work, *given).result()
    return found


def store(out: Path, count: int, side: int) -> Path:
    """A face store of this many smooth random crops, of which 200 differ."""
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 256, (DISTINCT, side // 16, side // 16, 3), np.uint8)
    crops = pa.array([encode(cv2.resize(one, (side, side))) for one in coarse], pa.binary())
    out.mkdir()
    for number, first in enumerate(range(0, count, facestore.FACES_PER_FILE)):
        faces = np.arange(first, min(first + facestore.FACES_PER_FILE, count))
        points = np.zeros((len(faces), 10), np.float32)
        rows = {
            "face_id": [f"m.{face:07d}_1-FaceId-0#0" for face in faces],
            "item": [f"m.{face:07d}_1-FaceId-0" for face in faces],
            "subject": [f"m.{face // 100:05d}" for face in faces],
            "frame": pa.nulls(len(faces), pa.int32()),
            "image": crops.take(pa.array(faces % DISTINCT)),
            "box": points[:, :4].tolist(),
            "score": points[:, 0],
            "landmarks": points.reshape(-1, 5, 2).tolist(),
            "transform": points[:, :6].reshape(-1, 2, 3).tolist(),
        }
        with tables.writer(out / facestore.file_name(number), tables.FACES) as file:
            table = pa.table(rows, tables.FACES)
            file.write_table(table, row_group_size=facestore.FACES_PER_GROUP)
    tables.write(tables.failures([]), out / facestore.FAILURES, tables.FAILURES)
    return out


def _speed(folder: Path) -> dict[str, Any]:
    faces, cache = store(folder / "faces", FACES, CROP), folder / "cache"
    found: dict[str, Any] = {}
    for workers in sorted({1, jobs.workers("auto")}):
        rates = []
        for _ in range(REPEATS):
            shutil.rmtree(cache, ignore_errors=True)
            began, used = time.perf_counter(), time.process_time()
            arrays.build(faces, Form(SIZE), cache=cache, workers=workers)
            rates.append(
                (FACES / (time.process_time() - used), FACES / (time.perf_counter() - began))
            )
        per_core, together = map(max, zip(*rates, strict=True))
        found[f"{workers}_workers"] = {
            "faces_per_core_s": round(per_core),
            "faces_per_s": round(together),
        }
    return found


def _memory_of(folder: Path, count: int) -> dict[str, Any]:
    store(folder / f"faces-{count}", count, TINY)  # here, so that its memory does not count
    return _alone(_memory, folder, count)


def _memory(folder: Path, count: int) -> dict[str, Any]:
    cache, faces = folder / f"cache-{count}", folder / f"faces-{count}"
    arrays.build(folder / "warm", Form(TINY), cache=cache).rows(["m.0000000_1-FaceId-0#0"])
    with _peak() as peak:
        arrays.build(faces, Form(TINY), cache=cache, workers=jobs.workers("auto"))
        began = time.perf_counter()
        array = arrays.build(faces, Form(TINY), cache=cache)
        opened = time.perf_counter()
        each = count // ASKED
        array.rows([f"m.{face * each:07d}_1-FaceId-0#0" for face in range(ASKED)])
        asked = time.perf_counter()
    return {
        "array_mb": round(array.pictures.nbytes / 1e6, 1),
        "peak_mb": round(max(peak)),
        "peak_mb_before": round(peak[0]),
        "open_s": round(opened - began, 2),
        f"find_and_check_{ASKED}_s": round(asked - opened, 2),
    }


@contextmanager
def _peak() -> Iterator[list[float]]:
    """This process's memory, megabytes, a hundred times a second; without mapped files, which
    the system takes back when it needs to."""
    seen = [_memory_mb()]
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.01):
            seen.append(_memory_mb())

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield seen
    ended.set()
    watcher.join()


def _memory_mb() -> float:
    (memory,) = re.findall(r"RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(memory) / 1000
