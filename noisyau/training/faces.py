"""What a net is trained on and asked about: pictures with labels, and how pictures are scaled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from noisyau import aus as au_names
from noisyau.training.losses import MISSING

_CHUNK = 4096  # pictures in memory at once while means are taken


@dataclass(frozen=True)
class Faces:
    """Faces in the order of their rows.

    pictures  (n, channels, size, size) uint8; mapped from disk, or in memory
    rows      (m,) which of them these faces are
    labels    (m, aus) float16: 1, 0, between them soft; 255 missing
    face_ids  (m,) their names, for messages
    """

    pictures: NDArray[np.uint8]
    rows: NDArray[np.int64]
    labels: NDArray[np.float16]
    face_ids: Sequence[str]

    @classmethod
    def of(
        cls,
        pictures: NDArray[np.uint8],
        rows: NDArray[np.int64],
        table: pd.DataFrame,
        aus: Sequence[int],
        column: Callable[[int], str] = au_names.occurrence,
    ) -> "Faces":
        """Faces whose names and labels are in a table with face_id and a column for each AU."""
        return cls(pictures, rows, label_array(table, aus, column), table["face_id"].tolist())

    @classmethod
    def none(cls, channels: int, side: int, aus: Sequence[int]) -> "Faces":
        """Nobody, with pictures of this shape."""
        pictures = np.zeros((0, channels, side, side), np.uint8)
        return cls(pictures, np.zeros(0, np.int64), np.zeros((0, len(aus)), np.float16), [])

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, which: NDArray[np.bool_]) -> "Faces":
        """Some of them."""
        ids = [name for name, kept in zip(self.face_ids, which, strict=True) if kept]
        return Faces(self.pictures, self.rows[which], self.labels[which], ids)


@dataclass(frozen=True)
class Scaling:
    """Mean and standard deviation of the training pictures, grey levels 0..255, by channel.

    Fung & McDuff 2020, IV-C ("mean-normalized"); the division is ours.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]


def scaling(pictures: NDArray[np.uint8], rows: NDArray[np.int64]) -> Scaling:
    """From these rows alone; exact, and the same in any order of the rows."""
    channels = pictures.shape[1]
    levels = np.zeros((channels, 256), np.int64)
    ordered = np.sort(rows)
    for first in range(0, len(ordered), _CHUNK):
        chunk = np.asarray(pictures[ordered[first : first + _CHUNK]])
        for channel in range(channels):
            levels[channel] += np.bincount(chunk[:, channel].ravel(), minlength=256)
    grey = np.arange(256)
    counts = np.maximum(levels.sum(axis=1), 1)
    mean = (levels * grey).sum(axis=1) / counts
    variance = (levels * (grey - mean[:, None]) ** 2).sum(axis=1) / counts
    std = np.maximum(np.sqrt(variance), 1.0)
    return Scaling(tuple(mean.round(6).tolist()), tuple(std.round(6).tolist()))


def label_array(
    table: pd.DataFrame,
    aus: Sequence[int],
    column: Callable[[int], str] = au_names.occurrence,
) -> NDArray[np.float16]:
    """(rows, aus) float16 from a column for each AU; one without is missing throughout."""
    labels = np.full((len(table), len(aus)), MISSING, np.float16)
    for number, au in enumerate(aus):
        if column(au) in table.columns:
            labels[:, number] = table[column(au)].to_numpy(np.float32, na_value=MISSING)
    return labels
