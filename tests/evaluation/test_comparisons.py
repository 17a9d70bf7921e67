import numpy as np
import pytest
from sklearn.metrics import f1_score

from noisyau.evaluation import cohort, comparisons, intervals
from noisyau.evaluation.metrics import MISSING
from tests.evaluation import made

AUS = [1, 4, 12]
SUBJECTS = [f"p{number}" for number in range(9)]


@pytest.fixture(scope="module")
def frames():
    labels = made.coded(SUBJECTS, 40, AUS)
    return cohort.cohort(made.folds(labels), labels, AUS)


def _method(name, frames, skill, seed):
    rng = np.random.default_rng(seed)
    score = (frames.truth == 1) * skill + rng.random(frames.truth.shape)
    score = (score / (1 + skill)).astype(np.float32)
    return cohort.Method(name, (score >= 0.5).astype(np.uint8), score)


def _flips(frames, permutations=400):
    return np.random.default_rng(0).random((permutations, len(frames.subjects))) < 0.5


def _slow_f1(frames, decision, weights):
    """Mean over AUs of the mean over folds, frame by frame with scikit-learn."""
    by_au = []
    for au in range(len(frames.aus)):
        by_fold = []
        for fold in frames.folds:
            known = (frames.truth[:, au] != MISSING) & np.isin(frames.subject, fold)
            sample = weights[frames.subject[known]]
            truth = frames.truth[known, au]
            by_fold.append(f1_score(truth, decision[known, au], sample_weight=sample))
        by_au.append(np.mean(by_fold))
    return np.mean(by_au)


def test_differences_use_the_same_resamples_for_both(frames):
    weights = intervals.resample(frames.folds, 20, seed=1)
    one, other = _method("one", frames, 0.6, 1), _method("other", frames, 0.2, 2)
    found = comparisons.compare(comparisons.Scorer(frames, weights), one, other, _flips(frames, 5))
    slow = [
        _slow_f1(frames, one.decision, drawn) - _slow_f1(frames, other.decision, drawn)
        for drawn in weights
    ]
    assert found.differences["f1", "folds"] == pytest.approx(slow)


def test_p_is_that_of_a_slow_exchange_of_the_subjects_decisions(frames):
    flips = _flips(frames, 60)
    scorer = comparisons.Scorer(frames, intervals.resample(frames.folds, 2, seed=1))
    one, other = _method("one", frames, 0.3, 1), _method("other", frames, 0.25, 2)
    ones = np.ones(len(frames.subjects))

    def difference(flip):
        taken = flip[frames.subject][:, None]
        a = np.where(taken, other.decision, one.decision)
        b = np.where(taken, one.decision, other.decision)
        return _slow_f1(frames, a, ones) - _slow_f1(frames, b, ones)

    seen = difference(np.zeros(len(frames.subjects), bool))
    as_large = sum(abs(difference(flip)) >= abs(seen) - 1e-12 for flip in flips)
    found = comparisons.compare(scorer, one, other, flips)
    assert found.p["f1", "folds"] == pytest.approx((1 + as_large) / 61)


def test_a_method_is_not_different_from_itself(frames):
    scorer = comparisons.Scorer(frames, intervals.resample(frames.folds, 50, seed=1))
    method = _method("one", frames, 0.5, 1)
    found = comparisons.compare(scorer, method, method, _flips(frames))
    assert all((draws == 0).all() for draws in found.differences.values())
    assert set(found.p.values()) == {1.0}


def test_a_clear_gain_is_told_from_none(frames):
    scorer = comparisons.Scorer(frames, intervals.resample(frames.folds, 400, seed=1))
    good, bad, same = (
        _method(n, frames, s, i)
        for i, (n, s) in enumerate([("good", 1.0), ("bad", 0.1), ("same", 0.1)])
    )
    clear = comparisons.compare(scorer, good, bad, _flips(frames))
    assert clear.p["f1", "folds"] < 0.02
    assert intervals.interval(clear.differences["f1", "folds"], 0.95, 6, (-1, 1))[0] > 0
    none = comparisons.compare(scorer, same, bad, _flips(frames))
    assert none.p["f1", "folds"] > 0.02


def test_p_is_even_where_nothing_differs(frames):
    """40 pairs of equally good methods: about as many p below 0.2 as there should be."""
    scorer = comparisons.Scorer(frames, intervals.resample(frames.folds, 1, seed=1))
    ps = [
        comparisons.compare(
            scorer,
            _method("a", frames, 0.4, 100 + 2 * trial),
            _method("b", frames, 0.4, 101 + 2 * trial),
            _flips(frames, 200),
        ).p["f1", "folds"]
        for trial in range(40)
    ]
    assert 1 <= sum(p < 0.2 for p in ps) <= 18
    assert 8 <= sum(p < 0.5 for p in ps) <= 32


def test_only_frames_and_aus_that_both_coded_are_compared(frames):
    scorer = comparisons.Scorer(frames, intervals.resample(frames.folds, 10, seed=1))
    net = _method("net", frames, 0.5, 1)
    partial = _method("partial", frames, 0.5, 2)
    decision = partial.decision.copy()
    decision[:, 1] = MISSING  # AU4 cannot be seen
    decision[::2] = MISSING
    score = np.where(decision == MISSING, np.float32(np.nan), partial.score)
    found = comparisons.compare(
        scorer, net, cohort.Method("partial", decision, score), _flips(frames)
    )
    assert found.aus.tolist() == [True, False, True]
    assert found.frames == len(frames.face_id[1::2])
    value = found.values["f1", "folds"][0]
    known = np.zeros(len(frames.subject), bool)
    known[1::2] = True
    slow = []
    for au in (0, 2):
        by_fold = []
        for fold in frames.folds:
            rows = known & (frames.truth[:, au] != MISSING) & np.isin(frames.subject, fold)
            by_fold.append(f1_score(frames.truth[rows, au], net.decision[rows, au]))
        slow.append(np.mean(by_fold))
    assert value == pytest.approx(np.mean(slow))


def test_methods_with_nothing_in_common_have_no_difference_and_no_p(frames):
    scorer = comparisons.Scorer(frames, intervals.resample(frames.folds, 10, seed=1))
    net = _method("net", frames, 0.5, 1)
    blind = cohort.Method(
        "blind",
        np.full(frames.truth.shape, MISSING, np.uint8),
        np.full(frames.truth.shape, np.nan, np.float32),
    )
    found = comparisons.compare(scorer, net, blind, _flips(frames))
    assert np.isnan(found.differences["f1", "folds"]).all()
    assert found.p == {}
