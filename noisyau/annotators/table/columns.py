"""Which column of somebody's table says what; columns are found by name, never by position."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from noisyau import aus as au_names
from noisyau.annotators import landmarks
from noisyau.errors import AnnotatorError

NAMES = ("face_id", "item", "image", "file", "filename", "input", "name")
"""Columns that name a row, in this order; OpenFace's `face_id`, a number, is none."""

_ROLES = {
    "frame": ("frame",),
    "face": ("face", "face_id"),
    "confidence": ("confidence",),
    "success": ("success",),
}
_POINTS = {f"{axis}_{index}" for axis in "xy" for of in landmarks.FIVE for index in of}
_AU = re.compile(r"AU ?(\d{1,2})(_[cr])?", re.IGNORECASE)


@dataclass(frozen=True)
class Columns:
    """A header's columns by what they say.

    names  those that may name a row, the first that does first; none in OpenFace's own files
    roles  frame, face, confidence, success, as far as there are such
    codes  AU12_c -> its column
    bare   of the codes, those whose column is called AU12 without saying occurrence
    points whether there are OpenFace's 68 landmarks
    """

    names: tuple[str, ...]
    roles: Mapping[str, str]
    codes: Mapping[str, str]
    bare: frozenset[str]
    points: bool


def choose(header: Sequence[str], mapping: Mapping[str, str], place: str) -> Columns:
    """The columns of a header, without spaces around its names.

    mapping  what the user says: {item: image, AU12_r: smile}; it goes before what a name says
    place    the file, for messages

    Raises AnnotatorError where a mapped column is absent, or two say the same.
    """
    for key, column in mapping.items():
        if column not in header:
            raise AnnotatorError(
                f"{place}: no column {column!r}, which annotators.table.columns gives for {key}; "
                f"found {_some(header)}"
            )
    codes, bare = _codes(header, mapping, place)
    by_lower = {name.lower(): name for name in reversed(header)}
    names = tuple(by_lower[name] for name in NAMES if name in by_lower)
    roles = {
        role: next(by_lower[name] for name in usual if name in by_lower)
        for role, usual in _ROLES.items()
        if any(name in by_lower for name in usual)
    }
    roles |= {role: mapping[role] for role in _ROLES if role in mapping}
    columns = Columns(
        (mapping["item"],) if "item" in mapping else names, roles, codes, bare, {*header} >= _POINTS
    )
    used = {*columns.names, *columns.roles.values(), *columns.codes.values()}
    twice = sorted(name for name in used if header.count(name) > 1)
    if twice:
        raise AnnotatorError(f"{place}: two columns are called {', '.join(twice)}; rename one")
    return columns


def no_codes(header: Sequence[str]) -> str:
    """What is wrong with a file whose `Columns.codes` are empty."""
    return (
        f"no column such as AU12_c, AU12_r or AU12; found {_some(header)}. OpenFace writes them "
        "with -aus; columns with other names can be told of in params.yaml, as "
        "annotators.table.columns: {AU12_c: smile}"
    )


def _codes(
    header: Sequence[str], mapping: Mapping[str, str], place: str
) -> tuple[dict[str, str], frozenset[str]]:
    codes = {key: column for key, column in mapping.items() if key.startswith("AU")}
    taken = set(mapping.values())
    bare = set()
    for column in dict.fromkeys(header):
        match = _AU.fullmatch(column)
        if match is None or column in taken or not int(match[1]):
            continue
        code = f"{au_names.name(int(match[1]))}{(match[2] or '_c').lower()}"
        if code in mapping:
            continue
        if code in codes:
            raise AnnotatorError(
                f"{place}: columns {codes[code]!r} and {column!r} both say {code}; choose one in "
                f"params.yaml, annotators.table.columns: {{{code}: {column}}}"
            )
        codes[code] = column
        if match[2] is None:
            bare.add(code)
    return codes, frozenset(bare)


def _some(header: Sequence[str]) -> str:
    shown = ", ".join(header[:12])
    return f"{shown}, ..." if len(header) > 12 else shown or "none"
