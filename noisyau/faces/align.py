"""Faces brought into one place: a similarity transform to a template, and the crop it gives.

The template is the mean shape of 110 portraits in units of the distance between the eyes, made
symmetric (so that a mirrored crop is the crop of the mirrored picture) and rounded. The eyes
are a quarter of the crop's side apart, 0.34 below its top: a face's mesh reaches from 0.12 to
0.85 of the height, which leaves a jaw dropped by half an eye distance, the forehead and about
the margin that MediaPipe's nets were made for (their codes correlate 0.95 with those of
MediaPipe's own, wider crop; the same crop shifted by 1 % of its side gives 0.96).
"""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from noisyau.items import Picture

Points = NDArray[np.float64]
Transform = NDArray[np.float64]

_EYE_DISTANCE = 0.25  # as shares of the crop's side
_EYES = 0.5, 0.34
_SHAPE = [[-0.5, 0.0], [0.5, 0.0], [0.0, 0.65], [-0.5, 1.0], [0.5, 1.0]]

TEMPLATE: Points = np.array(_EYES) + _EYE_DISTANCE * np.array(_SHAPE)
"""(5, 2): right and left eye, tip of the nose, right and left corner of the mouth, as shares of
the crop's side."""

_SHRINK_FIRST = 0.8  # transforms that shrink more than this would alias


def similarity(source: Points, target: Points) -> Transform:
    """The rotation, scale and shift that bring points closest to others, by least squares.

    source, target  (..., n, 2), n >= 2; leading axes are broadcast
    returns         (..., 2, 3): target = M[:, :2] @ source + M[:, 2]; NaN where all of a
                    source's points are one

    Umeyama 1991 in the plane, without reflection: as complex numbers target = a source + b,
    and least squares give a at once.
    """
    z = source[..., 0] + 1j * source[..., 1]
    w = target[..., 0] + 1j * target[..., 1]
    z_mean, w_mean = z.mean(axis=-1), w.mean(axis=-1)
    z, w = z - z_mean[..., None], w - w_mean[..., None]
    spread = (np.abs(z) ** 2).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        a = (np.conj(z) * w).sum(axis=-1) / np.where(spread > 0, spread, np.nan)
    b = w_mean - a * z_mean
    rows = [np.stack([a.real, -a.imag, b.real], -1), np.stack([a.imag, a.real, b.imag], -1)]
    return np.stack(rows, axis=-2)


def to_crop(landmarks: Points, size: int) -> Transform:
    """The transform from a picture's pixels to those of a crop of `size`.

    landmarks  (..., 5, 2), in the template's order
    returns    (..., 2, 3)
    """
    return similarity(landmarks, TEMPLATE * size - 0.5)  # pixel centres are at integers


def apply(transform: Transform, points: Points) -> Points:
    """Points (n, 2) through a transform (2, 3)."""
    return points @ transform[:, :2].T + transform[:, 2]


def inverse(transform: Transform) -> Transform:
    """The way back, (2, 3)."""
    back = np.linalg.inv(transform[:, :2])
    return np.concatenate([back, -back @ transform[:, 2:]], axis=1)


def crop(picture: Picture, transform: Transform, size: int) -> Picture:
    """The square of `size` pixels that a transform cuts from a picture, black outside it.

    A face larger than the crop is first shrunk by area, so that nothing aliases.
    """
    scale = float(np.hypot(transform[0, 0], transform[1, 0]))
    if scale < _SHRINK_FIRST:
        picture, transform = _shrunk(picture, transform, size, scale)
    return cast(
        Picture,
        cv2.warpAffine(
            picture, transform, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
        ),
    )


def _shrunk(
    picture: Picture, transform: Transform, size: int, scale: float
) -> tuple[Picture, Transform]:
    """The part of a picture that the crop needs, at the crop's scale, and its transform."""
    corners = np.array([[-1, -1], [size, -1], [-1, size], [size, size]], np.float64)
    reach = apply(inverse(transform), corners)
    height, width = picture.shape[:2]
    left, top = np.clip(np.floor(reach.min(axis=0)), 0, [width - 1, height - 1]).astype(int)
    right, bottom = np.clip(
        np.ceil(reach.max(axis=0)) + 1, [left + 1, top + 1], [width, height]
    ).astype(int)
    part = picture[top:bottom, left:right]
    small = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    shrunk = cv2.resize(part, small, interpolation=cv2.INTER_AREA)
    factor = np.array([right - left, bottom - top]) / small  # source pixels per pixel
    widened = transform.copy()
    widened[:, :2] = transform[:, :2] * factor
    widened[:, 2] = apply(transform, ((factor - 1) / 2 + [left, top])[None])[0]
    return cast(Picture, shrunk), widened
