"""What a subset is made even over: cells of people, and each cell's share.

A cell is a gender, a region, or both as `south_asia/female`. The regions are the seven of Fung &
McDuff 2020, Table II, whether anybody is from there or not: a region that nobody is from is
short of its share, and the table of shortfalls says so.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from noisyau.demographics import GENDERS, REGIONS

BOTH = tuple(f"{region}/{gender}" for region in REGIONS for gender in GENDERS)
_CELLS = {"none": ("everyone",), "gender": GENDERS, "region": REGIONS, "region_gender": BOTH}

Balance = str | Mapping[str, float]


def shares(balance: Balance) -> dict[str, float]:
    """Cell -> its share, which sum to 1; equal ones for the name of a balance.

    Given shares are returned by cell, where they are of genders, of regions or of both, each over
    0, and sum to 1. ValueError otherwise, with what is allowed.
    """
    if isinstance(balance, str):
        if balance not in _CELLS:
            raise ValueError(
                f"{balance!r} is not allowed; allowed: {', '.join(_CELLS)}, or shares such as "
                "{south_asia: 0.5, north_america_europe: 0.5}"
            )
        return {cell: 1 / len(_CELLS[balance]) for cell in _CELLS[balance]}
    known = max((GENDERS, REGIONS, BOTH), key=lambda kind: len({*kind} & {*balance}))
    for cell, share in balance.items():
        if cell not in known:
            raise ValueError(
                f"unknown cell {cell!r}; the cells are all genders, all regions, or all both, as "
                f"south_asia/female; known here: {', '.join(known)}"
            )
        if not share > 0:
            raise ValueError(f"{cell}: {share} is not over 0; leave out who is not wanted")
    if abs(sum(balance.values()) - 1) > 1e-6:
        raise ValueError(f"the shares sum to {sum(balance.values()):g}, not to 1")
    return dict(sorted(balance.items()))


def strata(names: Mapping[str, float]) -> list[NDArray[np.int64]]:
    """The cells that may stand in for each other: those of one gender, or all where they are of
    none. A region of which there is too little is filled up from the others; genders stay even."""
    genders = np.array([name.split("/")[-1] for name in names])
    there = [gender for gender in GENDERS if gender in genders]
    if not there:
        return [np.arange(len(names))]
    return [np.flatnonzero(genders == gender) for gender in there]


def cells(people: pd.DataFrame, names: Mapping[str, float]) -> NDArray[np.int8]:
    """(people,) each one's place among the cells; -1 where it is in none, or not known.

    people  gender, region; missing where unknown
    """
    if "everyone" in names:
        return np.zeros(len(people), dtype=np.int8)
    first = next(iter(names))
    if "/" in first:
        of = people["region"] + "/" + people["gender"]
    else:
        of = people["gender" if first in GENDERS else "region"]
    found: NDArray[np.int8] = pd.Index(list(names)).get_indexer(pd.Index(of)).astype(np.int8)
    return found
