"""Small face stores, written as detection writes them, and tables of hashes."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from noisyau import tables
from noisyau.faces.find import encode
from noisyau.items import Picture


def write_store(
    folder: Path,
    pictures: Mapping[str, Picture],
    last: Callable[[bytes], bytes] = lambda image: image,
) -> Path:
    """Pictures by face_id, `<subject>/<number>#<k>`; `last` changes the last one's bytes."""
    images = [encode(picture) for picture in pictures.values()]
    images[-1] = last(images[-1])
    rows = pd.DataFrame({"face_id": list(pictures), "image": images})
    rows["item"] = rows["face_id"].str.split("#").str[0]
    rows["subject"] = rows["item"].str.split("/").str[0]
    rows["frame"] = pd.array([None] * len(rows), "Int32")
    rows["box"], rows["score"] = [[0.0] * 4] * len(rows), 1.0
    rows["landmarks"] = [[[0.0, 0.0]] * 5] * len(rows)
    rows["transform"] = [[[0.0] * 3] * 2] * len(rows)
    tables.write(rows[tables.FACES.names], folder / "faces-00000.parquet", tables.FACES)
    tables.write(tables.failures([]), folder / "failures.parquet", tables.FAILURES)
    return folder


def write_hashes(path: Path, fine: Mapping[str, bytes]) -> Path:
    """`tables.HASHES` of 32 bytes by face_id, as above."""
    rows = pd.DataFrame({"face_id": list(fine), "fine": list(fine.values())})
    rows["subject"] = rows["face_id"].str.split("/").str[0]
    rows["hash"] = pd.array([int.from_bytes(bits[:8]) for bits in fine.values()], "UInt64")
    tables.write(rows[tables.HASHES.names], path, tables.HASHES)
    return path
