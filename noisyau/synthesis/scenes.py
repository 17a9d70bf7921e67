"""Circumstances of a picture: where the head is turned, what lights it, what is behind it.

Photographs of celebrities differ in everything; the coded videos are from one laboratory, with
one camera and soft light, as in life.
"""

from dataclasses import replace

import cv2
import numpy as np

from noisyau.synthesis.behaviour import Course
from noisyau.synthesis.mesh import Floats
from noisyau.synthesis.people import Person, linear
from noisyau.synthesis.render import Clothes, Image, View, develop

_FABRIC = np.array(
    [[24, 26, 34], [44, 52, 72], [96, 98, 102], [226, 224, 218], [120, 36, 40], [52, 78, 62],
     [140, 116, 92], [70, 92, 126], [30, 30, 30], [178, 168, 150], [86, 60, 76], [190, 140, 120]],
    float,
)  # fmt: skip


def photograph(person: Person, rng: np.random.Generator, profile: bool = False) -> View:
    """The circumstances of one celebrity picture."""
    yaw = float(np.clip(rng.normal(0, 15), -42, 42))
    torso = float(rng.uniform(0.1, 0.8))
    if profile:
        yaw = float(rng.choice([-1, 1]) * rng.uniform(76, 92))
        torso = 0.8
    warm = rng.normal(0, 0.07)
    hard = rng.beta(1.6, 1.6)  # flash or sun against an overcast sky
    key = 0.42 + 0.62 * hard
    soft = 0.55 - 0.33 * hard
    sky = np.array([1 - warm * 0.5, 1, 1 + warm * 0.8]) * soft
    ground = np.array([1.08, 0.98, 0.9]) * soft * rng.uniform(0.35, 0.75)
    return View(
        yaw=yaw,
        pitch=float(np.clip(rng.normal(0, 6.5), -18, 18)),
        roll=float(np.clip(rng.normal(0, 6), -18, 18)),
        torso=torso,
        centre=(float(0.5 + rng.normal(0, 0.02)), float(0.5 + rng.normal(0, 0.02))),
        size=float(rng.uniform(0.66, 0.84)),
        gaze=_gaze(rng, yaw),
        key=(float(rng.uniform(-65, 65)), float(rng.uniform(8, 55))),
        key_colour=_tinted(key, warm),
        fill=(float(rng.uniform(-80, 80)), float(rng.uniform(-10, 30))),
        fill_colour=_tinted(float(rng.uniform(0.08, 0.3)), -warm),
        sky=(float(sky[0]), float(sky[1]), float(sky[2])),
        ground=(float(ground[0]), float(ground[1]), float(ground[2])),
        exposure=_exposure(person, rng, 0.17),
        blur=float(rng.choice([0.0, rng.uniform(0.2, 0.9)], p=[0.6, 0.4])),
        noise=float(rng.gamma(2.0, 1.1)),
        sides=_sides(rng),
        clothes=_clothes(person, rng),
    )


def laboratory(person: Person, rng: np.random.Generator) -> View:
    """What stays the same through one coded video."""
    level = rng.uniform(0.9, 1.1)
    return View(
        torso=0.25,
        centre=(float(0.5 + rng.normal(0, 0.015)), float(0.52 + rng.normal(0, 0.015))),
        size=float(rng.uniform(0.62, 0.72)),
        key=(float(rng.uniform(-25, 25)), float(rng.uniform(15, 35))),
        key_colour=_tinted(0.5 * level, 0.02),
        fill=(float(rng.uniform(-50, 50)), 5.0),
        fill_colour=_tinted(0.2, 0.0),
        sky=(0.42, 0.43, 0.45),
        ground=(0.26, 0.25, 0.24),
        exposure=_exposure(person, rng, 0.06),
        blur=0.5,
        noise=1.6,
        sides=_sides(rng),
        clothes=_clothes(person, rng),
    )


def at_frame(view: View, course: Course, frame: int) -> View:
    """The laboratory's view at one frame (from 0) of a course."""
    away = float(course.away[frame])
    yaw = float(course.yaw[frame])
    centre = (view.centre[0] + yaw * 0.0012, view.centre[1] + float(course.pitch[frame]) * 0.001)
    if course.leaves:
        centre = (centre[0], centre[1] + 1.15 * away)
        turn = yaw
    else:
        turn = yaw + (150 - yaw) * away
    gaze = (-0.004 * yaw, -0.006 * float(course.pitch[frame]))
    return replace(
        view,
        yaw=turn,
        pitch=float(course.pitch[frame]),
        roll=float(course.roll[frame]),
        torso=view.torso + (0.9 - view.torso) * (0 if course.leaves else away),
        centre=centre,
        gaze=gaze,
    )


def _exposure(person: Person, rng: np.random.Generator, spread: float) -> float:
    """As a camera meters: dark skin gets more light than white paper would."""
    return float(1.12 * np.exp(rng.normal(0, spread)) * (1 + 0.55 * person.melanin))


def _sides(rng: np.random.Generator) -> tuple[float, float]:
    """No face moves alike on both sides: strengths of left and right."""
    tilt = float(np.clip(rng.normal(0, 0.09), -0.2, 0.2))
    return 1 + tilt, 1 - tilt


def _gaze(rng: np.random.Generator, yaw: float) -> tuple[float, float]:
    """Mostly towards the camera, whichever way the head is turned."""
    back = -0.007 * float(np.clip(yaw, -35, 35)) * rng.uniform(0.2, 1)
    return float(back + rng.normal(0, 0.05)), float(rng.normal(0.0, 0.04))


def _tinted(level: float, warm: float) -> tuple[float, float, float]:
    return level * (1 + 0.9 * warm), level, level * (1 - 1.1 * warm)


def _clothes(person: Person, rng: np.random.Generator) -> Clothes:
    odds = [0.3, 0.15, 0.42, 0.13] if person.gender == "male" else [0.42, 0.34, 0.03, 0.21]
    style = int(rng.choice(4, p=odds))
    line = {0: 5.86, 1: 5.80, 2: 5.92, 3: 5.86}[style] + rng.uniform(-0.06, 0.04)
    opening = rng.uniform(0.32, 0.5) if style != 1 else rng.uniform(0.5, 0.75)
    cloth = (float(style), float(line), float(opening), float(rng.uniform(0.045, 0.07)))
    outer, inner, tie = linear(_FABRIC[rng.integers(len(_FABRIC), size=3)])
    if style == 2:
        inner = linear(_FABRIC[3] if rng.random() < 0.7 else [176, 192, 214])
        outer = linear(_FABRIC[rng.choice([0, 1, 8, 2, 6])])
    colours = np.stack([outer, inner, tie * 0.8, outer * 0.45]).astype(np.float32)
    return Clothes(cloth, colours)


def laboratory_wall(height: int, width: int, rng: np.random.Generator) -> Floats:
    """A plain wall, a little lighter on one side."""
    grey = rng.uniform(70, 165) * (1 + rng.normal(0, 0.03, 3))
    tone = linear(grey) * np.ones((height, width, 3))
    x = np.linspace(-1, 1, width)[None, :, None]
    y = np.linspace(-1, 1, height)[:, None, None]
    return (tone * (1 + 0.2 * rng.uniform(-1, 1) * x - 0.1 * y)).astype(np.float32)


def background(height: int, width: int, rng: np.random.Generator) -> Floats:
    """What is behind a celebrity (height, width, 3), linear RGB: seldom bright, mostly blurred."""
    kind = rng.choice(["studio", "indoors", "press", "foliage"], p=[0.34, 0.32, 0.17, 0.17])
    small = np.empty((48, 48, 3), np.float32)
    if kind == "studio":
        tone = linear(_muted(rng, 0.06)) * rng.uniform(0.4, 1.6)
        y, x = np.mgrid[-1:1:48j, -1:1:48j]
        cx, cy = rng.normal(0, 0.4, 2)
        glow = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / rng.uniform(0.8, 3))
        small[:] = tone * (0.45 + 0.8 * glow[..., None])
    elif kind == "press":
        small[:] = linear(_muted(rng, 0.06))
        logo = linear(_muted(rng, 0.22))
        step = int(rng.integers(9, 15))
        for row in range(-2, 60, step):
            for column in range((row // step % 2) * step // 2, 60, step):
                cv2.rectangle(
                    small, (column, row), (column + step // 3, row + 2), logo.tolist(), -1
                )
        small = _blurred(small, rng.uniform(0.5, 1.1))
    else:
        base = linear(_muted(rng, 0.05))
        if kind == "foliage":
            base = linear([rng.uniform(60, 105), rng.uniform(78, 112), rng.uniform(55, 85)])
        small[:] = base
        for _ in range(26):
            colour = base * np.exp(rng.normal(0, 0.55)) * np.exp(rng.normal(0, 0.06, 3))
            x, y = (int(value) for value in rng.integers(-6, 54, 2))
            w, h = (int(value) for value in rng.integers(2, 20, 2))
            if kind == "foliage":
                cv2.circle(small, (x, y), h // 3 + 1, colour.tolist(), -1)
            else:
                cv2.rectangle(small, (x, y), (x + w, y + 2 * h), colour.tolist(), -1)
        small = _blurred(small, rng.uniform(1.0, 3.0))
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(large, 0.003, 0.95)


def _blurred(picture: Floats, sigma: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)


def _muted(rng: np.random.Generator, saturation: float) -> Floats:
    """A colour in sRGB 0..255 that is not far from grey."""
    grey = rng.uniform(40, 205)
    return np.clip(grey * (1 + saturation * rng.normal(0, 1, 3)), 15, 235).astype(np.float32)


def thing(size: int, rng: np.random.Generator) -> Image:
    """A picture without a face: an object on a plain ground."""
    canvas = background(size, size, rng)
    for _ in range(int(rng.integers(2, 5))):
        colour = linear(_muted(rng, 0.3)).tolist()
        middle = tuple(int(value) for value in rng.uniform(0.35, 0.65, 2) * size)
        axes = tuple(int(value) for value in rng.uniform(0.05, 0.3, 2) * size)
        if rng.random() < 0.5:
            cv2.ellipse(
                canvas, middle, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA
            )
        else:
            box = cv2.boxPoints((middle, axes, float(rng.uniform(0, 90)))).astype(np.int32)
            cv2.fillPoly(canvas, [box], colour, cv2.LINE_AA)
    return develop(canvas, View(blur=0.8, noise=3.0), rng)
