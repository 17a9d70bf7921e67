"""What can be painted on a head: masks and patterns, drawn once on the base head.

The texture is the head seen from its middle (mesh.CENTRE): a texel is a direction, the face's
front in the middle, the back of the head at the rim, the front magnified. Because it is drawn
on the base head and the mesh carries it, brows, lips and wrinkles follow every phenotype and
every action unit.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage, spatial

from noisyau.synthesis import kernels
from noisyau.synthesis.mesh import CENTRE, Arrays, Floats, Head, Ints
from noisyau.synthesis.wrinkles import WRINKLES, Map, age_lines, blob, soft, wrinkle

SIZE = 512
BROWS = 6
_RIM = 1.6


@dataclass(frozen=True)
class Atlas(Arrays):
    """Texture maps (SIZE, SIZE) float32, 0..1 where nothing else is said.

    uv         (V, 2) texture coordinates of the head's vertices
    stiff      (V,) 1 where a vertex turns with the head, 0 where with the torso
    occlusion  (V,) how much of the sky a vertex of the base head sees
    scalp      (V,) signed distance above the hairline, in units
    brows      (BROWS, SIZE, SIZE) brow hairs of different shapes
    wrinkles   (len(WRINKLES), SIZE, SIZE) height, -1..1, when that AU is at its most
    age_lines  height of the lines that stay
    """

    uv: Floats
    stiff: Floats
    occlusion: Floats
    scalp: Floats
    lips: Floats
    lip_edge: Floats
    lash: Floats
    lid: Floats
    blush: Floats
    hollow: Floats
    beard: Floats
    moustache: Floats
    stubble: Floats
    scalp_map: Floats
    brows: Floats
    wrinkles: Floats
    age_lines: Floats
    pores: Floats
    mottle: Floats
    spots: Floats
    strands: Floats
    curls: Floats


def texture_coordinates(points: Map) -> Floats:
    """Positions on or round the base head (N, 3) to texture coordinates (N, 2)."""
    x, y, z = (np.asarray(points, np.float64) - CENTRE).T
    across = np.hypot(x, y)
    angle = np.arctan2(across, z) / np.pi
    radius = 0.5 * (1 - (1 - angle) ** _RIM) / np.maximum(across, 1e-9)
    return np.asarray(np.stack([0.5 + radius * x, 0.5 - radius * y], axis=1), np.float32)


def hairline(x: Map, z: Map) -> Floats:
    """Height of the hairline at the azimuth of a point, on the base head."""
    azimuth = np.degrees(np.abs(np.arctan2(x, z - CENTRE[2])))
    at = [0, 14, 28, 40, 50, 58, 64, 69, 76, 83, 88, 106, 116, 130, 180]
    line = [8.02, 8.03, 8.05, 7.97, 7.8, 7.62, 7.42, 7.22, 7.1, 7.12, 7.42, 7.42, 6.95, 6.7, 6.55]
    return np.asarray(np.interp(azimuth, at, line), np.float32)


def build(head: Head, seed: int = 7) -> Atlas:
    """All maps of a head; takes some seconds, so keep it with `Atlas.save`."""
    rng = np.random.default_rng(seed)
    uv = texture_coordinates(head.rest)
    skin = head.triangles[: head.material_ends[0]]
    whole = np.ptp(uv[skin], axis=1).max(1) < 0.1  # not torn apart at the back of the head
    outer = skin[whole & (head.inside[skin].max(1) < 0.5) & (head.rest[skin, 1].min(1) > 5.3)]
    texels = _texels(head, uv, outer)
    x, y, z = texels
    front = z > CENTRE[2]
    lips_at_vertices = _symmetric(head, head.lips) * (head.rest[:, 1] > 6.4)
    lips = soft(np.clip(_bake(uv, outer, head, lips_at_vertices) * 1.6 - 0.3, 0, 1), 1.0)
    brows = np.stack([_brow(texels, rng, k) for k in range(BROWS)])
    upper = head.lash_points[head.lash_upper > 0]
    lower = head.lash_points[head.lash_upper < 1]
    distance_upper = _distance(texels, upper)
    distance_lower = _distance(texels, lower)
    lash = np.maximum(
        np.clip(1.25 - distance_upper / 0.028, 0, 1),
        0.45 * np.clip(1 - distance_lower / 0.03, 0, 1),
    )
    ax = np.abs(x)
    return Atlas(
        uv=uv,
        stiff=_smoothstep((head.rest[:, 1] - 5.55) / 0.7),
        occlusion=_occlusion(head),
        scalp=(head.rest[:, 1] - hairline(head.rest[:, 0], head.rest[:, 2])).astype(np.float32),
        lips=lips,
        lip_edge=soft(4 * lips * (1 - lips), 0.7),
        lash=soft(lash * front, 0.6),
        lid=soft(np.clip(1 - distance_upper / 0.16, 0, 1) * (y > 7.27) * front, 2),
        blush=soft(
            (blob(ax, y, 0.50, 6.98, 0.22, 0.16) + 0.8 * blob(ax, y, 0, 6.97, 0.12, 0.1)) * front,
            3,
        ),
        hollow=soft(
            np.clip(
                blob(ax, y, 0.3, 7.13, 0.2, 0.055)
                + 0.8 * blob(ax, y, 0.17, 7.26, 0.06, 0.08)
                + 0.5 * blob(ax, y, 0.34, 7.40, 0.2, 0.05),
                0,
                1,
            )
            * front,
            2,
        ),
        beard=_beard(x, y, z),
        moustache=soft(
            ((y < 6.83 - 0.42 * ax**1.4) & (y > 6.69 - 0.16 * ax) & (ax < 0.36) & (z > 1.1)) * 1.0,
            3,
        )
        * (1 - lips),
        stubble=_stubble(rng),
        scalp_map=(y - hairline(x, z)).astype(np.float32),
        brows=brows,
        wrinkles=np.stack([wrinkle(name, x, y, z, rng) for name in WRINKLES]),
        age_lines=age_lines(x, y, z, rng),
        pores=_noise(rng, 1.1) * 0.6 + _noise(rng, 2.2) * 0.4,
        mottle=_noise(rng, 9) * 0.5 + _noise(rng, 3.5) * 0.3 + _noise(rng, 28) * 0.5,
        spots=np.clip(_noise(rng, 1.6) - 2.3, 0, 1) * 2,
        strands=_strands(rng),
        curls=_curls(rng),
    )


def _texels(head: Head, uv: Floats, triangles: Ints) -> Map:
    """The base head's position at each texel (3, SIZE, SIZE), nearest texels where none is."""
    owner = _owner(head, uv, triangles)
    found = np.stack([_interpolate(owner, uv, triangles, head.rest[:, k]) for k in range(3)])
    nearest = ndimage.distance_transform_edt(owner < 0, return_distances=False, return_indices=True)
    return np.asarray(found[:, nearest[0], nearest[1]], np.float64)


def _bake(uv: Floats, triangles: Ints, head: Head, values: Floats) -> Floats:
    return _interpolate(_owner(head, uv, triangles), uv, triangles, values)


def _owner(head: Head, uv: Floats, triangles: Ints) -> Ints:
    """The outermost triangle at each texel, -1 where there is none."""
    owner = np.full((SIZE, SIZE), -1, np.int32)
    depth = np.full((SIZE, SIZE), -1e9, np.float32)
    px, py = np.ascontiguousarray((uv * SIZE - 0.5).T)
    far = np.linalg.norm(head.rest - CENTRE, axis=1).astype(np.float32)
    nothing = np.ones(len(px), np.float32)
    pattern = np.zeros((1, 1), np.float32)
    kernels.raster(px, py, far, triangles, 0, nothing, pattern, uv, depth, owner)
    return owner


def _interpolate(owner: Ints, uv: Floats, triangles: Ints, values: Floats) -> Floats:
    rows, columns = np.nonzero(owner >= 0)
    corners = triangles[owner[rows, columns]]
    p = uv[corners] * SIZE - 0.5
    a, b, c = p[:, 0], p[:, 1], p[:, 2]
    q = np.stack([columns, rows], axis=1)
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    w1 = (q[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (q[:, 1] - a[:, 1])
    w2 = (b[:, 0] - a[:, 0]) * (q[:, 1] - a[:, 1]) - (q[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    w1, w2 = w1 / area, w2 / area
    v = values[corners]
    out = np.zeros((SIZE, SIZE), np.float32)
    out[rows, columns] = (1 - w1 - w2) * v[:, 0] + w1 * v[:, 1] + w2 * v[:, 2]
    return out


def _symmetric(head: Head, values: Floats) -> Floats:
    twin = spatial.cKDTree(head.rest).query(head.rest * [-1, 1, 1])[1]
    return np.asarray(np.maximum(values, values[twin]))


def _distance(texels: Map, points: Floats) -> Map:
    tree = spatial.cKDTree(points)
    flat = tree.query(texels.reshape(3, -1).T, distance_upper_bound=0.5)[0]
    return np.asarray(np.minimum(flat, 0.5).reshape(SIZE, SIZE))


def _occlusion(head: Head, directions: int = 64, size: int = 256) -> Floats:
    """The cosine-weighted share of directions from which a vertex of the base head is seen."""
    normal = np.zeros_like(head.rest)
    kernels.normals(head.rest, head.triangles, normal)
    k = np.arange(directions) + 0.5
    polar = np.arccos(1 - 2 * k / directions)
    turn = np.pi * (1 + 5**0.5) * k
    ways = np.stack([np.cos(turn) * np.sin(polar), np.cos(polar), np.sin(turn) * np.sin(polar)], 1)
    seen = np.zeros(len(head.rest))
    total = np.zeros(len(head.rest))
    lit = np.zeros(len(head.rest), np.float32)
    for way in ways.astype(np.float32):
        x, y, z = light_space(head.rest, way, size)
        depth = np.full((size, size), -1e9, np.float32)
        kernels.depth_only(x, y, z, head.triangles, depth)
        kernels.lit(x, y, z, depth, 0.03, lit)
        facing = np.maximum(normal @ way, 0)
        seen += facing * lit
        total += facing
    return np.asarray(np.clip(seen / np.maximum(total, 1e-6), 0, 1) ** 0.9, np.float32)


def light_space(points: Floats, way: Floats, size: int) -> tuple[Floats, Floats, Floats]:
    """Points as a light from `way` (unit) sees them: pixels x, y of a square map, and depth."""
    side = np.cross(way, [0.03, 1, 0.02])
    side /= np.linalg.norm(side)
    up = np.cross(side, way)
    x, y, z = np.stack([side, up, way]).astype(np.float32) @ points.T
    left, top = x.min(), y.min()
    zoom = np.float32((size - 4) / max(x.max() - left, y.max() - top))
    return (x - left) * zoom + 2, (y - top) * zoom + 2, z


def _smoothstep(values: Map) -> Floats:
    t = np.clip(values, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def _noise(rng: np.random.Generator, sigma: float) -> Floats:
    """Smooth noise of unit variance that wraps round."""
    field = ndimage.gaussian_filter(rng.standard_normal((SIZE, SIZE)), sigma, mode="wrap")
    return np.asarray(field / field.std(), np.float32)


def _beard(x: Map, y: Map, z: Map) -> Floats:
    """Where a full beard grows, moustache left out."""
    azimuth = np.degrees(np.abs(np.arctan2(x, z - CENTRE[2])))
    top = np.interp(
        azimuth,
        [0, 10, 17, 22, 32, 48, 60, 72, 80, 84],
        [6.5, 6.5, 6.58, 6.66, 6.66, 6.78, 6.95, 7.15, 7.2, 5],
    )
    low = np.interp(azimuth, [0, 30, 60, 84], [5.98, 6.02, 6.15, 6.4])
    mask = np.clip((top - y) / 0.09 + 0.5, 0, 1) * np.clip((y - low) / 0.12 + 0.5, 0, 1)
    soul = np.clip(1 - np.abs(np.abs(x) - 0.16) / 0.07, 0, 1) * (np.abs(y - 6.45) < 0.06) * 0.7
    return soft(np.clip(mask - soul, 0, 1), 2)


def _stubble(rng: np.random.Generator) -> Floats:
    """Short hairs: dark streaks that run down and outwards."""
    field = rng.random((SIZE, SIZE)).astype(np.float32)
    kernel = np.zeros((7, 7), np.float32)
    kernel[np.arange(1, 6), [3, 3, 3, 3, 3]] = 1
    streaks = cv2.filter2D(field, -1, kernel / kernel.sum())
    streaks = (streaks - streaks.mean()) / streaks.std()
    return np.asarray(_smoothstep(streaks * 0.45 + 0.5), np.float32)


def _strands(rng: np.random.Generator) -> Floats:
    """Hair as it is combed: u runs across the strands, v along them; wraps round."""
    fine = ndimage.gaussian_filter(rng.standard_normal((256, 256)), (22, 0.6), mode="wrap")
    coarse = ndimage.gaussian_filter(rng.standard_normal((256, 256)), (40, 3.0), mode="wrap")
    field = fine / fine.std() + 0.8 * coarse / coarse.std()
    ranks = field.ravel().argsort().argsort().reshape(field.shape) / field.size
    return np.asarray(ranks, np.float32)


def _curls(rng: np.random.Generator) -> Floats:
    field = ndimage.gaussian_filter(rng.standard_normal((256, 256)), 1.6, mode="wrap")
    ranks = np.abs(field).ravel().argsort().argsort().reshape(field.shape) / field.size
    return np.asarray(ranks, np.float32)


def _brow(texels: Map, rng: np.random.Generator, kind: int) -> Floats:
    """Brow hairs of one shape: even kinds are finer and more arched, odd ones full and flat."""
    fine = kind % 2 == 0
    arch = (0.055, 0.022, 0.04, 0.03, 0.065, 0.012)[kind]
    thick = (0.050, 0.085, 0.062, 0.075, 0.045, 0.1)[kind]
    inner, outer = (0.13, 0.56) if fine else (0.115, 0.57)
    rows, columns = np.nonzero((texels[2] > 0.8) & (np.abs(texels[1] - 7.45) < 0.35))
    tree = spatial.cKDTree(texels[:2, rows, columns].T)
    fine_size = SIZE * 4
    canvas = np.zeros((fine_size, fine_size), np.uint8)

    def texel(x: float, y: float) -> tuple[int, int]:
        distance, near = tree.query((x, y), 6)
        weight = 1 / (distance + 1e-3)
        weight /= weight.sum()
        u, v = (columns[near] + 0.5) @ weight, (rows[near] + 0.5) @ weight
        return int(u * 4 * 8), int(v * 4 * 8)

    for _ in range(420 if fine else 620):
        t = rng.random() ** 0.85
        across = rng.normal(0, 0.33)
        taper = np.interp(t, [0, 0.12, 0.55, 1], [0.75, 1, 0.85, 0.22])
        x = inner + t * (outer - inner)
        middle = 7.442 + arch * np.sin(np.pi * min(1.0, t / 1.25)) - 0.03 * max(0.0, t - 0.6) / 0.4
        y = middle + np.clip(across, -0.5, 0.5) * thick * taper
        # hairs stand up at the nose and lie outwards at the temple
        lean = np.interp(t, [0, 0.25, 0.6, 1], [1.35, 0.75, 0.2, -0.35]) - across * 0.9
        lean += rng.normal(0, 0.12)
        length = 0.052 * rng.uniform(0.7, 1.2)
        for side in (-1, 1):
            a = texel(side * x, y)
            b = texel(side * (x + length * np.cos(lean)), y + length * np.sin(lean))
            cv2.line(canvas, a, b, 255, 2, cv2.LINE_AA, 3)
    small = cv2.resize(canvas, (SIZE, SIZE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return np.clip(soft(small, 0.5) * 1.0 + soft(small, 2.0) * 0.35, 0, 1).astype(np.float32)
