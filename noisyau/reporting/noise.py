"""How noisy the annotator is: the audit's numbers as the page shows them, and in a sentence."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from noisyau import tables
from noisyau.reporting import figures, words
from noisyau.reporting.figures import Drawing, Point

TITLES = {
    ("coded", "people"): "Coded people, against what people coded",
    ("coded", "rendered"): "Coded people, against what was rendered: a synthetic truth",
    ("celebrities", "rendered"): "Celebrities, against what was rendered: a synthetic truth",
    ("coded", "known"): "Coded people, against the truth beside the corpus",
    ("celebrities", "known"): "Celebrities, against the truth beside the corpus",
}
FOUND, INVENTED = "found where it is", "invented where it is not"
_WORST = 3  # AUs that a sentence names


@dataclass(frozen=True)
class Row:
    """One AU: its measures by name, on so many positives; and its rate on the celebrities."""

    au: str
    positives: int
    measures: Mapping[str, Point]
    celebrity_rate: float | None


@dataclass(frozen=True)
class Comparison:
    """The noisy labels of a corpus against one truth; `unsure` faces of all are counted too."""

    title: str
    sentence: str
    rows: Sequence[Row]
    faces: int
    unsure: int
    rendered: bool


def comparisons(
    audit: pd.DataFrame, celebrity_rates: Mapping[int, float], annotator: str
) -> list[Comparison]:
    """Each comparison of `tables.AUDIT`, in its order.

    celebrity_rates  AU -> how often the annotator calls it on the celebrities
    """
    found = []
    for (corpus, truth), part in audit.groupby(["corpus", "truth"], sort=False):
        rows = [
            Row(
                str(au),
                int(some["positives"].max()),
                {line["metric"]: _point(line) for line in some.to_dict("records")},
                celebrity_rates.get(int(str(au).removeprefix("AU"))),
            )
            for au, some in part.groupby("au", sort=False)
        ]
        told = part[part["metric"] == "true_prevalence"]
        found.append(
            Comparison(
                TITLES[str(corpus), str(truth)],
                f"{_basis(told, str(truth))}, {annotator} {_verdict(rows)}",
                rows,
                int(told["faces"].max()),
                int(part["unsure"].max()),
                truth == "rendered",
            )
        )
    return found


def two_coders(celebrities: Path, coded: Path) -> str:
    """How the two tables of labels were made, in words, where not alike; else nothing."""
    made = []
    for path in (celebrities, coded):
        with tables.opened(path) as file:
            first = next(file.iter_batches(1, columns=["annotator_version", "mode"]), None)
        made += [first.to_pylist()[0]] if first is not None and len(first) else []
    if len(made) < 2 or made[0] == made[1]:
        return ""
    (ours, theirs) = (f"{row['mode']} by {row['annotator_version']}" for row in made)
    return f"the celebrities {ours}, the coded people {theirs}"


def drawing(comparison: Comparison) -> tuple[Drawing, str] | None:
    """What is found and what is invented of each AU that the annotator codes, and the key."""
    rows = {
        f"{row.au} {words.au_name(row.au)}".strip(): {
            FOUND: row.measures["sensitivity"],
            INVENTED: _missed(row.measures["specificity"]),
        }
        for row in comparison.rows
        if _known(row.measures["sensitivity"]) or _known(row.measures["specificity"])
    }
    if not rows:
        return None
    series = [FOUND, INVENTED]
    title = "What the annotator finds and what it invents, by action unit"
    return (
        figures.by_au(rows, series, title, "share of faces"),
        figures.legend(series, series, "noise"),
    )


def _basis(told: pd.DataFrame, truth: str) -> str:
    """What the labels are held against, on so many faces and people; `told` has a row an AU."""
    faces = words.plural(int(told["faces"].max()), "face", "faces")
    people = words.plural(int(told["subjects"].max()), "person", "people")
    most = "up to " if told["faces"].nunique() > 1 else ""
    if truth == "rendered":
        return f"Against what was rendered on {most}{faces} of {people}, a synthetic truth"
    against = "what people coded" if truth == "people" else "the truth beside the corpus"
    return f"Against {against} on {most}{faces} of {people}"


def _verdict(rows: Sequence[Row]) -> str:
    """What is missed and what is invented; the AUs of which most is, first, with intervals."""
    found = {row.au: row.measures["sensitivity"] for row in rows}
    invented = {row.au: _missed(row.measures["specificity"]) for row in rows}
    least = sorted((p.value, au) for au, p in found.items() if p.value is not None and p.value < 1)
    most = sorted((-p.value, au) for au, p in invented.items() if p.value)
    unseen = [
        row.au
        for row in rows
        if not _known(row.measures["noisy_prevalence"]) and _known(row.measures["true_prevalence"])
    ]
    if not any(map(_known, (*found.values(), *invented.values()))):
        return "cannot be judged: no action unit is coded by both."
    misses = [f"{au} ({_percent(found[au])})" for _, au in least[:_WORST]]
    calls = [f"{au} ({_percent(invented[au])})" for _, au in most[:_WORST]]
    missed = f"finds least of {_listed(misses)} where they are" if misses else "misses nothing"
    more = f"invents most of {_listed(calls)} where they are not" if calls else "invents nothing"
    text = f"{missed}, and {more}"
    return f"{text}. It does not code {_listed(unseen)}." if unseen else f"{text}."


def _percent(point: Point) -> str:
    """'44 %, 7 to 99'."""
    assert point.value is not None
    text = words.percent(point.value, 1, 0)
    if point.low is None or point.high is None:
        return text
    return f"{text}, {100 * point.low:.0f} to {100 * point.high:.0f}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _known(point: Point) -> bool:
    return point.value is not None


def _missed(point: Point) -> Point:
    """One minus a share, and its interval."""
    value, low, high = (
        None if end is None else 1 - end for end in (point.value, point.high, point.low)
    )
    return Point(value, low, high)


def _point(line: Mapping[Hashable, Any]) -> Point:
    ends = (line[name] for name in ("value", "low", "high"))
    return Point(*(None if pd.isna(end) else float(end) for end in ends))
