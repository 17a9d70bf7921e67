"""YuNet finds the faces of a picture.

Measured on 439 portraits of 225 x 275 pixels, one core: a look takes 1.6 ms at a long side of
128 pixels, 2.2 at 192, 4.8 at 275 and 17.5 at 640, and each finds every face, with median
scores of 0.93 to 0.94. Pictures are therefore never enlarged, and larger ones are first looked
at with a long side of 192. A finer look follows where that one found no face, a face so small
that its points are coarse, or not the one that the corpus means. A face that nearly fills a
picture scores low or is missed: where nothing was found, a last look is taken at 160.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from noisyau.errors import AssetError
from noisyau.items import Picture

Rectangle = tuple[float, float, float, float]

_FIRST_LOOK = 192
_CLOSE_UP_LOOK = 160
_SMALLEST_LOOK = 64  # a side of 32 or less gives a face of score 1 anywhere (OpenCV 4.14)
_FINE_ENOUGH = 48.0  # pixels in the look; the points' error grows below (0.06 to 0.1 of the eyes')
_CANDIDATE = 0.3  # what scores less is not even told of
_SAME_FACE = 0.6  # two boxes that share this much of the smaller one are one face
_MEANT = 0.3  # overlap from which on a corpus's rectangle means this face


@dataclass(frozen=True)
class Detection:
    """A face, in the picture's pixels.

    box        left, top, width, height; may reach beyond the picture
    score      the detector's, 0..1
    landmarks  (5, 2): right and left eye, tip of the nose, right and left corner of the mouth
               (the person's own right, which is the picture's left)
    meant      whether the corpus's own rectangle means this face
    """

    box: Rectangle
    score: float
    landmarks: NDArray[np.float64]
    meant: bool = False

    @property
    def side(self) -> float:
        """The shorter side of the box."""
        return min(self.box[2:])

    @property
    def area(self) -> float:
        return self.box[2] * self.box[3]


class Detector:
    """YuNet with a rule for the scale to look at. One object serves one thread.

    model      yunet.onnx
    threshold  a face counts from this score on
    size       the long side of the finest look, pixels
    """

    def __init__(self, model: Path, *, threshold: float = 0.6, size: int = 640) -> None:
        try:
            self._net = cv2.FaceDetectorYN.create(str(model), "", (320, 320), _CANDIDATE, 0.3, 1000)
        except cv2.error as error:
            raise AssetError(
                f"{model}: not a net that OpenCV can read ({error.err}). Run `dvc repro assets` to "
                "fetch YuNet anew."
            ) from error
        self.threshold = threshold
        self.size = size

    def find(
        self, picture: Picture, wanted: Rectangle | None = None
    ) -> tuple[list[Detection], float]:
        """The faces of a picture, the one to keep first, and the best score of any candidate.

        wanted  the face that the corpus means: left, top, right, bottom as shares of the picture

        First comes the face that overlaps `wanted` most, if any does by a good part, else the
        largest; then the others by size. The score is 0 where nothing looked like a face, and
        below the threshold where the list is empty all the same.
        """
        long_side = max(picture.shape[:2])
        meant = None if wanted is None else _in_pixels(wanted, picture)
        first = min(_FIRST_LOOK, self.size, long_side)
        candidates = self._look(picture, first)
        best = _best(candidates)
        faces = self._ranked(candidates, meant)
        if min(self.size, long_side) > first and not (
            faces
            and max(faces[0].box[2:]) * first / long_side >= _FINE_ENOUGH
            and (meant is None or faces[0].meant)
        ):
            candidates = self._look(picture, min(self.size, long_side))
            best = max(best, _best(candidates))
            faces = self._ranked(candidates, meant) or faces
        if not faces and first > _CLOSE_UP_LOOK:
            candidates = self._look(picture, _CLOSE_UP_LOOK)
            best = max(best, _best(candidates))
            faces = self._ranked(candidates, meant)
        return faces, best

    def _look(self, picture: Picture, long_side: int) -> list[Detection]:
        height, width = picture.shape[:2]
        scale = long_side / max(height, width)
        if scale < 1:
            shape = max(1, round(width * scale)), max(1, round(height * scale))
            look = cv2.resize(picture, shape, interpolation=cv2.INTER_AREA)
        else:
            look = picture
        size = look.shape[1], look.shape[0]
        right, below = (max(_SMALLEST_LOOK - side, 0) for side in size)
        if right or below:
            look = cv2.copyMakeBorder(look, 0, below, 0, right, cv2.BORDER_CONSTANT)
        self._net.setInputSize((look.shape[1], look.shape[0]))
        rows = cast(NDArray[np.float32] | None, self._net.detect(look)[1])
        if rows is None:
            return []
        rows = rows.astype(np.float64)
        rows[:, :14] *= np.tile([width / size[0], height / size[1]], 7)
        return [
            Detection(
                (float(row[0]), float(row[1]), float(row[2]), float(row[3])),
                float(row[14]),
                row[4:14].reshape(5, 2),
            )
            for row in rows
        ]

    def _ranked(self, candidates: list[Detection], meant: Rectangle | None) -> list[Detection]:
        faces: list[Detection] = []
        for face in sorted(candidates, key=lambda face: -face.score):
            if face.score >= self.threshold and not any(_same(face, other) for other in faces):
                faces.append(face)
        faces.sort(key=lambda face: (-face.area, face.box))
        if meant is not None and faces:
            closest = max(faces, key=lambda face: _overlap(face.box, meant))
            if _overlap(closest.box, meant) >= _MEANT:
                faces.remove(closest)
                faces.insert(0, replace(closest, meant=True))
        return faces


def _best(candidates: list[Detection]) -> float:
    return max((face.score for face in candidates), default=0.0)


def _in_pixels(wanted: Rectangle, picture: Picture) -> Rectangle:
    height, width = picture.shape[:2]
    left, top, right, bottom = wanted
    return left * width, top * height, (right - left) * width, (bottom - top) * height


def _shared(a: Rectangle, b: Rectangle) -> float:
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(width, 0.0) * max(height, 0.0)


def _overlap(a: Rectangle, b: Rectangle) -> float:
    """Intersection over union."""
    shared = _shared(a, b)
    union = a[2] * a[3] + b[2] * b[3] - shared
    return shared / union if union > 0 else 0.0


def _same(a: Detection, b: Detection) -> bool:
    """A large face is sometimes found twice, once whole and once its middle."""
    return _shared(a.box, b.box) > _SAME_FACE * min(a.area, b.area)
