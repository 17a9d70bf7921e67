"""Who the people are, as the page shows it: groups beside Table II, subsets, what stayed open."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from noisyau.likeness.people import CELEBRITIES, CODED, overlap, sharers
from noisyau.reporting.words import count, percent, plural

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
    chosen = [train[train[name].astype(bool)] for name in variants]
    found = [_part("All", chosen)]
    for column, names in (("gender", GENDERS), ("region", REGIONS)):
        for value, label in names.items():
            found.append(_part(label, [rows[rows[column] == value] for rows in chosen]))
        found.append(_part(f"Unknown {column}", [rows[rows[column].isna()] for rows in chosen]))
    return [part for part in found if any(part.pictures)]


def _part(name: str, chosen: Sequence[pd.DataFrame]) -> Part:
    return Part(
        name, [len(rows) for rows in chosen], [rows["subject"].nunique() for rows in chosen]
    )


def shortfalls(table: pd.DataFrame) -> list[str]:
    """`tables.SHORTFALLS` in sentences, the largest gap of a variant first."""
    gap = table["wanted"] - table["taken"]
    rows = table.assign(gap=gap).sort_values(
        ["variant", "of", "gap", "cell"], ascending=[True, True, False, True]
    )
    return [_shortfall(row) for row in rows.to_dict("records")]


def _shortfall(row: Mapping[Hashable, Any]) -> str:
    one, many = {"images": ("picture", "pictures"), "people": ("person", "people")}[row["of"]]
    return (
        f"{row['variant']} asks for {plural(row['wanted'], one, many)} of {_cell(row['cell'])} "
        f"({percent(row['share'], 1)} of its {many}) and takes {count(row['taken'])}: "
        f"{count(row['available'])} are there. The {plural(row['gap'], 'other', 'others')} come "
        "from the other groups."
    )


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


def undecided(people: pd.DataFrame) -> list[Told]:
    """The people of `tables.PEOPLE` whose gender or region stayed open."""
    return _told(people[people["gender"].isna() | people["region"].isna()])


def overruled(people: pd.DataFrame) -> list[Told]:
    """The people of whom an override says something."""
    return _told(people[people["overridden"].str.len() > 0])


def _told(people: pd.DataFrame) -> list[Told]:
    columns = ["subject", "name", "gender", "region", "gender_evidence", "region_evidence"]
    rows = people[columns].astype(object)
    return [
        Told(
            row["subject"],
            row["name"],
            row["gender"],
            REGIONS.get(row["region"]),
            "; ".join(filter(None, (row["gender_evidence"], row["region_evidence"]))),
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
