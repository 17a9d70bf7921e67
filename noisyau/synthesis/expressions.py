"""Action units on the mesh: levels 0..5 to face units and to skin that bulges or folds.

Levels are FACS intensities as numbers (0 absent, 1 to 5 for A to E; Ekman, Friesen & Hager
2002). How far skin moves at a level is our choice: FACS gives no such numbers.
"""

from collections.abc import Mapping

import numpy as np

from noisyau.synthesis import kernels
from noisyau.synthesis.mesh import Floats, Head, Ints

LEVELS = (0, 1, 2, 3, 4, 5)
WEIGHTS = (0.0, 0.16, 0.36, 0.58, 0.80, 1.0)
"""Weight of an AU's units at each level."""

UNITS: dict[int, dict[str, float]] = {
    1: {"browInnerUp": 1.4},
    2: {"browOuterUpLeft": 1.35, "browOuterUpRight": 1.35},
    4: {"browDownLeft": 1.0, "browDownRight": 1.0},
    5: {"eyeWideLeft": 1.25, "eyeWideRight": 1.25},
    6: {"cheekSquintLeft": 1.2, "cheekSquintRight": 1.2, "eyeSquintLeft": 0.4,
        "eyeSquintRight": 0.4},
    7: {"eyeSquintLeft": 1.15, "eyeSquintRight": 1.15, "eyeBlinkLeft": 0.16, "eyeBlinkRight": 0.16},
    9: {"noseSneerLeft": 1.35, "noseSneerRight": 1.35, "browDownLeft": 0.25, "browDownRight": 0.25,
        "mouthUpperUpLeft": 0.25, "mouthUpperUpRight": 0.25},
    10: {"mouthUpperUpLeft": 1.2, "mouthUpperUpRight": 1.2},
    12: {"mouthSmileLeft": 0.95, "mouthSmileRight": 0.95},
    14: {"mouthDimpleLeft": 1.15, "mouthDimpleRight": 1.15, "mouthPressLeft": 0.25,
         "mouthPressRight": 0.25},
    15: {"mouthFrownLeft": 1.35, "mouthFrownRight": 1.35},
    17: {"mouthShrugLower": 1.4, "mouthShrugUpper": 0.5},
    20: {"mouthStretchLeft": 1.2, "mouthStretchRight": 1.2},
    23: {"mouthRollUpper": 0.42, "mouthRollLower": 0.5, "mouthPucker": 0.65, "mouthPressLeft": 0.2,
         "mouthPressRight": 0.2},
    25: {"mouthLowerDownLeft": 0.75, "mouthLowerDownRight": 0.75, "mouthUpperUpLeft": 0.25,
         "mouthUpperUpRight": 0.25, "jawOpen": 0.09},
    26: {"jawOpen": 0.6},
    28: {"mouthRollUpper": 0.85, "mouthRollLower": 1.0, "jawOpen": 0.08},
    45: {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
}  # fmt: skip
"""Face units (ARKit names) of each AU, weights at level 5."""

_BULGES: dict[int, tuple[tuple[float, ...], ...]] = {
    # centre x (both sides), y, z; reach; move x (outwards), y, z
    4: ((0.13, 7.47, 1.50, 0.13, -0.045, -0.03, 0.012),),
    6: ((0.46, 7.00, 1.28, 0.17, 0.0, 0.05, 0.035), (0.52, 7.24, 1.28, 0.09, -0.02, -0.012, 0.0)),
    9: ((0.10, 7.20, 1.48, 0.12, 0.0, 0.02, 0.012), (0.17, 6.93, 1.48, 0.08, 0.02, 0.045, 0.01)),
    10: ((0.26, 6.86, 1.45, 0.12, 0.015, 0.03, 0.012),),
    12: ((0.45, 6.95, 1.30, 0.15, 0.01, 0.015, 0.025),),
    14: ((0.345, 6.62, 1.36, 0.07, -0.01, 0.0, -0.055), (0.43, 6.63, 1.32, 0.08, 0.02, 0.0, 0.03)),
    17: ((0.07, 6.33, 1.46, 0.13, 0.0, 0.05, 0.04),),
    23: ((0.28, 6.62, 1.45, 0.13, -0.05, 0.0, 0.01), (0.0, 6.44, 1.5, 0.11, 0.0, 0.02, 0.025)),
}
"""What the face units lack: the skin's own bulges, as moves of all that is near a point."""

ALL = tuple(UNITS)

FORBIDDEN = ((24, 25), (24, 26), (28, 25), (28, 26), (23, 26), (28, 23), (12, 15), (20, 23),
             (5, 7), (45, 5), (45, 7), (28, 12), (23, 12), (14, 26), (28, 20), (28, 14), (23, 14),
             (17, 26), (15, 26), (17, 28))  # fmt: skip
"""Pairs that a face cannot do, or that units that add up cannot show."""

Moves = dict[int, list[tuple[Ints, Floats, float]]]


def moves(head: Head) -> Moves:
    """For each AU: (vertices, their moves, weight at level 5) of all that it moves."""
    names = {str(name): k for k, name in enumerate(head.unit_names)}
    found: Moves = {}
    for au, units in UNITS.items():
        found[au] = []
        for unit, weight in units.items():
            part = slice(head.unit_start[names[unit]], head.unit_start[names[unit] + 1])
            found[au].append((head.unit_index[part], head.unit_move[part], weight))
        for x, y, z, reach, *move in _BULGES.get(au, ()):
            for side in (-1.0, 1.0):
                distance = np.linalg.norm(head.rest - [side * x, y, z], axis=1) / reach
                share = np.exp(-(distance**2)) * (head.inside < 0.5)
                share[head.material_of_vertex() > 0] = 0
                index = np.flatnonzero(share > 0.02).astype(np.int32)
                step = share[index, None] * np.array([side * move[0], move[1], move[2]])
                found[au].append((index, step.astype(np.float32), 1.0))
    return found


def weight(level: float) -> float:
    return float(np.interp(level, LEVELS, WEIGHTS))


def pose_face(
    shape: Floats, moves: Moves, levels: Mapping[int, float], sides: tuple[float, float]
) -> Floats:
    """The head's vertices with the AUs on; `sides` are the left's and right's strengths, near 1.

    Where mouth units would cancel one another out (a smile closes parted lips), the lips are
    parted more.
    """
    points = shape.copy()
    smile = weight(levels.get(12, 0.0))
    for au, level in levels.items():
        if level <= 0:
            continue
        amount = weight(level)
        if au == 25:
            amount *= 1 + 0.9 * smile
        for k, (index, move, share) in enumerate(moves[au]):
            lopsided = sides[k % 2] if len(moves[au]) > 1 else 1.0
            kernels.deform(points, index, move, amount * share * lopsided)
    if smile and levels.get(25, 0):
        for index, move, share in moves[10][:2]:
            kernels.deform(points, index, move, 0.7 * smile * weight(levels[25]) * share)
    return points


def wrinkle_levels(levels: Mapping[int, float]) -> dict[str, float]:
    """How strong each AU's wrinkles are: they come late, from level B on."""
    return {f"AU{au:02d}": weight(level) ** 1.25 for au, level in levels.items() if level > 0}
