"""Who is in the pre-training set, and in which variant's part of it.

A share of the people is held out to watch pre-training; every variant is watched on these same
people. Each variant then takes its pictures from the others: all of them, or a number of people
or pictures with as many women as men (Fung & McDuff 2020, III-A and IV-E). People whose gender
is unknown are in `all` and in no numbered subset.

Order is by hash of seed and name, so a subset is the same on any machine, the smaller ones lie
inside the larger, and a picture that is added or lost moves no other.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from noisyau.errors import TableError

GENDERS = ("female", "male")


class Amounts(NamedTuple):
    """How much a variant is pre-trained on: numbers of training pictures and people."""

    images: int | Literal["all"]
    people: int | Literal["all"]


def unsure(faces: pd.DataFrame, minimum: float) -> NDArray[np.bool_]:
    """(rows,) whose `confidence` is under the minimum.

    A label without a confidence is not: its maker tells none.
    """
    return (faces["confidence"] < minimum).fillna(False).to_numpy(bool)


def confident(faces: pd.DataFrame, minimum: float) -> tuple[pd.DataFrame, int]:
    """The labelled faces whose `confidence` is not under the minimum, and how many are."""
    left_out = unsure(faces, minimum)
    return faces[~left_out], int(left_out.sum())


def pretrain_table(
    faces: pd.DataFrame,
    people: pd.DataFrame,
    wanted: Mapping[str, Amounts],
    *,
    validation: float,
    seed: int,
) -> pd.DataFrame:
    """The pre-training table (see `tables.pretrain`), sorted by face_id.

    faces       face_id and subject of every face that may be used, one a picture
    people      subject, gender, region; subjects without a row have neither
    wanted      variant -> how much; its column is true for its training pictures and for the
                validation pictures, false throughout where it wants none
    validation  share of the subjects held out, 0..1; at least one, and never all

    Raises TableError where there are too few people, with the numbers.
    """
    table = faces[["face_id", "subject"]].merge(
        people[["subject", "gender", "region"]], on="subject", how="left", validate="many_to_one"
    )
    table = table.sort_values("face_id", ignore_index=True)
    subjects = sorted(table["subject"].unique())
    if len(subjects) < 2:
        raise TableError(
            f"pre-training needs at least 2 people, one of them held out; found {len(subjects)} "
            "with a coded face. See the failures tables in data/faces and data/labels."
        )
    held_out = min(max(1, round(validation * len(subjects))), len(subjects) - 1)
    table["split"] = np.where(
        table["subject"].isin(_ordered(subjects, seed, "validation")[:held_out]),
        "validation",
        "train",
    )
    for variant, amounts in wanted.items():
        table[variant] = _members(table, amounts, variant, seed)
    return table


def _members(table: pd.DataFrame, amounts: Amounts, variant: str, seed: int) -> NDArray[np.bool_]:
    if 0 in amounts:
        return np.zeros(len(table), dtype=bool)
    chosen = table[table["split"] == "train"]
    if amounts.people != "all":
        persons = chosen.drop_duplicates("subject")
        taken = _even(persons, "subject", amounts.people, f"{variant}.pretrain.people", seed)
        chosen = chosen[chosen["subject"].isin(taken)]
    if amounts.images != "all":
        taken = _even(chosen, "face_id", amounts.images, f"{variant}.pretrain.images", seed)
        chosen = chosen[chosen["face_id"].isin(taken)]
    validation = (table["split"] == "validation").to_numpy()
    return validation | table["face_id"].isin(chosen["face_id"]).to_numpy()


def _even(rows: pd.DataFrame, column: str, number: int, key: str, seed: int) -> list[str]:
    """`number` names from a column, half of them women's, half men's."""
    shares = dict(zip(GENDERS, (number // 2, number - number // 2), strict=True))
    taken: list[str] = []
    for gender, share in shares.items():
        names = _ordered(rows.loc[rows["gender"] == gender, column], seed, column)
        if len(names) < share:
            there = rows["gender"].value_counts()
            raise TableError(
                f"params.yaml: variants.{key}: {number} with even genders asks for "
                f"{shares['female']} female and {shares['male']} male; the training part has "
                f"{there.get('female', 0)} female and {there.get('male', 0)} male "
                f"({int(rows['gender'].isna().sum())} of unknown gender are not sampled). "
                "Ask for fewer, or for `all`."
            )
        taken += names[:share]
    return taken


def _ordered(names: Iterable[str], seed: int, purpose: str) -> list[str]:
    """The names in an order that depends on the seed and on each name alone."""

    def place(name: str) -> bytes:
        return hashlib.blake2b(f"{seed}/{purpose}/{name}".encode(), digest_size=8).digest()

    return sorted(names, key=place)
