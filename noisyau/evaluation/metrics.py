"""Metrics from what each subject adds to them, so that resampling subjects costs a product.

Conventions: S subjects, each tested in one of F folds; A AUs; B weightings of the subjects
(a bootstrap resample weighs each by how often it was drawn; all ones are the sample itself).
Missing is NaN: a metric that needs a positive (or a negative) frame and has none is undefined,
is left out of a mean over folds, and is never 0 or 1.

    f1                  2 TP / (2 TP + FP + FN) at threshold 0.5; undefined without a positive
    f1_micro            F1 of the counts summed over the AUs (scikit-learn's multilabel "micro");
                        it has no value for an AU, where both classes together give accuracy
    f1_skew_normalised  F1 as if positives and negatives were as many: the negatives are weighted
                        by positives/negatives (Jeni, Cohn & De la Torre 2013, skew 1)
    accuracy            share of right decisions
    auc                 area under the ROC curve: pairs of a positive and a negative frame that
                        the score orders rightly, ties one half
    two_afc             the same number under the name of the two-alternative forced choice that
                        it estimates (used by Ghosh et al. 2015), over all pairs
    ap                  average precision: mean over positives of the precision at their score,
                        equal scores as one step (scikit-learn's `average_precision_score`)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

THRESHOLD_METRICS = ("f1", "f1_micro", "f1_skew_normalised", "accuracy")
RANKING_METRICS = ("auc", "two_afc", "ap")
METRICS = (*THRESHOLD_METRICS, *RANKING_METRICS)

MISSING = 255  # of a label or a decision


@dataclass(frozen=True)
class Scores:
    """One metric under B weightings.

    by_fold  (F, B, A) each fold's test alone; NaN where undefined
    pooled   (B, A) all frames as one test
    A is 1 for a metric that joins the AUs (`f1_micro`).
    """

    by_fold: Floats
    pooled: Floats

    def by_au(self, averaging: str) -> Floats:
        """(B, A): the mean over the folds where the metric is defined, or pooled."""
        return self.pooled if averaging == "pooled" else nan_mean(self.by_fold, axis=0)

    def mean(self, averaging: str, aus: NDArray[np.bool_] | None = None) -> Floats:
        """(B,): the mean over AUs, by default those that the first weighting can score.

        NaN where one of them is undefined: a mean over other AUs is another number.
        """
        values = self.by_au(averaging)
        kept = ~np.isnan(values[0]) if aus is None else aus
        if not kept.any():
            return np.full(len(values), np.nan)
        mean: Floats = values[:, kept].mean(axis=1)
        return mean


def nan_mean(values: Floats, axis: int) -> Floats:
    """The mean of what is not NaN; NaN where all is."""
    known = ~np.isnan(values)
    count = known.sum(axis=axis)
    mean: Floats = np.where(known, values, 0).sum(axis=axis) / np.where(count, count, np.nan)
    return mean


def f1(tp: Floats, fp: Floats, fn: Floats) -> Floats:
    return ratio(2 * tp, np.where(tp + fn > 0, 2 * tp + fp + fn, 0))


def f1_skew_normalised(tp: Floats, fp: Floats, fn: Floats, tn: Floats) -> Floats:
    hits, false_alarms = ratio(tp, tp + fn), ratio(fp, fp + tn)
    score: Floats = 2 * hits / (1 + hits + false_alarms)  # FN per positive is 1 - hits
    return score


def accuracy(tp: Floats, fp: Floats, fn: Floats, tn: Floats) -> Floats:
    return ratio(tp + tn, tp + fp + fn + tn)


def ratio(part: Floats, whole: Floats) -> Floats:
    """part / whole; NaN where the whole is 0."""
    ratio: Floats = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio


def confusion(
    truth: NDArray[np.uint8],
    decision: NDArray[np.uint8],
    subject: NDArray[np.intp],
    subjects: int,
) -> Floats:
    """(4, S, A): TP, FP, FN, TN of each subject.

    truth, decision  (frames, A) 1, 0, or 255 missing; a frame counts where both are known
    subject          (frames,) 0..S-1
    """
    counts = np.zeros((4, subjects, truth.shape[1]))
    for au in range(truth.shape[1]):
        known = (truth[:, au] != MISSING) & (decision[:, au] != MISSING)
        right = truth[known, au] == decision[known, au]
        kind = np.where(decision[known, au] == 1, np.where(right, 0, 1), np.where(right, 3, 2))
        cell = kind * subjects + subject[known]
        counts[:, :, au] = np.bincount(cell, minlength=4 * subjects).reshape(4, subjects)
    return counts


def weigh(counts: Floats, weights: Floats, folds: Sequence[NDArray[np.intp]]) -> Floats:
    """(4, S, A) counts and (B, S) weights -> (F, 4, B, A): the counts of each fold's test."""
    return np.stack([weights[:, fold] @ counts[:, fold] for fold in folds])


def threshold_scores(counts: Floats) -> dict[str, Scores]:
    """The threshold metrics of (F, 4, B, A) counts."""
    found = {}
    micro = counts.sum(axis=-1, keepdims=True)
    for name in THRESHOLD_METRICS:
        source = micro if name == "f1_micro" else counts
        found[name] = Scores(
            by_fold=_threshold_metric(name, np.moveaxis(source, 1, 0)),
            pooled=_threshold_metric(name, source.sum(axis=0)),
        )
    return found


def _threshold_metric(name: str, counts: Floats) -> Floats:
    tp, fp, fn, tn = counts
    if name == "accuracy":
        return accuracy(tp, fp, fn, tn)
    if name == "f1_skew_normalised":
        return f1_skew_normalised(tp, fp, fn, tn)
    return f1(tp, fp, fn)


@dataclass(frozen=True)
class Ranking:
    """How one AU's frames are ordered by their score, by subject; K distinct positive scores.

    positives_at     (K, S) positive frames with exactly this score, highest score first
    positives_from   (K, S) positive frames with at least this score
    negatives_from   (K, S) negative frames with at least this score
    negatives_above  (K, S) negative frames with a higher score
    negatives        (S,)
    """

    positives_at: Floats
    positives_from: Floats
    negatives_from: Floats
    negatives_above: Floats
    negatives: Floats

    @classmethod
    def of(
        cls,
        truth: NDArray[np.uint8],
        score: NDArray[np.float32],
        subject: NDArray[np.intp],
        subjects: int,
    ) -> "Ranking":
        """From one AU's frames, (frames,) each, all known: truth 1 or 0, score finite."""
        positive = truth == 1
        levels, level = np.unique(score[positive], return_inverse=True)
        levels, level = levels[::-1], len(levels) - 1 - level
        cell = level * subjects + subject[positive]
        at = np.bincount(cell, minlength=len(levels) * subjects).astype(np.float64)
        at = at.reshape(len(levels), subjects)
        at_least, higher = np.zeros((2, len(levels), subjects))
        negatives = np.zeros(subjects)
        for person in range(subjects):
            own = np.sort(score[~positive & (subject == person)])
            negatives[person] = len(own)
            at_least[:, person] = len(own) - np.searchsorted(own, levels, "left")
            higher[:, person] = len(own) - np.searchsorted(own, levels, "right")
        return cls(at, at.cumsum(axis=0), at_least, higher, negatives)

    def among(self, subjects: NDArray[np.intp]) -> "Ranking":
        """The same frames, of these subjects alone."""
        kept = self.positives_at[:, subjects].any(axis=1)
        at = self.positives_at[kept][:, subjects]
        return Ranking(
            at,
            at.cumsum(axis=0),
            self.negatives_from[kept][:, subjects],
            self.negatives_above[kept][:, subjects],
            self.negatives[subjects],
        )

    def auc(self, weights: Floats) -> Floats:
        """(B, S) weights -> (B,).

        The rightly ordered pairs of a resample are a quadratic form in its weights: every frame
        of a subject is drawn as often as the subject is.
        """
        below = self.negatives - (self.negatives_from + self.negatives_above) / 2
        concordant = self.positives_at.T @ below  # (S, S): positives of one, negatives of another
        pairs = (weights @ self.positives_at.sum(axis=0)) * (weights @ self.negatives)
        return ratio(((weights @ concordant) * weights).sum(axis=1), pairs)

    def ap(self, weights: Floats) -> Floats:
        """(B, S) weights -> (B,).

        Average precision changes at the positives' scores alone, so the products below need a
        row for each of these and none for the other frames. They are in float32, whose seven
        digits are more than a score has; the sum is taken in float64.
        """
        drawn = np.ascontiguousarray(weights.T, dtype=np.float32)  # (S, B)
        at = self.positives_at.astype(np.float32)
        true = self.positives_from.astype(np.float32)
        called = true + self.negatives_from.astype(np.float32)
        total = np.zeros(len(weights))
        for start in range(0, len(at), _CHUNK):
            rows = slice(start, start + _CHUNK)
            precision = true[rows] @ drawn  # (rows, B)
            precision /= np.maximum(called[rows] @ drawn, 1)  # 0 only where nothing is drawn
            precision *= at[rows] @ drawn
            total += precision.sum(axis=0, dtype=np.float64)
        return ratio(total, weights @ self.positives_at.sum(axis=0))


_CHUNK = 256  # scores at a time: what they make of 2,000 resamples stays in the cache


def ranking_scores(
    ranking: Ranking, weights: Floats, folds: Sequence[NDArray[np.intp]]
) -> dict[str, tuple[Floats, Floats]]:
    """One AU's `auc` and `ap`: by fold (F, B) and pooled (B,)."""
    parts = [(ranking.among(fold), weights[:, fold]) for fold in folds]
    return {
        "auc": (np.stack([part.auc(drawn) for part, drawn in parts]), ranking.auc(weights)),
        "ap": (np.stack([part.ap(drawn) for part, drawn in parts]), ranking.ap(weights)),
    }
