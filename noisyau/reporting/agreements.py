"""Annotators side by side, as the page shows them."""

from dataclasses import dataclass
from typing import Any

import pandas as pd


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
