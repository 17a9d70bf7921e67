"""Coding through `annotator: openface` against one raw call of the program on the same pictures.

The program is the tests' stand-in, which sleeps as long as the real one takes on one core: 0.9 s
to load its models and 0.05 s a picture. The target is at most 1.1 times the raw call's time with
one worker, and with two at most 1.1 times that of two raw calls on half of the pictures each.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import pyarrow as pa

from noisyau import facestore, tables
from noisyau.annotators import coding
from noisyau.annotators.openface import OpenFace
from noisyau.corpora import open_corpus
from tests.annotators import standin

PICTURES = 2000
SIDE = 300  # pixels, as MS-Celeb-1M's
COST = {"STANDIN_LOADS": "0.9", "STANDIN_TAKES": "0.05"}


def run() -> dict[str, Any]:
    os.environ.update(COST)
    with TemporaryDirectory(prefix="noisyau-") as name:
        folder = Path(name)
        program = standin.install(folder)
        corpus = _pictures(folder / "corpus")
        store = _store(corpus, folder / "faces")
        results: dict[str, Any] = {}
        for workers in (1, 2):
            raw = _seconds(lambda: _raw(program, corpus, folder / "raw", calls=workers))  # noqa: B023
            ours = _seconds(lambda: _ours(program, corpus, store, folder, workers))  # noqa: B023
            results |= {
                f"raw_{workers}_s": round(raw, 1),
                f"ours_{workers}_s": round(ours, 1),
                f"ratio_{workers}": round(ours / raw, 3),
            }
        return results


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _pictures(folder: Path) -> Path:
    rng = np.random.default_rng(1)
    for number in range(PICTURES):
        texture = rng.integers(100, 140, (SIDE // 4, SIDE // 4, 3)).astype(np.uint8)
        picture = cv2.resize(texture, (SIDE, SIDE))
        file = folder / f"p{number // 4:04d}" / f"{number:06d}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())
    return folder


def _store(corpus: Path, out: Path) -> Path:
    """A face store as detection leaves it, with a face where the stand-in finds one."""
    out.mkdir()
    five = np.add(standin.EYES, np.multiply(standin.FIVE, standin.DISTANCE)) * SIDE
    items = [path.relative_to(corpus).as_posix() for path in sorted(corpus.rglob("*.jpg"))]
    rows = [
        {
            "face_id": facestore.face_id(item, 0), "item": item, "subject": item.split("/")[0],
            "frame": None, "image": b"", "box": [0.0, 0.0, 1.0, 1.0], "score": 1.0,
            "landmarks": five.tolist(), "transform": [[1.0, 0, 0], [0, 1.0, 0]],
        }
        for item in items
    ]  # fmt: skip
    with tables.writer(out / facestore.file_name(0), tables.FACES) as file:
        for first in range(0, len(rows), facestore.FACES_PER_GROUP):
            some = rows[first : first + facestore.FACES_PER_GROUP]
            file.write_table(pa.Table.from_pylist(some, tables.FACES))
    tables.write(tables.failures([]), out / facestore.FAILURES, tables.FAILURES)
    shards, first = [], 0
    for name, shard in open_corpus("folder", corpus).shards().items():
        last = first + sum(1 for _ in shard())
        shards.append({"shard": name, "first": first, "last": last})
        first = last
    table = pa.Table.from_pylist(shards, tables.SHARDS)
    tables.write(table, out / facestore.SHARDS, tables.SHARDS)
    return out


def _raw(program: Path, corpus: Path, folder: Path, calls: int) -> None:
    running = []
    for call in range(calls):
        given = folder / f"given{call}"
        given.mkdir(parents=True)
        for number, file in enumerate(sorted(corpus.rglob("*.jpg"))):
            if number % calls == call:
                shutil.copy(file, given)
        words = [program, "-aus", "-2Dfp", "-fdir", given, "-out_dir", folder / f"out{call}"]
        running.append(subprocess.Popen(words, stdout=subprocess.DEVNULL))
    for one in running:
        assert one.wait() == 0
    shutil.rmtree(folder)


def _ours(program: Path, corpus: Path, store: Path, folder: Path, workers: int) -> None:
    counts = coding.annotate(
        store,
        folder / "labels.parquet",
        OpenFace((str(program),)),
        corpus=open_corpus("folder", corpus),
        fit_on=store,
        workers=workers,
        parts=folder / "parts",
    )
    assert counts.coded == PICTURES, str(counts)
