"""Drawn faces that the detector and the mesh net take for real ones."""

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from noisyau.items import Item, Lost, Picture

Colour = tuple[float, float, float]
SKIN: Colour = (140, 170, 215)


def face(size: int = 256, mouth: float = 0, brow: float = 0, skin: Colour = SKIN) -> Picture:
    """A face in the middle of a grey picture.

    mouth  opens the mouth, 0 to about 15
    brow   raises the brows, 0 to about 10
    """
    if size > 256:
        return np.asarray(cv2.resize(face(256, mouth, brow, skin), (size, size)), np.uint8)
    unit = 4 * size / 256  # drawn large, then shrunk
    picture = np.full((4 * size, 4 * size, 3), 90, np.uint8)

    def ellipse(
        x: float, y: float, a: float, b: float, colour: Colour, line: float = 0, arc: int = 0
    ) -> None:
        centre, axes = (int(x * unit), int(y * unit)), (int(a * unit), int(b * unit))
        width = int(line * unit) or -1
        cv2.ellipse(picture, centre, axes, 0, arc, 360 - 20 * (arc > 0), colour, width, cv2.LINE_AA)

    def shade(share: float) -> Colour:
        return skin[0] * share, skin[1] * share, skin[2] * share

    ellipse(128, 120, 74, 96, (40, 50, 60))  # hair
    ellipse(128, 200, 34, 50, shade(0.8))  # neck
    ellipse(128, 135, 62, 84, skin)
    for x in (100, 156):
        ellipse(x, 118, 17, 11, shade(0.8))
        ellipse(x, 119, 13, 6.5, (235, 235, 235))
        ellipse(x, 119, 6, 6, (60, 50, 40))
        ellipse(x, 119, 3, 3, (10, 10, 10))
        ellipse(x, 100 - brow, 17, 5, (40, 50, 70), line=4, arc=200)
    ellipse(128, 142, 9, 22, shade(1.08))  # nose
    ellipse(128, 162, 13, 7, shade(0.85))
    ellipse(121, 164, 4, 2.5, shade(0.5))
    ellipse(135, 164, 4, 2.5, shade(0.5))
    ellipse(128, 188, 25, 7 + mouth, (110, 100, 180))
    ellipse(128, 188, 20, 1.5 + mouth, (60, 50, 90))
    ellipse(80, 150, 16, 14, shade(0.93))  # cheeks
    ellipse(176, 150, 16, 14, shade(0.93))
    picture = cv2.GaussianBlur(picture, (0, 0), 1.6 * unit)
    light = np.linspace(1.12, 0.82, 4 * size)[None, :, None]
    lit = np.clip(picture * light, 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(lit, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def nothing(size: int = 256) -> Picture:
    """A picture without a face."""
    ramp = np.linspace(40, 200, size).astype(np.uint8)
    return np.repeat(np.tile(ramp, (size, 1))[:, :, None], 3, axis=2)


def jpeg(picture: Picture) -> bytes:
    return cv2.imencode(".jpg", picture)[1].tobytes()


def png(picture: Picture) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def item(name: str, picture: bytes | Picture, frame: int | None = None) -> Item:
    return Item(name, name.split("/", maxsplit=1)[0], frame, picture)


def shard(items: Iterable[Item | Lost]) -> Iterator[Item | Lost]:
    """A shard of items that were made before: functools.partial(shard, items)."""
    yield from items
