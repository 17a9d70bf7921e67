import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noisyau import tables
from noisyau.aus import DISFA_FOLDS
from noisyau.errors import TableError
from noisyau.evaluation import folds
from tests.evaluation import made

DISFA = sorted(subject for fold in DISFA_FOLDS for subject in fold)
STRANGERS = [f"person{number:02d}" for number in range(14)]


def test_disfa_s_subjects_get_the_published_tests():
    table = made.folds(made.coded(DISFA, 6, [1, 12]))
    tests = table[table["role"] == "test"].groupby("fold")["subject"].unique()
    assert [tuple(sorted(subjects)) for subjects in tests] == list(DISFA_FOLDS)
    assert len(DISFA) == 27


def test_the_published_lists_agree_with_the_shared_facts(shared):
    import json

    facts = json.loads((shared / "data/splits/jaanet_subjects.json").read_text())["DISFA"]
    assert [tuple(facts[f"part{number}"]["subjects"]) for number in (1, 2, 3)] == list(DISFA_FOLDS)


def test_some_of_disfa_s_subjects_keep_their_published_fold():
    some = [subject for subject in DISFA if subject not in ("SN001", "SN006", "SN029")]
    table = made.folds(made.coded(some, 6, [1, 12]))
    tested = table[table["role"] == "test"].drop_duplicates("subject").set_index("subject")["fold"]
    for number, published in enumerate(DISFA_FOLDS, start=1):
        assert {s for s in published if s in some} == set(tested.index[tested == number])


def test_a_part_of_disfa_that_leaves_a_published_list_empty_is_balanced_instead():
    table = made.folds(made.coded(list(DISFA_FOLDS[0]), 6, [1]))
    sizes = table[table["role"] == "test"].groupby("fold")["subject"].nunique()
    assert sizes.tolist() == [3, 3, 3]


@settings(max_examples=15, deadline=None)
@given(
    people=st.integers(6, 16),
    count=st.integers(2, 3),
    share=st.floats(0.05, 0.6),
    seed=st.integers(0, 2**31 - 1),
)
def test_any_division_tests_everybody_once_and_shares_nobody(people, count, share, seed):
    labels = made.coded([f"p{number}" for number in range(people)], 3, [4, 12], seed=people)
    table = folds.make(made.faces(labels), labels, folds=count, validation=share, seed=seed)
    folds.check(table)
    tested = table[table["role"] == "test"]
    assert sorted(tested["face_id"]) == sorted(labels["item"] + "#0")
    sizes = tested.groupby("fold")["subject"].nunique()
    assert sizes.max() - sizes.min() <= 1
    again = folds.make(made.faces(labels), labels, folds=count, validation=share, seed=seed)
    pd.testing.assert_frame_equal(table, again)


def test_the_order_of_the_rows_does_not_change_the_folds():
    labels = made.coded(STRANGERS, 5, [1, 2])
    shuffled = labels.sample(frac=1, random_state=3)
    one = folds.make(made.faces(labels), labels, folds=3, validation=0.2, seed=7)
    other = folds.make(made.faces(shuffled), shuffled, folds=3, validation=0.2, seed=7)
    pd.testing.assert_frame_equal(one, other)


def test_a_rare_au_is_spread_over_all_tests_and_validations():
    labels = made.coded(STRANGERS, 10, [1, 9])
    rare = {STRANGERS[0], STRANGERS[1], STRANGERS[2], STRANGERS[3], STRANGERS[4], STRANGERS[5]}
    labels["AU09_c"] = labels["subject"].isin(rare).astype("Int8")
    table = folds.make(made.faces(labels), labels, folds=3, validation=0.25, seed=1)
    people = table.drop_duplicates(["subject", "fold"])
    for (_, role), subjects in people.groupby(["fold", "role"])["subject"]:
        assert rare & set(subjects), role


def test_the_table_fits_its_schema(tmp_path):
    table = made.folds(made.coded(STRANGERS, 4, [1]))
    tables.write(table, tmp_path / "folds.parquet", tables.FOLDS)
    assert len(tables.read(tmp_path / "folds.parquet", tables.FOLDS)) == 3 * 14 * 4


def test_bystanders_and_uncoded_frames_are_left_out():
    labels = made.coded(STRANGERS, 4, [1])
    faces = made.faces(labels)
    bystander = faces.iloc[[0]].assign(face_id=faces["item"].iloc[0] + "#1")
    uncoded = faces.iloc[[0]].assign(face_id="person00/99#0", item="person00/99", frame=99)
    table = folds.make(
        pd.concat([faces, bystander, uncoded]), labels, folds=3, validation=0.2, seed=1
    )
    assert set(table["face_id"]) == set(faces["face_id"])


def test_too_few_subjects_are_refused_with_numbers_and_names():
    labels = made.coded(["a", "b", "c", "d", "e"], 4, [1])
    with pytest.raises(TableError, match=r"5 coded subjects have a face \(a, b, .*at least 6"):
        made.folds(labels)


def test_faces_that_nobody_coded_are_refused_with_examples():
    labels = made.coded(STRANGERS, 4, [1])
    other = made.coded([f"x{s}" for s in STRANGERS], 4, [1])
    with pytest.raises(TableError, match=r"none of 56 faces.*person00/1.*xperson00/1.*camera"):
        folds.make(made.faces(labels), other, folds=3, validation=0.2, seed=1)


def _group(number: int, *frames: str, corpus: str = "coded") -> pd.DataFrame:
    return pd.DataFrame(
        [(number, corpus, f"{frame}#0", frame.split("/")[0]) for frame in frames],
        columns=tables.DUPLICATES.names,
    )


def test_frames_that_look_like_another_subject_s_are_on_no_side_of_a_split(tmp_path):
    labels = made.coded(STRANGERS, 4, [1])
    faces = made.faces(labels)
    alike = ["person00/1", "person00/2", "person03/1"]
    duplicates = pd.concat(
        [
            _group(0, *alike),
            _group(0, "m.0107_f", corpus="celebrities"),
            _group(1, "person05/1"),
            _group(1, "person05/1", corpus="celebrities"),
        ]
    )
    kept, left_out = folds.leave_out(faces, labels, duplicates)
    assert left_out["face_id"].tolist() == [f"{frame}#0" for frame in alike]
    assert left_out["subject"].tolist() == ["person00", "person00", "person03"]
    assert set(left_out["reason"]) == {"two_people"}
    assert left_out["detail"].str.contains("person00, person03").all()
    assert sorted([*kept["face_id"], *left_out["face_id"]]) == sorted(faces["face_id"])
    tables.write(left_out, tmp_path / "left_out.parquet", tables.LABEL_FAILURES)
    table = folds.make(kept, labels, folds=3, validation=0.2, seed=1)
    assert not set(table["face_id"]) & set(left_out["face_id"])


def test_a_subject_who_would_lose_more_than_half_of_the_coded_frames_is_refused():
    labels = made.coded(STRANGERS, 4, [1])
    faces = made.faces(labels)
    half = _group(0, "person00/1", "person00/2", "person03/1")
    folds.leave_out(faces, labels, half)
    more = pd.concat([half, _group(1, "person00/3", "person04/1")])
    with pytest.raises(TableError, match=r"of person00 3 of 4; at most 50%.*data/duplicates.*fine"):
        folds.leave_out(faces, labels, more)
    fewer = labels[labels["item"] != "person00/4"]  # nobody coded it, so it is no use
    fewer = fewer[fewer["item"] != "person00/3"]
    with pytest.raises(TableError, match=r"person00 2 of 2.*corrupt_frames"):
        folds.leave_out(faces, fewer, half)


def test_no_frame_is_left_out_where_none_looks_like_another_subject_s(tmp_path):
    labels = made.coded(STRANGERS, 4, [1])
    faces = made.faces(labels)
    kept, left_out = folds.leave_out(faces, labels, _group(0))
    pd.testing.assert_frame_equal(kept, faces)
    tables.write(left_out, tmp_path / "left_out.parquet", tables.LABEL_FAILURES)
    assert left_out.empty


def _table(*rows: tuple[str, int, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"face_id": f"{subject}/1#0", "subject": subject, "fold": fold, "role": role}
            for subject, fold, role in rows
        ]
    )


GOOD = (
    ("a", 1, "test"), ("b", 1, "train"), ("c", 1, "validation"),
    ("a", 2, "train"), ("b", 2, "test"), ("c", 2, "validation"),
    ("a", 3, "train"), ("b", 3, "validation"), ("c", 3, "test"),
)  # fmt: skip


def _changed(old: tuple[str, int, str], *new: tuple[str, int, str]) -> pd.DataFrame:
    return _table(*(row for row in GOOD if row != old), *new)


def test_a_sound_table_passes():
    folds.check(_table(*GOOD))


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (_changed(("a", 2, "train"), ("a", 2, "test")), "subject a is tested in folds 1 and 2"),
        (_changed(("a", 1, "test")), "fold 1 has no test subject"),
        (_changed(("b", 3, "validation")), "fold 3 has no validation subject"),
        (_changed(("b", 1, "train"), ("b", 1, "trian")), "unknown role 'trian'; known: train"),
        (_table(*GOOD, GOOD[1]), "frame b/1#0 comes twice in fold 1"),
        (_table().assign(role=[], fold=[]), "the table is empty"),
    ],
)
def test_a_table_that_crosses_a_split_is_refused(table, text):
    with pytest.raises(TableError, match=text):
        folds.check(table)


def test_a_subject_in_two_roles_of_one_fold_is_named_with_both():
    table = pd.concat(
        [_table(*GOOD), _table(("b", 1, "validation")).assign(face_id="b/2#0")], ignore_index=True
    )
    with pytest.raises(TableError, match="subject b is both train and validation in fold 1"):
        folds.check(table)


def test_a_frame_of_two_subjects_is_refused():
    table = _table(*GOOD)
    table.loc[table["subject"] == "b", "face_id"] = "a/1#0"
    with pytest.raises(TableError, match="frame a/1#0"):
        folds.check(table)
