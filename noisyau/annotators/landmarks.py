"""Whether a face that a program coded is the stored one, by where its landmarks lie."""

import numpy as np
from numpy.typing import NDArray

FIVE = (tuple(range(36, 42)), tuple(range(42, 48)), (30,), (48,), (54,))
"""Right and left eye, tip of the nose, right and left corner of the mouth, of OpenFace's 68."""

SAME_FACE = 0.5
"""At most so far apart, of the distance between the eyes, on average over the five points."""


def five(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(68, 2) points -> (5, 2), in the order of the face store's landmarks."""
    return np.array([points[list(of)].mean(axis=0) for of in FIVE])


def distances(stored: NDArray[np.floating], found: NDArray[np.floating]) -> NDArray[np.float64]:
    """How far found faces lie from stored ones, in the stored ones' eye distances.

    stored, found  (..., 5, 2) in pixels of the same picture; NaN in `found` gives NaN
    returns        (...)
    """
    eyes = np.linalg.norm(stored[..., 1, :] - stored[..., 0, :], axis=-1)
    apart = np.linalg.norm(found - stored, axis=-1).mean(axis=-1)
    return np.asarray(apart / np.maximum(eyes, 1e-6), np.float64)
