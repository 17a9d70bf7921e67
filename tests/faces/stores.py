"""Face stores of any number of small crops, in files and groups as detection writes them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from noisyau import facestore, tables
from tests.faces.drawing import png


def crops(count: int, side: int = 16) -> list[bytes]:
    """Crops whose grey levels are random and which PNG keeps as they are."""
    rng = np.random.default_rng(count)
    return [png(rng.integers(0, 256, (side, side, 3), np.uint8)) for _ in range(count)]


def write(folder: Path, images: Sequence[bytes]) -> Path:
    """A store of these crops; every seventh is the further face of the one before."""
    folder.mkdir(parents=True)
    rows = []
    for at, image in enumerate(images):
        item, k = (f"p/{at - 1}", 1) if at % 7 == 6 else (f"p/{at}", 0)
        rows.append(
            {
                "face_id": facestore.face_id(item, k), "item": item, "subject": "p",
                "frame": None, "image": image, "box": [0.0] * 4, "score": 1.0,
                "landmarks": [[0.0] * 2] * 5, "transform": [[0.0] * 3] * 2,
            }
        )  # fmt: skip
    whole = pa.Table.from_pylist(rows, tables.FACES)
    for number, first in enumerate(range(0, len(rows), facestore.FACES_PER_FILE)):
        with tables.writer(folder / facestore.file_name(number), tables.FACES) as file:
            some = whole.slice(first, facestore.FACES_PER_FILE)
            file.write_table(some, row_group_size=facestore.FACES_PER_GROUP)
    tables.write(tables.failures([]), folder / facestore.FAILURES, tables.FAILURES)
    return folder
