"""Celebrities as MS-Celeb-1M has them, with what goes wrong in such a set.

A part is a folder: `rows.tsv`, `bios/*.json`, `truth.parquet`. Most pictures show one face from
the front; some show two, none, a profile, or are cut short.
"""

import base64
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from noisyau.synthesis import behaviour, biographies, people, scenes, truth
from noisyau.synthesis.mesh import CENTRE, Floats
from noisyau.synthesis.render import Image, Sitter, Studio, View, develop, draw, render

KINDS = ("two_faces", "no_face", "truncated", "profile")
_KIND_SHARE = 0.007
_PEOPLE_A_PART = 10


@dataclass(frozen=True)
class Task:
    """Some people in a row; `kinds` names the pictures (person, picture) that are not normal."""

    studio: Path
    seed: int
    first: int
    people: int
    pictures: int
    kinds: dict[tuple[int, int], str]


def mid(index: int) -> str:
    """A person's MID; no entity of Freebase has one like it."""
    return f"m.syn{index:05d}"


def kinds(people_count: int, pictures: int, seed: int) -> dict[tuple[int, int], str]:
    """Which pictures are not normal: of each kind 0.7 %, at least two where there are 40 people."""
    total = people_count * pictures
    each = max(round(_KIND_SHARE * total), 2 if people_count >= 40 else 0)
    chosen = np.random.default_rng([seed, 5]).permutation(total)[: each * len(KINDS)]
    return {
        (int(place) // pictures, int(place) % pictures): KINDS[k % len(KINDS)]
        for k, place in enumerate(chosen)
    }


def tasks(studio: Path, people_count: int, pictures: int, seed: int) -> dict[str, Task]:
    """A task for every ten people, by name, in order."""
    odd = kinds(people_count, pictures, seed)
    found = {}
    for first in range(0, people_count, _PEOPLE_A_PART):
        count = min(_PEOPLE_A_PART, people_count - first)
        mine = {place: kind for place, kind in odd.items() if 0 <= place[0] - first < count}
        found[f"people-{first:06d}"] = Task(studio, seed, first, count, pictures, mine)
    return found


_studios: dict[Path, Studio] = {}


def studio(folder: Path) -> Studio:
    """The folder's studio, loaded once a process."""
    if folder not in _studios:
        _studios[folder] = Studio.load(folder)
    return _studios[folder]


def proof(shared: Studio) -> Image:
    """A small picture of somebody, which needs every kernel."""
    rng = np.random.default_rng(0)
    person = people.draw(shared.head, rng, "south_asia")
    ground = np.full((64, 64, 3), 0.2, np.float32)
    return render(shared, Sitter.of(shared, person), {12: 3.0}, View(), ground, rng)


def work(task: Task, out: Path) -> int:
    """One part; returns how many pictures it has."""
    shared = studio(task.studio)
    (out / "bios").mkdir(parents=True)
    rows: list[str] = []
    known: list[dict[str, Any]] = []
    for index in range(task.first, task.first + task.people):
        rng = np.random.default_rng([task.seed, 1, index])
        names = list(biographies.SHARES)
        region = names[rng.choice(len(names), p=list(biographies.SHARES.values()))]
        person = people.draw(shared.head, rng, region)
        biography = biographies.write(mid(index), person.gender, region, rng)
        name = mid(index).removeprefix("m.")
        (out / "bios" / f"{name}.json").write_text(biography, encoding="utf-8")
        sitter = Sitter.of(shared, person)
        ranks = np.sort(rng.choice(100, task.pictures, replace=False))
        for picture in range(task.pictures):
            kind = task.kinds.get((index, picture), "normal")
            row, facts = _picture(shared, sitter, index, int(ranks[picture]), kind, rng)
            rows.append(row)
            known.append(facts)
    (out / "rows.tsv").write_text("".join(rows), encoding="ascii")
    truth.write(pd.DataFrame(known), out / "truth.parquet")
    return len(rows)


def _picture(
    shared: Studio, sitter: Sitter, index: int, rank: int, kind: str, rng: np.random.Generator
) -> tuple[str, dict[str, Any]]:
    size = int(rng.integers(256, 301))
    view = scenes.photograph(sitter.person, rng, profile=kind == "profile")
    levels = behaviour.photographed(rng)
    ground = scenes.background(size, size, rng)
    if kind == "no_face":
        image, levels = scenes.thing(size, rng), {}
    elif kind == "two_faces":
        view, image = _two(shared, sitter, levels, view, ground, rng)
    else:
        image = render(shared, sitter, levels, view, ground, rng)
    quality = int(rng.integers(78, 96))
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
    if kind == "truncated":
        data = data[: int(len(data) * rng.uniform(0.3, 0.6))]
    fields = (
        mid(index),
        str(rank),
        f"https://example.org/images/{mid(index)}/{rank}.jpg",
        f"https://example.org/pages/{mid(index)}/{rank}",
        "FaceId-0",
        base64.b64encode(struct.pack("<4f", *_rectangle(view))).decode(),
        base64.b64encode(data).decode(),
    )
    facts = truth.row(
        f"{mid(index)}_{rank}-FaceId-0", mid(index), kind, levels, view, sitter.person
    )
    return "\t".join(fields) + "\n", facts


def _two(
    shared: Studio, sitter: Sitter, levels: behaviour.Levels, view: View, ground: Floats,
    rng: np.random.Generator,
) -> tuple[View, Image]:  # fmt: skip
    """The person, and somebody else, smaller, beside."""
    other = Sitter.of(shared, people.draw(shared.head, rng, str(rng.choice(list(people.REGIONS)))))
    side = float(rng.choice([-1, 1]))
    far = replace(
        scenes.photograph(other.person, rng), centre=(0.5 + 0.26 * side, 0.46), size=0.40, yaw=0.0
    )
    view = replace(view, centre=(0.5 - 0.21 * side, 0.54), size=0.50)
    behind = draw(shared, other, behaviour.photographed(rng), far, ground)
    return view, develop(draw(shared, sitter, levels, view, behind), view, rng)


def _rectangle(view: View) -> tuple[float, float, float, float]:
    """The face's left, top, right, bottom as shares of the picture, from where the head is."""
    unit = view.size / 2.33
    face = 0.62 * unit, (7.75 - CENTRE[1]) * unit, (CENTRE[1] - 6.1) * unit
    x, y = view.centre
    box = x - face[0], y - face[1], x + face[0], y + face[2]
    left, top, right, bottom = (float(np.clip(side, 0, 1)) for side in box)
    return left, top, right, bottom
