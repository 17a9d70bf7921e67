import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noisyau import tables
from noisyau.errors import TableError
from noisyau.subsets import Amounts, confident, pretrain_table


def population(people: int = 60, pictures: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Faces and people; every third person's gender is unknown."""
    subjects = [f"m.{number:03d}" for number in range(people)]
    faces = pd.DataFrame(
        {
            "face_id": [f"{name}_{rank}#0" for name in subjects for rank in range(pictures)],
            "subject": [name for name in subjects for _ in range(pictures)],
        }
    )
    genders = [("female", "male", None)[number % 3] for number in range(people)]
    return faces, pd.DataFrame({"subject": subjects, "gender": genders, "region": "south_asia"})


def table(wanted: dict[str, Amounts], seed: int = 1, **size: int) -> pd.DataFrame:
    return pretrain_table(*population(**size), wanted, validation=0.05, seed=seed)


def train(rows: pd.DataFrame, variant: str) -> pd.DataFrame:
    return rows[rows[variant] & (rows["split"] == "train")]


def test_no_person_is_on_both_sides_of_the_split() -> None:
    rows = table({"everyone": Amounts("all", "all")})
    sides = rows.groupby("subject")["split"].nunique()
    assert (sides == 1).all()
    assert rows.loc[rows["split"] == "validation", "subject"].nunique() == 3


def test_all_means_everyone_and_zero_means_nobody() -> None:
    rows = table({"everyone": Amounts("all", "all"), "nobody": Amounts(0, "all")})
    assert rows["everyone"].all()
    assert not rows["nobody"].any()


def test_a_numbered_subset_has_as_many_women_as_men_and_nobody_unknown() -> None:
    rows = table({"people": Amounts("all", 12), "images": Amounts(20, "all")})
    persons = train(rows, "people").drop_duplicates("subject")
    assert persons["gender"].value_counts().to_dict() == {"female": 6, "male": 6}
    assert train(rows, "images")["gender"].value_counts().to_dict() == {"female": 10, "male": 10}


def test_pictures_are_taken_from_the_people_taken_when_both_are_numbered() -> None:
    rows = table({"both": Amounts(12, 8), "people": Amounts("all", 8)})
    assert len(train(rows, "both")) == 12
    assert set(train(rows, "both")["subject"]) <= set(train(rows, "people")["subject"])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 5), st.integers(1, 15), st.integers(1, 15))
def test_a_smaller_subset_lies_inside_a_larger_one(seed: int, one: int, other: int) -> None:
    small, large = sorted((2 * one, 2 * other))
    for kind in (lambda n: Amounts(n, "all"), lambda n: Amounts("all", n)):
        rows = table({"small": kind(small), "large": kind(large)}, seed)
        assert set(train(rows, "small")["face_id"]) <= set(train(rows, "large")["face_id"])


def test_the_order_of_the_rows_does_not_matter() -> None:
    faces, people = population()
    wanted = {"some": Amounts(20, "all")}
    one = pretrain_table(faces, people, wanted, validation=0.05, seed=1)
    other = pretrain_table(
        faces.sample(frac=1, random_state=0), people, wanted, validation=0.05, seed=1
    )
    pd.testing.assert_frame_equal(one, other)
    assert not one.equals(pretrain_table(faces, people, wanted, validation=0.05, seed=2))


def test_more_people_than_there_are_is_refused_with_the_numbers() -> None:
    with pytest.raises(TableError, match=r"variants\.many\.pretrain\.people: 100 .*50 female"):
        table({"many": Amounts("all", 100)})


def test_one_person_cannot_be_split() -> None:
    with pytest.raises(TableError, match="at least 2 people"):
        table({"everyone": Amounts("all", "all")}, people=1)


def test_a_person_without_a_biography_is_kept_with_gender_missing(tmp_path) -> None:
    faces, people = population()
    wanted = {"everyone": Amounts("all", "all")}
    rows = pretrain_table(faces, people.iloc[1:], wanted, validation=0.05, seed=1)
    assert len(rows) == len(faces)
    assert rows.loc[rows["subject"] == "m.000", "gender"].isna().all()
    tables.write(rows, tmp_path / "pretrain.parquet", tables.pretrain(wanted))
    assert len(tables.read(tmp_path / "pretrain.parquet", tables.pretrain(wanted))) == len(faces)


def test_labels_under_the_minimum_are_left_out_and_counted_and_those_without_one_are_kept() -> None:
    faces = pd.DataFrame({"face_id": ["a", "b", "c", "d"], "confidence": [0.5, 0.49, None, 0.9]})
    kept, unsure = confident(faces, 0.5)
    assert kept["face_id"].tolist() == ["a", "c", "d"]
    assert unsure == 1
