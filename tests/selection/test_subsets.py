from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noisyau import tables
from noisyau.demographics import REGIONS
from noisyau.errors import TableError
from noisyau.selection.leftout import FIRST_FACES
from noisyau.selection.pool import Pool, pool
from noisyau.selection.subsets import Sample, pretrain_table, subset

NO_GROUPS = tables.DUPLICATES.empty_table().to_pandas()


def population(
    people: int = 60, pictures: int = 3, regions: tuple[str, ...] = ("south_asia",)
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Faces and people; of every third one the gender is unknown, pictures go up to 2 n."""
    subjects = [f"m.{number:03d}" for number in range(people)]
    names = [
        (f"{name}_{rank}#0", name)
        for number, name in enumerate(subjects)
        for rank in range(pictures + number % (pictures + 1))
    ]
    faces = pd.DataFrame(names, columns=["face_id", "subject"])
    told = pd.DataFrame({"subject": subjects})
    told["gender"] = [("female", "male", None)[number % 3] for number in range(people)]
    told["region"] = [regions[number // 3 % len(regions)] for number in range(people)]
    return faces, told


def first(faces: pd.DataFrame) -> pa.Table:
    rows = faces.assign(row=range(len(faces)), confidence=1.0)
    return pa.Table.from_pandas(rows, FIRST_FACES, preserve_index=False)


def drawn_from(faces: pd.DataFrame, people: pd.DataFrame, seed: int = 1) -> Pool:
    return pool(first(faces), people, NO_GROUPS, validation=0.05, seed=seed)


def table(there: Pool, **wanted: Sample) -> pd.DataFrame:
    """The pre-training table, its columns named by the variants."""
    found = {name: subset(there, name, sample) for name, sample in wanted.items()}
    rows = pa.concat_tables(pretrain_table(there, found))
    assert rows.schema == tables.pretrain(wanted)
    return rows.to_pandas()


def train(rows: pd.DataFrame, variant: str = "some") -> pd.DataFrame:
    return rows[rows[variant] & (rows["split"] == "train")]


def taken(there: Pool, *sample: Any) -> set[str]:
    return {*train(table(there, some=Sample(*sample)))["face_id"]}


def counts(rows: pd.DataFrame, by: list[str]) -> dict[Any, int]:
    return rows.groupby(by if len(by) > 1 else by[0]).size().to_dict()


FACES, PEOPLE = population()
POOL = drawn_from(FACES, PEOPLE)
WIDE = drawn_from(*population(84, 4, REGIONS))
AMOUNTS = st.one_of(st.integers(1, 50), st.integers(5, 60).map(lambda share: f"{share}%"))


def test_no_person_is_on_both_sides_of_the_split() -> None:
    rows = table(POOL, everyone=Sample("all", "all"))
    sides = rows.groupby("subject")["split"].nunique()
    assert (sides == 1).all()
    assert rows.loc[rows["split"] == "validation", "subject"].nunique() == 3


def test_who_is_held_out_and_who_is_drawn_is_the_same_on_any_machine() -> None:
    rows = table(POOL, some=Sample("all", 8))
    held_out = rows.loc[rows["split"] == "validation", "subject"].unique()
    assert held_out.tolist() == ["m.005", "m.009", "m.044"]
    assert " ".join(train(rows)["subject"].unique()) == (
        "m.003 m.012 m.018 m.025 m.031 m.036 m.040 m.052"
    )


def test_all_means_everyone_and_zero_means_nobody_and_the_rows_are_sorted() -> None:
    rows = table(POOL, everyone=Sample("all", "all"), nobody=Sample(0, 0))
    assert rows["everyone"].all()
    assert not rows["nobody"].any()
    assert rows["face_id"].tolist() == sorted(FACES["face_id"])
    assert FACES.loc[POOL.row, "face_id"].tolist() == rows["face_id"].tolist()


def test_a_numbered_subset_has_as_many_women_as_men_and_nobody_unknown() -> None:
    rows = table(POOL, people=Sample("all", 12), images=Sample(20, "all"))
    persons = train(rows, "people").drop_duplicates("subject")
    assert counts(persons, ["gender"]) == {"female": 6, "male": 6}
    assert counts(train(rows, "images"), ["gender"]) == {"female": 10, "male": 10}


def test_every_variant_is_watched_on_the_same_people_whatever_its_cap() -> None:
    rows = table(POOL, everyone=Sample("all", "all"), few=Sample(2, 4, "none", 1))
    assert rows.loc[rows["split"] == "validation", ["everyone", "few"]].all(axis=None)


def test_pictures_are_taken_from_the_people_taken_when_both_are_numbered() -> None:
    rows = table(POOL, both=Sample(12, 8), people=Sample("all", 8))
    assert len(train(rows, "both")) == 12
    assert {*train(rows, "both")["subject"]} <= {*train(rows, "people")["subject"]}


@settings(max_examples=60, deadline=None)
@given(
    AMOUNTS,
    AMOUNTS,
    st.sampled_from(["gender", "none", "region", "region_gender"]),
    st.sampled_from(["all", 2, 5]),
    st.booleans(),
)
def test_a_smaller_subset_lies_inside_a_larger_one(one, other, balance, cap, people) -> None:
    def ask(amount: int | str) -> set[str]:
        return taken(WIDE, *(("all", amount) if people else (amount, "all")), balance, cap)

    found = sorted((ask(one), ask(other)), key=len)
    assert found[0] <= found[1]


@settings(max_examples=40, deadline=None)
@given(st.integers(10, 100), st.integers(10, 100), st.integers(1, 40), st.integers(1, 40))
def test_of_each_person_every_subset_takes_the_first_of_one_order(a, b, few, many) -> None:
    few, many = sorted((2 * few, 2 * many))
    rows = table(
        WIDE,
        small=Sample(f"{min(a, b)}%", "all", "none"),
        large=Sample("all", many, "none"),
        within=Sample(min(few, 2 * a), few, "none"),
    )
    people = {name: {*train(rows, name)["subject"]} for name in ("within", "large")}
    assert people["within"] <= people["large"]
    place = pd.Series(WIDE.place)
    for name in ("small", "large", "within"):
        places = place[train(rows, name).index].groupby(train(rows, name)["subject"])
        assert (places.max() + 1 == places.size()).all()


@pytest.mark.parametrize("balance", ["none", "gender"])
@pytest.mark.parametrize("share", [10, 20, 45])
def test_a_share_of_the_pictures_is_in_proportion_for_each_person_rounded_up_or_down(
    share: int, balance: str
) -> None:
    everyone = drawn_from(*population(200, 10))
    rows = table(everyone, all=Sample("all", "all"), some=Sample(f"{share}%", "all", balance))
    there = train(rows, "all").groupby("subject").size()
    found = train(rows).groupby("subject").size().reindex(there.index, fill_value=0)
    assert found.sum() == round(there.sum() * share / 100)
    gender = everyone.people.set_index("subject")["gender"].reindex(there.index).fillna("unknown")
    cells = gender if balance == "gender" else gender * 0
    for cell in {*cells} - ({"unknown"} if balance == "gender" else set()):
        n, k = there[cells == cell], found[cells == cell]
        assert ((k - 1) / n).max() < ((k + 1) / n).min()  # one share, of which all are rounded


def test_a_share_of_both_is_as_many_pictures_of_fewer_people_and_so_more_of_each() -> None:
    everyone = drawn_from(*population(200, 10))
    asked = {f"of_{n}": Sample("20%", f"{n}%", "none") for n in (40, 60, 80, 100)}
    rows = table(everyone, **asked)
    sizes = {name: len(train(rows, name)) for name in asked}
    assert {*sizes.values()} == {round(0.2 * (~everyone.held_out()).sum())}
    people = {name: train(rows, name)["subject"].nunique() for name in asked}
    assert people == {f"of_{n}": 190 * n // 100 for n in (40, 60, 80, 100)}
    each = {name: sizes[name] / people[name] for name in asked}
    assert each["of_40"] == pytest.approx(2.5 * each["of_100"])


def test_a_share_of_the_pictures_is_nearly_had_by_the_same_share_of_the_people() -> None:
    found = [
        subset(drawn_from(*population(200, 10), seed), "some", Sample("20%", "20%", "none"))
        for seed in range(8)
    ]
    for short in (one.shortfalls for one in found):
        assert (short["taken"] == short["available"]).all()
        assert (short["taken"] > 0.9 * short["wanted"]).all()
    assert {len(one.shortfalls) for one in found} == {0, 1}


def test_every_picture_has_the_same_chance_however_many_its_person_has() -> None:
    faces, people = population(100, 4)
    chosen = pd.Series(0, index=sorted(faces["face_id"]))
    draws = 150
    for seed in range(draws):
        there = drawn_from(faces, people, seed)
        rows = subset(there, "some", Sample("25%", "all", "none")).rows
        chosen += rows & ~there.held_out()
    per_picture = chosen.groupby(faces.groupby("subject").size()[chosen.index.str[:5]].to_numpy())
    assert per_picture.mean().to_numpy() / draws == pytest.approx(0.25 * 0.95, abs=0.02)


def test_no_training_person_has_more_pictures_than_the_cap_and_a_share_is_of_what_it_leaves():
    rows = table(
        POOL,
        capped=Sample("all", "all", "none", 2),
        half=Sample("50%", "all", "none", 2),
        people=Sample("all", 8, "gender", 3),
    )
    assert {*counts(train(rows, "capped"), ["subject"]).values()} == {2}
    assert len(train(rows, "half")) == len(train(rows, "capped")) / 2
    assert max(counts(train(rows, "people"), ["subject"]).values()) == 3


@pytest.mark.parametrize(
    ("balance", "by", "cells"),
    [("region", ["region"], 7), ("region_gender", ["region", "gender"], 14)],
)
@pytest.mark.parametrize("total", [14, 30, 43])
def test_a_balance_by_region_is_even_to_one(balance, by, cells, total) -> None:
    rows = table(WIDE, some=Sample(total, "all", balance), people=Sample("all", 14, balance))
    found = counts(train(rows), by)
    assert sum(found.values()) == total
    assert max(found.values()) - min(found.values()) <= 1
    persons = counts(train(rows, "people").drop_duplicates("subject"), by)
    assert len(found) == len(persons) == cells
    assert {*persons.values()} == {14 // cells}


def test_given_shares_are_met_to_one_and_nobody_else_is_taken() -> None:
    shares = {"south_asia/female": 0.5, "north_east_asia/male": 0.3, "south_asia/male": 0.2}
    rows = table(WIDE, some=Sample(16, "all", shares))
    assert counts(train(rows), ["region", "gender"]) == {
        ("south_asia", "female"): 8,
        ("north_east_asia", "male"): 5,
        ("south_asia", "male"): 3,
    }


def test_a_region_that_is_short_is_told_and_the_others_fill_its_place() -> None:
    there = drawn_from(*population(60, 3, ("south_asia", "north_east_asia", "south_asia")))
    found = subset(there, "even", Sample(140, "all", "region"))
    assert (found.rows & ~there.held_out()).sum() == 140
    told = found.shortfalls.set_index("cell")
    assert [*told.index] == [*REGIONS]
    assert told.loc["south_asia", "taken"] > told.loc["south_asia", "wanted"]
    assert told["taken"].sum() == told["wanted"].sum() == 140
    absent = told.loc["southern_africa"]
    assert (absent["variant"], absent["of"]) == ("even", "images")
    assert absent[["wanted", "available", "taken"]].tolist() == [20, 0, 0]
    assert absent["share"] == 1 / 7
    tables.to_arrow(found.shortfalls, tables.SHORTFALLS)


def test_the_shortfalls_of_people_and_of_pictures_are_told_apart() -> None:
    found = subset(POOL, "both", Sample(20, 10, {"female": 0.9, "male": 0.1}))
    assert found.shortfalls.empty
    few = {"north_east_asia": 0.5, "south_asia": 0.5}
    found = subset(POOL, "both", Sample(20, 10, few)).shortfalls
    assert found[["of", "cell", "wanted", "taken"]].to_numpy().tolist() == [
        ["people", "north_east_asia", 5, 0],
        ["people", "south_asia", 5, 10],
        ["images", "north_east_asia", 10, 0],
        ["images", "south_asia", 10, 20],
    ]


def test_a_region_s_lack_is_filled_by_people_of_the_same_gender() -> None:
    faces, people = population(120, 3, ("south_asia", "north_east_asia"))
    eastern = people["region"] == "north_east_asia"
    people.loc[eastern & (people["gender"] == "female"), "region"] = "south_asia"
    there = drawn_from(faces, people)
    rows = train(table(there, some=Sample(120, "all", "region_gender")))
    assert counts(rows, ["gender"]) == {"female": 60, "male": 60}
    assert set(rows.loc[rows["gender"] == "female", "region"]) == {"south_asia"}


@pytest.mark.parametrize("balance", [{"female": 0.9, "male": 0.1}, "region_gender"])
def test_genders_of_which_there_are_too_few_are_refused_however_they_are_named(balance) -> None:
    faces, people = population(60, 3, REGIONS)
    women = people["gender"] == "female"
    few = people.assign(gender=people["gender"].mask(women & (people.index > 9), None))
    with pytest.raises(TableError, match="asks for"):
        subset(drawn_from(faces, few), "some", Sample(90, "all", balance))


def test_those_of_whom_the_balance_knows_too_little_are_counted() -> None:
    train_people = POOL.people[POOL.people["split"] == "train"]
    unknown = train_people[train_people["gender"].isna()]
    found = subset(POOL, "some", Sample(10, "all"))
    assert found.outside == {"images": unknown["pictures"].sum()}
    assert subset(POOL, "some", Sample(10, 4)).outside == {"people": len(unknown), "images": 0}
    assert subset(POOL, "some", Sample(10, "all", "none")).outside == {"images": 0}


def test_the_order_of_the_rows_does_not_matter() -> None:
    asked = Sample("20%", 20, "gender", 4)
    turned = drawn_from(FACES.sample(frac=1, random_state=0), PEOPLE.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(table(POOL, some=asked), table(turned, some=asked))
    assert taken(POOL, *asked) != taken(drawn_from(FACES, PEOPLE, 2), *asked)


def test_a_small_sample_drawn_by_hand() -> None:
    """The r-th picture of a person has its place at (r + start) / pictures.

    women  a, 4 pictures, start 0.38: 0.09 0.34 0.59 0.84   c, 4, 0.31: 0.08 0.33 0.58 0.83
    men    b, 2 pictures, start 0.40: 0.20 0.70             d, 2, 0.79: 0.40 0.90
    """
    names = "a_1 a_2 a_3 a_4 b_1 b_2 c_1 c_2 c_3 c_4 d_1 d_2 e_1"
    faces = pd.DataFrame({"face_id": [f"{name}#0" for name in names.split()]})
    faces["subject"] = faces["face_id"].str[0]
    people = pd.DataFrame({"subject": list("abcde"), "gender": ["female", "male"] * 2 + [None]})
    there = drawn_from(faces, people.assign(region=None))
    assert there.people["start"].round(2).tolist() == [0.38, 0.40, 0.31, 0.79, 0.50]
    women = ["c_2", "a_2", "c_3", "a_3", "c_1", "a_4", "c_4", "a_1"]
    men = ["b_2", "d_1", "b_1", "d_2"]
    for half in range(1, 5):
        expected = {f"{name}#0" for name in (*women[:half], *men[:half])}
        assert taken(there, 2 * half, "all") == expected


@pytest.mark.parametrize(
    ("sample", "text"),
    [
        (
            Sample("all", 100),
            r"variants\.many\.pretrain\.people: 100 asks for 50 female, 50 male; the training "
            r"part has \d\d female, \d\d male \(\d\d are in none of these",
        ),
        (Sample(10**9, "all"), r"pretrain\.images: 1,000,000,000 asks for 500,000,000 female"),
        (Sample("100%", "all"), r"pretrain\.images: 100% of \d+ asks for \d+ female"),
        (Sample("20%", "1%", "none"), r"pretrain\.images: 20% of \d+ asks for \d+ everyone"),
        (Sample("all", "0.1%", "none"), r"people: 0\.1% of 57 asks for 0 everyone"),
        (Sample(5, "all", {"north_east_asia": 1.0}), r"has 0 north_east_asia \(\d+ are in none"),
    ],
)
def test_what_cannot_be_met_is_refused_with_the_numbers(sample, text) -> None:
    with pytest.raises(TableError, match=text):
        subset(POOL, "many", sample)


def test_one_person_cannot_be_split() -> None:
    with pytest.raises(TableError, match="at least 2 people, one of them held out; found 1"):
        drawn_from(*population(people=1))
    with pytest.raises(TableError, match="found 0 with"):
        drawn_from(FACES.iloc[:0], PEOPLE)


def test_a_face_that_is_there_twice_is_refused() -> None:
    with pytest.raises(TableError, match=r"face m\.000_0#0 twice"):
        drawn_from(pd.concat([FACES, FACES.head(1)]), PEOPLE)


def test_a_group_on_both_sides_of_the_split_is_refused() -> None:
    held_out = POOL.people["split"] == "validation"
    one, other = POOL.people.groupby(held_out)["subject"].first()
    groups = pd.DataFrame({"face_id": [f"{one}_0#0", f"{other}_0#0"], "subject": [one, other]})
    groups = groups.assign(group=1, corpus="celebrities")
    with pytest.raises(TableError, match="a group of duplicates is in both train and validation"):
        pool(first(FACES), PEOPLE, groups, validation=0.05, seed=1)


def test_a_person_without_a_biography_is_kept_with_gender_missing() -> None:
    rows = table(drawn_from(FACES, PEOPLE.iloc[1:]), everyone=Sample("all", "all"))
    assert len(rows) == len(FACES)
    assert rows.loc[rows["subject"] == "m.000", ["gender", "region"]].isna().all(axis=None)


def test_a_table_of_many_pieces_is_that_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Sample(20, "all")
    whole = table(POOL, some=asked)
    monkeypatch.setattr(tables, "PIECE", 7)
    pd.testing.assert_frame_equal(whole, table(POOL, some=asked))
    assert np.array_equal(whole["some"], subset(POOL, "some", asked).rows)
