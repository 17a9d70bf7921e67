import numpy as np
import pandas as pd
import pytest

from noisyau import tables
from noisyau.reporting import noise


def audited(truth="people", corpus="coded", unsure=0, **aus):
    """`tables.AUDIT` of 100 faces; AU -> sensitivity, specificity."""
    rows = []
    for au, (sensitivity, specificity) in aus.items():
        said = 0.2 if np.isfinite([sensitivity, specificity]).any() else np.nan
        values = {
            "true_prevalence": 0.3,
            "noisy_prevalence": said,
            "sensitivity": sensitivity,
            "specificity": specificity,
            "auc": np.nan,
            "prevalence_ratio": said / 0.3,
        }
        rows += [
            {"corpus": corpus, "truth": truth, "au": au, "metric": measure, "value": value,
             "low": value - 0.1, "high": value + 0.1, "positives": 30, "faces": 100,
             "subjects": 1 if corpus == "coded" else 9, "unsure": unsure}
            for measure, value in values.items()
        ]  # fmt: skip
    return pd.DataFrame(rows)


NAN = (np.nan, np.nan)


def test_the_sentence_names_what_is_missed_and_invented_most_the_worst_first():
    table = audited(
        AU01=(0.5, 0.75), AU02=(0.1, 0.99), AU04=(0.95, 0.5), AU06=NAN, AU12=(0.9, 1.0),
        AU15=(0.2, 0.9),
    )  # fmt: skip
    (found,) = noise.comparisons(table, {1: 0.25}, "blendshapes")
    assert found.sentence == (
        "Against what people coded on 100 faces of 1 person, blendshapes finds least of "
        "AU02 (10 %, 0 to 20), AU15 (20 %, 10 to 30) and AU01 (50 %, 40 to 60) where they are, and "
        "invents most of AU04 (50 %, 40 to 60), AU01 (25 %, 15 to 35) and AU15 (10 %, 0 to 20) "
        "where they are not. It does not code AU06."
    )
    assert [(row.au, row.celebrity_rate) for row in found.rows][:2] == [
        ("AU01", 0.25),
        ("AU02", None),
    ]
    assert (found.faces, found.rendered) == (100, False)


def test_a_rendered_truth_is_called_synthetic():
    table = pd.concat([audited(AU12=(0.5, 0.5)), audited("rendered", "celebrities", AU12=(1, 1))])
    people, rendered = noise.comparisons(table, {}, "openface")
    assert "ynthetic" not in people.title + people.sentence
    assert rendered.rendered
    assert "a synthetic truth" in rendered.title
    assert rendered.sentence == (
        "Against what was rendered on 100 faces of 9 people, a synthetic truth, openface misses "
        "nothing, and invents nothing."
    )


def test_an_annotator_that_codes_none_of_the_truth_s_aus_is_not_judged():
    (found,) = noise.comparisons(audited(AU06=NAN, AU09=NAN), {}, "blendshapes")
    assert found.sentence.endswith("no action unit is coded by both.")
    assert noise.drawing(found) is None


def test_what_is_drawn_as_invented_is_one_minus_specificity():
    (found,) = noise.comparisons(audited(AU04=(0.8, 0.7)), {}, "blendshapes")
    point = noise._missed(found.rows[0].measures["specificity"])
    assert (point.value, point.low, point.high) == pytest.approx((0.3, 0.2, 0.4))
    assert found.rows[0].measures["auc"].value is None


def test_labels_under_the_minimum_confidence_are_counted():
    (found,) = noise.comparisons(audited(unsure=7, AU04=(0.8, 0.7)), {}, "openface")
    assert found.unsure == 7


def test_labels_of_two_coders_are_told_apart(tmp_path):
    paths = []
    for version, mode in (("a1 -aus", "static"), ("b2 -aus", "dynamic"), ("a1 -aus", "static")):
        row = {"face_id": "x#0", "subject": "x", "annotator": "openface", "mode": mode}
        paths.append(tmp_path / f"{len(paths)}.parquet")
        rows = pd.DataFrame([{**row, "annotator_version": version, "confidence": 1.0}])
        tables.write(rows, paths[-1], tables.labels(()))
    told = noise.two_coders(paths[0], paths[1])
    assert told == "the celebrities static by a1 -aus, the coded people dynamic by b2 -aus"
    assert noise.two_coders(paths[0], paths[2]) == ""
