from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from noisyau import tables
from noisyau.errors import TableError
from noisyau.selection.leftout import FIRST_FACES, check_split, first_faces, left_out, unsure

NO_GROUPS = tables.DUPLICATES.empty_table().to_pandas()
NO_IDENTITY = tables.IDENTITY.empty_table().to_pandas()


def faces(names: str, confidence: object = 1.0) -> pa.Table:
    """Faces such as a_1#0, of the subject a."""
    found = pd.DataFrame({"face_id": [f"{name}#0" for name in names.split()]})
    found["subject"] = found["face_id"].str[0]
    found["confidence"] = np.broadcast_to(np.float32(confidence), len(found))
    found["row"] = range(len(found))
    return pa.Table.from_pandas(found, FIRST_FACES, preserve_index=False)


def groups(*told: str) -> pd.DataFrame:
    """A group for each text; names of coded faces are capitals."""
    rows = [
        (number, "coded" if name.isupper() else "celebrities", f"{name}#0", name[0])
        for number, names in enumerate(told)
        for name in names.split()
    ]
    return pd.DataFrame(rows, columns=tables.DUPLICATES.names)


def identity(told: dict[str, tuple[float | None, bool]]) -> pd.DataFrame:
    rows = [(f"{name}#0", name[0], *what) for name, what in told.items()]
    table = pd.DataFrame(rows, columns=tables.IDENTITY.names).astype({"similarity": "float32"})
    return table.astype({"kept": "boolean"})


def reasons(there, alike=NO_GROUPS, shown=NO_IDENTITY, minimum=0.0, duplicates="all"):
    found = left_out(there, alike, shown, minimum=minimum, duplicates=duplicates).rows.to_pandas()
    return {row.face_id.removesuffix("#0"): row.reason for row in found.itertuples()}


def test_nothing_is_left_out_where_nothing_speaks_against_it() -> None:
    there = faces("a_1 a_2 b_1")
    found = left_out(there, NO_GROUPS, NO_IDENTITY, minimum=0.0, duplicates="one")
    assert found.rows.schema == tables.LEFT_OUT
    assert len(found.rows) == 0
    assert found.stays.all()


def test_all_pictures_of_a_celebrity_who_is_among_the_coded_go() -> None:
    there = faces("a_1 a_2 b_1")
    alike = groups("a_9 S_1", "b_1 b_2")  # a_9 was not coded by the annotator, and tells still
    found = left_out(there, alike, NO_IDENTITY, minimum=0.0, duplicates="all").rows.to_pandas()
    assert found["face_id"].tolist() == ["a_1#0", "a_2#0"]
    assert set(found["detail"]) == {"a_9#0 looks the same as S_1#0 of the coded"}
    assert set(found["reason"]) == {"coded_person"}


def test_a_group_of_several_celebrities_goes_and_their_other_pictures_stay() -> None:
    there = faces("a_1 a_2 b_1 b_2 c_1 c_2")
    alike = groups("a_1 b_1", "c_1 c_2")
    found = left_out(there, alike, NO_IDENTITY, minimum=0.0, duplicates="all").rows
    assert found["face_id"].to_pylist() == ["a_1#0", "b_1#0"]
    assert set(found["reason"].to_pylist()) == {"two_people"}
    assert set(found["detail"].to_pylist()) == {"the same picture under a, b"}


def test_of_a_group_of_one_person_the_first_is_kept_where_asked() -> None:
    there, alike = faces("a_3 a_1 a_2 b_1"), groups("a_1 a_2 a_3")
    assert reasons(there, alike, duplicates="all") == {}
    found = left_out(there, alike, NO_IDENTITY, minimum=0.0, duplicates="one").rows
    assert found["face_id"].to_pylist() == ["a_2#0", "a_3#0"]
    assert set(found["detail"].to_pylist()) == {"the same picture as a_1#0"}


def test_where_the_first_of_a_group_has_another_reason_the_rest_stay() -> None:
    """They look like the first, and need not look like each other."""
    there = faces("a_1 a_2 a_3 b_1 b_2 c_2 c_3", [0.1, 1, 1, 1, 1, 1, 1])
    alike = groups("a_1 a_2 a_3", "b_1 b_2", "c_1 c_2 c_3")  # c_1 has no label
    shown = identity({"b_1": (0.2, False)})
    found = reasons(there, alike, shown, 0.5, "one")
    assert found == {"a_1": "unsure", "b_1": "other_identity"}


def test_a_picture_of_two_people_goes_and_its_copies_stay() -> None:
    there = faces("a_1 a_2 b_1 c_1 c_2")
    alike = groups("a_1 b_1", "a_1 a_2", "c_1 c_2")
    found = reasons(there, alike, duplicates="one")
    assert found == {"a_1": "two_people", "b_1": "two_people", "c_2": "duplicate"}


def test_a_celebrity_who_may_be_one_of_the_coded_under_another_name_goes_too() -> None:
    there = faces("a_1 a_2 b_1 b_2 c_1 c_2")
    alike = groups("a_1 S_1", "a_2 b_1", "b_2 c_1")
    found = left_out(there, alike, NO_IDENTITY, minimum=0.0, duplicates="all").rows.to_pandas()
    told = found.set_index("face_id")["detail"]
    assert set(found["face_id"][found["reason"] == "coded_person"].str[0]) == {"a", "b"}
    assert told["a_2#0"] == "a_1#0 looks the same as S_1#0 of the coded"
    assert told["b_2#0"] == (
        "b_1#0 looks the same as a_2#0 of a, who looks the same as somebody coded"
    )
    assert found["face_id"][found["reason"] == "two_people"].tolist() == ["c_1#0"]


def test_a_picture_has_the_first_of_its_reasons_and_is_told_once() -> None:
    there = faces("a_1 b_1 b_2 c_1 d_1 d_2", 0.1)
    alike = groups("a_1 S_1", "b_1 c_1", "d_1 d_2")
    shown = identity(dict.fromkeys(("a_1", "b_1", "b_2", "c_1", "d_1", "d_2"), (0.1, False)))
    assert reasons(there, alike, shown, 0.5, "one") == {
        "a_1": "coded_person",
        "b_1": "two_people",
        "b_2": "unsure",
        "c_1": "two_people",
        "d_1": "unsure",
        "d_2": "unsure",
    }
    assert reasons(there, alike, shown, 0.0, "one")["d_2"] == "other_identity"


def test_the_detail_says_how_unsure_and_how_unlike() -> None:
    there = faces("a_1 b_1 c_1 d_1", [0.25, 1, 1, np.nan])
    shown = identity({"b_1": (0.1234, False), "c_1": (None, False), "d_1": (0.9, True)})
    found = left_out(there, NO_GROUPS, shown, minimum=0.5, duplicates="all").rows
    assert found["detail"].to_pylist() == [
        "confidence 0.25 is under 0.5",
        "similarity 0.123",
        "no similarity",
    ]


def test_the_order_of_the_rows_does_not_matter() -> None:
    there = faces("a_1 a_2 a_3 b_1 c_1 c_2", [1, 0.1, 1, 1, 1, 1])
    alike = groups("a_1 a_2 a_3", "b_1 c_1")
    turned = there.take([3, 5, 0, 4, 2, 1])
    kinds = {"minimum": 0.5, "duplicates": "one"}
    one, other = (left_out(rows, alike, NO_IDENTITY, **kinds) for rows in (there, turned))
    assert one.rows.equals(other.rows)
    assert sorted(turned.filter(other.stays)["face_id"].to_pylist()) == ["a_1#0", "c_2#0"]


def test_labels_under_the_minimum_are_unsure_and_those_without_a_confidence_are_not() -> None:
    told = pd.DataFrame({"confidence": [0.5, 0.49, None, 0.9]})
    assert unsure(told, 0.5).tolist() == [False, True, False, False]


def test_further_faces_of_a_picture_are_counted_and_not_used(tmp_path: Path) -> None:
    rows = pa.table(
        {
            "face_id": ["a_2#0", "a_1#1", "a_1#0", "a_3#10"],
            "subject": ["a"] * 4,
            "confidence": pa.array([1, 1, None, 1], pa.float32()),
        }
    )
    tables.write(rows, tmp_path / "labels.parquet", rows.schema)
    found, further = first_faces(tmp_path / "labels.parquet")
    assert found["face_id"].to_pylist() == ["a_2#0", "a_1#0"]
    assert found["row"].to_pylist() == [0, 2]
    assert further == 2


@pytest.mark.parametrize(
    ("person", "alike", "text"),
    [
        ([0, 0, 1], [], r"1 times a person is in both train and validation, as a_1#0 is"),
        ([0, 1, 2], ["a_1 a_2"], r"1 times a group of duplicates is in both .* as a_1#0 is"),
    ],
)
def test_a_person_or_a_group_on_both_sides_of_the_split_is_refused(person, alike, text) -> None:
    names, held_out = faces("a_1 a_2 b_1")["face_id"], np.array([True, False, False])
    numbers = np.array(person, np.int32)
    with pytest.raises(TableError, match=text):
        check_split(names.combine_chunks(), numbers, held_out, groups(*alike))
    both = np.array([True, True, False])
    check_split(names.combine_chunks(), numbers, both, groups(*alike))
