"""What a corpus gives and the face store takes: pictures by name, or the reason why not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""(height, width, 3) uint8, blue-green-red as OpenCV has it."""


@dataclass(frozen=True)
class Item:
    """One picture or video frame as the corpus's maker names it.

    name       unique in the corpus; `m.0107_f_70-FaceId-0`, `smith/3.jpg`, `SN001/17`
    subject    the person: MID, SN001, or the folder's name
    frame      the maker's frame number; None for a still picture
    picture    encoded bytes as they lie on disk, or the decoded frame of a video
    rectangle  the face that the corpus means: left, top, right, bottom as shares of the
               picture's width and height; None where the corpus does not say
    """

    name: str
    subject: str
    frame: int | None
    picture: bytes | Picture
    rectangle: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Lost:
    """An item that cannot be used, and why: one row of a failures table.

    reason  one word that can be counted: `unreadable`, `bad_row`, `no_face`, ...
    detail  what was found, what was expected
    """

    name: str
    subject: str | None
    frame: int | None
    reason: str
    detail: str


Shard = Callable[[], Iterable[Item | Lost]]
"""A part of a corpus: picklable, opened in the process that reads it, never loaded whole."""
