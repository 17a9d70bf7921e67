import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as theirs

from noisyau.evaluation import metrics
from noisyau.evaluation.metrics import MISSING

SUBJECTS = 5
FOLDS = [np.array([0, 1]), np.array([2, 3, 4])]


@st.composite
def coded_frames(draw):
    """truth, decision, score, subject of one AU, scores with many ties; and B weightings."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frames = draw(st.integers(4, 60))
    truth = (rng.random(frames) < draw(st.sampled_from([0.1, 0.5, 0.9]))).astype(np.uint8)
    levels = draw(st.sampled_from([2, 5, 1000]))
    score = (np.round((rng.random(frames) + truth * 0.3) * levels) / levels).astype(np.float32)
    decision = (score >= 0.5).astype(np.uint8)
    subject = rng.integers(0, SUBJECTS, frames)
    weights = rng.integers(0, 4, (3, SUBJECTS)).astype(float)
    return truth, decision, score, subject, weights


def _rankings(truth, score, subject):
    return metrics.Ranking.of(truth, score, subject, SUBJECTS)


@settings(max_examples=60, deadline=None)
@given(coded_frames())
def test_every_metric_equals_scikit_learn_s_under_any_weights(data):
    truth, decision, score, subject, weights = data
    counts = metrics.confusion(truth[:, None], decision[:, None], subject, SUBJECTS)
    found = metrics.threshold_scores(metrics.weigh(counts, weights, FOLDS))
    ranked = metrics.ranking_scores(_rankings(truth, score, subject), weights, FOLDS)
    for row, drawn in enumerate(weights):
        views = [(None, np.ones(len(truth), bool))]
        views += [(index, np.isin(subject, fold)) for index, fold in enumerate(FOLDS)]
        for fold, part in views:
            sample = drawn[subject] * part
            y, d, s, w = (values[sample > 0] for values in (truth, decision, score, sample))
            values = {
                name: scores.pooled[row, 0] if fold is None else scores.by_fold[fold, row, 0]
                for name, scores in found.items()
            }
            for name, (by_fold, pooled) in ranked.items():
                values[name] = pooled[row] if fold is None else by_fold[fold, row]
            if not y.any():
                assert np.isnan([values["f1"], values["ap"], values["auc"]]).all()
                continue
            assert values["f1"] == pytest.approx(theirs.f1_score(y, d, sample_weight=w))
            assert values["f1_micro"] == pytest.approx(values["f1"])
            assert values["accuracy"] == pytest.approx(theirs.accuracy_score(y, d, sample_weight=w))
            assert values["ap"] == pytest.approx(
                theirs.average_precision_score(y, s, sample_weight=w), abs=1e-6
            )
            if y.all():
                assert np.isnan([values["auc"], values["f1_skew_normalised"]]).all()
                continue
            assert values["auc"] == pytest.approx(theirs.roc_auc_score(y, s, sample_weight=w))
            even = w * np.where(y == 1, 1 / w[y == 1].sum(), 1 / w[y == 0].sum())
            assert values["f1_skew_normalised"] == pytest.approx(
                theirs.f1_score(y, d, sample_weight=even)
            )


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_micro_f1_is_scikit_learn_s_over_all_labels(seed):
    rng = np.random.default_rng(seed)
    truth, decision = rng.integers(0, 2, (2, 30, 4)).astype(np.uint8)
    subject = rng.integers(0, SUBJECTS, 30)
    counts = metrics.confusion(truth, decision, subject, SUBJECTS)
    found = metrics.threshold_scores(metrics.weigh(counts, np.ones((1, SUBJECTS)), FOLDS))
    assume(truth.any())
    assert found["f1_micro"].pooled[0, 0] == pytest.approx(
        theirs.f1_score(truth, decision, average="micro")
    )


@settings(max_examples=50, deadline=None)
@given(coded_frames())
def test_auc_is_the_share_of_pairs_in_order_counted_one_by_one(data):
    truth, _, score, subject, _ = data
    assume(0 < truth.sum() < len(truth))
    pairs = [
        1.0 if p > n else 0.5 if p == n else 0.0
        for p in score[truth == 1]
        for n in score[truth == 0]
    ]
    found = _rankings(truth, score, subject).auc(np.ones((1, SUBJECTS)))
    assert found[0] == pytest.approx(np.mean(pairs))


def test_a_case_worked_by_hand():
    """TP 3, FP 1, FN 2, TN 4: F1 = 6/9, accuracy = 7/10; TPR 3/5, FPR 1/5: 1.2/1.8."""
    truth = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0, 0], np.uint8)[:, None]
    decision = np.array([1, 1, 1, 0, 0, 1, 0, 0, 0, 0], np.uint8)[:, None]
    subject = np.zeros(10, dtype=int)
    counts = metrics.confusion(truth, decision, subject, 1)
    assert counts[:, 0, 0].tolist() == [3, 1, 2, 4]
    found = metrics.threshold_scores(metrics.weigh(counts, np.ones((1, 1)), [np.array([0])]))
    assert found["f1"].pooled[0, 0] == pytest.approx(2 / 3)
    assert found["accuracy"].pooled[0, 0] == pytest.approx(0.7)
    assert found["f1_skew_normalised"].pooled[0, 0] == pytest.approx(1.2 / 1.8)


def test_skew_normalisation_does_not_change_with_the_number_of_negatives():
    few = metrics.f1_skew_normalised(*np.array([[6.0], [1.0], [4.0], [9.0]]))
    many = metrics.f1_skew_normalised(*np.array([[6.0], [100.0], [4.0], [900.0]]))
    assert few == pytest.approx(many)
    assert metrics.f1(*np.array([[6.0], [1.0], [4.0]])) > 2 * metrics.f1(
        *np.array([[6.0], [100.0], [4.0]])
    )


def test_missing_labels_and_missing_decisions_are_not_counted():
    truth = np.array([[1], [MISSING], [0], [1]], np.uint8)
    decision = np.array([[1], [1], [MISSING], [0]], np.uint8)
    counts = metrics.confusion(truth, decision, np.array([0, 0, 1, 1]), 2)
    assert counts[:, :, 0].tolist() == [[1, 0], [0, 0], [0, 1], [0, 0]]


def test_a_fold_in_which_an_au_never_occurs_is_left_out_of_its_mean():
    by_fold = np.array([[[0.8, 0.5]], [[np.nan, 0.7]], [[0.4, np.nan]]])
    scores = metrics.Scores(by_fold, pooled=np.array([[0.6, 0.6]]))
    assert scores.by_au("folds")[0] == pytest.approx([0.6, 0.6])
    assert scores.mean("folds")[0] == pytest.approx(0.6)


def test_an_au_that_never_occurs_is_left_out_and_never_zero():
    scores = metrics.Scores(
        by_fold=np.array([[[0.8, np.nan], [np.nan, np.nan]]]),
        pooled=np.array([[0.8, np.nan], [np.nan, np.nan]]),
    )
    mean = scores.mean("folds")
    assert mean[0] == pytest.approx(0.8)
    assert np.isnan(mean[1])  # in the second weighting the AU that counts is undefined


def test_nothing_to_score_is_nan_without_a_warning():
    empty = np.zeros((4, 2, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = metrics.threshold_scores(
            metrics.weigh(empty, np.ones((2, 2)), [np.array([0]), np.array([1])])
        )
        ranking = metrics.Ranking.of(
            np.zeros(0, np.uint8), np.zeros(0, np.float32), np.zeros(0, int), 2
        )
        ranked = metrics.ranking_scores(ranking, np.ones((2, 2)), [np.array([0]), np.array([1])])
    assert all(np.isnan(scores.mean("folds")).all() for scores in found.values())
    assert all(np.isnan(values).all() for pair in ranked.values() for values in pair)
