import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from noisyau.evaluation import intervals, metrics

FOLDS = [np.array([0, 3, 4]), np.array([1, 2, 5, 6])]


def test_each_fold_s_subjects_are_drawn_within_their_fold():
    weights = intervals.resample(FOLDS, 500, seed=1)
    assert weights.shape == (501, 7)
    assert (weights[0] == 1).all()
    for fold in FOLDS:
        assert (weights[:, fold].sum(axis=1) == len(fold)).all()
    assert weights[1:].mean(axis=0) == pytest.approx(np.ones(7), abs=0.15)
    assert (intervals.resample(FOLDS, 500, seed=1) == weights).all()
    assert (intervals.resample(FOLDS, 500, seed=2) != weights).any()


def test_the_interval_is_that_of_a_slow_loop_over_copied_frames():
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
    for drawn in weights:
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
        low, high = np.quantile(slow[name][1:], [0.05, 0.95])
        assert intervals.percentile(fast[name][1:], 0.9) == pytest.approx((low, high, 0), abs=1e-6)


def test_undefined_resamples_are_left_out_and_counted():
    draws = np.array([0.1, 0.2, np.nan, 0.3, 0.4])
    assert intervals.percentile(draws, 0.5) == pytest.approx((0.175, 0.325, 1))


@pytest.mark.parametrize("draws", [[np.nan, np.nan, 0.3, np.nan], [np.nan] * 3, []])
def test_an_interval_of_a_lucky_few_resamples_is_missing(draws):
    low, high, undefined = intervals.percentile(np.array(draws), 0.95)
    assert np.isnan([low, high]).all()
    assert undefined == np.isnan(draws).sum()


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    """200 samples of 12 subjects whose share of right answers varies; the truth is 0.7."""
    rng = np.random.default_rng(0)
    folds = [np.arange(6), np.arange(6, 12)]
    weights = intervals.resample(folds, 400, seed=0)
    covered = 0
    for _ in range(200):
        skill = np.clip(rng.normal(0.7, 0.1, 12), 0, 1)
        right = rng.binomial(50, skill)[None]
        counts = np.stack([right, 50 - right, 0 * right, 0 * right])[:, 0, :, None].astype(float)
        found = metrics.threshold_scores(metrics.weigh(counts, weights, folds))["accuracy"]
        low, high, _ = intervals.percentile(found.mean("folds")[1:], 0.95)
        covered += low <= 0.7 <= high
    assert 170 <= covered <= 198
