"""Peak memory of a training over 10,000 generated pictures and over 1,000,000, beside their array.

The array is a file that is mapped, of which the system keeps in memory what there is room for, so
what counts is the memory that is the process's own (RssAnon of /proc, its largest value while it
trains). An epoch is cut down to the small net and pictures of 8 x 8, since not the computing is
measured; names and labels of the faces are made as the stages make them, and are what remains to
grow: beside the whole peak, what training adds to them is told. The target is 1: flat.
"""

import json
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench import step
from noisyau.training.device import choose
from noisyau.training.faces import Faces

FEW, MANY = 10_000, 1_000_000
SIDE = 8


def run() -> dict[str, Any]:
    found = {}
    for count in (FEW, MANY):
        with TemporaryDirectory(prefix="noisyau-") as folder:
            command = [sys.executable, "-m", "bench.pictures", str(count), folder]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found[count] = json.loads(told.splitlines()[-1])
    few, many = found[FEW], found[MANY]
    return {
        f"{FEW:,}": few,
        f"{MANY:,}": many,
        "ratio": round(many["peak_mb"] / few["peak_mb"], 2),
        "ratio_of_what_training_adds": round(added(many) / added(few), 2),
        "bytes_a_picture": round((many["peak_mb"] - few["peak_mb"]) * 2**20 / (MANY - FEW), 1),
        "target": 1.0,
    }


def added(memory: dict[str, float]) -> float:
    """To what was there before: the names, rows and labels of the faces."""
    return memory["peak_mb"] - memory["before_mb"]


def train(count: int, folder: Path) -> dict[str, float]:
    """An epoch over so many pictures; the peak of the process's own memory, megabytes."""
    file = folder / "pictures.npy"
    shape = (count, 1, SIDE, SIDE)
    pictures = np.lib.format.open_memmap(file, "w+", np.uint8, shape)
    rng = np.random.default_rng(1)
    for first in range(0, count, FEW):
        pictures[first : first + FEW] = rng.integers(0, 256, (FEW, *shape[1:]), np.uint8)
    del pictures
    labels = np.zeros((count, len(step.OUTPUTS)), np.float16)
    labels[::2] = 1
    names = [f"m.{row:06x}_0-FaceId-0#0" for row in range(count)]
    faces = Faces(np.load(file, mmap_mode="r"), np.arange(count), labels, names)
    before = own_memory()
    with Peak() as peak:
        how = step.recipe(batch=1024, dropout=0.0)
        step.ours(step.net("cnn2", SIDE), faces, how, choose("cpu", "float32"))
    return {"before_mb": round(before, 1), "peak_mb": round(peak.highest, 1)}


class Peak:
    """Watches this process's own memory, ten times a second."""

    def __enter__(self) -> "Peak":
        self.highest, self._stop = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            self.highest = max(self.highest, own_memory())


def own_memory() -> float:
    """Megabytes that are not a file's."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    print(json.dumps(train(int(sys.argv[1]), Path(sys.argv[2]))))
