import pandas as pd
import pytest

from noisyau.reporting import summaries


def test_the_annotator_s_noise_is_told_au_by_au():
    """Six frames: hit, miss, false alarm, right rejection, not coded by people, not by it."""
    coded = pd.DataFrame(
        {
            "item": [f"s/{n}" for n in range(6)],
            "AU12_c": pd.array([1, 1, 0, 0, None, 1], "Int8"),
            "AU06_c": pd.array([1, 0, 0, 0, 0, 0], "Int8"),
        }
    )
    labels = pd.DataFrame(
        {
            "face_id": [f"s/{n}#0" for n in range(5)],
            "AU12_c": pd.array([1, 0, 1, 0, 1], "Int8"),
            "AU06_c": pd.array([None] * 5, "Int8"),
        }
    )
    tested = pd.Series([f"s/{n}#0" for n in range(6)])
    six, twelve = summaries.noise(coded, labels, tested, {12: 0.4})
    assert (twelve.frames, twelve.precision, twelve.recall) == (4, 0.5, 0.5)
    assert (twelve.human_rate, twelve.noisy_rate, twelve.celebrity_rate) == (3 / 5, 0.5, 0.4)
    assert six.frames == 0
    assert six.human_rate == pytest.approx(1 / 6)
    assert (six.noisy_rate, six.precision, six.recall, six.celebrity_rate) == (None,) * 4


def test_an_au_that_the_annotator_has_no_column_for_is_missing():
    coded = pd.DataFrame({"item": ["s/1"], "AU43_c": pd.array([1], "Int8")})
    labels = pd.DataFrame({"face_id": ["s/1#0"], "AU12_c": pd.array([1], "Int8")})
    (row,) = summaries.noise(coded, labels, pd.Series(["s/1#0"]), {})
    assert (row.frames, row.precision) == (0, None)


def test_people_are_counted_by_gender_and_region_with_nobody_left_out():
    table = pd.DataFrame(
        {
            "subject": ["a", "a", "b", "c"],
            "gender": ["female", "female", "male", None],
            "region": ["south_asia", "south_asia", None, None],
        }
    )
    genders, regions = summaries.groups(table)
    assert [(g.name, g.people, g.pictures) for g in genders] == [
        ("Women", 1, 2), ("Men", 1, 1), ("Unknown", 1, 1),
    ]  # fmt: skip
    assert sum(group.pictures for group in regions) == 4
    assert sum(group.people for group in regions) == 3
    assert len(regions) == 8


def test_the_paper_s_table_adds_up():
    people = {name: counts[0] for name, counts in summaries.TABLE_II.items()}
    pictures = {name: counts[1] for name, counts in summaries.TABLE_II.items()}
    assert people["Men"] + people["Women"] == sum(
        people[name] for name in summaries.REGIONS.values()
    )
    assert pictures["Men"] + pictures["Women"] == 162_070
    assert set(summaries.TABLE_II) == {*summaries.GENDERS.values(), *summaries.REGIONS.values()}
