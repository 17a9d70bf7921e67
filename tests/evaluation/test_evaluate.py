import json
import re

import numpy as np
import pandas as pd
import pytest

from noisyau import aus as au_names
from noisyau import tables
from noisyau.aus import DISFA_FOLDS
from noisyau.errors import EvaluationError, TableError
from noisyau.evaluation import folds, metrics
from noisyau.evaluation.evaluate import evaluate, f1_by_au
from tests.evaluation import made

AUS = [1, 6, 12]
SUBJECTS = [f"p{number:02d}" for number in range(9)]
SETTINGS = {"reference": "scratch", "bootstrap": 200, "confidence": 0.95, "seed": 1}


def _inputs(**changes):
    labels = made.coded(SUBJECTS, 30, AUS)
    table = made.folds(labels)
    return {
        "predictions": {
            "scratch": made.predictions(labels, table, AUS, 0.4, seed=1),
            "noisy_all": made.predictions(labels, table, AUS, 1.4, seed=2),
        },
        "folds": table,
        "coded": labels,
        "annotator_labels": made.annotator(labels, AUS, blind=(6,)),
        **changes,
    }


@pytest.fixture(scope="module")
def result():
    return evaluate(**_inputs(), **SETTINGS)


def test_the_scores_fit_their_schema(result, tmp_path):
    scores, _ = result
    tables.write(scores, tmp_path / "scores.parquet", tables.SCORES)
    back = tables.read(tmp_path / "scores.parquet", tables.SCORES)
    keys = ["method", "au", "metric", "averaging", "fold"]
    assert not back.duplicated(keys).any()
    assert set(back["method"]) == {"scratch", "noisy_all", "annotator", "always_positive"}
    assert set(back["metric"]) == set(metrics.METRICS)


def test_metrics_json_has_the_agreed_names_and_no_nan(result):
    _, summary = result
    text = json.dumps(summary, allow_nan=False)
    assert list(summary) == ["coded", "methods", "comparisons"]
    assert summary["coded"] == {
        "frames": 270, "subjects": 9, "folds": 3, "aus": ["AU01", "AU06", "AU12"],
    }  # fmt: skip
    assert list(summary["methods"]) == ["scratch", "noisy_all", "annotator", "always_positive"]
    for method in summary["methods"].values():
        assert {"f1", "f1_pooled", "f1_micro", "f1_skew_normalised", "auc", "ap", "two_afc",
                "accuracy", "per_au"} <= set(method)  # fmt: skip
        assert set(method["per_au"]) == {"AU01", "AU06", "AU12"}
    difference = summary["comparisons"]["noisy_all-scratch"]["f1"]
    assert {"difference", "low", "high", "p"} <= set(difference)
    assert 0 < difference["low"] < difference["difference"] < difference["high"]
    assert difference["p"] < 0.05
    assert all(len(digits) <= 6 for digits in re.findall(r"\.(\d+)", text))


def test_the_headline_is_the_mean_over_aus_of_the_mean_over_folds(result):
    scores, summary = result
    own = scores[(scores["method"] == "noisy_all") & (scores["metric"] == "f1")]
    by_fold = own[own["fold"].notna() & (own["au"] != "mean")]
    assert len(by_fold) == 9
    expected = by_fold.groupby("au")["value"].mean().mean()
    assert summary["methods"]["noisy_all"]["f1"]["value"] == pytest.approx(expected, abs=2e-6)


def test_what_the_annotator_cannot_see_is_missing_and_not_zero(result):
    scores, summary = result
    annotator = summary["methods"]["annotator"]
    assert annotator["aus_scored"] == 2
    assert annotator["per_au"]["AU06"]["f1"] == {"value": None, "low": None, "high": None}
    seen = [annotator["per_au"][au]["f1"]["value"] for au in ("AU01", "AU12")]
    assert annotator["f1"]["value"] == pytest.approx(np.mean(seen), abs=2e-6)
    versus = summary["comparisons"]["noisy_all-annotator"]
    assert versus["aus"] == ["AU01", "AU12"]
    net = summary["methods"]["noisy_all"]["per_au"]
    rows = scores[(scores["method"] == "annotator") & (scores["au"] == "AU06")]
    assert rows["value"].isna().all()
    assert versus["f1"]["values"]["noisy_all"] == pytest.approx(
        np.mean([net["AU01"]["f1"]["value"], net["AU12"]["f1"]["value"]]), abs=2e-6
    )


def test_frames_that_the_annotator_did_not_code_are_counted_and_left_out():
    inputs = _inputs()
    inputs["annotator_labels"] = inputs["annotator_labels"].iloc[40:]
    _, summary = evaluate(**inputs, **SETTINGS)
    annotator = summary["methods"]["annotator"]
    assert annotator["frames_without_code"] == 40
    assert annotator["frames_scored"] <= 230
    assert summary["comparisons"]["scratch-annotator"]["frames"] <= 230
    assert summary["comparisons"]["noisy_all-scratch"]["frames"] == 270


def test_the_same_inputs_give_the_same_numbers_whatever_their_order(result):
    inputs = _inputs()
    shuffled = {
        name: table.sample(frac=1, random_state=1) for name, table in inputs["predictions"].items()
    }
    again = evaluate(**{**inputs, "predictions": shuffled}, **SETTINGS)
    pd.testing.assert_frame_equal(result[0], again[0])
    assert json.dumps(result[1]) == json.dumps(again[1])


def test_an_au_that_never_occurs_in_a_fold_is_left_out_there_and_counted():
    inputs = _inputs()
    tested = inputs["folds"][(inputs["folds"]["role"] == "test") & (inputs["folds"]["fold"] == 2)]
    rows = inputs["coded"]["subject"].isin(tested["subject"])
    inputs["coded"].loc[rows, "AU12_c"] = 0
    scores, summary = evaluate(**inputs, **SETTINGS)
    assert summary["methods"]["noisy_all"]["per_au"]["AU12"]["folds_scored"] == 2
    f1 = scores[
        (scores["method"] == "noisy_all") & (scores["au"] == "AU12") & (scores["metric"] == "f1")
    ].set_index("fold")["value"]
    assert pd.isna(f1[2])
    mean = scores.query("method == 'noisy_all' and au == 'AU12' and metric == 'f1'")
    mean = mean[mean["fold"].isna() & (mean["averaging"] == "folds")]["value"].item()
    assert mean == pytest.approx((f1[1] + f1[3]) / 2, abs=2e-6)


def test_an_au_without_a_positive_frame_has_no_f1_and_does_not_spoil_the_mean():
    inputs = _inputs()
    inputs["coded"]["AU06_c"] = inputs["coded"]["AU06_c"] * 0
    _, summary = evaluate(**inputs, **SETTINGS)
    method = summary["methods"]["noisy_all"]
    assert method["aus_scored"] == 2
    assert method["per_au"]["AU06"]["f1"]["value"] is None
    assert method["per_au"]["AU06"]["accuracy"]["value"] is not None
    assert method["f1"]["value"] is not None


def test_the_plot_s_table_has_a_row_for_each_method_and_au(result):
    table = f1_by_au(result[0])
    assert list(table.columns) == ["row", "method", "au", "f1"]
    assert table["row"].is_unique
    assert len(table) == 3 * 4 + 2 + 1  # the annotator cannot see AU6
    assert table["f1"].notna().all()


def _without_fold(inputs):
    table = inputs["predictions"]["noisy_all"]
    inputs["predictions"]["noisy_all"] = table[table["fold"] != 2]


def _without_frame(inputs):
    inputs["predictions"]["noisy_all"] = inputs["predictions"]["noisy_all"].iloc[1:]


def _frame_twice(inputs):
    table = inputs["predictions"]["noisy_all"]
    inputs["predictions"]["noisy_all"] = pd.concat([table, table.iloc[[3]]])


def _stranger(inputs):
    inputs["predictions"]["noisy_all"].loc[0, "face_id"] = "nobody/1#0"


def _wrong_fold(inputs):
    inputs["predictions"]["noisy_all"].loc[0, "fold"] = 3


def _nan(inputs):
    inputs["predictions"]["noisy_all"].loc[5, "AU12_p"] = np.nan


def _out_of_range(inputs):
    inputs["predictions"]["scratch"].loc[5, "AU12_p"] = 1.5


def _other_aus(inputs):
    del inputs["predictions"]["noisy_all"]["AU12_p"]


def _never_coded(inputs):
    inputs["coded"]["AU06_c"] = pd.array([pd.NA] * len(inputs["coded"]), dtype="Int8")


def _no_column(inputs):
    inputs["coded"] = inputs["coded"].drop(columns=["AU06_c"])


def _uncoded_frame(inputs):
    inputs["coded"] = inputs["coded"].iloc[1:]


def _bad_code(inputs):
    inputs["coded"].loc[0, "AU06_c"] = 9


def _no_reference(inputs):
    del inputs["predictions"]["scratch"]


def _reserved_name(inputs):
    inputs["predictions"]["annotator"] = inputs["predictions"]["noisy_all"]


def _annotator_twice(inputs):
    table = inputs["annotator_labels"]
    inputs["annotator_labels"] = pd.concat([table, table.iloc[[0]]])


def _lone_subject(inputs):
    table = inputs["folds"]
    first = table["subject"].iloc[0]
    inputs["folds"] = table[table["subject"] == first].assign(role="test")


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (_without_fold, "noisy_all: no predictions for fold 2; run `dvc repro finetune@noisy_all"),
        (_without_frame, "noisy_all: 1 of 270 tested frames have no prediction, the first is p"),
        (_frame_twice, r"noisy_all: p\d\d/4#0 comes twice \(1 rows"),
        (_stranger, "frame nobody/1#0 is predicted in fold 1, which does not test it"),
        (_wrong_fold, "is predicted in fold 3, which does not test it"),
        (_nan, "noisy_all: AU12_p of .* is nan; a probability is 0 to 1"),
        (_out_of_range, "scratch: AU12_p of .* is 1.5; a probability is 0 to 1"),
        (_other_aus, "noisy_all: predicts AU01, AU06, but the other variants predict AU01, AU06, "),
        (_never_coded, "AU06 was never coded by people: all 270"),
        (_no_column, "no column AU06_c; coded: AU01, AU12"),
        (_uncoded_frame, "1 tested frames have no human code, the first is p00/1#0"),
        (_bad_code, "AU06_c of p00/1#0 is 9; an occurrence is 0, 1 or missing"),
        (_no_reference, "the reference 'scratch' has no predictions; there are some for: noisy"),
        (_reserved_name, "may not be named 'annotator'"),
        (_annotator_twice, "annotator: p00/1#0 comes twice"),
        (_lone_subject, "one subject, p.*: nobody is left to train on"),
    ],
)
def test_bad_input_is_refused_with_its_place_and_a_remedy(spoil, text):
    inputs = _inputs()
    spoil(inputs)
    with pytest.raises((EvaluationError, TableError), match=text):
        evaluate(**inputs, **SETTINGS)


def test_a_fold_that_tests_one_subject_is_refused():
    inputs = _inputs()
    table = inputs["folds"]
    lone = table[(table["fold"] == 1) & (table["role"] == "test")]["subject"].unique()
    moved = table["subject"].isin(lone[1:])
    table.loc[moved & (table["fold"] == 1), "role"] = "train"
    table.loc[moved & (table["fold"] == 2), "role"] = "test"
    second = table[(table["fold"] == 2) & (table["role"] == "train")]["subject"].iloc[0]
    table.loc[(table["fold"] == 2) & (table["subject"] == second), "role"] = "validation"
    with pytest.raises(EvaluationError, match=f"fold 1 tests one subject, {lone[0]}.*at least 2"):
        evaluate(**inputs, **SETTINGS)


@pytest.fixture(scope="module")
def disfa(shared) -> pd.DataFrame:
    """The real labels of DISFA's 27 subjects, as `tables.coded`."""
    names = ["image", "rect", *(au_names.occurrence(au) for au in au_names.DISFA_12)]
    parts = [
        pd.read_csv(shared / f"data/disfa/fold{fold}_test.csv", header=None, names=names)
        for fold in (1, 2, 3)
    ]
    rows = pd.concat(parts, ignore_index=True)
    rows["subject"] = rows["image"].str.extract(r"(SN\d{3})")[0]
    rows["frame"] = rows["image"].str.extract(r"_(\d+)\.jpg")[0].astype("Int32")
    rows["item"] = rows["subject"] + "/" + rows["frame"].astype(str)
    return rows.drop(columns=["image", "rect"])


EIGHT = [1, 2, 4, 6, 9, 12, 25, 26]


def _counts(disfa: pd.DataFrame, hits: float, false_alarms: float):
    """Expected counts (4, S, A) of a detector with these rates, and DISFA's folds."""
    codes = [au_names.occurrence(au) for au in au_names.DISFA_12]
    positives = disfa.groupby("subject", sort=True)[codes].sum().to_numpy(float)
    frames = disfa.groupby("subject", sort=True).size().to_numpy(float)[:, None]
    negatives = frames - positives
    counts = np.stack(
        [positives * hits, negatives * false_alarms,
         positives * (1 - hits), negatives * (1 - false_alarms)]
    )  # fmt: skip
    subjects = sorted(disfa["subject"].unique())
    return counts, [np.array([subjects.index(s) for s in fold]) for fold in DISFA_FOLDS]


@pytest.mark.parametrize(
    ("hits", "false_alarms", "of_folds", "pooled"),
    [(0.7, 0.02, 0.7095, 0.7209), (0.6, 0.01, 0.6889, 0.6963), (0.7, 0.05, 0.602, 0.615)],
)
def test_averaging_alone_moves_f1_on_disfa_as_published(
    disfa, hits, false_alarms, of_folds, pooled
):
    """The example of a detector with fixed rates, over the eight AUs of published tables."""
    counts, tests = _counts(disfa, hits, false_alarms)
    found = metrics.threshold_scores(metrics.weigh(counts, np.ones((1, 27)), tests))["f1"]
    eight = np.isin(au_names.DISFA_12, EIGHT)
    assert found.mean("folds", eight)[0] == pytest.approx(of_folds, abs=6e-4)
    assert found.mean("pooled", eight)[0] == pytest.approx(pooled, abs=6e-4)


def test_the_floor_on_the_real_labels_is_the_published_one(disfa):
    few = disfa.groupby("subject").head(2000)  # the floor needs no predictions of worth
    assert len(disfa) == 130_814
    counts, tests = _counts(disfa, 1.0, 1.0)
    found = metrics.threshold_scores(metrics.weigh(counts, np.ones((1, 27)), tests))["f1"]
    eight = np.isin(au_names.DISFA_12, EIGHT)
    assert found.mean("pooled", eight)[0] == pytest.approx(0.187, abs=5e-4)
    assert found.mean("pooled")[0] == pytest.approx(0.141, abs=5e-4)

    table = folds.make(made.faces(few), few, folds=3, validation=0.2, seed=1)
    aus = list(au_names.DISFA_12)
    predictions = {"scratch": made.predictions(few, table, aus, 1.0)}
    _, summary = evaluate(
        predictions, table, few, made.annotator(few, aus), **{**SETTINGS, "bootstrap": 100}
    )
    codes = few[[au_names.occurrence(au) for au in aus]].mean()
    by_hand = float((2 * codes / (1 + codes)).mean())
    floor = summary["methods"]["always_positive"]
    assert floor["f1_pooled"]["value"] == pytest.approx(by_hand, abs=1e-6)
    assert floor["auc"]["value"] == 0.5
