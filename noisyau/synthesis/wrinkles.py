"""Folds and bulges of skin, as heights over the texture: what an action unit does at its most.

Where they run follows Ekman, Friesen & Hager 2002; how they look is drawn by us, so a net may
learn them as a cue that real faces show differently. People differ in how strong theirs are,
and some have none (people.Person.wrinkles).
"""

import itertools
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from noisyau.synthesis.mesh import Floats

Map = npt.NDArray[np.floating[Any]]

WRINKLES: tuple[str, ...] = (
    *("AU01", "AU02", "AU04", "AU06", "AU07", "AU09", "AU10"),
    *("AU12", "AU14", "AU15", "AU17", "AU20", "AU23"),
)
"""AUs that fold the skin."""


def soft(values: Map, sigma: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(values.astype(np.float32), (0, 0), sigma), np.float32)


def blob(
    x: Map, y: Map,
    cx: float, cy: float, sx: float, sy: float,
) -> Map:  # fmt: skip
    return np.asarray(np.exp(-(((x - cx) / sx) ** 2) - ((y - cy) / sy) ** 2))


def _groove(distance: Map, width: float) -> Map:
    """A furrow with a swelling beside it."""
    t = distance / width
    return np.asarray(0.35 * np.exp(-((np.abs(t) - 2.0) ** 2)) - np.exp(-(t**2)))


def _curve(
    x: Map, y: Map, points: list[tuple[float, float]],
    width: float, fade: float = 0.12,
) -> Map:  # fmt: skip
    """A furrow along a polyline, fading out at its ends; x is |x|."""
    best = np.full(x.shape, 9.0)
    along = np.zeros(x.shape)
    lengths = [np.hypot(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(points)]
    start = 0.0
    for (a, b), length in zip(itertools.pairwise(points), lengths, strict=True):
        dx, dy = (b[0] - a[0]) / length, (b[1] - a[1]) / length
        t = np.clip((x - a[0]) * dx + (y - a[1]) * dy, 0, length)
        distance = np.hypot(x - a[0] - t * dx, y - a[1] - t * dy)
        along = np.where(distance < best, start + t, along)
        best = np.minimum(best, distance)
        start += length
    ends = np.clip(np.minimum(along, start - along) / (fade * start) + 0.12, 0, 1)
    return np.asarray(_groove(best, width) * ends)


def wrinkle(
    name: str, x: Map, y: Map,
    z: Map, rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """Height of the skin when one AU is at its most; Ekman, Friesen & Hager 2002 say where."""
    ax = np.abs(x)
    height = np.zeros(x.shape)
    wave = 0.02 * np.sin(x * 9 + 1.3) + 0.012 * np.sin(x * 23)
    if name in ("AU01", "AU02"):
        for k, level in enumerate((7.66, 7.75, 7.85, 7.94)):
            bow = (
                0.05 * np.cos(ax * 5.5)
                if name == "AU01"
                else 0.06 * np.exp(-(((ax - 0.42) / 0.2) ** 2))
            )
            line = _groove(y - level - wave * (1 + 0.3 * k) - bow, 0.017)
            reach = (
                np.exp(-((ax / 0.30) ** 4))
                if name == "AU01"
                else np.clip((ax - 0.1) / 0.2, 0, 1) * np.exp(-((ax / 0.62) ** 6))
            )
            height += line * reach * (1.0, 1.0, 0.8, 0.5)[k]
    elif name == "AU04":
        for at, lean in ((0.075, 0.10), (0.0, 0.0)):
            strength = 1.0 if at else 0.45
            height += strength * _curve(
                ax, y, [(at + 0.01, 7.40), (at + lean * 0.15, 7.52), (at + lean * 0.5, 7.66)], 0.02
            )
        height += 0.5 * _curve(ax, y, [(0.0, 7.35), (0.10, 7.36)], 0.02)
        height += 0.6 * blob(ax, y, 0.16, 7.47, 0.07, 0.05)
    elif name == "AU06":
        for dy, dip in ((0.10, 0.07), (0.045, 0.02), (-0.01, -0.02), (-0.07, -0.07)):
            height += _curve(
                ax,
                y,
                [
                    (0.525, 7.25 + dy * 0.45),
                    (0.60, 7.25 + dy + dip * 0.2),
                    (0.70, 7.25 + dy * 1.4 + dip * 0.6),
                ],
                0.013,
            )
        height += 0.9 * _curve(
            ax, y, [(0.17, 7.17), (0.28, 7.12), (0.40, 7.12), (0.52, 7.17)], 0.016
        )
        height += 0.5 * _curve(ax, y, [(0.2, 7.10), (0.33, 7.05), (0.47, 7.07)], 0.015)
        height += 0.8 * blob(ax, y, 0.45, 6.98, 0.16, 0.10)
    elif name == "AU07":
        height += 0.8 * _curve(
            ax, y, [(0.19, 7.19), (0.30, 7.165), (0.42, 7.175), (0.50, 7.21)], 0.012
        )
        height += 0.4 * blob(ax, y, 0.32, 7.21, 0.13, 0.025)
    elif name == "AU09":
        for k in range(4):
            height += _curve(
                ax,
                y,
                [(0.0, 7.31 - 0.05 * k), (0.06, 7.33 - 0.05 * k), (0.13, 7.27 - 0.05 * k)],
                0.013,
                0.05,
            )
        height += 0.9 * _curve(ax, y, [(0.15, 7.12), (0.20, 7.02), (0.235, 6.93)], 0.02)
        height += 0.6 * _curve(ax, y, [(0.10, 7.30), (0.16, 7.20), (0.28, 7.13)], 0.016)
    elif name == "AU10":
        height += _curve(ax, y, [(0.19, 7.02), (0.25, 6.93), (0.30, 6.80), (0.33, 6.70)], 0.024)
        height += 0.5 * blob(ax, y, 0.37, 6.92, 0.09, 0.12)
    elif name == "AU12":
        height += _curve(ax, y, [(0.19, 6.97), (0.28, 6.88), (0.37, 6.74), (0.41, 6.60)], 0.026)
        height += 0.8 * blob(ax, y, 0.48, 6.90, 0.15, 0.13)
        height += 0.25 * _curve(ax, y, [(0.45, 6.78), (0.50, 6.66), (0.50, 6.55)], 0.03)
    elif name == "AU14":
        height += -1.5 * blob(ax, y, 0.345, 6.625, 0.035, 0.045)
        height += 0.7 * blob(ax, y, 0.405, 6.62, 0.035, 0.07)
        height += 0.9 * _curve(ax, y, [(0.33, 6.72), (0.365, 6.63), (0.345, 6.53)], 0.018)
    elif name == "AU15":
        height += _curve(ax, y, [(0.29, 6.60), (0.33, 6.53), (0.345, 6.44)], 0.02)
        height += 0.6 * blob(ax, y, 0.38, 6.48, 0.05, 0.08)
    elif name == "AU17":
        pebbles = ndimage.gaussian_filter(rng.standard_normal(x.shape), 3.0)
        height += (0.45 * pebbles / pebbles.std()) * blob(ax, y, 0, 6.31, 0.17, 0.10)
        height += 1.2 * _curve(ax, y, [(0.0, 6.455), (0.12, 6.44), (0.2, 6.40)], 0.02, 0.05)
        height += 0.7 * blob(ax, y, 0, 6.32, 0.16, 0.09)
    elif name == "AU20":
        for at in (0.37, 0.42):
            height += 0.8 * _curve(ax, y, [(at, 6.72), (at + 0.03, 6.62), (at, 6.50)], 0.018)
        height += 0.5 * _groove(y - 6.40 - 0.15 * ax**2, 0.02) * np.exp(-((ax / 0.28) ** 4))
    elif name == "AU23":
        for k in range(7):
            at = 0.03 + 0.045 * k
            height += 0.55 * _curve(
                ax, y, [(at, 6.735 - 0.05 * at), (at * 1.1, 6.80 - 0.1 * at)], 0.011
            )
            height += 0.45 * _curve(
                ax, y, [(at, 6.51 + 0.12 * at), (at * 1.08, 6.44 + 0.1 * at)], 0.011
            )
        height += 0.7 * _groove(y - 6.475 - 0.35 * ax**2, 0.018) * np.exp(-((ax / 0.25) ** 4))
    return soft(height * (z > 0.75), 0.8)


def age_lines(
    x: Map, y: Map, z: Map,
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    ax = np.abs(x)
    height = 0.9 * _curve(ax, y, [(0.19, 6.95), (0.27, 6.86), (0.345, 6.72), (0.37, 6.6)], 0.026)
    height += 0.6 * _curve(ax, y, [(0.31, 6.58), (0.34, 6.48), (0.33, 6.38)], 0.022)
    height += 0.7 * _curve(ax, y, [(0.18, 7.16), (0.28, 7.09), (0.42, 7.08)], 0.02)
    height += 0.35 * wrinkle("AU06", x, y, z, rng) + 0.3 * wrinkle("AU04", x, y, z, rng)
    for level in (7.68, 7.78, 7.88):
        height += (
            0.3 * _groove(y - level - 0.02 * np.sin(x * 8), 0.018) * np.exp(-((ax / 0.42) ** 4))
        )
    return soft(height * (z > 0.75), 0.8)
