"""All methods scored: `reports/scores.parquet` and `reports/metrics.json`.

A method's `f1` is the mean over AUs of the mean over folds at threshold 0.5, as Fung & McDuff
2020 report it. An AU that never occurs in a fold is left out of that AU's mean, one that occurs
in none is left out of the method's, and both are counted. A method is scored on the frames and
AUs that it coded; two methods are compared on what both coded.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from noisyau import aus as au_names
from noisyau.errors import EvaluationError
from noisyau.evaluation import cohort as cohorts
from noisyau.evaluation import intervals, metrics
from noisyau.evaluation.cohort import Cohort, Method
from noisyau.evaluation.comparisons import Comparison, Scorer, compare
from noisyau.evaluation.metrics import MISSING, Floats, Scores

ANNOTATOR = "annotator"
FLOOR = "always_positive"
_DIGITS = 6  # as written; the last bits of a sum differ between processors


def evaluate(
    predictions: Mapping[str, pd.DataFrame],
    folds: pd.DataFrame,
    coded: pd.DataFrame,
    annotator_labels: pd.DataFrame,
    *,
    reference: str,
    bootstrap: int,
    confidence: float,
    seed: int,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Score every variant, the annotator and the always-positive floor.

    predictions       variant -> `tables.predictions` of all its folds together
    folds             `tables.FOLDS`
    coded             `tables.coded`: what people said
    annotator_labels  `tables.labels` of the coded faces: what the automatic coder said
    reference         the variant that the others are compared with
    bootstrap         resamples of the subjects, and permutations
    confidence        coverage of the intervals, such as 0.95
    returns           `tables.SCORES`, and what metrics.json holds (no NaN: null or left out)

    Raises EvaluationError or TableError, each with the variant, fold, frame or AU, for
    predictions that are missing, double, of frames that are not tested or not in 0..1; an AU
    that nobody coded; too few subjects.
    """
    if reference not in predictions:
        raise EvaluationError(
            f"the reference {reference!r} has no predictions; there are some for: "
            f"{', '.join(predictions) or 'none'}. See evaluation.reference in params.yaml."
        )
    for name in (ANNOTATOR, FLOOR):
        if name in predictions:
            raise EvaluationError(f"a variant may not be named {name!r}: a built-in method is")
    aus = au_names.in_columns(predictions[reference].columns, "p")
    if not aus:
        raise EvaluationError(f"{reference}: no column of predictions such as AU12_p")
    frames = cohorts.cohort(folds, coded, aus)
    variants = [
        cohorts.predicted(name, table, frames, folds) for name, table in predictions.items()
    ]
    annotator = cohorts.annotated(ANNOTATOR, annotator_labels, frames)
    methods = [*variants, annotator, cohorts.constant(FLOOR, frames)]
    scorer = Scorer(frames, intervals.resample(frames.folds, bootstrap, seed))
    flips = np.random.default_rng([seed, 1]).random((bootstrap, len(frames.subjects))) < 0.5
    baseline = next(method for method in variants if method.name == reference)
    pairs = [(method, baseline) for method in variants if method is not baseline]
    pairs += [(method, annotator) for method in variants]

    rows: list[dict[str, Any]] = []
    told: dict[str, Any] = {}
    # One thread adds in one order, whatever the machine; with two it is no faster when idle, and
    # ten times slower when others want the processor.
    with threadpool_limits(1, "blas"):
        for method in methods:
            scores = scorer.scores(method)
            rows += _rows(method, scores, frames, confidence)
            told[method.name] = _summary(method, scores, frames, confidence)
        compared = {
            f"{first.name}-{second.name}": _difference(
                compare(scorer, first, second, flips), (first, second), frames, confidence
            )
            for first, second in pairs
        }
    summary = {
        "coded": {
            "frames": len(frames.face_id),
            "subjects": len(frames.subjects),
            "folds": len(frames.folds),
            "aus": [au_names.name(au) for au in aus],
        },
        "methods": told,
        "comparisons": compared,
    }
    return _table(rows), summary


def headline(summary: Mapping[str, Any]) -> dict[str, Any]:
    """The few numbers that a terminal shows: mean F1 of each method, and each difference."""
    return {
        part: {name: {"f1": _shown(found["f1"])} for name, found in summary[part].items()}
        for part in ("methods", "comparisons")
    }


def _shown(numbers: Mapping[str, Any]) -> dict[str, float | None]:
    return {
        name: number if number is None else round(number, 4)
        for name, number in numbers.items()
        if name in ("value", "difference", "low", "high", "p")
    }


def f1_by_au(scores: pd.DataFrame) -> pd.DataFrame:
    """row (AU and method), method, au, f1: what DVC draws; what cannot be scored is left out."""
    kept = scores[
        (scores["metric"] == "f1") & (scores["averaging"] == "folds") & scores["fold"].isna()
    ].dropna(subset="value")
    table = kept[["method", "au", "value"]].rename(columns={"value": "f1"})
    table.insert(0, "row", table["au"] + " " + table["method"])
    return table.reset_index(drop=True)


def _rows(
    method: Method, scores: Mapping[str, Scores], frames: Cohort, confidence: float
) -> Iterator[dict[str, Any]]:
    """One row a number: each AU and their mean, as mean of folds, pooled, and fold by fold."""
    for metric, found in scores.items():
        views: list[tuple[str, int | None, Floats, NDArray[np.bool_]]] = [
            (averaging, None, found.by_au(averaging), np.ones(len(frames.face_id), bool))
            for averaging in ("folds", "pooled")
        ]
        for number, values, fold in zip(frames.names, found.by_fold, frames.folds, strict=True):
            views.append(("folds", number, values, np.isin(frames.subject, fold)))
        known = _known(method, metric, frames)
        for averaging, fold_number, values, part in views:
            mean = Scores(by_fold=values[None], pooled=values).mean("pooled")
            columns = {"mean": (mean, known)}
            people = len(np.unique(frames.subject[part]))
            degrees = people - (1 if fold_number is not None else len(frames.folds))
            if values.shape[1] == len(frames.aus):
                for index, au in enumerate(frames.aus):
                    columns[au_names.name(au)] = values[:, index], known[:, [index]]
            for name, (draws, mask) in columns.items():
                yield {
                    "method": method.name,
                    "au": name,
                    "metric": metric,
                    "averaging": averaging,
                    "fold": fold_number,
                    **_interval(draws, degrees, confidence),
                    **_support(mask & part[:, None], frames, name),
                }


def _known(method: Method, metric: str, frames: Cohort) -> NDArray[np.bool_]:
    """(frames, A): where a person and the method both have a say."""
    ranks = metric in metrics.RANKING_METRICS
    said = np.isfinite(method.score) if ranks else method.decision != MISSING
    known: NDArray[np.bool_] = said & (frames.truth != MISSING)
    return known


def _support(known: NDArray[np.bool_], frames: Cohort, au: str) -> dict[str, int]:
    """What a number rests on; the mean's positives are summed over the AUs."""
    truth = frames.truth
    if au != "mean":
        truth = truth[:, [frames.aus.index(int(au.removeprefix("AU")))]]
    used = known.any(axis=1)
    return {
        "positives": int(np.count_nonzero((truth == 1) & known)),
        "frames": int(np.count_nonzero(used)),
        "subjects": len(np.unique(frames.subject[used])),
    }


def _degrees(frames: Cohort) -> int:
    """Of freedom, where all folds count."""
    return len(frames.subjects) - len(frames.folds)


def _interval(
    draws: Floats, degrees: int, confidence: float, lowest: float = 0.0
) -> dict[str, Any]:
    """(B,) -> value, low, high, and the count of resamples that could not be scored, if any."""
    low, high, undefined = intervals.interval(draws, confidence, degrees, (lowest, 1.0))
    if np.isnan(draws[0]):
        return {"value": None, "low": None, "high": None}
    numbers = {"value": _number(draws[0]), "low": _number(low), "high": _number(high)}
    return numbers | ({"undefined_resamples": undefined} if undefined else {})


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), _DIGITS) + 0.0  # no -0.0


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows as `tables.SCORES` wants them."""
    table = pd.DataFrame(rows).drop(columns="undefined_resamples", errors="ignore")
    for column in ("value", "low", "high"):
        table[column] = table[column].astype("float64")
    for column in ("positives", "frames", "subjects"):
        table[column] = table[column].astype("Int64")
    table["fold"] = table["fold"].astype("Int8")
    return table


def _summary(
    method: Method, scores: Mapping[str, Scores], frames: Cohort, confidence: float
) -> dict[str, Any]:
    """One method's part of metrics.json."""
    known = _known(method, "f1", frames)
    scored = ~np.isnan(scores["f1"].by_au("folds")[0])
    told: dict[str, Any] = {
        "f1": _interval(scores["f1"].mean("folds"), _degrees(frames), confidence),
        "f1_pooled": _interval(scores["f1"].mean("pooled"), _degrees(frames), confidence),
    }
    for metric in metrics.METRICS[1:]:
        told[metric] = _interval(scores[metric].mean("folds"), _degrees(frames), confidence)
    told["aus_scored"] = int(scored.sum())
    told["frames_scored"] = int(known.any(axis=1).sum())
    told["frames_without_code"] = int((~(method.decision != MISSING).any(axis=1)).sum())
    told["per_au"] = {}
    for index, au in enumerate(frames.aus):
        told["per_au"][au_names.name(au)] = {
            metric: _interval(found.by_au("folds")[:, index], _degrees(frames), confidence)
            for metric, found in scores.items()
            if metric != "f1_micro"
        } | {
            "f1_pooled": _interval(scores["f1"].pooled[:, index], _degrees(frames), confidence),
            "folds_scored": int((~np.isnan(scores["f1"].by_fold[:, 0, index])).sum()),
            **_support(known[:, [index]], frames, au_names.name(au)),
        }
    return told


def _difference(
    found: Comparison, pair: tuple[Method, Method], frames: Cohort, confidence: float
) -> dict[str, Any]:
    """One comparison's part of metrics.json; `values` are the scores on what is compared."""
    told: dict[str, Any] = {}
    for (metric, averaging), draws in found.differences.items():
        if averaging == "pooled" and metric != "f1":
            continue
        name = "f1_pooled" if averaging == "pooled" else metric
        told[name] = _change(draws, frames, confidence)
        if (metric, averaging) in found.p:
            told[name]["p"] = _number(found.p[metric, averaging])
        told[name]["values"] = {
            method.name: _number(value)
            for method, value in zip(pair, found.values[metric, averaging], strict=True)
        }
    names = [au_names.name(au) for au in frames.aus]
    told["aus"] = [name for name, kept in zip(names, found.aus, strict=True) if kept]
    told["frames"] = found.frames
    told["per_au"] = {
        name: {"f1": _change(found.by_au[:, index], frames, confidence)}
        for index, name in enumerate(names)
        if found.aus[index]
    }
    return told


def _change(draws: Floats, frames: Cohort, confidence: float) -> dict[str, Any]:
    interval = _interval(draws, _degrees(frames), confidence, lowest=-1.0)
    return {"difference": interval.pop("value"), **interval}
