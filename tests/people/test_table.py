"""One row a person, sorted; what gave no row is told beside it; a person has the last word."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from noisyau import tables
from noisyau.errors import CorpusError
from noisyau.people import Biography, Counts, Lost, Override, read_biographies, write


def biography(subject: str, text: str = "", **more: Any) -> Biography:
    return Biography(f"{subject}.json", subject, "Jo Bo", "", text, **more)


class Written:
    """The tables that `write` makes, and what it counted."""

    def __init__(self, folder: Path, records: Any, *overrides: Override) -> None:
        self.path = folder / "people.parquet"
        losses = folder / "losses.parquet"
        told = {override.subject: override for override in overrides}
        self.counts: Counts = write(records, told, self.path, losses)
        self.table = tables.read(self.path, tables.PEOPLE)
        self.losses = tables.read(losses, tables.FAILURES)
        self.rows = [
            SimpleNamespace(**row)
            for row in tables.read_arrow(self.path, tables.PEOPLE).to_pylist()
        ]

    @property
    def row(self) -> Any:
        """The first row."""
        return self.rows[0]


def test_people_are_sorted_unique_and_fit_the_schema(tmp_path):
    first = biography("m.b", "Jo Bo is a Peruvian singer. She sings.")
    again = Biography("copy.json", "m.b", "Jo Bo", "", "Jo Bo is a Danish man.")
    written = Written(tmp_path, [first, biography("m.a"), again, Lost("x", None, "no_id", "none")])
    assert written.table.subject.tolist() == ["m.a", "m.b"]
    assert [row.region for row in written.rows] == [None, "central_south_america"]
    assert [row.nationalities for row in written.rows] == [[], ["PER"]]
    assert written.losses[["item", "reason", "detail"]].values.tolist() == [
        ["copy.json", "repeated", "m.b has a biography already: m.b.json"],
        ["x", "no_id", "none"],
    ]
    assert written.counts == Counts(people=2, gender=1, region=1, lost=2)


def test_nobody_at_all_is_two_empty_tables_of_the_right_columns(tmp_path):
    written = Written(tmp_path, [])
    assert len(written.table) == len(written.losses) == 0


def test_equal_biographies_are_equal_bytes_in_whichever_order_they_come(tmp_path):
    people = [biography(f"m.{number}", "Jo is a Danish poet. He writes.") for number in range(50)]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = Written(tmp_path / "a", people)
    other = Written(tmp_path / "b", reversed(people))
    assert one.path.read_bytes() == other.path.read_bytes()


def test_a_row_says_by_which_words_and_how_surely(tmp_path):
    row = Written(tmp_path, [biography("a", "Jo is a Canadian-American actress. She acts.")]).row
    assert row.nationality_evidence == "stated: Canadian, American"
    assert row.region_evidence == "of CAN, USA"
    assert 0.9 < row.region_confidence <= 1
    assert row.gender_confidence == pytest.approx(3 / 4)
    assert row.overridden == []


def test_what_is_only_mentioned_is_less_sure_than_what_is_stated(tmp_path):
    stated = biography("a", "Jo Bo is a Danish drummer.")
    mentioned = biography("b", "Jo Bo drums. The Danish press wrote of it.")
    sure, unsure = Written(tmp_path, [stated, mentioned]).table.region_confidence
    assert unsure < sure


def test_countries_of_several_regions_leave_the_region_open_and_say_why(tmp_path):
    row = Written(tmp_path, [biography("a", "Jo Bo is a British-Pakistani author.")]).row
    assert row.nationalities == ["GBR", "PAK"]
    assert row.region is None
    assert row.region_confidence is None
    assert row.region_evidence == "several: north_america_europe (GBR), south_asia (PAK)"


def test_what_the_users_file_states_wins_over_the_text(tmp_path):
    text = "Jo Bo is a Danish actress. She acts."
    given = biography("a", text, gender="male", nationality=("Peruvian",))
    row = Written(tmp_path, [given]).row
    assert (row.gender, row.gender_evidence) == ("male", "given: male")
    assert (row.nationalities, row.nationality_evidence) == (["PER"], "given: Peruvian")
    assert row.gender_confidence == row.region_confidence == 1


def test_a_nationality_that_is_no_country_names_its_row(tmp_path):
    with pytest.raises(CorpusError, match=r"a.json: nationality 'Atlantis'.*ISO 3166"):
        Written(tmp_path, [biography("a", nationality=("Atlantis",))])
    assert list(tmp_path.iterdir()) == []


def test_an_override_wins_and_is_marked(tmp_path):
    danish = biography("a", "Jo Bo is a Danish actress. She acts.")
    override = Override("a", "male", ("PER",), None, "told by Jo")
    written = Written(tmp_path, [danish], override)
    row = written.row
    assert (row.gender, row.gender_evidence) == ("male", "override: told by Jo")
    assert (row.nationalities, row.nationality_evidence) == (["PER"], "override: told by Jo")
    assert (row.region, row.region_evidence) == (
        "central_south_america",
        "override: told by Jo; of PER",
    )
    assert row.gender_confidence == row.region_confidence == 1
    assert row.overridden == ["gender", "nationalities", "region"]
    assert written.counts.overridden == 1


def test_an_empty_cell_of_an_override_leaves_what_the_text_says(tmp_path):
    danish = biography("a", "Jo Bo is a Danish actress. She acts.")
    row = Written(tmp_path, [danish], Override("a", None, None, "south_asia", "lives there")).row
    assert (row.gender, row.nationalities) == ("female", ["DNK"])
    assert (row.region, row.overridden) == ("south_asia", ["region"])


def test_unknown_in_an_override_makes_a_value_null(tmp_path):
    danish = biography("a", "Jo Bo is a Danish actress. She acts.")
    row = Written(tmp_path, [danish], Override("a", "unknown", (), None, "on request")).row
    assert (row.gender, row.region, row.nationalities) == (None, None, [])
    assert row.gender_evidence == row.region_evidence == "override: on request"
    assert row.gender_confidence is None


def test_a_person_without_a_biography_can_be_told_by_an_override(tmp_path):
    override = Override("b", "female", ("DNK",), None, "her own page")
    lost = Lost("b.json", "b", "unreadable", "not JSON")
    written = Written(tmp_path, [biography("c"), lost], override)
    assert written.table.subject.tolist() == ["b", "c"]
    assert (written.row.gender, written.row.region) == ("female", "north_america_europe")
    assert len(written.losses) == 1
    assert (written.counts.overridden, written.counts.added) == (1, 1)


def test_people_called_non_binary_those_called_they_and_those_untold_are_counted_apart(tmp_path):
    called = biography("a", "Jo Bo is a non-binary Danish singer. She sings.")
    they = [biography(name, "Jo Bo is a Danish singer. They sing.") for name in "bc"]
    untold = biography("d", "Jo Bo is a Danish singer.")
    counts = Written(tmp_path, [called, *they, untold]).counts
    assert (counts.people, counts.gender, counts.non_binary, counts.they) == (4, 0, 1, 2)


def test_a_band_has_neither_gender_nor_nationality(tmp_path):
    row = Written(tmp_path, [biography("a", "The Bos are a Danish band. He left.")]).row
    assert (row.gender, row.region, row.nationalities) == (None, None, [])


def test_real_celebrities_agree_with_the_released_genders(shared, tmp_path):
    written = Written(tmp_path, read_biographies(shared / "data/celebrities/bios"))
    table = written.table
    labels = pd.read_csv(
        shared / "data/celebrities/openface_labels.csv", usecols=["image", "gender"]
    )
    labels["subject"] = labels.image.str.extract(r"^(m\.[^-]+)_\d+-")[0]
    truth = labels.groupby("subject").gender.first().map({1: "male", 0: "female"})
    known = table[table.gender.notna()].set_index("subject").gender
    both = known.index.intersection(truth.index)
    assert written.losses.empty
    assert len(both) >= 940
    assert (known[both] == truth[both]).all()
    assert table.gender.notna().mean() > 0.995
    assert table.region.notna().mean() > 0.96


def test_real_celebrities_are_who_a_reader_takes_them_for(shared, tmp_path):
    """A hundred that a person read, all of the regions with few; facts, and no texts. No region
    where two readers were of two minds, since countries of several regions are stated."""
    checked = pd.read_csv(Path(__file__).with_name("checked_by_hand.csv"), na_filter=False)
    table = Written(tmp_path, read_biographies(shared / "data/celebrities/bios")).table
    found = table.set_index("subject").loc["m." + checked.mid].reset_index()
    assert len(checked) == 100
    assert found.gender.fillna("").tolist() == checked.gender.tolist()
    assert found.region.fillna("").tolist() == checked.region.tolist()
    wanted = checked.nationalities.str.split(";").map(set)
    wrong = checked.mid[found.nationalities.map(set).to_numpy() != wanted.to_numpy()].tolist()
    assert wrong == ["04614b"]  # born in one country, of another's nationality: the latter alone


def test_real_members_of_congress_are_americans_and_never_of_a_wrong_gender(shared, tmp_path):
    table = Written(tmp_path, read_biographies(shared / "data/portraits/bios.jsonl")).table
    index = pd.read_csv(shared / "data/portraits/index.csv").drop_duplicates("person_id")
    truth = index.set_index("person_id").gender.map({"M": "male", "F": "female"})
    known = table[table.gender.notna()].set_index("subject").gender
    assert len(table) == 878
    assert all(list(codes) == ["USA"] for codes in table.nationalities)
    assert len(known) > 140
    assert (known == truth[known.index]).all()


def test_records_of_which_none_is_a_person_s_are_refused_with_the_first(tmp_path):
    (tmp_path / "bios.jsonl").write_text('{"person_id": "a", "text": "She."}', encoding="utf-16")
    records = read_biographies(tmp_path / "bios.jsonl")
    with pytest.raises(CorpusError, match=r"no record is of a person; the first, bios.jsonl:1"):
        write(records, {}, tmp_path / "people.parquet", tmp_path / "failures.parquet")
    assert not (tmp_path / "people.parquet").exists()
