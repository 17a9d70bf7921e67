"""Which of the faces that a program coded is the stored one: the one whose landmarks lie on it."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from noisyau.annotators import landmarks
from noisyau.annotators.base import Coded, Face, Uncoded
from noisyau.annotators.openface_csv import Reading, Unread


def in_crop(face: Face) -> NDArray[np.float64]:
    """(5, 2) the stored landmarks in the crop's pixels."""
    return face.landmarks @ face.transform[:, :2].T + face.transform[:, 2]


def answers(
    faces: Sequence[tuple[Face, NDArray[np.float64]]], rows: Sequence[Reading | Unread], where: str
) -> Iterator[Coded | Uncoded]:
    """What OpenFace's rows of one picture say of the faces in it; a row is at most one face's.

    faces  each with its (5, 2) landmarks in the pixels of the picture that OpenFace was given
    where  the picture, in words

    Reasons: no_face (no row), other_face (it coded somebody else), bad_output.
    """
    found = [row for row in rows if isinstance(row, Reading) and row.points is not None]
    apart = np.array([[_distance(stored, row) for row in found] for _, stored in faces])
    taken = _closest_pairs(apart.reshape(len(faces), len(found)))
    for number, (face, _) in enumerate(faces):
        if number in taken:
            yield _coded(face.face_id, found[taken[number]])
        else:
            yield _refused(face, rows, apart[number], where)


def _closest_pairs(apart: NDArray[np.float64]) -> dict[int, int]:
    """Face -> row: pairs that lie on each other, the closest first."""
    taken: dict[int, int] = {}
    for flat in np.argsort(apart, axis=None, kind="stable"):
        face, row = divmod(int(flat), apart.shape[1])
        if apart[face, row] > landmarks.SAME_FACE:
            break
        if face not in taken and row not in taken.values():
            taken[face] = row
    return taken


def _refused(
    face: Face, rows: Sequence[Reading | Unread], apart: NDArray[np.float64], where: str
) -> Uncoded:
    if not rows:
        return Uncoded(face.face_id, "no_face", f"OpenFace found nobody in {where}")
    for row in rows:
        if isinstance(row, Unread):
            return Uncoded(face.face_id, "bad_output", f"OpenFace's CSV: {row.detail}")
    if not len(apart):
        detail = "OpenFace's CSV: no landmarks (-2Dfp), so nobody can tell whose codes they are"
        return Uncoded(face.face_id, "bad_output", detail)
    detail = (
        f"OpenFace coded {len(apart)} in {where}; the nearest lies {apart.min():.1f} eye "
        f"distances from the stored landmarks, more than {landmarks.SAME_FACE:g}"
        if apart.min() > landmarks.SAME_FACE
        else f"OpenFace coded {len(apart)} in {where}; the one that lies here is another face's"
    )
    return Uncoded(face.face_id, "other_face", detail)


def _coded(face_id: str, row: Reading) -> Coded:
    """A row as an answer; what has no number is missing."""
    occurrence = {au: code for au, code in row.occurrence.items() if code is not None}
    intensity = {au: level for au, level in row.intensity.items() if level is not None}
    return Coded(face_id, occurrence, intensity, row.confidence)


def _distance(stored: NDArray[np.float64], row: Reading) -> float:
    """Between (5, 2) landmarks and OpenFace's, as a share of the eye distance."""
    assert row.points is not None
    return float(landmarks.distances(stored, landmarks.five(row.points)))
