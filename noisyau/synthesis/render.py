"""A picture of a person: geometry, light, camera, background, lens and sensor."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from noisyau.synthesis import atlas as atlases
from noisyau.synthesis import expressions, hair, kernels, skin
from noisyau.synthesis.atlas import Atlas
from noisyau.synthesis.mesh import CENTRE, Floats, Head
from noisyau.synthesis.people import Person

Image = npt.NDArray[np.uint8]

_OVER = 1.6  # rendered larger by this, then averaged
_FAR = 16.0  # the camera's distance, units
_PIVOT = np.array([0.0, 6.35, 0.25], np.float32)  # where head and neck meet
_LIGHT_MAP = 160


@dataclass(frozen=True)
class Studio:
    """What all pictures share: the head, the atlas, what the AUs move."""

    head: Head
    atlas: Atlas
    moves: expressions.Moves
    eye_axes: Floats

    @classmethod
    def load(cls, folder: Path) -> "Studio":
        return cls.of(Head.load(folder / "head.npz"), Atlas.load(folder / "atlas.npz"))

    @classmethod
    def of(cls, head: Head, atlas: Atlas) -> "Studio":
        return cls(head, atlas, expressions.moves(head), _eye_coordinates(head))


@dataclass(frozen=True)
class Sitter:
    """A person ready to be rendered many times."""

    person: Person
    hair: hair.Hair
    colour: Floats
    still: Floats

    @classmethod
    def of(cls, studio: Studio, person: Person) -> "Sitter":
        rng = np.random.default_rng(person.seed + 2)
        grown = hair.grow(studio.head, studio.atlas, person, rng)
        colour = skin.colour(studio.atlas, person)
        return cls(person, grown, colour, skin.still_relief(studio.atlas, person))


@dataclass(frozen=True)
class Clothes:
    """kernels.shade's `cloth`, and the colours (4, 3) of outer, inner, tie and seams."""

    cut: tuple[float, float, float, float] = (0.0, 5.85, 0.45, 0.06)
    colours: Floats = field(default_factory=lambda: np.full((4, 3), 0.1, np.float32))


@dataclass(frozen=True)
class View:
    """One picture's circumstances. Angles in degrees; positions as parts of the picture.

    yaw > 0 turns the face to the picture's right, pitch > 0 up, roll > 0 clockwise
    size     height of the head (chin to crown) as a part of the picture's height
    key, fill  (azimuth, height) of the lights; colours are RGB, linear
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    torso: float = 0.35
    centre: tuple[float, float] = (0.5, 0.5)
    size: float = 0.6
    gaze: tuple[float, float] = (0.0, 0.0)
    key: tuple[float, float] = (30.0, 35.0)
    key_colour: tuple[float, float, float] = (0.9, 0.87, 0.82)
    fill: tuple[float, float] = (-50.0, 10.0)
    fill_colour: tuple[float, float, float] = (0.22, 0.23, 0.25)
    sky: tuple[float, float, float] = (0.38, 0.39, 0.41)
    ground: tuple[float, float, float] = (0.2, 0.18, 0.16)
    exposure: float = 1.0
    blur: float = 0.0
    noise: float = 2.0
    sides: tuple[float, float] = (1.0, 1.0)
    clothes: Clothes = field(default_factory=Clothes)


def render(
    studio: Studio,
    sitter: Sitter,
    levels: Mapping[int, float],
    view: View,
    background: Floats,
    rng: np.random.Generator,
) -> Image:
    """A picture, BGR, of the background's size (H, W, 3; linear RGB). Levels: AU to 0..5."""
    return develop(draw(studio, sitter, levels, view, background), view, rng)


def draw(
    studio: Studio, sitter: Sitter, levels: Mapping[int, float], view: View, background: Floats
) -> Floats:
    """The background (H, W, 3), linear RGB, with the sitter before it."""
    height, width = background.shape[:2]
    canvas = resized(background, round(width * _OVER), round(height * _OVER))
    _draw(studio, sitter, levels, view, canvas)
    return resized(canvas, width, height)


def resized(picture: Floats, width: int, height: int) -> Floats:
    """Averaged when it gets smaller, interpolated when larger."""
    smaller = width < picture.shape[1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (width, height), interpolation=way), np.float32)


def _draw(
    studio: Studio, sitter: Sitter, levels: Mapping[int, float], view: View, canvas: Floats
) -> None:
    """Render over the canvas, in place."""
    head, atlas, grown, person = studio.head, studio.atlas, sitter.hair, sitter.person
    face = expressions.pose_face(person.shape, studio.moves, levels, view.sides)
    points = np.concatenate([face, face[grown.cap] + grown.lift, grown.curtain])
    extra = len(points) - len(face)
    stiff = np.concatenate([atlas.stiff, atlas.stiff[grown.cap], _stiffness(grown.curtain)])
    whole = view.torso
    turned = np.empty_like(points)
    kernels.place(
        points, stiff, _rotation(view.yaw, view.pitch, view.roll),
        _rotation(view.yaw * whole, view.pitch * 0.15, view.roll * 0.2), _PIVOT, turned,
    )  # fmt: skip
    if person.hair_style == "bald":
        triangles = np.concatenate([head.triangles, grown.triangles[len(grown.triangles) :]])
        ends = [*head.material_ends, head.material_ends[-1], head.material_ends[-1]]
    else:
        triangles = np.concatenate([head.triangles, grown.triangles])
        cap_end = len(head.triangles) + grown.cap_triangles
        ends = [*head.material_ends, cap_end, len(triangles)]

    tall = canvas.shape[0] * view.size / 2.33  # pixels per unit; the base head is 2.33 high
    middle = _rotation(view.yaw, view.pitch, view.roll) @ (CENTRE - _PIVOT)
    zoom = _FAR / (_FAR - turned[:, 2])
    x = np.float32(canvas.shape[1] * view.centre[0]) + tall * (turned[:, 0] - middle[0]) * zoom
    y = np.float32(canvas.shape[0] * view.centre[1]) - tall * (turned[:, 1] - middle[1]) * zoom
    x, y = x.astype(np.float32), y.astype(np.float32)
    z = np.ascontiguousarray(turned[:, 2])

    normal = np.zeros_like(turned)
    kernels.normals(turned, triangles, normal)
    key = _direction(*view.key)
    light = _light(turned, triangles, key)
    occlusion = np.concatenate(
        [atlas.occlusion, np.full(len(grown.cap), 0.9), np.full(len(grown.curtain), 0.75)]
    ).astype(np.float32)
    if person.hair_style in ("long", "bob"):
        occlusion[: len(face)] *= 0.92
    rest = np.concatenate([head.rest, np.zeros((extra, 3), np.float32)])
    rest[: len(face)] = np.where(
        studio.eye_axes[:, 3:] > 0, _gazing(studio, view), rest[: len(face)]
    )
    uv = np.concatenate([atlas.uv, grown.uv])
    cover = np.concatenate([np.ones(len(face), np.float32), grown.cover])
    inside = np.concatenate([head.inside, np.zeros(extra, np.float32)])
    strands = atlas.curls if person.curly else atlas.strands

    owner = np.full(canvas.shape[:2], -1, np.int32)
    depth = np.full(canvas.shape[:2], -1e9, np.float32)
    kernels.raster(
        x, y, z, triangles, int(head.material_ends[-1]), cover, strands, uv, depth, owner
    )
    strength = person.wrinkles
    folds = {au: level * strength for au, level in expressions.wrinkle_levels(levels).items()}
    kernels.shade(
        owner, x, y, triangles, np.array(ends, np.int32), normal, uv, rest, light, occlusion,
        inside, sitter.colour, skin.relief(atlas, sitter.still, folds), strands,
        key, _colour(view.key_colour), _direction(*view.fill), _colour(view.fill_colour),
        _colour(view.sky), _colour(view.ground),
        np.array([person.gloss, 0.42 - 0.2 * person.melanin, 1], np.float32), person.iris,
        np.array([*person.hair, 0.05 + 0.12 * float(person.hair.mean())], np.float32),
        _colour(view.clothes.cut), view.clothes.colours, np.float32(tall), canvas,
    )  # fmt: skip


def develop(picture: Floats, view: View, rng: np.random.Generator) -> Image:
    """Linear RGB to 8-bit BGR: lens blur, exposure, tone curve, grain."""
    if view.blur > 0.15:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), view.blur), np.float32)
    exposed = np.maximum(picture * np.float32(view.exposure), 0)
    toned = 255 * (exposed * (1 + exposed * np.float32(0.18)) / (1 + np.float32(0.45) * exposed))
    index = np.clip(toned * (4095 / 255), 0, 4095).astype(np.int16)
    coded = _GAMMA[index]
    grain = rng.standard_normal(coded.shape[:2], dtype=np.float32) * np.float32(view.noise)
    coded += cv2.GaussianBlur(grain, (0, 0), 0.6)[..., None]
    return np.ascontiguousarray(np.clip(coded, 0, 255).astype(np.uint8)[..., ::-1])


_GAMMA = (255 * (np.arange(4096) / 4095) ** (1 / 2.2)).astype(np.float32)


def _colour(values: tuple[float, ...]) -> Floats:
    return np.array(values, np.float32)


def _rotation(yaw: float, pitch: float, roll: float) -> Floats:
    """Degrees to a matrix for column vectors."""
    a, b, c = np.radians([yaw, -pitch, -roll])
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    nod = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    tilt = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(tilt @ turn @ nod, np.float32)


def _direction(azimuth: float, height: float) -> Floats:
    a, h = np.radians([azimuth, height])
    return np.array([np.sin(a) * np.cos(h), np.sin(h), np.cos(a) * np.cos(h)], np.float32)


def _stiffness(curtain: Floats) -> Floats:
    return np.asarray(np.clip((curtain[:, 1] - 5.4) / 1.3, 0, 1), np.float32)


def _light(points: Floats, triangles: npt.NDArray[np.int32], key: Floats) -> Floats:
    x, y, z = atlases.light_space(points, key, _LIGHT_MAP)
    depth = np.full((_LIGHT_MAP, _LIGHT_MAP), -1e9, np.float32)
    kernels.depth_only(x, y, z, triangles, depth)
    out = np.empty(len(points), np.float32)
    kernels.lit(x, y, z, depth, np.float32(0.06), out)
    return out


def _eye_coordinates(head: Head) -> Floats:
    """(V, 4): position in an eyeball's own axes, radius 1, z out of the pupil; last 1 if eye."""
    out = np.zeros((len(head.rest), 4), np.float32)
    eyes = head.material_of_vertex() == 1
    for side in (-1, 1):
        mine = eyes & (head.rest[:, 0] * side > 0)
        low, high = head.rest[mine].min(0), head.rest[mine].max(0)
        out[mine, :3] = (head.rest[mine] - (low + high) / 2) / ((high - low)[:2].mean() / 2)
        out[mine, 3] = 1
    return out


def _gazing(studio: Studio, view: View) -> Floats:
    """The eyes' coordinates when they look aside: the iris slides over the ball."""
    right, up = view.gaze
    shift = np.array([right, up, 0], np.float32) * (studio.eye_axes[:, 2:3] > 0)
    return studio.eye_axes[:, :3] - shift
