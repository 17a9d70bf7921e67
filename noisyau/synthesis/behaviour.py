"""What faces do: expressions in photographs, and their course in time.

AUs come together as they do in life: a few prototypes (Ekman, Friesen & Hager 2002; EMFACS),
each AU of which may be left out, with single AUs added. Pairs that exclude one another lose the
weaker one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from noisyau.aus import DISFA_12, OPENFACE_17
from noisyau.synthesis.expressions import FORBIDDEN

AUS = (*OPENFACE_17, 45)
"""Every AU whose level is known."""

Levels = dict[int, float]

_PHOTOGRAPHED: tuple[tuple[float, dict[int, float]], ...] = (
    # share of pictures, then the chance of each AU
    (0.10, {}),
    (0.15, {12: 1, 6: 0.55, 25: 0.3, 7: 0.2}),
    (0.08, {12: 1, 6: 0.9, 25: 1, 26: 0.6, 7: 0.2, 9: 0.15}),
    (0.08, {1: 0.9, 2: 0.95, 5: 0.8, 25: 0.7, 26: 0.7}),
    (0.07, {4: 1, 7: 0.7, 23: 0.6, 17: 0.35, 9: 0.2}),
    (0.08, {9: 0.9, 10: 0.7, 4: 0.6, 17: 0.3, 25: 0.3, 6: 0.2}),
    (0.08, {1: 0.8, 4: 0.7, 15: 0.9, 17: 0.55}),
    (0.06, {1: 0.8, 2: 0.7, 4: 0.6, 5: 0.8, 20: 0.9, 25: 0.6}),
    (0.08, {14: 1, 12: 0.35, 7: 0.2}),
    (0.05, {23: 0.9, 17: 0.6, 4: 0.2}),
    (0.085, {28: 1, 1: 0.2, 4: 0.2}),
    (0.05, {10: 0.9, 25: 0.6, 20: 0.5, 6: 0.2}),
    (0.03, {25: 0.9, 26: 0.6, 1: 0.3, 2: 0.3}),
)

_FILMED: tuple[tuple[int, ...], ...] = (
    # the first four have all twelve of DISFA's between them
    (6, 12, 25, 26), (1, 2, 5, 20, 25), (4, 9, 17, 10), (1, 4, 15, 17),
    (6, 12, 25), (1, 2, 5, 25, 26), (9, 4, 6, 10), (15, 17, 4),
    (12, 6), (20, 25, 1, 2, 4), (4, 7, 23), (5, 2, 26, 25),
    (9, 10), (15, 17, 14), (12, 14), (2, 5, 20),
    (),
)  # fmt: skip
"""Events in the coded videos."""

_BACKGROUND_RATE = 0.045
"""Chance that a picture has an AU besides its prototype's."""


@dataclass(frozen=True)
class Course:
    """One video's truth: levels (frames, len(AUS)), 0..5, and the head's turns in degrees.

    away is how far the head has left: 0 is there, 1 turned away (or out of the picture, `leaves`)
    """

    levels: npt.NDArray[np.float32]
    yaw: npt.NDArray[np.float32]
    pitch: npt.NDArray[np.float32]
    roll: npt.NDArray[np.float32]
    away: npt.NDArray[np.float32]
    leaves: bool


def photographed(rng: np.random.Generator) -> Levels:
    """The levels in one celebrity picture."""
    shares = np.array([share for share, _ in _PHOTOGRAPHED])
    chances = _PHOTOGRAPHED[rng.choice(len(shares), p=shares / shares.sum())][1]
    levels = {au: _level(rng) for au, chance in chances.items() if rng.random() < chance}
    for au in AUS:
        if au not in levels and rng.random() < _BACKGROUND_RATE:
            levels[au] = _level(rng)
    if rng.random() < 0.03:
        levels[45] = 5.0
    return possible(levels)


def _level(rng: np.random.Generator) -> float:
    return float(np.clip(0.8 + 4.4 * rng.beta(1.5, 1.35), 0.8, 5))


def possible(levels: Levels) -> Levels:
    """Without the weaker one of two that exclude one another; a dropped jaw parts the lips."""
    levels = {au: level for au, level in levels.items() if level > 0}
    for one, other in FORBIDDEN:
        if one in levels and other in levels:
            del levels[one if levels[one] < levels[other] else other]
    if 26 in levels:
        levels[25] = max(levels.get(25, 0.0), 0.6 * levels[26] + 0.8)
        for one, other in FORBIDDEN:
            if 25 in (one, other):
                levels.pop(one + other - 25, None)
    return levels


def plan(folds: Sequence[Sequence[str]], frames: int, seed: int) -> dict[str, list[Sequence[int]]]:
    """Which events each subject shows, in order.

    Within a fold the events are dealt out evenly from `_FILMED`, so that each of DISFA's twelve
    AUs has its share in every fold, however few its subjects are.
    """
    rng = np.random.default_rng([seed, 77])
    slots = events(frames)
    dealt: dict[str, list[Sequence[int]]] = {}
    for subjects in folds:
        count = slots * len(subjects)
        deck: list[Sequence[int]] = [_FILMED[k % len(_FILMED)] for k in range(count)]
        order = rng.permutation(count)
        mixed = [deck[k] for k in order]
        for subject, start in zip(subjects, range(0, count, slots), strict=True):
            dealt[subject] = mixed[start : start + slots]
    return dealt


def events(frames: int) -> int:
    """How many events a video of this length has."""
    return max(1, round(frames / 16))


def filmed(
    shown: Sequence[Sequence[int]], frames: int, leaves: bool | None, rng: np.random.Generator
) -> Course:
    """The course of a video in which these events follow one another.

    leaves  True: the head leaves the picture for a few frames; False: it turns away; None: neither
    """
    time = np.arange(frames)
    levels = np.zeros((frames, len(AUS)), np.float32)
    length = frames / len(shown)
    for k, aus in enumerate(shown):
        wanted = {au: float(rng.uniform(2.7, 5.0)) for au in aus}
        if rng.random() < 0.25:
            extra = int(rng.choice([7, 14, 23, 10, 17]))
            wanted.setdefault(extra, float(rng.uniform(1, 4)))
        for au, apex in possible(wanted).items():
            start = max(0.0, (k + rng.uniform(-0.08, 0.1)) * length)
            onset = length * rng.uniform(0.16, 0.30)
            hold = length * rng.uniform(0.34, 0.52)
            offset = length * rng.uniform(0.2, 0.34)
            rise = _ease((time - start) / onset)
            fall = _ease((time - start - onset - hold) / offset)
            at = AUS.index(au)
            levels[:, at] = np.maximum(levels[:, at], apex * rise * (1 - fall))
    _keep_possible(levels)
    blink = AUS.index(45)
    at = int(rng.integers(3, 25))
    while at < frames:
        shape = np.array([0.5, 1, 0.9, 0.4]) * 5
        part = levels[at : at + 4, blink]
        np.maximum(part, shape[: len(part)], out=part)
        at += int(rng.integers(28, 70))
    closed = levels[:, blink] > 2
    levels[closed, AUS.index(5)] = 0
    levels[closed, AUS.index(7)] = 0
    away = np.zeros(frames, np.float32)
    if leaves is not None:
        middle = rng.uniform(0.75, 0.9) * frames
        away = (_ease((time - middle + 5) / 3.5) * (1 - _ease((time - middle - 1.5) / 3.5))).astype(
            np.float32
        )
    return Course(
        levels=levels,
        yaw=_drift(rng, time, 9),
        pitch=_drift(rng, time, 4.5),
        roll=_drift(rng, time, 3),
        away=away,
        leaves=bool(leaves),
    )


def _ease(t: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    t = np.clip(t, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _drift(
    rng: np.random.Generator, time: npt.NDArray[np.int_], spread: float
) -> npt.NDArray[np.float32]:
    """A smooth wandering about a random middle."""
    total = np.full(len(time), rng.normal(0, 0.6))
    for period in (25, 47, 90):
        swing = rng.normal(0, 0.45)
        total += swing * np.sin(2 * np.pi * (time / period + rng.random()))
    return np.asarray(spread * np.clip(total, -2.2, 2.2), np.float32)


def _keep_possible(levels: npt.NDArray[np.float32]) -> None:
    """Where two exclude one another at a frame, the weaker one goes; jaws part lips."""
    at = {au: k for k, au in enumerate(AUS)}
    pairs = [(at[a], at[b]) for a, b in FORBIDDEN if a in at and b in at]
    jaw, lips = at[26], at[25]
    open_ = levels[:, jaw] > 0
    levels[open_, lips] = np.maximum(levels[open_, lips], 0.6 * levels[open_, jaw] + 0.4)
    for a, b in pairs:
        both = (levels[:, a] > 0) & (levels[:, b] > 0)
        weaker_a = both & (levels[:, a] < levels[:, b])
        levels[weaker_a, a] = 0
        levels[both & ~weaker_a, b] = 0


def coded(course: Course) -> npt.NDArray[np.int64]:
    """What a coder writes: (frames, 12), whole levels 0..5 of DISFA's AUs."""
    columns = [AUS.index(au) for au in DISFA_12]
    return np.asarray(np.clip(np.floor(course.levels[:, columns] + 0.5), 0, 5), np.int64)
