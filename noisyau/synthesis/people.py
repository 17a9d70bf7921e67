"""People who do not exist: shape, skin, hair and clothes, drawn at random.

A person's nationality says which phenotype settings are likely, never which are certain; the
settings are MakeHuman's shape axes and our own skin and hair ranges, and are recorded as
settings. Everybody is between 18 and 75.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from noisyau.synthesis.mesh import Floats, Head

AXES = ("african", "asian", "caucasian")
"""MakeHuman's names of its three macro shape axes: what the targets are called, no more."""

_SKIN = np.array(  # sRGB 0..255, from least to most melanin
    [[238, 200, 180], [226, 182, 154], [206, 156, 124], [174, 122, 90], [126, 84, 60], [84, 55, 42],
     [60, 40, 33]],
    float,
)  # fmt: skip
_HAIR = {
    "black": (22, 18, 17),
    "brown_dark": (48, 33, 24),
    "brown": (84, 58, 38),
    "brown_light": (124, 90, 58),
    "blond": (186, 150, 98),
    "red": (140, 66, 32),
    "grey": (150, 147, 143),
}
_IRIS = {
    "brown_dark": (44, 26, 16),
    "brown": (86, 52, 28),
    "hazel": (112, 88, 48),
    "green": (94, 112, 84),
    "blue": (98, 128, 154),
    "grey": (120, 132, 138),
}


@dataclass(frozen=True)
class Settings:
    """A likely mixture: shape axes (relative), melanin (mean, spread), curls, light hair."""

    share: float
    axes: tuple[float, float, float]
    melanin: tuple[float, float]
    curls: float
    light_hair: float


REGIONS: dict[str, tuple[Settings, ...]] = {
    "north_america_europe": (
        Settings(0.70, (0.2, 0.3, 5), (0.14, 0.07), 0.12, 0.6),
        Settings(0.15, (5, 0.5, 1.2), (0.68, 0.13), 0.9, 0.02),
        Settings(0.08, (0.2, 5, 0.6), (0.24, 0.06), 0.03, 0.03),
        Settings(0.07, (1, 1, 4), (0.38, 0.1), 0.3, 0.1),
    ),
    "south_asia": (Settings(1, (0.8, 1.0, 5), (0.50, 0.12), 0.15, 0.0),),
    "southern_africa": (
        Settings(0.88, (6, 0.3, 0.5), (0.80, 0.10), 0.95, 0.0),
        Settings(0.12, (0.5, 0.3, 5), (0.22, 0.1), 0.2, 0.4),
    ),
    "middle_east_central_asia_north_africa": (
        Settings(0.8, (0.7, 0.5, 6), (0.33, 0.09), 0.3, 0.06),
        Settings(0.2, (0.3, 3, 2.5), (0.30, 0.07), 0.05, 0.05),
    ),
    "central_south_america": (
        Settings(0.7, (0.7, 1.8, 4), (0.36, 0.11), 0.25, 0.1),
        Settings(0.3, (4, 0.8, 2), (0.60, 0.14), 0.8, 0.02),
    ),
    "north_east_asia": (Settings(1, (0.2, 6, 0.5), (0.22, 0.06), 0.02, 0.02),),
    "south_east_asia": (Settings(1, (0.6, 5, 0.8), (0.40, 0.10), 0.06, 0.0),),
}
"""What is likely where; the project's seven groups of countries."""


@dataclass(frozen=True)
class Person:
    """What a person looks like. Colours are linear light, 0..1; shape (V, 3) as mesh.Head.rest."""

    gender: str
    age: float
    axes: tuple[float, float, float]
    muscle: float
    weight: float
    melanin: float
    shape: Floats
    skin: Floats
    lips: Floats
    blush: float
    iris: Floats
    hair: Floats
    brow: Floats
    hair_style: str
    hair_volume: float
    hair_length: float
    receding: float
    curly: bool
    fringe: float
    beard: float
    moustache: float
    stubble: float
    brow_kind: int
    brow_strength: float
    lash: float
    makeup: float
    mottle: float
    spots: float
    age_lines: float
    wrinkles: float
    gloss: float
    seed: int


def linear(srgb: npt.ArrayLike) -> Floats:
    """sRGB 0..255 to linear light 0..1."""
    return ((np.asarray(srgb, float) / 255) ** 2.2).astype(np.float32)


def draw(head: Head, rng: np.random.Generator, region: str) -> Person:
    """A random person, likely for a region."""
    mixtures = REGIONS[region]
    setting = mixtures[rng.choice(len(mixtures), p=[m.share for m in mixtures])]
    gender = "female" if rng.random() < 0.5 else "male"
    age = float(18 + 57 * rng.beta(1.35, 2.2))
    axes = rng.dirichlet(np.array(setting.axes) * 1.1)
    muscle = float(rng.beta(2.5, 2.5) * (0.75 if gender == "female" else 1))
    weight = float(rng.beta(2.2, 2.8))
    melanin = float(np.clip(rng.normal(*setting.melanin), 0.02, 0.97))
    skin = np.array([np.interp(melanin * 6, range(7), _SKIN[:, k]) for k in range(3)])
    skin = skin * np.exp(rng.normal(0, [0.025, 0.02, 0.04]))
    curly = rng.random() < setting.curls
    hair, hair_name = _hair_colour(rng, age, setting.light_hair)
    style, volume, length = _hair_style(rng, gender, age, curly)
    male = gender == "male"
    beard, moustache, stubble = _facial_hair(rng) if male else (0.0, 0.0, 0.0)
    makeup = 0.0 if male else float(rng.choice([0, 0.4, 0.9], p=[0.3, 0.4, 0.3]))
    brow = hair * rng.uniform(0.55, 0.85) if hair_name != "grey" else hair * 0.6
    if hair_name in ("blond", "red"):
        brow = hair * 0.5
    return Person(
        gender=gender,
        age=age,
        axes=(float(axes[0]), float(axes[1]), float(axes[2])),
        muscle=muscle,
        weight=weight,
        melanin=melanin,
        shape=head.subdivide(_control(head, rng, gender, age, axes, muscle, weight)),
        skin=linear(skin),
        lips=_lip_colour(rng, skin, melanin, makeup),
        blush=float(rng.uniform(0.3, 1.0)),
        iris=_iris(rng, melanin, setting.light_hair),
        hair=hair.astype(np.float32),
        brow=brow.astype(np.float32),
        hair_style=style,
        hair_volume=volume,
        hair_length=length,
        receding=float(np.clip(rng.normal(0.10 * (age - 35) / 30, 0.09), -0.03, 0.3)) if male else
        float(rng.normal(0.0, 0.03)),
        curly=curly,
        fringe=float(rng.uniform(0.15, 0.42))
        if not male and style in ("long", "bob") and not curly and rng.random() < 0.28
        else 0.0,
        beard=beard,
        moustache=moustache,
        stubble=stubble,
        brow_kind=int(rng.choice([1, 3, 5]) if male else rng.choice([0, 2, 4, 3])),
        brow_strength=float(rng.uniform(0.7, 1.0)),
        lash=float(rng.uniform(0.25, 0.5) if male else rng.uniform(0.5, 0.7) + 0.3 * makeup),
        makeup=makeup,
        mottle=float(rng.uniform(0.4, 1.0)),
        spots=float(rng.uniform(0, 0.5) * (rng.random() < 0.4) + max(0.0, age - 55) / 60),
        age_lines=float(np.clip((age - 28) / 45, 0, 1) * rng.uniform(0.5, 1.1) + 0.06),
        wrinkles=float(rng.choice([0.0, rng.uniform(0.35, 1.15)], p=[0.12, 0.88])),
        gloss=float(rng.uniform(0.03, 0.13)),
        seed=int(rng.integers(1 << 31)),
    )  # fmt: skip


def _control(
    head: Head, rng: np.random.Generator, gender: str, age: float,
    axes: npt.NDArray[np.floating], muscle: float, weight: float,
) -> Floats:  # fmt: skip
    """The person's control vertices: macro targets by their weights, then local ones."""
    names = {str(name): k for k, name in enumerate(head.target_names)}
    amount = np.zeros(len(names), np.float32)
    old = float(np.clip((age - 25) / 60, 0, 1))
    ages = {"young": 1 - old, "old": old}
    # the sexes' shapes overlap
    own = float(np.clip(rng.normal(0.97, 0.06), 0.8, 1.0))
    genders = {gender: own, "male" if gender == "female" else "female": 1 - own}
    scales = {
        "muscle": _anchors(muscle, "muscle"),
        "weight": _anchors(weight, "weight"),
    }
    for sex, of_sex in genders.items():
        for when, of_age in ages.items():
            for axis, of_axis in zip(AXES, axes, strict=True):
                _add(amount, names, f"{axis}-{sex}-{when}", of_sex * of_age * of_axis)
            for m, of_m in scales["muscle"].items():
                for w, of_w in scales["weight"].items():
                    name = f"universal-{sex}-{when}-{m}-{w}"
                    _add(amount, names, name, of_sex * of_age * of_m * of_w)
    for less, more, spread in _sliders(names):
        usual, spread = (
            (_FEMALE.get(more, 0.0), 0.75 * spread) if gender == "female" else (0, spread)
        )
        value = float(np.clip(rng.normal(usual, spread), -0.75, 0.75))
        amount[names[more if value > 0 else less]] += abs(value)
    faces = ("oval", "round") if gender == "female" else ("oval", "round", "square", "rectangular")
    for face in faces:
        if f"head-{face}" in names and rng.random() < 0.25:
            amount[names[f"head-{face}"]] += rng.uniform(0.1, 0.5)
    return _settled(head, head.control + np.tensordot(amount, head.targets, axes=1))


def _settled(head: Head, control: Floats) -> Floats:
    """Moved and scaled so that the face is where the base head's is: targets change statures."""
    face = (head.control[:, 1] > 6.1) & (head.control[:, 2] > 0.4)
    was, now = head.control[face], control[face]
    spread = np.linalg.norm(was - was.mean(0)) / np.linalg.norm(now - now.mean(0))
    return np.asarray((control - now.mean(0)) * spread + was.mean(0), np.float32)


def _anchors(value: float, what: str) -> dict[str, float]:
    """A value 0..1 between the targets min, average and max."""
    low, high = max(0.0, 1 - 2 * value), max(0.0, 2 * value - 1)
    return {f"min{what}": low, f"average{what}": 1 - low - high, f"max{what}": high}


def _add(amount: Floats, names: dict[str, int], name: str, weight: float) -> None:
    if name in names:  # universal-*-average-average is the base head itself
        amount[names[name]] += weight


_OPPOSITES = (("decr", "incr"), ("down", "up"), ("in", "out"), ("backward", "forward"),
              ("concave", "convex"), ("compress", "uncompress"))  # fmt: skip
_LEFT_OUT = ("neck", "age", "angle", "laugh", "dimples", "angles", "bag", "measure", "lobe", "wing")
_SPREADS = {"nose": 0.22, "mouth": 0.2, "eye": 0.22, "eyebrows": 0.15, "chin": 0.25, "cheek": 0.25,
            "forehead": 0.2, "head": 0.14, "ear": 0.2}  # fmt: skip


_FEMALE = {"eye-scale-incr": 0.25, "mouth-upperlip-volume-incr": 0.15, "chin-width-incr": -0.2,
           "mouth-lowerlip-volume-incr": 0.15, "nose-scale-horiz-incr": -0.2,
           "nose-scale-vert-incr": -0.12, "head-scale-horiz-incr": -0.08,
           "nose-volume-incr": -0.2, "chin-height-incr": -0.1,
           "eye-height2-incr": 0.15}  # fmt: skip
"""Where women's sliders lie on average, between the target's opposite (-1) and itself (1)."""


def _sliders(names: dict[str, int]) -> list[tuple[str, str, float]]:
    """Pairs of opposite local targets, and how far each is usually moved."""
    found = []
    for name in names:
        stem, _, last = name.rpartition("-")
        part = stem.partition("-")[0]
        if part in _SPREADS and not any(word in stem.split("-") for word in _LEFT_OUT):
            for less, more in _OPPOSITES:
                sideways = less == "in" and stem in ("mouth-trans", "nose-trans", "head-trans")
                if last == less and f"{stem}-{more}" in names and not sideways:
                    found.append((name, f"{stem}-{more}", _SPREADS[part]))
    return found


def _hair_colour(
    rng: np.random.Generator, age: float, light: float
) -> tuple[npt.NDArray[np.floating], str]:
    if rng.random() < light:
        name = str(rng.choice(["brown", "brown_light", "blond", "red"], p=[0.4, 0.26, 0.26, 0.08]))
    else:
        name = str(rng.choice(["black", "brown_dark"], p=[0.65, 0.35]))
    colour = linear(_HAIR[name]) * np.exp(rng.normal(0, 0.15))
    grey = float(np.clip(rng.normal((age - 46) / 26, 0.3), 0, 1))
    if grey > 0.15 and rng.random() < 0.75:
        colour = (1 - grey) * colour + grey * linear(_HAIR["grey"]) * rng.uniform(0.7, 1.4)
        name = "grey" if grey > 0.6 else name
    return colour, name


def _hair_style(
    rng: np.random.Generator, gender: str, age: float, curly: bool
) -> tuple[str, float, float]:
    """Style, thickness over the scalp and length below the crown, both in units."""
    if gender == "male":
        bald = 0.06 + 0.16 * (age > 45)
        styles = ["bald", "buzz", "short", "swept", "full"]
        odds = np.array([bald, 0.17, 0.36, 0.27, 0.2])
        if curly:
            odds = np.array([bald + 0.05, 0.42, 0.3, 0.0, 0.23])
        style = str(rng.choice(styles, p=odds / odds.sum()))
        thickness = {"bald": 0.0, "buzz": 0.02, "short": 0.07, "swept": 0.12, "full": 0.17}[style]
        return style, thickness * rng.uniform(0.8, 1.3), 0.0
    styles = ["long", "bob", "back", "full"]
    style = str(rng.choice(styles, p=[0.36, 0.2, 0.24, 0.2] if curly else [0.5, 0.24, 0.18, 0.08]))
    length = {"long": rng.uniform(2.4, 3.4), "bob": rng.uniform(1.75, 2.2)}.get(style, 0.0)
    thickness = {"long": 0.11, "bob": 0.13, "back": 0.05, "full": 0.3 if curly else 0.16}[style]
    return style, float(thickness * rng.uniform(0.85, 1.35)), float(length)


def _facial_hair(rng: np.random.Generator) -> tuple[float, float, float]:
    """Full beard, moustache, stubble: strengths 0..1."""
    kind = rng.choice(["shaven", "stubble", "moustache", "goatee", "beard"],
                      p=[0.5, 0.24, 0.05, 0.06, 0.15])  # fmt: skip
    shadow = float(rng.uniform(0.05, 0.3))
    if kind == "stubble":
        return 0.0, 0.1, float(rng.uniform(0.4, 0.8))
    if kind == "moustache":
        return 0.0, float(rng.uniform(0.7, 1)), shadow
    if kind == "goatee":
        return 0.0, float(rng.uniform(0.5, 0.9)), float(rng.uniform(0.4, 0.6))
    if kind == "beard":
        return float(rng.uniform(0.6, 1.0)), float(rng.uniform(0.6, 1)), 0.5
    return 0.0, 0.0, shadow


def _lip_colour(
    rng: np.random.Generator, skin: npt.NDArray[np.floating], melanin: float, makeup: float
) -> Floats:
    own = skin * np.array([0.90, 0.68, 0.68]) * (1 - 0.08 * melanin)
    own = own + np.array([6, -4, 0])
    stick = np.array(
        [(150, 30, 45), (176, 78, 80), (160, 92, 84), (120, 34, 50), (190, 90, 100)][
            rng.integers(5)
        ]
    )
    mix = makeup * rng.uniform(0.45, 0.75)
    return linear(np.clip((1 - mix) * own + mix * stick * (1 - 0.3 * melanin), 0, 255))


def _iris(rng: np.random.Generator, melanin: float, light: float) -> Floats:
    names = list(_IRIS)
    odds = (
        [0.12, 0.3, 0.14, 0.1, 0.24, 0.1]
        if light > 0.2 and melanin < 0.4
        else [0.6, 0.37, 0.03, 0, 0, 0]
    )
    outer = linear(_IRIS[str(rng.choice(names, p=odds))]) * np.exp(rng.normal(0, 0.12))
    inner = outer * 1.25 + np.array([0.03, 0.02, 0.0])
    white = linear([236, 230, 224]) * rng.uniform(0.85, 1.0)
    return np.stack([outer, inner, white]).astype(np.float32)
