import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from noisyau.evaluation import intervals, metrics

FOLDS = [np.array([0, 3, 4]), np.array([1, 2, 5, 6])]


def _draws(weights):
    """How often each subject was drawn."""
    drawn = weights[1:].copy()
    for fold in FOLDS:
        drawn[:, fold] *= (len(fold) - 1) / len(fold)
    return drawn


def test_each_fold_s_subjects_are_drawn_within_their_fold_one_fewer_than_it_has():
    weights = intervals.resample(FOLDS, 500, seed=1)
    assert weights.shape == (501, 7)
    assert (weights[0] == 1).all()
    assert _draws(weights) == pytest.approx(_draws(weights).round())
    for fold in FOLDS:
        assert weights[:, fold].sum(axis=1) == pytest.approx(len(fold))
        assert _draws(weights)[:, fold].sum(axis=1) == pytest.approx(len(fold) - 1)
    assert weights[1:].mean(axis=0) == pytest.approx(np.ones(7), abs=0.15)
    assert (intervals.resample(FOLDS, 500, seed=1) == weights).all()
    assert (intervals.resample(FOLDS, 500, seed=2) != weights).any()


def test_every_resample_is_that_of_a_slow_loop_over_copied_frames():
    rng = np.random.default_rng(4)
    subject = np.repeat(np.arange(7), 40)
    truth = (rng.random(280) < 0.3).astype(np.uint8)
    score = (truth * 0.3 + rng.random(280).round(2)).astype(np.float32)
    decision = (score >= 0.6).astype(np.uint8)
    weights = intervals.resample(FOLDS, 60, seed=3)
    counts = metrics.confusion(truth[:, None], decision[:, None], subject, 7)
    f1 = metrics.threshold_scores(metrics.weigh(counts, weights, FOLDS))["f1"].mean("folds")
    ranking = metrics.Ranking.of(truth, score, subject, 7)
    by_fold = metrics.ranking_scores(ranking, weights, FOLDS)
    slow = {"f1": [], "auc": [], "ap": []}
    for drawn in [weights[0], *_draws(weights).round()]:
        values = {"f1": [], "auc": [], "ap": []}
        for fold in FOLDS:
            people = np.repeat(fold, drawn[fold].astype(int))
            rows = np.concatenate([np.flatnonzero(subject == person) for person in people])
            values["f1"].append(f1_score(truth[rows], decision[rows]))
            values["auc"].append(roc_auc_score(truth[rows], score[rows]))
            values["ap"].append(average_precision_score(truth[rows], score[rows]))
        for name, found in values.items():
            slow[name].append(np.mean(found))
    fast = {"f1": f1, "auc": by_fold["auc"][0].mean(axis=0), "ap": by_fold["ap"][0].mean(axis=0)}
    for name in slow:
        assert fast[name] == pytest.approx(slow[name], abs=1e-6), name


def test_the_interval_is_worked_by_hand():
    """The resamples fall 0.1 below the sample on average, so the centre is 0.1 above it."""
    draws = np.array([0.5, 0.3, 0.4, 0.5])
    reach = stats.t.ppf(0.95, 24) * draws[1:].std()
    low, high, undefined = intervals.interval(draws, 0.9, 24, (0, 1))
    assert (low, high) == pytest.approx((0.6 - reach, 0.6 + reach), rel=1e-4)
    assert undefined == 0


def test_an_interval_holds_the_score_that_it_is_of_however_far_the_resamples_are():
    draws = np.array([0.4, 0.8, 0.81, 0.79, 0.8])
    low, high, _ = intervals.interval(draws, 0.95, 6, (0, 1))
    assert low < 0.1
    assert high == 0.4


def test_an_interval_stays_within_what_a_score_can_be():
    draws = np.array([0.99, 0.9, 1.0, 0.97, 0.99])
    assert intervals.interval(draws, 0.95, 6, (0, 1))[1] == 1
    assert intervals.interval(draws - 0.98, 0.95, 6, (-1, 1))[0] < 0


def test_undefined_resamples_are_left_out_and_counted():
    draws = np.array([0.25, 0.1, 0.2, np.nan, 0.3, 0.4])
    without = intervals.interval(draws[~np.isnan(draws)], 0.9, 6, (0, 1))
    assert intervals.interval(draws, 0.9, 6, (0, 1)) == (*without[:2], 1)


@pytest.mark.parametrize("draws", [[np.nan, np.nan, 0.3, np.nan], [np.nan] * 3, []])
def test_an_interval_of_a_lucky_few_resamples_is_missing(draws):
    low, high, undefined = intervals.interval(np.array([0.5, *draws]), 0.95, 6, (0, 1))
    assert np.isnan([low, high]).all()
    assert undefined == np.isnan(draws).sum()


def test_intervals_cover_mean_f1_and_its_difference_about_as_often_as_they_say():
    """Samples of 27 people out of 27, with rare AUs that some have and others lack."""
    rng = np.random.default_rng(0)
    people, aus = 27, 12
    positives = rng.binomial(80, rng.beta(2, 10, (people, aus))).astype(float)
    hits = np.clip(rng.normal(0.6, 0.15, (people, aus)), 0.05, 0.9)
    false_alarms = np.clip(rng.normal(0.05, 0.03, (people, aus)), 0.002, 0.3)

    def counts(gain):
        right, wrong = positives * (hits + gain), (80 - positives) * false_alarms
        return np.stack([right, wrong, positives - right, 80 - positives - wrong])

    def f1(people_drawn, gain, weights, folds):
        found = metrics.weigh(counts(gain)[:, people_drawn], weights, folds)
        return metrics.threshold_scores(found)["f1"].mean("folds")

    folds = [np.arange(0, 9), np.arange(9, 18), np.arange(18, 27)]
    everyone, once = np.arange(people), np.ones((1, people))
    truth = f1(everyone, 0.0, once, folds)[0]
    gain = f1(everyone, 0.05, once, folds)[0] - truth
    weights = intervals.resample(folds, 200, seed=0)
    covered = np.zeros(2)
    for _ in range(200):
        sample = np.concatenate([rng.choice(fold, len(fold)) for fold in folds])
        scores = f1(sample, 0.0, weights, folds)
        changes = f1(sample, 0.05, weights, folds) - scores
        for index, (draws, value) in enumerate([(scores, truth), (changes, gain)]):
            low, high, _ = intervals.interval(draws, 0.95, 24, (-1, 1))
            covered[index] += low <= value <= high
    assert (covered >= 0.88 * 200).all()  # plain percentiles: 0.7
    assert (covered <= 0.99 * 200).all()
