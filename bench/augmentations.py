"""docs/augmentations.png: what each augmentation does to a rendered face, at both of its ends.

`python -m bench.augmentations`, after the stage `assets`. No benchmark: a picture to look at
before a strength is chosen.
"""

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from noisyau import assets
from noisyau.synthesis import atlas, mesh, people, scenes
from noisyau.synthesis.render import Sitter, Studio, View, render
from noisyau.training.augment import Augment

OUT = Path("docs/augmentations.png")
SIDE = 64
_GAP, _TEXT, _MARGIN = 8, 16, 84  # pixels between faces, above a row, left of it
_OFF = {"flip": 0.0, "rotation": 0.0, "skew": 0.0, "scale": 0.0}

# name: the usual strength, the largest that params.yaml takes, the draws at either end
ROWS: dict[str, tuple[float, float, list[dict[int, float]]]] = {
    "flip": (0.5, 1, [{0: 1.0}, {0: 0.0}]),
    "rotation": (10, 180, [{1: 0.0}, {1: 1.0}]),
    "skew": (5, 45, [{2: 0.0}, {2: 1.0}]),
    "scale": (0.1, 0.99, [{3: 0.0}, {3: 1.0}]),
    "shift": (0.05, 0.25, [{4: 0.0, 5: 0.0}, {4: 1.0, 5: 1.0}]),
    "zoom": (0.1, 0.5, [{6: 0.0, 7: 1.0}, {6: 1.0, 7: 0.0}]),
    "brightness": (0.1, 0.5, [{8: 0.0}, {8: 1.0}]),
    "contrast": (0.2, 0.8, [{9: 0.0}, {9: 1.0}]),
    "blur": (1, 4, [{10: 0.5}, {10: 1.0}]),
}


def face() -> NDArray[np.uint8]:
    """(SIDE, SIDE) grey: somebody who does not exist, turned a little, smiling."""
    head = mesh.read(assets.path(Path("models/assets"), "head"))
    studio = Studio.of(head, atlas.build(head))
    rng = np.random.default_rng(4)
    sitter = Sitter.of(studio, people.draw(head, rng, "central_south_america"))
    view = View(yaw=14, size=1.1, exposure=1.5, key=(35.0, 30.0), noise=1.0)
    ground = scenes.background(4 * SIDE, 4 * SIDE, rng)
    picture = render(studio, sitter, {6: 3.0, 12: 4.0, 25: 3.0}, view, ground, rng)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def changed(picture: NDArray[np.uint8], name: str, strength: float) -> list[NDArray[np.uint8]]:
    """The picture at both ends of one augmentation."""
    augment = Augment(**{**_OFF, name: strength})
    found = []
    for end in ROWS[name][2]:
        draws = torch.full((11, 1), 0.5)
        for row, value in end.items():
            draws[row] = value
        made = augment.apply(torch.from_numpy(picture)[None, None].float(), draws)[0, 0]
        found.append(made.round().to(torch.uint8).numpy())
    return found


def sheet(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A row an augmentation: the face, then either end at the usual strength and at the largest."""
    rows = []
    for name, (usual, largest, _) in ROWS.items():
        cells = [picture, *changed(picture, name, usual), *changed(picture, name, largest)]
        width = _MARGIN + len(cells) * (SIDE + _GAP)
        row = np.full((SIDE + _TEXT + _GAP, width), 255, np.uint8)
        for place, cell in enumerate(cells):
            left = _MARGIN + place * (SIDE + _GAP)
            row[_TEXT : _TEXT + SIDE, left : left + SIDE] = cell
        _write(row, name, 4, _TEXT + SIDE // 2)
        for place, words in ((1, f"{usual:g}, usual"), (3, f"{largest:g}, largest")):
            _write(row, words, _MARGIN + place * (SIDE + _GAP), _TEXT - 5)
        rows.append(row)
    return np.concatenate(rows)


def _write(picture: NDArray[np.uint8], words: str, left: int, bottom: int) -> None:
    cv2.putText(picture, words, (left, bottom), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 0, 1, cv2.LINE_AA)


if __name__ == "__main__":
    cv2.imwrite(str(OUT), sheet(face()), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(f"written: {OUT}")
