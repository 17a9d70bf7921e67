"""Action units and how their columns are named.

An AU is its FACS number. Columns carry two digits, as OpenFace users know them: `AU01_c` is
occurrence (0, 1 or missing), `AU01_r` intensity (0 to 5), `AU01_p` a predicted probability,
`AU01_t` what a net is to learn of it (0 to 1 or missing).
"""

import re
from collections.abc import Iterable

OPENFACE_17 = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28)
"""The AUs that Fung & McDuff 2020 (III-A) pre-train on: OpenFace's 18 without AU45 (blink)."""

DISFA_12 = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)
"""The AUs that people coded in DISFA (Mavadati et al. 2013)."""

DISFA_FOLDS = tuple(
    tuple(f"SN{number:03d}" for number in fold)
    for fold in (
        (1, 2, 9, 10, 16, 26, 27, 30, 32),
        (6, 11, 12, 13, 18, 21, 24, 28, 31),
        (3, 4, 5, 7, 8, 17, 23, 25, 29),
    )
)
"""The three test lists that published work on DISFA shares (Shao et al. 2018, JAA-Net)."""

_COLUMN = re.compile(r"AU(\d\d)_([crpt])")


def name(au: int) -> str:
    """12 -> 'AU12'."""
    return f"AU{au:02d}"


def occurrence(au: int) -> str:
    """12 -> 'AU12_c'."""
    return f"AU{au:02d}_c"


def intensity(au: int) -> str:
    """12 -> 'AU12_r'."""
    return f"AU{au:02d}_r"


def probability(au: int) -> str:
    """12 -> 'AU12_p'."""
    return f"AU{au:02d}_p"


def target(au: int) -> str:
    """12 -> 'AU12_t'."""
    return f"AU{au:02d}_t"


def in_columns(columns: Iterable[str], kind: str) -> tuple[int, ...]:
    """The AUs that have a column of this kind ('c', 'r', 'p' or 't'), in ascending order."""
    found = (_COLUMN.fullmatch(column) for column in columns)
    return tuple(sorted(int(match[1]) for match in found if match and match[2] == kind))
