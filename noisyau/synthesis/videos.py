"""Coded videos as DISFA has them: one camera's video and twelve label files a subject.

A part is a folder: `video.avi`, `labels/SN001_au1.txt` and so on, `truth.parquet`.
"""

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from noisyau.aus import DISFA_12, DISFA_FOLDS
from noisyau.synthesis import behaviour, biographies, people, scenes, truth
from noisyau.synthesis.celebrities import studio
from noisyau.synthesis.render import Sitter, render

RATE = 20  # frames a second
WIDTH, HEIGHT = 384, 288


@dataclass(frozen=True)
class Task:
    studio: Path
    seed: int
    subject: str
    frames: int
    events: Sequence[Sequence[int]]
    leaves: bool | None


def chosen(subjects: int) -> list[tuple[str, ...]]:
    """The first of each fold in turn, by fold, so that every fold has some."""
    if not len(DISFA_FOLDS) <= subjects <= sum(map(len, DISFA_FOLDS)):
        raise ValueError(
            f"subjects: {subjects}; expected {len(DISFA_FOLDS)} to {sum(map(len, DISFA_FOLDS))}"
        )
    each = [subjects // 3 + (k < subjects % 3) for k in range(3)]
    return [fold[:count] for fold, count in zip(DISFA_FOLDS, each, strict=True)]


def tasks(studio: Path, subjects: int, frames: int, seed: int) -> dict[str, Task]:
    """A task a subject, by subject; every fourth looks away or leaves for a few frames."""
    folds = chosen(subjects)
    plan = behaviour.plan(folds, frames, seed)
    names = sorted(plan)
    leaves = {name: (k % 8 == 5) if k % 4 == 1 else None for k, name in enumerate(names)}
    return {
        name: Task(studio, seed, name, frames, tuple(plan[name]), leaves[name]) for name in names
    }


def _frames(video: Path) -> int:
    film = cv2.VideoCapture(str(video))
    frames = 0
    while film.grab():
        frames += 1
    film.release()
    return frames


def work(task: Task, out: Path) -> int:
    """One part; returns how many frames it has."""
    shared = studio(task.studio)
    number = int(task.subject.removeprefix("SN"))
    rng = np.random.default_rng([task.seed, 2, number])
    region = str(rng.choice(list(biographies.SHARES), p=list(biographies.SHARES.values())))
    person = people.draw(shared.head, rng, region)
    sitter = Sitter.of(shared, person)
    course = behaviour.filmed(task.events, task.frames, task.leaves, rng)
    view = scenes.laboratory(person, rng)
    wall = scenes.laboratory_wall(HEIGHT, WIDTH, rng)
    (out / "labels").mkdir(parents=True)
    scratch = out / "video.avi"
    known = []
    film = cv2.VideoWriter(
        str(scratch),
        cv2.CAP_OPENCV_MJPEG,
        cv2.VideoWriter.fourcc(*"MJPG"),
        RATE,
        (WIDTH, HEIGHT),
        [cv2.VIDEOWRITER_PROP_QUALITY, 92],
    )
    for frame in range(task.frames):
        levels = dict(zip(behaviour.AUS, map(float, course.levels[frame]), strict=True))
        here = scenes.at_frame(view, course, frame)
        film.write(render(shared, sitter, levels, here, wall, rng))
        kind = "away" if course.away[frame] > 0.4 else "normal"
        item = f"{task.subject}/{frame + 1}"
        known.append(truth.row(item, task.subject, kind, levels, here, person))
    film.release()
    if _frames(scratch) != task.frames:  # the writer is silent about a full disk
        raise OSError(errno.ENOSPC, "the video could not be written whole", str(scratch))
    codes = behaviour.coded(course)
    for au, column in zip(DISFA_12, codes.T, strict=True):
        lines = [f"{frame + 1},{code}\n" for frame, code in enumerate(column)]
        (out / "labels" / f"{task.subject}_au{au}.txt").write_text("".join(lines))
    truth.write(pd.DataFrame(known), out / "truth.parquet")
    return task.frames
