"""MediaPipe's face mesh net in OpenCV: 478 points of a face in an aligned crop.

The net is one of the TFLite files in `face_landmarker.task`, a zip. It was made for square
crops, turned upright, in which the face's points take about two thirds of the side. Points are
numbered as in MediaPipe's canonical face model; left and right are the person's own, so the
right eye lies on the picture's left.
"""

import io
import zipfile
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from noisyau.errors import AssetError

SIDE = 256
"""The net's input, pixels."""

_EYES = [[33, 133], [362, 263]]  # outer and inner corners: where the eye is, not where it looks
_NOSE_AND_MOUTH = [1, 61, 291]  # tip; right and left corner


def read_net(task: Path, member: str) -> "cv2.dnn.Net":
    """One TFLite net of a MediaPipe task file; AssetError where it cannot be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(task.read_bytes())) as archive:
            model = np.frombuffer(archive.read(member), np.uint8)
        return cv2.dnn.readNetFromTFLite(model)
    except (OSError, zipfile.BadZipFile, KeyError, cv2.error) as error:
        cause = error.err if isinstance(error, cv2.error) else error
        raise AssetError(
            f"{task}: no net {member} can be read from it ({cause}). Run `dvc repro assets` to "
            "fetch MediaPipe's face landmarker anew."
        ) from error


class FaceMesh:
    """The mesh net. One object serves one thread."""

    def __init__(self, task: Path) -> None:
        self._net = read_net(task, "face_landmarks_detector.tflite")

    def __call__(self, crop: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float]:
        """The points of the face in a square crop, and how sure the net is that there is one.

        crop  (side, side, 3) uint8, blue-green-red
        returns (478, 3) float32: x, y in the crop's pixels, z in the same unit, towards the
        camera negative; and the logit of presence: a face is there where it is above 0
        """
        side = crop.shape[0]
        if side != SIDE:
            way = cv2.INTER_AREA if side > SIDE else cv2.INTER_LINEAR
            crop = cast(NDArray[np.uint8], cv2.resize(crop, (SIDE, SIDE), interpolation=way))
        self._net.setInput(cv2.dnn.blobFromImage(crop, 1 / 255, swapRB=True))
        points, presence = self._net.forward(["Identity", "Identity_1"])
        points = np.asarray(points, np.float32).reshape(478, 3)
        if side != SIDE:
            points = points * np.float32(side / SIDE)
            points[:, :2] += np.float32((side / SIDE - 1) / 2)  # pixel centres are at integers
        return points, float(np.ravel(presence)[0])


def five_points(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """Right and left eye, tip of the nose, right and left corner of the mouth.

    points  (478, 3) or (478, 2)
    returns (5, 2), in the same pixels
    """
    flat = points[:, :2].astype(np.float64)
    return np.concatenate([flat[_EYES].mean(axis=1), flat[_NOSE_AND_MOUTH]])
