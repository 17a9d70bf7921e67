"""The noise audit, against scikit-learn and by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as theirs

from noisyau import tables
from noisyau.errors import EvaluationError, TableError
from noisyau.evaluation import audit as audits
from noisyau.evaluation import intervals, metrics
from noisyau.evaluation.audit import audit, read_truth

NOBODY = pd.DataFrame({"face_id": [], "subject": []})
KNOBS = {
    "lost": NOBODY, "minimum_confidence": 0.5, "bootstrap": 200, "confidence": 0.95, "seed": 1,
}  # fmt: skip


def labels(occurs, levels=None, subjects=None, faces=None, confidence=1.0):
    """`tables.labels` of AU12 on pictures p0, p1, ...; two pictures a person."""
    number = len(occurs)
    return pd.DataFrame(
        {
            "face_id": faces or [f"p{k}#0" for k in range(number)],
            "subject": subjects or [f"s{k // 2}" for k in range(number)],
            "confidence": pd.Series(confidence, range(number), dtype="float32"),
            "AU12_c": pd.array(occurs, "Int8"),
            "AU12_r": pd.Series(levels or [np.nan] * number, dtype="float32"),
        }
    )


def truth(occurs):
    return pd.DataFrame(
        {"item": [f"p{k}" for k in range(len(occurs))], "AU12_c": pd.array(occurs, "Int8")}
    )


def values(table):
    return dict(zip(table["metric"], table["value"], strict=True))


def row(table, measure):
    (found,) = table[table["metric"] == measure].to_dict("records")
    return found


def test_the_measures_are_worked_by_hand():
    """Hit, hit, miss, false alarm, right rejection, right rejection, truth unknown, not coded."""
    found = audit(
        labels([1, 1, 0, 1, 0, 0, 1, None], [3.0, 2.0, 0.5, 1.0, 0.5, 0.0, 5.0, np.nan]),
        truth([1, 1, 1, 0, 0, 0, None, 1]),
        **KNOBS,
    )
    assert values(found) == pytest.approx(
        {
            "true_prevalence": 4 / 7,  # the face that is not coded too
            "coded": 6 / 7,
            "noisy_prevalence": 3 / 6,
            "sensitivity": 2 / 3,
            "specificity": 2 / 3,
            "auc": (3 + 3 + 0 + 1 + 0.5) / 9,
            "prevalence_ratio": 1.0,
        },
        abs=1e-6,
    )
    support = ["positives", "faces", "subjects"]
    assert [row(found, "sensitivity")[name] for name in support] == [3, 6, 3]
    assert [row(found, "true_prevalence")[name] for name in support] == [4, 7, 4]


@st.composite
def ranked(draw):
    """truth, decision, score with ties, subject, weights; some subjects may have no face."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    faces = draw(st.integers(1, 60))
    true = (rng.random(faces) < draw(st.sampled_from([0.1, 0.5, 0.9]))).astype(np.uint8)
    levels = draw(st.sampled_from([2, 5, 1000]))
    score = (np.round((rng.random(faces) + true * 0.3) * levels) / levels).astype(np.float32)
    weights = rng.integers(0, 4, (4, 6)) * draw(st.sampled_from([1.0, 27 / 26]))
    return true, (score >= 0.5).astype(np.uint8), score, rng.integers(0, 6, faces), weights


@settings(max_examples=100, deadline=None)
@given(ranked())
def test_every_measure_equals_scikit_learn_s_under_any_weights_of_the_people(data):
    true, said, score, subject, weights = data
    area = audits.auc(true, score, subject, weights)
    for drawn, found in zip(weights, area, strict=True):
        kept = drawn[subject] > 0
        y, d, s, w = true[kept], said[kept], score[kept], drawn[subject][kept]
        if len(np.unique(y)) < 2:
            assert np.isnan(found)
            continue
        assert found == pytest.approx(theirs.roc_auc_score(y, s, sample_weight=w))
        weighted = audits._Faces(y, d, s, subject[kept]).measures(drawn[None], 0.95)
        expected = {
            "true_prevalence": np.average(y, weights=w),
            "coded": 1,
            "noisy_prevalence": np.average(d, weights=w),
            "sensitivity": theirs.recall_score(y, d, sample_weight=w),
            "specificity": theirs.recall_score(y, d, sample_weight=w, pos_label=0),
            "auc": theirs.roc_auc_score(y, s, sample_weight=w),
            "prevalence_ratio": (w @ d) / (w @ y),
        }
        assert {name: one[0] for name, one in weighted.items()} == pytest.approx(expected)


def test_a_block_of_resamples_at_a_time_gives_the_same_areas(monkeypatch):
    rng = np.random.default_rng(2)
    true = (rng.random(300) < 0.3).astype(np.uint8)
    score = (rng.random(300) + 0.2 * true).round(2).astype(np.float32)
    subject = rng.integers(0, 40, 300)
    weights = intervals.resample([np.arange(40)], 50, seed=1)
    whole = audits.auc(true, score, subject, weights)
    ranking = metrics.Ranking.of(true, score, subject, 40)
    assert whole == pytest.approx(ranking.auc(weights))
    monkeypatch.setattr(audits, "_CELLS", 1)
    assert audits.auc(true, score, subject, weights) == pytest.approx(whole)


def test_a_perfect_annotator_has_no_error_and_no_certainty_beyond_its_people():
    true = [1, 0] * 10
    found = audit(labels(true, [4.0, 0.0] * 10), truth(true), **KNOBS)
    told = values(found)
    assert told["sensitivity"] == told["specificity"] == told["auc"] == 1
    assert told["prevalence_ratio"] == 1
    lowest = 0.025 ** (1 / 10)  # ten people, of whom none shows an error
    for measure in ("sensitivity", "specificity", "auc"):
        assert row(found, measure)["low"] == pytest.approx(lowest, abs=1e-6)
        assert row(found, measure)["high"] == 1
    assert np.isnan([row(found, "prevalence_ratio")[end] for end in ("low", "high")]).all()


def test_an_annotator_that_never_calls_an_au_finds_nothing():
    found = audit(labels([0] * 20, [0.0] * 20), truth([1, 0] * 10), **KNOBS)
    told = values(found)
    assert (told["sensitivity"], told["specificity"], told["auc"]) == (0, 1, 0.5)
    assert (told["noisy_prevalence"], told["prevalence_ratio"]) == (0, 0)
    assert row(found, "sensitivity")["high"] == pytest.approx(1 - 0.025 ** (1 / 10), abs=1e-6)
    assert np.isnan(row(found, "prevalence_ratio")["high"])


@pytest.mark.parametrize("column", ["empty", "absent"])
def test_an_au_that_the_annotator_cannot_see_is_null_and_never_0(column):
    said = labels([None] * 20)
    if column == "absent":
        said = said.drop(columns=["AU12_c", "AU12_r"])
    found = audit(said, truth([1, 0] * 10), **KNOBS)
    told = values(found)
    assert told.pop("true_prevalence") == 0.5
    assert told.pop("coded") == 0
    assert np.isnan(list(told.values())).all()
    assert row(found, "sensitivity")["faces"] == 0


def test_an_au_without_intensity_has_no_auc():
    found = audit(labels([1, 0] * 10), truth([1, 0] * 10), **KNOBS)
    assert np.isnan(values(found)["auc"])
    assert row(found, "auc")["faces"] == 0
    assert values(found)["sensitivity"] == 1


@pytest.mark.parametrize("constant", [0, 1])
def test_a_truth_without_positives_or_negatives_leaves_what_needs_them_undefined(constant):
    found = audit(labels([1, 0] * 10, [2.0, 0.0] * 10), truth([constant] * 20), **KNOBS)
    told = values(found)
    assert np.isnan(told["auc"])
    assert np.isnan(told["specificity" if constant else "sensitivity"])
    assert told["sensitivity" if constant else "specificity"] == 0.5
    assert told["true_prevalence"] == constant
    assert np.isnan(told["prevalence_ratio"]) == (not constant)


def test_one_person_has_values_and_no_intervals():
    found = audit(labels([1, 0, 1, 0], subjects=["s"] * 4), truth([1, 0, 0, 1]), **KNOBS)
    assert values(found)["sensitivity"] == 0.5
    assert found[["low", "high"]].isna().all(axis=None)


def test_the_first_face_of_an_item_is_audited_alone():
    said = labels([1, 0, 0], faces=["p0#0", "p0#1", "p1#0"])
    found = audit(said, truth([1, 0]), **KNOBS)
    assert row(found, "sensitivity")["faces"] == 2
    assert values(found)["sensitivity"] == 1


def test_unsure_labels_are_audited_and_counted():
    said = labels([1, 0] * 3, confidence=[0.4, 0.5, np.nan, 0.9, 0.1, 1.0])
    found = audit(said, truth([1, 0] * 3), **KNOBS)
    assert row(found, "sensitivity")["faces"] == 6
    assert row(found, "sensitivity")["unsure"] == 2


def test_the_audit_is_a_table_and_the_same_seed_gives_the_same_one(tmp_path):
    said, true = labels([1, 0, 0] * 8, [2.0, 1.0, 0.0] * 8), truth([1, 0, 1] * 8)
    found = audit(said, true, **KNOBS).assign(corpus="coded", truth="people", annotator="x")
    tables.write(found, tmp_path / "audit.parquet", tables.AUDIT)
    again = audit(said, true, **KNOBS)
    pd.testing.assert_frame_equal(found[again.columns], again)
    assert (found["low"] <= found["value"]).all()
    assert (found["value"] <= found["high"]).all()
    pd.testing.assert_frame_equal(audit(said, true.iloc[::-1], **KNOBS), again)


@pytest.mark.parametrize(
    ("said", "true", "told"),
    [
        (labels([1], faces=["x.jpg#0"]), truth([1]), "faces are named x.jpg#0.*truth p0"),
        (labels([1]), truth([1]).iloc[:0], "items of the truth .none."),
        (labels([1, 1], faces=["p0#0"] * 2), truth([1]), "noisy labels: p0#0 comes twice"),
        (labels([1]), truth([1]).iloc[[0, 0]], "the truth: p0 comes twice"),
        (labels([1]), truth([9]), "the truth: AU12_c of p0 is 9"),
        (labels([9]), truth([1]), "the noisy labels: AU12_c of p0 is 9"),
    ],
)
def test_what_cannot_be_compared_is_refused(said, true, told):
    with pytest.raises(EvaluationError, match=told):
        audit(said, true, **KNOBS)


def test_an_au_of_a_known_truth_occurs_from_the_threshold_on(tmp_path):
    path = tmp_path / "truth.parquet"
    levels = pd.Series([0.0, 1.99, 2.0, 5.0, None], dtype="float32")
    rows = pd.DataFrame({"item": list("abcde"), "yaw": 1.0, "AU12_r": levels})
    rows.to_parquet(path)
    found = read_truth(path, 2)
    assert found.columns.tolist() == ["item", "AU12_c"]
    assert found["AU12_c"].tolist() == [0, 0, 1, 1, pd.NA]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ({"name": ["a"], "AU12_r": [1.0]}, "found the columns name, AU12_r; .*`item`"),
        ({"item": ["a"], "AU12_c": [1]}, "found the columns item, AU12_c; .*AU12_r"),
        ({"item": ["a"], "AU12_r": ["much"]}, "AU12_r is .*; expected levels 0 to 5"),
        ({"item": ["a", "b"], "AU12_r": [1.0, 5.5]}, r"AU12_r of b is 5.5; expected 0 to 5.*\(1 "),
        ({"item": ["a", "a"], "AU12_r": [1.0, 1.0]}, "a comes twice"),
    ],
)
def test_a_truth_of_another_form_is_refused_with_its_name(tmp_path, rows, told):
    path = tmp_path / "truth.parquet"
    pd.DataFrame(rows).to_parquet(path)
    with pytest.raises((TableError, EvaluationError), match=told) as error:
        read_truth(path, 2)
    assert str(error.value).startswith(str(path))


def test_intervals_cover_what_is_true_about_as_often_as_they_say():
    """Samples of 27 people, a third of whom never show the AU."""
    rng = np.random.default_rng(0)

    def sample(people):
        rates = rng.beta(0.35, 4, people) * (rng.random(people) < 0.65)
        subject = np.repeat(np.arange(people), 80)
        true = (rng.random(len(subject)) < rates[subject]).astype(np.uint8)
        shift, gain = rng.normal(0, 0.6, people), rng.normal(1.8, 0.7, people)
        score = rng.normal(size=len(subject)) + shift[subject] + gain[subject] * true
        said = (score > 1.6).astype(np.uint8)
        return audits._Faces(true, said, score.astype(np.float32), subject)

    population = sample(20_000).measures(np.ones((1, 20_000)), 0.95)
    weights = intervals.resample([np.arange(27)], 200, seed=0)
    del population["coded"]  # everything is
    covered = dict.fromkeys(population, 0)
    for _ in range(200):
        for measure, (_, low, high) in sample(27).measures(weights, 0.95).items():
            if measure in covered:
                covered[measure] += low <= population[measure][0] <= high
    assert min(covered.values()) >= 0.89 * 200
    assert max(covered.values()) <= 0.99 * 200


def test_faces_that_the_annotator_lost_are_part_of_the_true_prevalence_and_of_what_it_coded():
    """Of 20 faces with the AU it coded 4, and found these; the others it lost."""
    said, true = labels([1] * 4 + [0] * 20), truth([1] * 4 + [0] * 20 + [1] * 16)
    lost = pd.DataFrame({"face_id": true["item"][24:] + "#0", "subject": ["s", "t"] * 8})
    found = values(audit(said, true, **{**KNOBS, "lost": lost}))
    assert found["true_prevalence"] == pytest.approx(20 / 40)
    assert found["coded"] == pytest.approx(24 / 40)
    assert found["sensitivity"] == 1


def test_people_who_are_all_alike_are_no_more_faces_than_they_have():
    """27 people of 80 faces, 40 with the AU each; one has 41: the spread is next to nothing."""
    draws = np.array([1081 / 2160, *(1080 + np.arange(200) % 3) / 2160])
    low, high = intervals.share(draws, 0.95, 27, 2160)
    assert high - low > 1.9 * 1.96 * np.sqrt(0.25 / 2160)
