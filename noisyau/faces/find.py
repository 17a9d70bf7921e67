"""One item of a corpus to its faces: decode, detect, align, crop, encode."""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from noisyau import facemesh
from noisyau.facestore import face_id
from noisyau.items import Item, Lost, Picture

from . import align
from .decode import UndecodableError, decode
from .detector import Detection, Detector

Row = dict[str, Any]
"""A row of tables.FACES."""

_MOVED_TOO_FAR = 0.5  # of the distance between the eyes: the mesh net then saw another face


@dataclass(frozen=True)
class Finder:
    """What it takes to find faces; picklable, nets are loaded where they are used.

    yunet           yunet.onnx
    landmarker      face_landmarker.task: align on the mesh net's points where it sees a face;
                    None to align on YuNet's own
    crop            side of the stored crop, pixels
    score_threshold a face counts from this score on, 0..1
    detection_size  long side of the finest look, pixels
    smallest_face   a face with a shorter side than this is too small, pixels
    largest_picture a picture with more pixels than this is refused

    YuNet's points are coarse. On 36 portraits that were shifted, turned and scaled at random
    (8 times each) the alignment differs by 1.3 pixels of a 64-pixel crop (root mean square)
    with YuNet's points, by 0.65 to 0.9 after a second and third look at the crop (3 to 5 ms),
    and by 0.14 with the mesh net's (8 ms). In a video of a still head it trembles by 0.20 and
    by 0.05 pixels a frame. At 64 pixels a raised brow moves one or two pixels: the mesh pays.
    """

    yunet: Path
    landmarker: Path | None
    crop: int = 224
    score_threshold: float = 0.6
    detection_size: int = 640
    smallest_face: int = 20
    largest_picture: int = 50_000_000

    def find(self, item: Item) -> list[Row] | Lost:
        """The item's faces as rows, the one to keep first; or why there is none."""
        picture = item.picture
        if isinstance(picture, bytes):
            try:
                picture = decode(picture, largest=self.largest_picture)
            except UndecodableError as error:
                return _lost(item, error.reason, error.detail)
        height, width = picture.shape[:2]
        if min(height, width) < self.smallest_face:
            return _lost(
                item,
                "too_small",
                f"a picture of {width} x {height} pixels; a face needs {self.smallest_face}",
            )
        detector, mesh = _nets(self)
        found, best = detector.find(picture, item.rectangle)
        if not found and best == 0:
            return _lost(item, "no_face", f"nothing like a face in {width} x {height} pixels")
        if not found:
            return _lost(
                item, "low_score", f"the best face scores {best:.2f}, needed {self.score_threshold}"
            )
        if found[0].side < self.smallest_face:
            return _lost(
                item,
                "too_small",
                f"a face of {found[0].box[2]:.0f} x {found[0].box[3]:.0f} pixels, "
                f"needed {self.smallest_face}",
            )
        seen = [_refined(face, picture, mesh) for face in found if face.side >= self.smallest_face]
        seen.sort(key=lambda face: not (face.is_face or face.detection.meant))
        return [self._row(item, k, face, picture) for k, face in enumerate(seen)]

    def _row(self, item: Item, k: int, face: "_Seen", picture: Picture) -> Row:
        transform = align.to_crop(face.landmarks, self.crop)
        image = align.crop(picture, transform, self.crop)
        return {
            "face_id": face_id(item.name, k),
            "item": item.name,
            "subject": item.subject,
            "frame": item.frame,
            "image": encode(image),
            "box": face.detection.box,
            "score": face.detection.score,
            "landmarks": face.landmarks.tolist(),
            "transform": transform.tolist(),
        }


def encode(image: Picture) -> bytes:
    """A crop as JPEG of quality 95: 16 KB and 0.2 ms where PNG takes 80 KB and 2.3 ms.

    Blendshape codes of 110 portraits from stored crops of 224 pixels correlate 0.997 with those
    of crops of 256 pixels that were never encoded; quality 98 gives the same, 90 gives 0.995.
    """
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()


@dataclass(frozen=True)
class _Seen:
    """A detection with the points to align it on.

    is_face  whether the mesh net agrees that it is a face; True where it was not asked
    """

    detection: Detection
    landmarks: align.Points
    is_face: bool


def _refined(face: Detection, picture: Picture, mesh: facemesh.FaceMesh | None) -> _Seen:
    """The mesh net's five points; the coarse ones where it sees no face, or another one."""
    coarse = face.landmarks
    if mesh is None:
        return _Seen(face, coarse, True)
    transform = align.to_crop(coarse, facemesh.SIDE)
    points, presence = mesh(align.crop(picture, transform, facemesh.SIDE))
    if presence <= 0:
        return _Seen(face, coarse, False)
    fine = align.apply(align.inverse(transform), facemesh.five_points(points))
    between_eyes = np.linalg.norm(fine[1] - fine[0])
    moved = np.linalg.norm(fine.mean(axis=0) - coarse.mean(axis=0))
    return _Seen(face, fine if moved <= _MOVED_TOO_FAR * between_eyes else coarse, True)


@functools.lru_cache(maxsize=1)
def _nets(finder: Finder) -> tuple[Detector, facemesh.FaceMesh | None]:
    cv2.setNumThreads(1)  # processes share the work; threads inside them only get in the way
    detector = Detector(finder.yunet, threshold=finder.score_threshold, size=finder.detection_size)
    mesh = None if finder.landmarker is None else facemesh.FaceMesh(finder.landmarker)
    return detector, mesh


def _lost(item: Item, reason: str, detail: str) -> Lost:
    return Lost(item.name, item.subject, item.frame, reason, detail)
