"""Which of the faces that a program coded is the stored one: the one whose landmarks lie on it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from noisyau.annotators import landmarks
from noisyau.annotators.base import Coded, Face, Uncoded
from noisyau.annotators.openface_csv import Reading, Unread


def in_crop(face: Face) -> NDArray[np.float64]:
    """(5, 2) the stored landmarks in the crop's pixels."""
    return face.landmarks @ face.transform[:, :2].T + face.transform[:, 2]


def answer(
    face: Face,
    stored: NDArray[np.float64],
    rows: Sequence[Reading | Unread],
    where: str,
) -> Coded | Uncoded:
    """What OpenFace's rows of one picture say of a face.

    stored  (5, 2) the face's landmarks in the pixels of the picture that OpenFace was given
    where   the picture, in words

    Reasons: no_face (no row), other_face (it coded somebody else), bad_output.
    """
    if not rows:
        return Uncoded(face.face_id, "no_face", f"OpenFace found nobody in {where}")
    found = [row for row in rows if isinstance(row, Reading)]
    unread = [row for row in rows if isinstance(row, Unread)]
    distances = [_distance(stored, row.points) for row in found]
    if found and min(distances) <= landmarks.SAME_FACE:
        return _coded(face.face_id, found[int(np.argmin(distances))])
    if unread:
        return Uncoded(face.face_id, "bad_output", f"OpenFace's CSV: {unread[0].detail}")
    detail = (
        f"OpenFace coded {len(found)} in {where}; the nearest lies {min(distances):.1f} eye "
        f"distances from the stored landmarks, more than {landmarks.SAME_FACE:g}"
    )
    return Uncoded(face.face_id, "other_face", detail)


def _coded(face_id: str, row: Reading) -> Coded:
    """A row as an answer; what has no number is missing."""
    occurrence = {au: code for au, code in row.occurrence.items() if code is not None}
    intensity = {au: level for au, level in row.intensity.items() if level is not None}
    return Coded(face_id, occurrence, intensity, row.confidence)


def _distance(stored: NDArray[np.float64], points: NDArray[np.float64] | None) -> float:
    """Between (5, 2) landmarks and OpenFace's (68, 2), as a share of the eye distance."""
    return np.inf if points is None else float(landmarks.distances(stored, landmarks.five(points)))
