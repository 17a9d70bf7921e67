"""One row a person, sorted; what gave no row is returned beside it."""

import pandas as pd
import pytest

from noisyau import tables
from noisyau.errors import CorpusError
from noisyau.people import Biography, Lost, people, read_biographies


def biography(subject: str, text: str = "", **more) -> Biography:
    return Biography(f"{subject}.json", subject, "Jo Bo", "", text, **more)


def test_people_are_sorted_unique_and_fit_the_schema(tmp_path):
    first = biography("m.b", "Jo Bo is a Peruvian singer. She sings.")
    again = Biography("copy.json", "m.b", "Jo Bo", "", "Jo Bo is a Danish man.")
    table, losses = people([first, biography("m.a"), again, Lost("x", None, "no_id", "none")])
    assert table.subject.tolist() == ["m.a", "m.b"]
    assert table.region.tolist() == [None, "central_south_america"]
    assert table.nationalities.tolist() == [[], ["PER"]]
    assert losses[["item", "reason"]].values.tolist() == [["copy.json", "repeated"], ["x", "no_id"]]
    tables.write(table, tmp_path / "people.parquet", tables.PEOPLE)
    tables.write(losses, tmp_path / "losses.parquet", tables.FAILURES)
    assert tables.read(tmp_path / "people.parquet", tables.PEOPLE).gender.tolist()[1] == "female"


def test_nobody_at_all_is_two_empty_tables_of_the_right_columns():
    table, losses = people([])
    assert tables.to_arrow(table, tables.PEOPLE).num_rows == 0
    assert tables.to_arrow(losses, tables.FAILURES).num_rows == 0


def test_countries_of_several_regions_leave_the_region_open_and_say_why():
    table, _ = people([biography("a", "Jo Bo is a British-Pakistani author.")])
    row = table.iloc[0]
    assert row.nationalities == ["GBR", "PAK"]
    assert row.region is None
    assert "several regions: north_america_europe, south_asia" in row.region_evidence


def test_the_description_decides_between_regions_that_the_text_states():
    person = Biography("a", "a", "Jo", "British journalist", "Jo is a British-Somali journalist.")
    row = people([person])[0].iloc[0]
    assert row.nationalities == ["GBR", "SOM"]
    assert row.region == "north_america_europe"


def test_what_the_user_states_wins_over_the_text():
    text = "Jo Bo is a Danish actress. She acts."
    row = people([biography("a", text, gender="male", nationality=("Peruvian",))])[0].iloc[0]
    assert (row.gender, row.gender_evidence) == ("male", "given: male")
    assert (row.nationalities, row.region_evidence) == (["PER"], "given: Peruvian")


def test_a_nationality_that_is_no_country_names_its_row():
    with pytest.raises(CorpusError, match=r"a.json: nationality 'Atlantis'.*ISO 3166"):
        people([biography("a", nationality=("Atlantis",))])


def test_real_celebrities_agree_with_the_released_genders(shared):
    table, losses = people(read_biographies(shared / "data/celebrities/bios"))
    labels = pd.read_csv(
        shared / "data/celebrities/openface_labels.csv", usecols=["image", "gender"]
    )
    labels["subject"] = labels.image.str.extract(r"^(m\.[^-]+)_\d+-")[0]
    truth = labels.groupby("subject").gender.first().map({1: "male", 0: "female"})
    known = table[table.gender.notna()].set_index("subject").gender
    both = known.index.intersection(truth.index)
    assert losses.empty
    assert len(both) >= 940
    assert (known[both] == truth[both]).all()
    assert table.gender.notna().mean() > 0.995
    assert table.region.notna().mean() > 0.96


def test_real_members_of_congress_are_americans_and_never_of_a_wrong_gender(shared):
    table, _ = people(read_biographies(shared / "data/portraits/bios.jsonl"))
    index = pd.read_csv(shared / "data/portraits/index.csv").drop_duplicates("person_id")
    truth = index.set_index("person_id").gender.map({"M": "male", "F": "female"})
    known = table[table.gender.notna()].set_index("subject").gender
    assert len(table) == 878
    assert all(codes == ["USA"] for codes in table.nationalities)
    assert len(known) > 140
    assert (known == truth[known.index]).all()
