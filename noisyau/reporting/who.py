"""Who the people are, as the page shows it: groups beside Table II, subsets, what stayed open."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from noisyau.demographics import NON_BINARY
from noisyau.likeness.people import CELEBRITIES, CODED, overlap, sharers
from noisyau.reporting.words import count, percent, plural

COLUMNS = [
    *("subject", "name", "gender", "region"),
    *("gender_evidence", "nationality_evidence", "region_evidence", "overridden"),
]
"""Of `tables.PEOPLE`, what is asked here."""

_EVIDENCE = ("gender_evidence", "nationality_evidence", "region_evidence")

SHOWN = 50
"""Rows of a list that the page shows; the tables have them all."""

TABLE_II = {
    "Women": (925, 79_385),
    "Men": (1_070, 82_685),
    "North America, Europe": (1_575, 128_031),
    "South Asia": (97, 9_349),
    "Southern Africa": (21, 1_439),
    "Middle East, Central Asia, North Africa": (26, 2_250),
    "Central and South America": (82, 6_254),
    "North-East Asia": (178, 13_214),
    "South-East Asia": (16, 1_533),
}
"""Fung & McDuff 2020, Table II: people and pictures of their pre-training set."""

GENDERS = {"female": "Women", "male": "Men"}
REGIONS = {
    "north_america_europe": "North America, Europe",
    "south_asia": "South Asia",
    "southern_africa": "Southern Africa",
    "middle_east_central_asia_north_africa": "Middle East, Central Asia, North Africa",
    "central_south_america": "Central and South America",
    "north_east_asia": "North-East Asia",
    "south_east_asia": "South-East Asia",
}


@dataclass(frozen=True)
class Group:
    """Some of the people; the paper's numbers are None where it has no such group."""

    name: str
    people: int
    pictures: int
    paper_people: int | None
    paper_pictures: int | None


def groups(pretrain: pd.DataFrame) -> tuple[list[Group], list[Group]]:
    """The pre-training table by gender and by region, unknown last."""
    return _groups(pretrain, "gender", GENDERS), _groups(pretrain, "region", REGIONS)


def _groups(pretrain: pd.DataFrame, column: str, names: dict[str, str]) -> list[Group]:
    key = pretrain[column].astype(object).where(pretrain[column].notna(), "unknown")
    pictures = key.value_counts()
    people = pretrain.groupby(key)["subject"].nunique()
    rows = []
    for value in [*names, "unknown"]:
        label = names.get(value, "Unknown")
        paper = TABLE_II.get(label, (None, None))
        rows.append(Group(label, int(people.get(value, 0)), int(pictures.get(value, 0)), *paper))
    return rows


@dataclass(frozen=True)
class Part:
    """A group's training pictures and people in each variant, in the order of the variants."""

    name: str
    pictures: Sequence[int]
    people: Sequence[int]


def parts(pretrain: pd.DataFrame, variants: Sequence[str]) -> list[Part]:
    """All, by gender and by region: what each variant is trained on. Groups of nobody are left
    out."""
    train = pretrain[pretrain["split"] == "train"]
    codes, _ = pd.factorize(train["subject"])
    gender, region = train["gender"], train["region"]
    groups = [("All", np.ones(len(train), bool))]
    groups += [(label, (gender == value).to_numpy(bool)) for value, label in GENDERS.items()]
    groups += [("Unknown gender", gender.isna().to_numpy())]
    groups += [(label, (region == value).to_numpy(bool)) for value, label in REGIONS.items()]
    groups += [("Unknown region", region.isna().to_numpy())]
    chosen = [train[name].to_numpy(bool) for name in variants]
    found = []
    for label, inside in groups:
        rows = [codes[inside & some] for some in chosen]
        people = [int(np.count_nonzero(np.bincount(some, minlength=1))) for some in rows]
        found.append(Part(label, [len(some) for some in rows], people))
    return [part for part in found if any(part.pictures)]


def shortfalls(table: pd.DataFrame) -> list[str]:
    """`tables.SHORTFALLS` in sentences, the largest gap of a variant first."""
    told = []
    for _, rows in table.groupby(["variant", "of"], sort=True):
        gap = rows["wanted"] - rows["taken"]
        short = rows.assign(gap=gap)[gap > 0].sort_values(["gap", "cell"], ascending=[False, True])
        told += [_shortfall(row) for row in short.to_dict("records")]
        told.append(_filled(rows, int(short["gap"].sum())))
    return told


_UNITS = {"images": ("picture", "pictures"), "people": ("person", "people")}


def _shortfall(row: Mapping[Hashable, Any]) -> str:
    one, many = _UNITS[row["of"]]
    whom = "" if row["cell"] == "everyone" else f" of {_cell(row['cell'])}"
    share = "" if row["cell"] == "everyone" else f" ({percent(row['share'], 1)} of its {many})"
    return (
        f"{row['variant']} asks for {plural(row['wanted'], one, many)}{whom}{share} and takes "
        f"{count(row['taken'])}: {count(row['available'])} are there."
    )


def _filled(rows: pd.DataFrame, gap: int) -> str:
    """What became of the gap in all."""
    variant, (_, many) = rows["variant"].iloc[0], _UNITS[rows["of"].iloc[0]]
    taken, wanted = int(rows["taken"].sum()), int(rows["wanted"].sum())
    if taken == wanted:
        return f"The other groups of {variant} fill this up to {count(wanted)} {many}."
    filled = gap - (wanted - taken)
    instead = f", {count(filled)} of them in place of others" if filled else ""
    return f"So {variant} has {count(taken)} {many} instead of {count(wanted)}{instead}."


def _cell(cell: str) -> str:
    """'south_asia/female' -> 'South Asia, women'."""
    words = [REGIONS.get(part) or GENDERS.get(part, part).lower() for part in cell.split("/")]
    return ", ".join(words)


@dataclass(frozen=True)
class Told:
    """One person, and what the texts (or an override) say."""

    subject: str
    name: str | None
    gender: str | None
    region: str | None
    evidence: str


@dataclass(frozen=True)
class Some:
    """How many people there are, and the first of them."""

    number: int
    first: Sequence[Told]


def undecided(people: pd.DataFrame) -> Some:
    """The people of `tables.PEOPLE` whose gender or region stayed open."""
    return _some(people[people["gender"].isna() | people["region"].isna()])


def overruled(people: pd.DataFrame) -> Some:
    """The people of whom an override says something."""
    return _some(people[people["overridden"].str.len() > 0])


def neither(people: pd.DataFrame) -> int:
    """How many are told of as neither woman nor man; the table says so in their evidence."""
    return int(people["gender_evidence"].str.startswith(NON_BINARY, na=False).sum())


def _some(people: pd.DataFrame) -> Some:
    return Some(len(people), _told(people.head(SHOWN)))


def _told(people: pd.DataFrame) -> list[Told]:
    rows = people[COLUMNS[:-1]].astype(object)  # a list in a cell is no missing value to ask for
    return [
        Told(
            row["subject"],
            row["name"],
            row["gender"],
            REGIONS.get(row["region"]),
            "; ".join(filter(None, (row[name] for name in _EVIDENCE))),
        )
        for row in rows.where(rows.notna(), None).to_dict("records")
    ]


@dataclass(frozen=True)
class Alike:
    """Pictures that look the same (`tables.DUPLICATES`).

    groups, pictures  of the celebrities
    shared            group by group, the celebrities who share a picture, where it is of several
    coded             celebrity -> pictures of the coded people that one of theirs looks like
    """

    groups: int
    pictures: int
    shared: Sequence[Sequence[str]]
    coded: Mapping[str, Sequence[str]]


def alike(duplicates: pd.DataFrame) -> Alike:
    """What `tables.DUPLICATES` holds, in the order of its groups."""
    own = duplicates[duplicates["corpus"] == CELEBRITIES]
    own = own[own["group"].isin(own["group"][own["group"].duplicated()])]
    found = overlap(duplicates)
    direct = duplicates[duplicates["subject"].isin(found.index[found["through"].isna()])]
    direct = direct[direct["corpus"] == CELEBRITIES].drop_duplicates(["group", "subject"])
    theirs = duplicates[duplicates["corpus"] == CODED][["group", "face_id"]]
    pairs = direct[["group", "subject"]].merge(theirs, on="group")
    return Alike(
        groups=own["group"].nunique(),
        pictures=own["face_id"].nunique(),
        shared=sharers(duplicates, CELEBRITIES).tolist(),
        coded={
            str(subject): faces.tolist()
            for subject, faces in pairs.groupby("subject", sort=False)["face_id"]
        },
    )
