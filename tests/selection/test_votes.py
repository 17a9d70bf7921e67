from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noisyau import tables
from noisyau.selection.pool import Pool
from noisyau.selection.subsets import Written, write_subset
from noisyau.selection.votes import Voter, target, targets

SAYS = st.lists(st.sampled_from([0.0, 1.0, None]), min_size=6, max_size=6)


def labels(path: Path, rows: dict[str, list[object]], confidence: object = 1.0) -> Path:
    """A table of labels by face: AU12_c and its AU12_r."""
    table = pd.DataFrame(
        {
            "face_id": list(rows),
            "subject": "a",
            "annotator": path.stem,
            "annotator_version": "1",
            "mode": "static",
            "confidence": confidence,
            "AU12_c": pd.array([code for code, _ in rows.values()], "Int8"),
            "AU12_r": np.array([level for _, level in rows.values()], np.float32),
        }
    )
    tables.write(table, path, tables.labels([12]))
    return path


def test_a_voter_answers_in_the_order_of_the_faces_and_is_silent_on_those_it_lacks(
    tmp_path: Path,
) -> None:
    path = labels(tmp_path / "one.parquet", {"c": [1, 2.5], "a": [0, 0.0], "d": [None, np.nan]})
    voter = Voter.of(path, pd.Series(["a", "b", "c", "d"]), 0.0)
    np.testing.assert_array_equal(voter.occurrence(12), [0, np.nan, 1, np.nan])
    np.testing.assert_array_equal(voter.intensity(12), [0, np.nan, 2.5, np.nan])
    assert np.isnan(voter.occurrence(6)).all()
    assert voter.aus() == (12,)


def test_a_label_under_the_minimum_confidence_is_no_say_and_one_without_any_is(
    tmp_path: Path,
) -> None:
    rows = {name: [1, 1.0] for name in "abcd"}
    sure = np.array([0.7, 0.69, np.nan, 0.9], np.float32)
    voter = Voter.of(labels(tmp_path / "one.parquet", rows, sure), pd.Series(list(rows)), 0.7)
    np.testing.assert_array_equal(voter.occurrence(12), [1, np.nan, 1, 1])


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("annotator", [1, 1, 0, 0, 1, np.nan, np.nan]),
        ("agreed", [1, np.nan, np.nan, 0, np.nan, np.nan, np.nan]),
        ("mean", [1, 0.5, 0.5, 0, 1, 0, np.nan]),
    ],
)
def test_two_annotators_are_joined_as_asked(how, expected) -> None:
    one = [1, 1, 0, 0, 1, np.nan, np.nan]
    other = [1, 0, 1, 0, np.nan, 0, np.nan]
    found = target(np.array([one, other], np.float32), how)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.float32


@settings(max_examples=50, deadline=None)
@given(st.lists(SAYS, min_size=2, max_size=4))
def test_what_is_agreed_is_what_nobody_denies_and_the_mean_is_of_those_who_speak(says) -> None:
    said = np.array(says, np.float32)
    agreed, mean = (target(said, how) for how in ("agreed", "mean"))
    for face, column in enumerate(zip(*says, strict=True)):
        voices = [say for say in column if say is not None]
        unanimous = len(voices) > 1 and len(set(voices)) == 1
        assert agreed[face] == voices[0] if unanimous else np.isnan(agreed[face])
        assert mean[face] == pytest.approx(np.mean(voices)) if voices else np.isnan(mean[face])


def voters(minima: dict[Path, float], names: list[str]) -> list[Voter]:
    return [Voter.of(path, pd.Series(names), minimum) for path, minimum in minima.items()]


def pool_of(names: list[str]) -> Pool:
    """One face a person; the first person is held out."""
    faces = np.arange(len(names), dtype=np.int32)
    split = ["validation", *["train"] * len(names)][: len(names)]
    people = pd.DataFrame({"subject": names, "gender": None, "region": None, "split": split})
    return Pool(pa.array(names, pa.large_string()), faces, faces, faces * 0, people.astype(object))


def test_a_variant_s_targets_fit_its_table_and_an_au_of_one_annotator_is_never_agreed_on(
    tmp_path: Path,
) -> None:
    one = labels(tmp_path / "one.parquet", {"a": [1, 1.0], "b": [0, 0.0], "c": [1, 3.0]})
    two = labels(tmp_path / "two.parquet", {"b": [0, 0.0], "a": [0, 0.0], "x": [1, 1.0]})
    there = pool_of(["a", "b", "c", "d"])
    found = {}
    for how in ("annotator", "agreed", "mean"):
        asked = voters({one: 0.0, two: 0.5}, ["a", "b", "c", "d"])
        rows = np.array([True, True, True, False])
        written = write_subset(tmp_path / how, there, rows, asked, (12, 6), how)
        found[how] = tables.read(tmp_path / how, tables.subset((12, 6)))
        assert found[how]["AU06_t"].isna().all()
        known = found[how][["AU12_t", "AU06_t"]].notna().to_numpy().sum()
        assert written == Written(2, 1, known)
    np.testing.assert_array_equal(found["annotator"]["AU12_t"], [1, 0, 1])
    np.testing.assert_array_equal(found["agreed"]["AU12_t"], [np.nan, 0, np.nan])
    np.testing.assert_array_equal(found["mean"]["AU12_t"], [0.5, 0, 1])


def test_targets_in_many_pieces_are_those_in_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    names = [f"{number:03d}" for number in range(40)]
    tables_of = [
        labels(tmp_path / f"{coder}.parquet", {name: [code, 1.0] for name, code in said})
        for coder in "ab"
        for said in [[(str(n), int(random.integers(2))) for n in random.permutation(names)[:30]]]
    ]
    minima = dict.fromkeys(tables_of, 0.0)
    at = np.flatnonzero(random.integers(0, 2, len(names)))
    (whole,) = targets([one.at(at) for one in voters(minima, names)], (12,), "mean")
    monkeypatch.setattr(tables, "PIECE", 7)
    pieces = list(targets([one.at(at) for one in voters(minima, names)], (12,), "mean"))
    assert len(pieces) == -(-len(at) // 7)
    joined = np.concatenate([piece["AU12_t"] for piece in pieces])
    np.testing.assert_array_equal(joined, whole["AU12_t"])


def test_a_variant_without_faces_has_a_table_without_rows(tmp_path: Path) -> None:
    asked = voters({labels(tmp_path / "one.parquet", {"a": [1, 1.0]}): 0.0}, [])
    nobody = np.zeros(0, bool)
    none = write_subset(tmp_path / "none", pool_of([]), nobody, asked, (12,), "annotator")
    assert none == Written(0, 0, 0)
    assert tables.read(tmp_path / "none", tables.subset((12,))).empty
