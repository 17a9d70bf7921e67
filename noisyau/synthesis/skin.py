"""A person's skin: colour (linear light) and relief as textures over the atlas."""

import numpy as np
import numpy.typing as npt

from noisyau.synthesis import kernels
from noisyau.synthesis.atlas import SIZE, Atlas
from noisyau.synthesis.mesh import Floats
from noisyau.synthesis.people import Person
from noisyau.synthesis.wrinkles import WRINKLES

_DEPTH = 0.016  # units that a wrinkle at its most is deep
_LINES = {name: k for k, name in enumerate(WRINKLES)}


def colour(atlas: Atlas, person: Person) -> Floats:
    """(SIZE, SIZE, 3), RGB."""
    rng = np.random.default_rng(person.seed)
    pale = 1 - person.melanin
    mottle = _moved(atlas.mottle, rng)
    out = np.empty((SIZE, SIZE, 3), np.float32)
    # blood shows through, more so in pale skin; lids and the hollows of the eyes are darker
    red = 1 + 0.035 * person.mottle * mottle
    brightness = 1 + 0.022 * person.mottle * _moved(atlas.pores, rng)
    brightness = brightness * (1 - 0.20 * atlas.hollow) * (1 - 0.10 * atlas.lid)
    flush = atlas.blush * person.blush
    base = person.skin
    out[..., 0] = base[0] * brightness * (1 + 0.05 * flush)
    out[..., 1] = base[1] * brightness * (2 - red) * (1 - (0.10 + 0.12 * pale) * flush)
    out[..., 2] = base[2] * brightness * (2 - red) * (1 - (0.08 + 0.10 * pale) * flush)
    if person.spots > 0:
        _mix(out, _moved(atlas.spots, rng) * 0.4 * person.spots, base * [0.55, 0.42, 0.36])
    _mix(out, atlas.lips * (0.72 + 0.2 * person.makeup), person.lips)
    out *= (1 - 0.10 * atlas.lip_edge)[..., None]
    if person.makeup:
        _mix(out, atlas.lid * 0.35 * person.makeup, base * [0.42, 0.34, 0.36])
    if person.stubble or person.beard or person.moustache:
        short = _moved(atlas.stubble, rng)
        area = np.maximum(atlas.beard, atlas.moustache * max(0.9, person.moustache))
        shadow = area * person.stubble * (0.30 + 0.35 * short)
        _mix(out, shadow, person.hair * 0.55 + base * 0.22)
        if person.beard:
            full = np.clip(atlas.beard * person.beard * 1.35 - 0.05, 0, 1)
            _mix(out, full * (0.72 + 0.28 * short), person.hair * 0.7)
        if person.moustache > 0.3:
            _mix(out, atlas.moustache * person.moustache * (0.7 + 0.3 * short), person.hair * 0.7)
    shaved = 0.55 if person.hair_style == "buzz" else 0.16 if person.hair_style == "bald" else 0.8
    under = np.clip((atlas.scalp_map - 0.05) / 0.2 - person.receding * 3, 0, 1) * shaved
    _mix(out, under * (0.75 + 0.25 * _moved(atlas.stubble, rng)), person.hair * 0.6 + base * 0.06)
    _mix(out, atlas.brows[person.brow_kind] * person.brow_strength * 0.92, person.brow)
    _mix(out, atlas.lash * person.lash, person.brow * 0.35)
    return np.clip(out, 0.002, 1)


def _mix(out: Floats, amount: npt.NDArray[np.floating], paint: npt.NDArray[np.floating]) -> None:
    kernels.mix(out, amount.astype(np.float32, copy=False), paint.astype(np.float32))


def _moved(pattern: Floats, rng: np.random.Generator) -> Floats:
    """The pattern, shifted so that no two people have the same."""
    down, right = rng.integers(SIZE, size=2)
    return np.roll(pattern, (int(down), int(right)), (0, 1))


def still_relief(atlas: Atlas, person: Person) -> Floats:
    """Height (SIZE, SIZE) of the resting skin, in units."""
    rng = np.random.default_rng(person.seed + 1)
    height = _DEPTH * person.age_lines * 0.8 * atlas.age_lines
    height = height + 0.0006 * (0.6 + 0.8 * person.age / 60) * _moved(atlas.pores, rng)
    if person.beard:
        height = height + 0.004 * atlas.beard * person.beard * (_moved(atlas.stubble, rng) - 0.5)
    fleece = np.clip(atlas.brows[person.brow_kind], 0, 1)
    return np.asarray(height + 0.003 * fleece, np.float32)


def relief(atlas: Atlas, still: Floats, levels: dict[str, float]) -> Floats:
    """(SIZE, SIZE, 3): height steps to the right and down per texel, and cavity (< 0 in furrows).

    levels  how strong each AU's wrinkles are, 0..1 and more; names that have none are left out
    """
    height = still.copy()
    for name, level in levels.items():
        if level > 0.01 and name in _LINES:
            height += np.float32(_DEPTH * level) * atlas.wrinkles[_LINES[name]]
    out = np.zeros((SIZE, SIZE, 3), np.float32)
    kernels.steps(height, np.float32(22), out)
    return out
