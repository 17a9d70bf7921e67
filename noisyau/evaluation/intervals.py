"""Bootstrap intervals over subjects.

Frames of one person are alike, so persons are drawn, not frames; and each fold's net is scored
on its own test subjects, so they are drawn within their fold. Tests are small: DISFA's hold
nine people, a few of whom have most of a rare AU's frames. Three corrections make up for that:

- one subject fewer than the fold has is drawn, or the spread comes out too small by
  (n - 1)/n (Rao & Wu 1988, for clusters in strata);
- mean F1 falls with fewer people to hold the rare AUs, from the population to the sample as from
  the sample to a resample; the second fall is seen and taken off (Davison & Hinkley 1997, 5.2);
- Student's t for the number of people takes the place of the normal quantile.

Measured, with DISFA's 27 people as the population and 95 % asked for: such intervals hold the
true mean F1 in 91 % and the true paired difference in 95 % of samples; plain percentiles do in
72 % and 91 %. With 80 frames a person and base rates near 17 %: 95 % and 95 % against 69 % and
92 %.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri, stdtrit

from noisyau.evaluation.metrics import Floats

ROUNDING = 1e-9
"""Scores no further apart than this are equal: a sum has its last digits from its order."""


def resample(
    folds: Sequence[NDArray[np.intp]], resamples: int, seed: int | np.random.Generator
) -> Floats:
    """(1 + resamples, S): weights of the subjects; the first row is the sample itself, all ones.

    folds  the test subjects' indices of each fold, 0..S-1, each in one fold, at least 2 a fold
    seed   or a generator, whose next numbers are taken: with one, many resamples may be drawn in
           parts, each with the sample itself before it

    A fold of n subjects draws n - 1 and gives each draw the weight n/(n - 1), so that folds
    keep their size when they are pooled.
    """
    subjects = sum(map(len, folds))
    weights = np.ones((1 + resamples, subjects))
    rng = np.random.default_rng(seed)
    for fold in folds:
        n = len(fold)
        drawn = rng.multinomial(n - 1, np.full(n, 1 / n), size=resamples)
        weights[1:, fold] = drawn * (n / (n - 1))
    return weights


def interval(
    draws: Floats, confidence: float, degrees: int, bounds: tuple[float, float]
) -> tuple[float, float, int]:
    """low, high, and how many resamples were undefined (NaN) and left out.

    draws    (1 + resamples,) a score of the sample itself, then of the resamples
    degrees  of freedom: subjects minus folds
    bounds   of the score: (0, 1), or (-1, 1) for a difference

    An interval holds the sample's own score: where the bias is so large that taking it off leaves
    the score outside (a handful of people, AUs that drop out of resamples), it is widened to it.
    NaN, NaN where fewer than half of the resamples are defined: these would be an interval of
    the lucky draws.
    """
    value, redrawn = draws[0], draws[1:]
    known = redrawn[~np.isnan(redrawn)]
    undefined = len(redrawn) - len(known)
    if np.isnan(value) or len(known) < 2 or len(known) * 2 < len(redrawn):
        return np.nan, np.nan, undefined
    centre = value - (known.mean() - value)
    reach = float(stdtrit(degrees, (1 + confidence) / 2)) * known.std()  # Student's t
    low, high = np.clip([centre - reach, centre + reach], *bounds)
    return min(float(low), value), max(float(high), value), undefined


def share(draws: Floats, confidence: float, people: int, faces: int) -> tuple[float, float]:
    """low, high of a share of faces, such as sensitivity (Korn & Graubard 1998).

    draws   (1 + resamples,) the share in the sample itself, then in the resamples
    people  who have such faces; Student's t has one degree of freedom fewer
    faces   that they have

    Many shares lie near 0 or 1, where value +- reach leaves the scale and misses the truth on one
    side. Instead the spread of the resamples tells how many independent faces would vary as much,
    never more than there are, and Clopper & Pearson's interval is taken for so many. Where no
    resample differs, each person counts as one face. NaN, NaN for fewer than two people, and as in
    `interval`.
    """
    value, redrawn = draws[0], draws[1:]
    known = redrawn[~np.isnan(redrawn)]
    if np.isnan(value) or people < 2 or len(known) < 2 or len(known) * 2 < len(redrawn):
        return np.nan, np.nan
    tail = (1 - confidence) / 2
    alike = float(people)
    if np.abs(known - value).max() > ROUNDING:
        widened = (ndtri(tail) / stdtrit(people - 1, tail)) ** 2
        alike = min(float(value * (1 - value) / known.var()), faces) * widened
    hits, misses = value * alike, (1 - value) * alike
    low = betaincinv(hits, misses + 1, tail) if hits > ROUNDING else 0.0
    high = betaincinv(hits + 1, misses, 1 - tail) if misses > ROUNDING else 1.0
    return float(low), float(high)
