import pandas as pd

from noisyau.reporting import summaries


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
