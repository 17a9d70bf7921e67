import pandas as pd

from noisyau.reporting import who
from tests.reporting import made


def test_people_are_counted_by_gender_and_region_with_nobody_left_out():
    table = pd.DataFrame(
        {
            "subject": ["a", "a", "b", "c"],
            "gender": ["female", "female", "male", None],
            "region": ["south_asia", "south_asia", None, None],
        }
    )
    genders, regions = who.groups(table)
    assert [(g.name, g.people, g.pictures) for g in genders] == [
        ("Women", 1, 2), ("Men", 1, 1), ("Unknown", 1, 1),
    ]  # fmt: skip
    assert sum(group.pictures for group in regions) == 4
    assert sum(group.people for group in regions) == 3
    assert len(regions) == 8


def test_the_paper_s_table_adds_up():
    people = {name: counts[0] for name, counts in who.TABLE_II.items()}
    pictures = {name: counts[1] for name, counts in who.TABLE_II.items()}
    assert people["Men"] + people["Women"] == sum(people[name] for name in who.REGIONS.values())
    assert pictures["Men"] + pictures["Women"] == 162_070
    assert set(who.TABLE_II) == {*who.GENDERS.values(), *who.REGIONS.values()}


def test_a_variant_s_training_pictures_are_counted_by_group_without_those_held_out():
    table = pd.DataFrame(
        {
            "subject": ["a", "a", "b", "c"],
            "gender": ["female", "female", "male", None],
            "region": ["south_asia", "south_asia", None, None],
            "split": ["train", "train", "train", "validation"],
            "scratch": [False] * 4,
            "noisy": [True, False, True, True],
        }
    )
    found = [(part.name, part.pictures, part.people) for part in who.parts(table, ["noisy"])]
    assert found == [
        ("All", [2], [2]), ("Women", [1], [1]), ("Men", [1], [1]),
        ("South Asia", [1], [1]), ("Unknown region", [1], [1]),
    ]  # fmt: skip
    assert who.parts(table, ["scratch"]) == []


def test_a_shortfall_says_what_was_asked_for_what_is_there_and_what_filled_it() -> None:
    assert who.shortfalls(made.SHORTFALLS) == [
        "noisy_all asks for 40 pictures of South Asia (25.0 % of its pictures) and takes 12: "
        "12 are there.",
        "The other groups of noisy_all fill this up to 160 pictures.",
    ]


def test_a_shortfall_that_nothing_fills_says_how_many_there_are_in_all() -> None:
    row = ("subjects_20", "images", "everyone", 1.0, 1000, 990, 990)
    assert who.shortfalls(pd.DataFrame([row], columns=made.SHORTFALLS.columns)) == [
        "subjects_20 asks for 1,000 pictures and takes 990: 990 are there.",
        "So subjects_20 has 990 pictures instead of 1,000.",
    ]


def test_people_of_whom_a_text_says_too_little_are_listed_with_what_it_says():
    rows = pd.DataFrame(
        {
            "subject": ["a", "b", "c"],
            "name": ["Jo", None, "Bo"],
            "gender": ["female", None, "male"],
            "region": ["south_asia", "south_asia", None],
            "gender_evidence": ["she 2; he 0", "non-binary: agender", "he 1"],
            "nationality_evidence": ["stated: Indian", "stated: Indian", None],
            "region_evidence": ["of IND", "of IND", None],
            "overridden": [["gender"], [], []],
        }
    )
    assert who.undecided(rows) == who.Some(
        2,
        [
            who.Told("b", None, None, "South Asia", "non-binary: agender; stated: Indian; of IND"),
            who.Told("c", "Bo", "male", None, "he 1"),
        ],
    )
    assert who.neither(rows) == 1
    assert [told.subject for told in who.overruled(rows).first] == ["a"]
    many = pd.concat([rows] * 60, ignore_index=True)
    assert (who.undecided(many).number, len(who.undecided(many).first)) == (120, who.SHOWN)


def test_pictures_that_look_the_same_are_told_apart_by_whose_they_are():
    told = who.alike(made.DUPLICATES)
    assert (told.groups, told.pictures) == (2, 4)
    assert told.shared == [["m.002", "m.003"]]
    assert told.coded == {"m.004": ["SN001/7#0"]}
