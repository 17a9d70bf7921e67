"""Tables that the page shows: who the people are, annotators side by side."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

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
class Agreement:
    """Two annotators on one corpus.

    aus  AU -> the faces and people of which both have a say, and metric -> value, low, high; each
         None where it is undefined
    """

    corpus: str
    beside: str
    aus: dict[str, tuple[int, int, dict[str, dict[str, float | None]]]]


def agreements(table: pd.DataFrame) -> list[Agreement]:
    """`tables.AGREEMENT` by corpus and by the annotator beside, in the order of its rows."""
    found: list[Agreement] = []
    for (corpus, beside), pair in table.groupby(["corpus", "beside"], sort=False):
        aus: dict[str, Any] = {}
        for au, rows in pair.groupby("au", sort=False):
            by_metric = rows.set_index("metric")
            numbers = by_metric[["value", "low", "high"]].astype(object)
            told = numbers.where(numbers.notna(), None).to_dict("index")
            aus[str(au)] = *by_metric.loc["kappa", ["faces", "subjects"]].astype(int), told
        found.append(Agreement(str(corpus), str(beside), aus))
    return found
