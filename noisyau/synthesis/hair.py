"""Hair as geometry: a cap over the scalp, and a curtain that falls behind the face.

The cap is a copy of the scalp's triangles that is lifted along the normals; its edge thins out
strand by strand (kernels.raster cuts it by the pattern). The curtain is a grid round the head
that is open in front.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from noisyau.synthesis import kernels
from noisyau.synthesis.atlas import Atlas
from noisyau.synthesis.mesh import CENTRE, Floats, Head, Ints
from noisyau.synthesis.people import Person

_ROUND, _DOWN = 56, 16  # the curtain's grid


@dataclass(frozen=True)
class Hair:
    """Vertices beyond the head's own.

    cap        (A,) the head's vertices that the cap lies over
    lift       (A, 3) how far, before the head is turned
    curtain    (B, 3) positions, before the head is turned; B may be 0
    triangles  (T, 3) over head, cap and curtain vertices; the first `cap_triangles` are the cap's
    cover      (A + B,) below 0 bald, 1 and more full
    uv         (A + B, 2) coordinates in the strand pattern
    """

    cap: Ints
    lift: Floats
    curtain: Floats
    triangles: Ints
    cap_triangles: int
    cover: Floats
    uv: Floats


def grow(head: Head, atlas: Atlas, person: Person, rng: np.random.Generator) -> Hair:
    cap_source = _scalp_triangles(head, atlas)
    cap, triangles = np.unique(cap_source, return_inverse=True)
    triangles = triangles.reshape(-1, 3) + len(head.rest)
    normal = np.zeros_like(person.shape)
    kernels.normals(person.shape, head.triangles, normal)
    rest = head.rest[cap]
    azimuth = np.degrees(np.abs(np.arctan2(rest[:, 0], rest[:, 2] - CENTRE[2])))
    above = atlas.scalp[cap] - person.receding * np.exp(-(((azimuth - 38) / 26) ** 2)) * 1.1
    above = above - person.receding * 0.45 * (azimuth < 70)
    if person.fringe:
        above = above + person.fringe * np.clip((62 - azimuth) / 12, 0, 1)
    cover, thickness = _cover(person, above)
    if person.hair_style == "swept":
        top = np.clip((rest[:, 1] - 7.9) / 0.4, 0, 1) * np.clip((rest[:, 2] - 0.1) / 0.9, 0, 1)
        thickness = thickness * (1 + 1.1 * top)
    if person.hair_style in ("short", "swept"):
        thickness = thickness * np.clip(0.35 + (rest[:, 1] - 7.0) / 0.9, 0.3, 1)
    waves = _waves(rest, rng, 3.0 if not person.curly else 6.0)
    thickness = thickness * (1 + (0.14 if not person.curly else 0.24) * waves)
    lift = normal[cap] * thickness[:, None]
    uv = _strand_coordinates(rest, person)
    curtain, extra, curtain_cover, curtain_uv = _curtain(person, rng)
    return Hair(
        cap=cap.astype(np.int32),
        lift=lift.astype(np.float32),
        curtain=curtain,
        triangles=np.concatenate([triangles, extra + len(head.rest) + len(cap)]).astype(np.int32),
        cap_triangles=len(triangles) if person.hair_style != "bald" else 0,
        cover=np.concatenate([cover, curtain_cover]).astype(np.float32),
        uv=np.concatenate([uv, curtain_uv]).astype(np.float32),
    )


def _scalp_triangles(head: Head, atlas: Atlas) -> Ints:
    skin = head.triangles[: head.material_ends[0]]
    rest = head.rest
    ear = (
        (np.abs(rest[:, 0]) > 0.66) & (rest[:, 1] < 7.42) & (rest[:, 2] > 0.1) & (rest[:, 2] < 0.62)
    )
    wanted = (atlas.scalp > -0.5) & (rest[:, 1] > 6.5) & ~ear & (head.inside < 0.5)
    return skin[wanted[skin].all(1)]


def _cover(person: Person, above: Floats) -> tuple[Floats, Floats]:
    """Density and thickness from the distance above the hairline."""
    ramp = np.clip(above / (0.26 + 1.1 * person.hair_volume), 0, 1)
    thickness = person.hair_volume * np.sqrt(ramp * (2 - ramp)) + 0.006
    if person.hair_style == "bald":
        return np.full(len(above), -1, np.float32), np.zeros(len(above), np.float32)
    soft = {"buzz": 0.16, "short": 0.09}.get(person.hair_style, 0.07)
    most = 0.93 if person.hair_style == "buzz" else 1.5
    return np.minimum(above / soft, most).astype(np.float32), thickness.astype(np.float32)


def _waves(points: Floats, rng: np.random.Generator, frequency: float) -> npt.NDArray[np.floating]:
    total = np.zeros(len(points))
    for _ in range(5):
        way = rng.normal(0, 1, 3)
        way /= np.linalg.norm(way)
        total += np.sin(points @ way * frequency * rng.uniform(0.7, 2.2) + rng.uniform(0, 6.3))
    return total / 2


def _strand_coordinates(rest: Floats, person: Person) -> Floats:
    x, y, z = (rest - CENTRE).T
    if person.curly:
        around = np.arctan2(x, z)
        return np.stack([around * 0.9, y * 0.9 + z * 0.4], axis=1)
    if person.hair_style in ("swept", "back"):
        return np.stack(
            [np.arctan2(x, y) / np.pi * 2, np.arctan2(np.hypot(x, y), z) * 0.25], axis=1
        )
    part = 0.12 if person.seed % 2 else -0.12
    across = np.arctan2(x - part, z) / np.pi * 2
    return np.stack([across, np.arctan2(np.hypot(x, z), y) * 0.25], axis=1)


def _curtain(person: Person, rng: np.random.Generator) -> tuple[Floats, Ints, Floats, Floats]:
    if not person.hair_length:
        return (
            np.zeros((0, 3), np.float32),
            np.zeros((0, 3), np.int32),
            np.zeros(0, np.float32),
            np.zeros((0, 2), np.float32),
        )
    a, t = np.meshgrid(np.linspace(-1, 1, _ROUND), np.linspace(0, 1, _DOWN))
    opening = np.radians(rng.uniform(50, 66))
    angle = a * (np.pi - opening) + np.pi  # from one temple round the back to the other
    low, high = person.shape[:, 1].max() - person.hair_length, person.shape[:, 1].max() - 0.32
    head = person.shape[(person.shape[:, 1] > 7.2)]
    half, depth = np.abs(head[:, 0]).max(), np.ptp(head[:, 2]) / 2
    middle = float(head[:, 2].max() + head[:, 2].min()) / 2
    wide = half * 0.98 + person.hair_volume * 0.75
    deep = depth * 0.94 + person.hair_volume * 0.9
    rise = np.clip(t / 0.34, 0, 1)
    body = 0.42 + 0.53 * np.sin(0.5 * np.pi * rise)
    flare = 1 + rng.uniform(-0.05, 0.12) * t
    if person.hair_style == "bob":
        flare = flare - 0.16 * np.clip((t - 0.6) / 0.4, 0, 1) ** 2
    wave = rng.uniform(0.01, 0.05) * np.sin(t * rng.uniform(6, 14) + a * 7 + rng.uniform(0, 6))
    locks = 0.02 * np.sin(a * 31 + 2 * np.sin(t * 5)) + 0.014 * np.sin(a * 67 + 3 * t)
    if person.curly:
        wave, locks = wave * 2, locks * 2
        flare = flare + 0.25 * t
    out = body * flare + wave + locks
    x = wide * out * np.sin(angle)
    z = middle + deep * out * np.cos(angle) - 0.12 * t
    tips = rng.normal(0, 0.05, _ROUND)[None, :] * t
    y = high + (low - high) * (t**0.9) + tips
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(np.float32)
    index = np.arange(_ROUND * _DOWN).reshape(_DOWN, _ROUND)
    corners = [index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]]
    p, q, r, s = (corner.ravel() for corner in corners)
    triangles = np.concatenate([np.stack([p, q, r], 1), np.stack([p, r, s], 1)])
    edge = np.clip((1 - np.abs(a)) / 0.07, 0, 1.6)
    end = np.clip((1 - t) / 0.14, 0, 1.6)
    cover = np.minimum(edge, end) + 0.04
    scale = 1.3 if person.curly else 4.0
    uv = np.stack([a * scale, t * (1.6 if person.curly else 0.5)], axis=-1).reshape(-1, 2)
    return (
        points,
        triangles.astype(np.int32),
        cover.ravel().astype(np.float32),
        uv.astype(np.float32),
    )
