"""The noise audit: an annotator's codes held against a truth, AU by AU, with intervals by person.

    true_prevalence    share of the faces that have the AU
    noisy_prevalence   share of the faces that the annotator says have it
    sensitivity        of the faces that have it, the share that the annotator finds
    specificity        of the faces that do not have it, the share that it leaves alone
    auc                pairs of a face with it and one without that its intensity orders rightly,
                       ties one half; from the faces that it gives an intensity
    prevalence_ratio   noisy over true prevalence: 2 is called twice as often as it is there

A measure without the faces that it needs (no positive, no negative, an AU that the annotator does
not see) is null, never 0. People are resampled, one stratum of all, since the annotator is the
same for everybody. Shares have the intervals of `intervals.share`; the ratio has those of
`intervals.interval` on the log scale, with as many degrees of freedom as people with the AU less
one, and none where it is 0 or no resample differs.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from noisyau import aus as au_names
from noisyau import tables
from noisyau.errors import EvaluationError, TableError
from noisyau.evaluation import intervals, metrics
from noisyau.evaluation.cohort import occurrences, refuse_twice
from noisyau.evaluation.metrics import MISSING, Floats

TRUTH = "truth.parquet"
"""In a corpus's folder: what is known of its items, which nothing but the audit reads."""

MEASURES = (
    "true_prevalence", "noisy_prevalence", "sensitivity", "specificity", "auc", "prevalence_ratio",
)  # fmt: skip
_DIGITS = 6  # as written; the last bits of a sum differ between processors
_CELLS = 2**21  # of a table of scores by resamples that is held at a time


def read_truth(path: Path, threshold: float) -> pd.DataFrame:
    """A corpus's truth as item and AUnn_c: an AU occurs from this level on; a null level is null.

    Raises TableError where the file has no `item` or no AUnn_r, a level is not 0 to 5, or an item
    comes twice.
    """
    with tables.opened(path) as file:
        names = file.schema_arrow.names
    aus = au_names.in_columns(names, "r")
    if "item" not in names or not aus:
        raise TableError(
            f"{path}: found the columns {', '.join(names)}; a corpus's truth has `item` and levels "
            "0 to 5 such as AU12_r. Add them, or move the file out of the corpus's folder."
        )
    rows = tables.read(path, columns=["item", *map(au_names.intensity, aus)])
    refuse_twice(rows["item"], str(path))
    found = rows[["item"]].copy()
    for au in aus:
        column = au_names.intensity(au)
        if not pd.api.types.is_numeric_dtype(rows[column]):
            raise TableError(f"{path}: {column} is {rows[column].dtype}; expected levels 0 to 5")
        level = rows[column].to_numpy("float64", na_value=np.nan)
        bad = (level < 0) | (level > 5)
        if bad.any():
            row = int(bad.argmax())
            raise TableError(
                f"{path}: {column} of {rows['item'].iloc[row]} is {level[row]:g}; expected 0 to 5, "
                f"or null where it is not known ({bad.sum()} such rows)"
            )
        occurs = pd.array((level >= threshold).astype("int8"), dtype="Int8")
        occurs[np.isnan(level)] = pd.NA
        found[au_names.occurrence(au)] = occurs
    return found


def audit(
    labels: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    minimum_confidence: float,
    bootstrap: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """Every measure of every AU of the truth, each item's first face once.

    labels              `tables.labels`; all of them, whatever their confidence
    truth               item, AUnn_c (1, 0, null): `tables.coded`, or from `read_truth`
    minimum_confidence  labels below it are counted, as `unsure`
    bootstrap           resamples of the people
    confidence          coverage of the intervals, such as 0.95
    returns             au, measure, value, low, high; and of the faces that both coded positives,
                        faces, subjects and unsure: `tables.AUDIT` but for what is compared

    Raises EvaluationError where a face or item comes twice, a code is not 0, 1 or null, or no
    face is in the truth.
    """
    first = labels[labels["face_id"].str.endswith("#0")]
    item = pd.Index(first["face_id"].str.removesuffix("#0"))
    refuse_twice(first["face_id"], "the noisy labels")
    refuse_twice(truth["item"], "the truth")
    known = item.isin(truth["item"])
    if not known.any():
        raise EvaluationError(
            f"none of the {len(first):,} first faces is in the truth; faces are named "
            f"{first['face_id'].iloc[0] if len(first) else '(none)'}, items of the truth "
            f"{truth['item'].iloc[0] if len(truth) else '(none)'}. Name items as the corpus does."
        )
    first, item = first[known], item[known]
    truth = truth.set_index("item").reindex(item)
    subject, subjects = pd.factorize(first["subject"], sort=True)
    people = len(subjects)
    weights = np.ones((1, people))
    if people > 1:
        weights = intervals.resample([np.arange(people)], bootstrap, seed)
    unsure = (first["confidence"] < minimum_confidence).fillna(False).to_numpy(bool)
    rows: list[dict[str, object]] = []
    with threadpool_limits(1, "blas"):  # one thread adds in one order
        for au in au_names.in_columns(truth.columns, "c"):
            name = au_names.occurrence(au)
            true = occurrences(truth[[name]], item, "the truth")
            said = occurrences(first.reindex(columns=[name]), item, "the noisy labels")
            level = first.reindex(columns=[au_names.intensity(au)]).iloc[:, 0]
            score = level.to_numpy("float32", na_value=np.nan)
            coded = (true != MISSING) & (said != MISSING)
            scored = (true[:, 0] != MISSING) & np.isfinite(score)
            counts = metrics.confusion(true, said, subject, people)[:, :, 0]
            found = _decisions(counts, weights, confidence)
            found["auc"] = _ranking(
                true[scored, 0], score[scored], subject[scored], weights, confidence
            )
            for measure in MEASURES:
                used = scored if measure == "auc" else coded[:, 0]
                value, low, high = found[measure]
                rows.append(
                    {
                        "au": au_names.name(au),
                        "measure": measure,
                        "value": value,
                        "low": low,
                        "high": high,
                        "positives": np.count_nonzero(true[used, 0] == 1),
                        "faces": np.count_nonzero(used),
                        "subjects": len(np.unique(subject[used])),
                        "unsure": np.count_nonzero(unsure[used]),
                    }
                )
    table = pd.DataFrame(rows)
    table[["value", "low", "high"]] = table[["value", "low", "high"]].round(_DIGITS) + 0.0
    return table


Interval = tuple[float, float, float]
"""value, low, high; NaN missing."""


def _decisions(counts: Floats, weights: Floats, confidence: float) -> dict[str, Interval]:
    """The measures of an AU's (4, S) counts under (B, S) weights."""
    tp, fp, fn, tn = (weights @ count for count in counts)
    positive, called = counts[0] + counts[2], counts[0] + counts[1]
    negative = counts[1] + counts[3]
    shares: Mapping[str, tuple[Floats, Floats, Floats]] = {
        "true_prevalence": (tp + fn, tp + fp + fn + tn, positive + negative),
        "noisy_prevalence": (tp + fp, tp + fp + fn + tn, positive + negative),
        "sensitivity": (tp, tp + fn, positive),
        "specificity": (tn, tn + fp, negative),
    }
    found = {}
    for measure, (part, whole, faces) in shares.items():
        draws = metrics.ratio(part, whole)
        low, high = intervals.share(draws, confidence, int(np.count_nonzero(faces)))
        found[measure] = float(draws[0]), low, high
    draws = metrics.ratio(tp + fp, tp + fn)
    log = np.log(draws, out=np.full(len(draws), np.nan), where=draws > 0)
    low, high = np.nan, np.nan
    people = int(np.count_nonzero(positive))
    if people > 1 and called.any() and np.nanstd(log) > 1e-9:
        low, high, _ = intervals.interval(log, confidence, people - 1, (-np.inf, np.inf))
    found["prevalence_ratio"] = float(draws[0]), float(np.exp(low)), float(np.exp(high))
    return found


def _ranking(
    truth: NDArray[np.uint8],
    score: NDArray[np.float32],
    subject: NDArray[np.intp],
    weights: Floats,
    confidence: float,
) -> Interval:
    """The AUC of an AU's scored faces."""
    draws = auc(truth, score, subject, weights)
    people = min(len(np.unique(subject[truth == kind])) for kind in (0, 1))
    return float(draws[0]), *intervals.share(draws, confidence, people)


def auc(
    truth: NDArray[np.uint8],
    score: NDArray[np.float32],
    subject: NDArray[np.intp],
    weights: Floats,
) -> Floats:
    """(B, S) weights -> (B,) area under the ROC curve; NaN without a positive or a negative.

    truth, score, subject  (faces,) all known

    `metrics.Ranking` holds scores by subjects, which suits many frames of few people. Here people
    may be as many as scores, so faces stay sparse: for some resamples at a time, the weights of
    the positives and the negatives at each score, in order, are all that the area needs.
    """
    levels, level = np.unique(score, return_inverse=True)
    at = [
        sparse.csr_array(
            (np.ones(np.count_nonzero(own)), (level[own], subject[own])),
            shape=(len(levels), weights.shape[1]),
        )
        for own in (truth == 1, truth == 0)
    ]
    area = np.full(len(weights), np.nan)
    step = max(1, _CELLS // max(len(levels), 1))
    for start in range(0, len(weights), step):
        drawn = weights[start : start + step].T
        positives, negatives = (own @ drawn for own in at)  # (levels, resamples)
        below = negatives.cumsum(axis=0) - negatives / 2
        pairs = positives.sum(axis=0) * negatives.sum(axis=0)
        area[start : start + step] = metrics.ratio((positives * below).sum(axis=0), pairs)
    return area
