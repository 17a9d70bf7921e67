import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import cohen_kappa_score, f1_score

from noisyau import aus as au_names
from noisyau import tables
from noisyau.evaluation import agreement, intervals

AUS = (6, 12)
KNOBS = {"bootstrap": 200, "confidence": 0.95, "seed": 1}


def drawn(count: int, seed: int, missing: float = 0.1) -> dict[str, np.ndarray]:
    """Two annotators that agree somewhat, on faces of eight people."""
    rng = np.random.default_rng(seed)
    truth = rng.random(count)
    levels = [np.clip(5 * (truth + rng.normal(0, 0.3, count)), 0, 5) for _ in range(2)]
    said = {}
    for name, level in zip(("one", "other"), levels, strict=True):
        silent = rng.random(count) < missing
        said[f"{name}_r"] = np.where(silent, np.nan, level).astype(np.float32)
        said[f"{name}_c"] = np.where(silent, np.nan, level > 3).astype(np.float32)
    return said | {"subject": rng.integers(0, 8, count)}


def scores(said: dict[str, np.ndarray], subjects: int = 8) -> dict[str, float]:
    who = said["subject"]
    counts = agreement._counts(said["one_c"], said["other_c"], who, subjects)
    moments = agreement._moments(said["one_r"], said["other_r"], who, subjects)
    sums = np.concatenate([counts, moments], axis=1).sum(axis=0, keepdims=True)
    return {name: float(value[0]) for name, value in agreement.scores(sums).items()}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 60))
def test_they_are_scikit_learn_s_kappa_and_f1_and_scipy_s_correlation(seed, count):
    said = drawn(count, seed)
    both = ~np.isnan(said["one_c"]) & ~np.isnan(said["other_c"])
    one, other = said["one_c"][both], said["other_c"][both]
    assume(len({*one, *other}) == 2)
    found = scores(said)
    assert found["kappa"] == pytest.approx(cohen_kappa_score(one, other))
    assert found["f1"] == pytest.approx(f1_score(one, other, zero_division=0))
    assert found["f1"] == pytest.approx(f1_score(other, one, zero_division=0))
    assert found["prevalence"] == pytest.approx(one.mean())
    assert found["prevalence_beside"] == pytest.approx(other.mean())
    levels = [said[name][both].astype(np.float64) for name in ("one_r", "other_r")]
    if all(np.ptp(level) > 0 for level in levels):
        assert found["correlation"] == pytest.approx(stats.pearsonr(*levels).statistic, abs=1e-9)


def test_two_annotators_are_worked_by_hand():
    """Both yes 2, the first alone 1, the other alone 2, neither 5: 7 of 10 against 0.54."""
    one = np.array([1, 1, 1, 0, 0, 0, 0, 0, 0, 0], np.float32)
    other = np.array([1, 1, 0, 1, 1, 0, 0, 0, 0, 0], np.float32)
    who = np.zeros(10, np.intp)
    found = scores(
        {"one_c": one, "other_c": other, "one_r": one, "other_r": other, "subject": who}, 1
    )
    assert found["kappa"] == pytest.approx((0.7 - 0.54) / (1 - 0.54))
    assert found["f1"] == pytest.approx(4 / 7)
    assert (found["prevalence"], found["prevalence_beside"]) == (0.3, 0.4)


@pytest.mark.parametrize(
    ("one", "other", "kappa", "f1"),
    [
        ([0, 0, 0], [0, 0, 0], None, None),
        ([1, 1, 1], [1, 1, 1], None, 1),
        ([1, 1, 1], [0, 0, 0], 0, 0),
        ([0, 1, 0], [0, 0, 0], 0, 0),
        ([0, 1, np.nan], [np.nan, np.nan, 1], None, None),
    ],
)
def test_what_is_undefined_is_missing_and_no_number(one, other, kappa, f1):
    said = {"one_c": one, "other_c": other, "one_r": [0.1] * 3, "other_r": [0.1, 0.2, 0.7]}
    said = {name: np.array(values, np.float32) for name, values in said.items()}
    found = scores({**said, "subject": np.array([0, 1, 1])})
    for name, expected in (("kappa", kappa), ("f1", f1)):
        assert np.isnan(found[name]) if expected is None else found[name] == expected
    assert np.isnan(found["correlation"])  # the first's intensity never changes


def write(path: Path, said: dict[str, np.ndarray], name: str, blind: tuple[int, ...] = ()) -> Path:
    """The table of one of the two, with further faces; nothing for the AUs it cannot see."""
    count = len(said["subject"])
    rows = pd.DataFrame({"face_id": [f"{row}#0" for row in range(count)]})
    rows["subject"] = [f"s{person}" for person in said["subject"]]
    rows = rows.assign(annotator=name, annotator_version="1", mode="static", confidence=0.9)
    for au in AUS:
        codes = said[f"{name}_c"] if au not in blind else np.full(count, np.nan)
        rows[au_names.occurrence(au)] = pd.array(codes, "Int8")
        rows[au_names.intensity(au)] = np.where(np.isnan(codes), np.nan, said[f"{name}_r"])
    further = rows.iloc[:5].assign(face_id=[f"{row}#1" for row in range(5)])
    rows = pd.concat([rows, further]).sample(frac=1, random_state=len(name))
    tables.write(rows, path, tables.labels(AUS))
    return path


@pytest.fixture
def pair(tmp_path) -> dict[Path, float]:
    said = drawn(200, seed=3)
    one = write(tmp_path / "one.parquet", said, "one", blind=(6,))
    other = write(tmp_path / "other.parquet", said, "other")
    return {one: 0.5, other: 0.5}


def test_a_table_has_a_row_for_each_au_and_metric_with_intervals_that_hold_the_value(
    pair, tmp_path
):
    found = agreement.agreement(pair, **KNOBS)
    assert found["au"].tolist() == ["AU06"] * 5 + ["AU12"] * 5
    assert found["metric"].tolist() == [*agreement.METRICS] * 2
    six, twelve = found.iloc[:5], found.iloc[5:]
    assert six[["value", "low", "high"]].isna().all(axis=None)
    assert (six[["faces", "subjects"]] == 0).all(axis=None)
    assert ((twelve["low"] < twelve["value"]) & (twelve["value"] < twelve["high"])).all()
    assert (twelve["subjects"] == 8).all()
    said = drawn(200, seed=3)
    assert twelve["value"].tolist() == pytest.approx([*scores(said).values()], abs=1e-6)
    assert (twelve["faces"] == 200 - np.isnan(said["one_c"] + said["other_c"]).sum()).all()
    named = found.assign(corpus="coded", annotator="one", beside="other")
    tables.write(named, tmp_path / "agreement.parquet", tables.AGREEMENT)
    null = tables.read_arrow(tmp_path / "agreement.parquet", tables.AGREEMENT)["value"]
    assert null.null_count == 5


def test_labels_under_a_minimum_confidence_count_for_nobody(pair):
    one, other = pair
    found = agreement.agreement({one: 0.5, other: 0.95}, **KNOBS)
    assert (found["faces"] == 0).all()


def test_an_annotator_that_coded_nobody_agrees_with_nobody(pair, tmp_path):
    one, other = pair
    nobody = tables.read_arrow(one).slice(0, 0)
    tables.write(nobody, tmp_path / "nobody.parquet", nobody.schema)
    for both in ((tmp_path / "nobody.parquet", other), (one, tmp_path / "nobody.parquet")):
        found = agreement.agreement(dict.fromkeys(both, 0.0), **KNOBS)
        assert (found["faces"] == 0).all()
        assert found["value"].isna().all()


def test_faces_of_one_person_have_a_value_and_no_interval(tmp_path):
    said = drawn(60, seed=4) | {"subject": np.zeros(60, int)}
    pair = {write(tmp_path / f"{name}.parquet", said, name): 0.0 for name in ("one", "other")}
    found = agreement.agreement(pair, **KNOBS)
    assert found["value"].notna().all()
    assert found[["low", "high"]].isna().all(axis=None)


def test_resamples_drawn_in_parts_are_those_drawn_at_once(monkeypatch):
    sums = np.random.default_rng(1).random((40, 10))
    at_once = intervals.resample([np.arange(40)], 30, seed=5) @ sums
    for cells in (1, 280, 10_000):
        monkeypatch.setattr(agreement, "_WEIGHTS", cells)
        assert agreement._resampled(sums, 30, seed=5) == pytest.approx(at_once)


def test_a_hundred_thousand_people_take_no_memory_for_each_resample():
    sums = np.ones((100_000, 10))
    tracemalloc.start()
    agreement._resampled(sums, 84, seed=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150e6  # 84 resamples at once would take twice 67 MB
