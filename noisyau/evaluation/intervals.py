"""Bootstrap intervals over subjects.

Frames of one person are alike, so persons are drawn, not frames; and each fold's net is scored
on its own test subjects, so they are drawn within their fold (Field & Welsh 2007 on clustered
data; the folds are strata).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from noisyau.evaluation.metrics import Floats


def resample(folds: Sequence[NDArray[np.intp]], resamples: int, seed: int) -> Floats:
    """(1 + resamples, S): how often each subject is drawn; the first row is the sample itself.

    folds  the test subjects' indices of each fold, 0..S-1, each in one fold
    """
    subjects = sum(map(len, folds))
    weights = np.ones((1 + resamples, subjects))
    rng = np.random.default_rng(seed)
    for fold in folds:
        even = np.full(len(fold), 1 / len(fold))
        weights[1:, fold] = rng.multinomial(len(fold), even, size=resamples)
    return weights


def percentile(draws: Floats, confidence: float) -> tuple[float, float, int]:
    """(resamples,) -> low, high, and how many resamples were undefined (NaN) and left out.

    NaN, NaN where fewer than half of the resamples are defined: these would be an interval of
    the lucky draws.
    """
    known = draws[~np.isnan(draws)]
    undefined = len(draws) - len(known)
    if len(known) * 2 < len(draws) or not len(known):
        return np.nan, np.nan, undefined
    tail = (1 - confidence) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high), undefined
