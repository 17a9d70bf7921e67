"""Is one method better than another? Paired by subject.

Both methods are scored on the frames that both coded and the AUs that both can be scored on,
and with the same resamples of the subjects, so that what is hard about a subject cancels.

The p value is a permutation test by subject. F1 is not a sum over subjects, so no difference
per subject is there to have its sign flipped; instead a coin is thrown for each subject, and
where it falls heads the two methods exchange all their decisions about that subject, in every
AU. The score of each is computed anew from the exchanged counts. If the methods were the same,
every such exchange would be as likely as what was seen. p is the share of exchanges (what was
seen counted among them) whose difference is at least as large, in either direction.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from noisyau.evaluation import metrics
from noisyau.evaluation.cohort import Cohort, Method
from noisyau.evaluation.metrics import MISSING, Floats, Scores


class Scorer:
    """Scores methods on one cohort under the same weightings of its subjects.

    weights  (B, S) as `intervals.resample` makes them: the first row is the sample itself
    """

    def __init__(self, cohort: Cohort, weights: Floats) -> None:
        self.cohort = cohort
        self.weights = weights
        self._rankings: dict[tuple[str, int, bytes], dict[str, tuple[Floats, Floats]]] = {}

    def counts(self, method: Method) -> Floats:
        """(4, S, A): TP, FP, FN, TN of each subject."""
        frames = self.cohort
        return metrics.confusion(
            frames.truth, method.decision, frames.subject, len(frames.subjects)
        )

    def scores(self, method: Method) -> dict[str, Scores]:
        """Every metric, by name."""
        counts = metrics.weigh(self.counts(method), self.weights, self.cohort.folds)
        found = metrics.threshold_scores(counts)
        by_au = [self._ranking(method, au) for au in range(len(self.cohort.aus))]
        for name in ("auc", "ap"):
            found[name] = Scores(
                by_fold=np.stack([au[name][0] for au in by_au], axis=-1),
                pooled=np.stack([au[name][1] for au in by_au], axis=-1),
            )
        found["two_afc"] = found["auc"]
        return {name: found[name] for name in metrics.METRICS}

    def _ranking(self, method: Method, au: int) -> dict[str, tuple[Floats, Floats]]:
        """Kept by what was ranked: a comparison on the same frames costs nothing more."""
        frames = self.cohort
        known = (frames.truth[:, au] != MISSING) & np.isfinite(method.score[:, au])
        key = (method.name, au, np.packbits(known).tobytes())
        if key not in self._rankings:
            ranking = metrics.Ranking.of(
                frames.truth[known, au],
                method.score[known, au],
                frames.subject[known],
                len(frames.subjects),
            )
            self._rankings[key] = metrics.ranking_scores(ranking, self.weights, frames.folds)
        return self._rankings[key]


@dataclass(frozen=True)
class Comparison:
    """`first` minus `second`.

    aus           (A,) those compared
    frames        how many frames both coded
    values        by metric and averaging: the two scores on what is compared
    differences   by metric and averaging: (B,) the first is the sample's, the rest resamples'
    by_au         (B, A) differences of F1, mean of folds; NaN where not compared
    p             by metric and averaging; threshold metrics alone
    """

    aus: NDArray[np.bool_]
    frames: int
    values: Mapping[tuple[str, str], tuple[float, float]]
    differences: Mapping[tuple[str, str], Floats]
    by_au: Floats
    p: Mapping[tuple[str, str], float]


def compare(scorer: Scorer, first: Method, second: Method, flips: NDArray[np.bool_]) -> Comparison:
    """Compare on what both coded.

    flips  (permutations, S): the subjects whose decisions are exchanged
    """
    frames = scorer.cohort
    decided = (first.decision != MISSING) & (second.decision != MISSING)
    scored = np.isfinite(first.score) & np.isfinite(second.score)
    pair = [method.within(decided, scored) for method in (first, second)]
    one, other = (scorer.scores(method) for method in pair)
    aus = ~np.isnan(one["f1"].by_au("folds")[0] + other["f1"].by_au("folds")[0])
    cells = [(metric, how) for metric in metrics.METRICS for how in ("folds", "pooled")]
    means = {
        (metric, how): tuple(
            scores[metric].mean(how, _compared(scores[metric], how, aus)) for scores in (one, other)
        )
        for metric, how in cells
    }
    by_au = one["f1"].by_au("folds") - other["f1"].by_au("folds")
    exchanged = _exchange(scorer, pair, flips)
    p = {}
    for metric, how in cells:
        if metric not in metrics.THRESHOLD_METRICS or not aus.any():
            continue
        kept = _compared(one[metric], how, aus)
        a, b = (scores[metric].mean(how, kept) for scores in exchanged)
        observed = abs(means[metric, how][0][0] - means[metric, how][1][0])
        as_large = np.count_nonzero(np.abs(a - b) >= observed - 1e-12)
        p[metric, how] = (1 + as_large) / (1 + len(flips))
    return Comparison(
        aus=aus,
        frames=int((decided & (frames.truth != MISSING))[:, aus].any(axis=1).sum()),
        values={cell: (float(a[0]), float(b[0])) for cell, (a, b) in means.items()},
        differences={cell: a - b for cell, (a, b) in means.items()},
        by_au=np.where(aus, by_au, np.nan),
        p=p,
    )


def _compared(scores: Scores, how: str, aus: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The AUs of a mean: those compared that this metric can score at all."""
    values = scores.by_au(how)
    return np.ones(1, bool) if values.shape[1] != len(aus) else aus & ~np.isnan(values[0])


def _exchange(
    scorer: Scorer, pair: list[Method], flips: NDArray[np.bool_]
) -> tuple[dict[str, Scores], dict[str, Scores]]:
    """Both methods' threshold scores under each exchange, (permutations,) at a time."""
    counts = [scorer.counts(method) for method in pair]
    taken, kept = flips.astype("float64"), (~flips).astype("float64")
    folds = scorer.cohort.folds
    own = [metrics.weigh(count, kept, folds) for count in counts]
    lent = [metrics.weigh(count, taken, folds) for count in counts]
    return (
        metrics.threshold_scores(own[0] + lent[1]),
        metrics.threshold_scores(own[1] + lent[0]),
    )
