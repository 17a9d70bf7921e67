"""How far two annotators agree on the same faces, AU by AU: `reports/agreement.parquet`.

Neither is taken for the truth. A face counts where both have a say (see
`noisyau.selection.votes`); further faces of a picture do not, since whose they are is not known.
Intervals resample people, as `noisyau.evaluation.intervals` does. Undefined is null:

    prevalence         share of the faces on which the annotator says that the AU is there
    prevalence_beside  the other's
    kappa              Cohen's: 1 is agreement throughout, 0 what chance gives with these
                       prevalences; undefined where both say one and the same of every face
    f1                 2 TP / (2 TP + FP + FN), whoever is asked first; undefined where neither
                       ever says that the AU is there
    correlation        Pearson's, of the intensities; undefined where one has none, or only one
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from noisyau import aus as au_names
from noisyau import tables
from noisyau.evaluation import intervals, metrics
from noisyau.evaluation.metrics import MISSING, Floats
from noisyau.selection.votes import Voter

LOWEST = {
    "prevalence": 0.0,
    "prevalence_beside": 0.0,
    "kappa": -1.0,
    "f1": 0.0,
    "correlation": -1.0,
}
METRICS = tuple(LOWEST)

_SUMS = 10  # of an AU and subject: four counts, six sums of intensities
_WEIGHTS = 2**22  # in memory at once: subjects times resamples
_DIGITS = 6  # as written; the last bits of a sum differ between processors


def agreement(
    minima: Mapping[Path, float],
    *,
    bootstrap: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """A row for each AU that one of two tables has a column for, and each metric.

    minima   the two tables of labels, the annotator's first, and the minimum confidence of each
    returns  `tables.AGREEMENT` without the names of corpus and annotators
    """
    annotator, _ = minima
    faces = tables.read(annotator, columns=["face_id", "subject"])
    faces = faces[faces["face_id"].str.endswith("#0")]
    subject, names = pd.factorize(faces["subject"], sort=True)
    first, second = (Voter.of(path, faces["face_id"], least) for path, least in minima.items())
    aus = sorted({*first.aus(), *second.aus()})
    sums = np.zeros((len(names), len(aus), _SUMS))
    for index, au in enumerate(aus):
        sums[:, index, :4] = _counts(
            first.occurrence(au), second.occurrence(au), subject, len(names)
        )
        sums[:, index, 4:] = _moments(
            first.intensity(au), second.intensity(au), subject, len(names)
        )
    with threadpool_limits(1, "blas"):  # one thread adds in one order, whatever the machine
        drawn = _resampled(sums.reshape(len(names), len(aus) * _SUMS), bootstrap, seed)
    drawn = drawn.reshape(-1, len(aus), _SUMS)
    rows = [
        {"au": au_names.name(au), **row}
        for index, au in enumerate(aus)
        for row in _rows(sums[:, index], drawn[:, index], confidence)
    ]
    return pd.DataFrame(rows)


def _counts(
    one: NDArray[np.float32], other: NDArray[np.float32], subject: NDArray[np.intp], subjects: int
) -> Floats:
    """(S, 4): faces on which both say yes, the other alone, the first alone, neither."""
    said = [np.where(np.isnan(a), MISSING, a).astype(np.uint8)[:, None] for a in (one, other)]
    return metrics.confusion(said[0], said[1], subject, subjects)[:, :, 0].T


def _moments(
    one: NDArray[np.float32], other: NDArray[np.float32], subject: NDArray[np.intp], subjects: int
) -> Floats:
    """(S, 6): n, and the sums of x, y, x², y² and xy, where both have an intensity.

    Counted from the first face's, so that an intensity that never changes sums to 0 exactly.
    """
    both = ~np.isnan(one) & ~np.isnan(other)
    x, y = (a[both].astype(np.float64) for a in (one, other))
    x, y = (a - a[:1] for a in (x, y))
    who = subject[both]

    def summed(values: Floats | None) -> Floats:
        return np.bincount(who, values, minlength=subjects).astype(np.float64)

    return np.stack(
        [summed(None), summed(x), summed(y), summed(x * x), summed(y * y), summed(x * y)], axis=1
    )


def _resampled(sums: Floats, resamples: int, seed: int) -> Floats:
    """(S, K) sums by subject -> (1 + resamples, K): of the sample, then of each resample.

    The weights of 100,000 subjects in 2,000 resamples would take 1.6 GB, so they are drawn in
    parts. With fewer than two subjects there is nothing to resample.
    """
    everyone = [np.arange(len(sums))]
    drawn = [sums.sum(axis=0, keepdims=True)]
    rng = np.random.default_rng(seed)
    part = max(1, _WEIGHTS // max(1, len(sums)))
    for done in range(0, resamples if len(sums) > 1 else 0, part):
        weights = intervals.resample(everyone, min(part, resamples - done), rng)
        drawn.append(weights[1:] @ sums)
    return np.concatenate(drawn)


def scores(sums: Floats) -> dict[str, Floats]:
    """(B, 10) sums, as `_counts` and `_moments` put them -> each metric, (B,); NaN undefined."""
    tp, fp, fn, tn, n, x, y, xx, yy, xy = sums.T
    faces = tp + fp + fn + tn
    chance = (tp + fp) * (fp + tn) + (tp + fn) * (fn + tn)
    spread_x, spread_y = _spread(n, x, xx), _spread(n, y, yy)
    return {
        "prevalence": metrics.ratio(tp + fn, faces),
        "prevalence_beside": metrics.ratio(tp + fp, faces),
        "kappa": metrics.ratio(2 * (tp * tn - fp * fn), chance),
        "f1": metrics.ratio(2 * tp, 2 * tp + fp + fn),
        "correlation": np.clip(
            metrics.ratio(n * xy - x * y, np.sqrt(spread_x) * np.sqrt(spread_y)), -1, 1
        ),
    }


def _spread(n: Floats, total: Floats, squares: Floats) -> Floats:
    """n² times the variance; 0 where it is no more than rounding."""
    spread = n * squares - total**2
    return np.where(spread > 1e-12 * n * squares, spread, 0.0)


def _rows(sums: Floats, drawn: Floats, confidence: float) -> Iterator[dict[str, Any]]:
    """(S, 10) sums by subject and (B, 10) resampled ones -> a row for each metric."""
    coded, rated = sums[:, :4].sum(axis=1), sums[:, 4]
    for metric, draws in scores(drawn).items():
        faces = rated if metric == "correlation" else coded
        people = int(np.count_nonzero(faces))
        low = high = np.nan
        if people > 1:
            bounds = (LOWEST[metric], 1.0)
            low, high, _ = intervals.interval(draws, confidence, people - 1, bounds)
        yield {
            "metric": metric,
            **{
                name: round(float(number), _DIGITS) + 0.0  # no -0.0
                for name, number in (("value", draws[0]), ("low", low), ("high", high))
            },
            "faces": int(faces.sum()),
            "subjects": people,
        }
