"""The overrides are a small CSV; what cannot be meant is refused with its line."""

from pathlib import Path

import pytest

from noisyau.errors import CorpusError
from noisyau.people import Override, read_overrides

HEADER = "subject,gender,nationality,region,reason\n"


def read(folder: Path, *rows: str) -> dict[str, Override]:
    file = folder / "overrides.csv"
    file.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return read_overrides(file)


def test_a_header_alone_overrules_nobody(tmp_path):
    assert read(tmp_path) == {}


def test_the_projects_own_file_overrules_nobody():
    assert read_overrides(Path(__file__).parents[2] / "people_overrides.csv") == {}


def test_a_row_says_countries_by_name_demonym_or_code(tmp_path):
    override = read(tmp_path, "m.a,F,Peruvian; CAN,,told by her")["m.a"]
    assert override == Override("m.a", "female", ("PER", "CAN"), None, "told by her")


def test_empty_cells_say_nothing_and_unknown_says_null(tmp_path):
    override = read(tmp_path, "m.a,unknown,unknown,unknown,on request")["m.a"]
    assert override == Override("m.a", "unknown", (), "unknown", "on request")
    assert read(tmp_path, "m.a,,,south_asia,x")["m.a"].nationalities is None


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("m.a,woman,,,x", r"overrides.csv:2: gender 'woman'; expected .*female.*unknown"),
        ("m.a,,Atlantis,,x", r"overrides.csv:2: nationality 'Atlantis' is no country"),
        ("m.a,,,asia,x", r"overrides.csv:2: region 'asia'; expected one of .*south_asia"),
        ("m.a,,;,,x", r"overrides.csv:2: nationality ';' names no country"),
        ("m.a,f,,", r"overrides.csv:2: found another number of cells"),
        ("m.a,f,,,", r"overrides.csv:2: .*expected a subject, a reason"),
        (",f,,,x", r"overrides.csv:2: .*expected a subject"),
        ("m.a,,,,x", r"overrides.csv:2: .*at least one of gender"),
    ],
)
def test_a_row_that_cannot_be_meant_names_its_line_and_what_is_allowed(tmp_path, row, message):
    with pytest.raises(CorpusError, match=message):
        read(tmp_path, row)


def test_two_rows_for_one_person_name_both_lines(tmp_path):
    with pytest.raises(CorpusError, match=r"overrides.csv:3: 'm.a' has a row already, line 2"):
        read(tmp_path, "m.a,f,,,x", "m.a,m,,,y")


def test_an_absent_file_says_what_to_make(tmp_path):
    with pytest.raises(CorpusError, match=r"none.csv: no such file.*people_overrides"):
        read_overrides(tmp_path / "none.csv")


def test_a_file_without_the_columns_names_those_it_found(tmp_path):
    file = tmp_path / "overrides.csv"
    file.write_text("person,gender\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"overrides.csv:1: no column 'subject'"):
        read_overrides(file)


def test_a_spreadsheet_s_empty_rows_and_unseen_characters_are_nothing(tmp_path):
    found = read(tmp_path, "m.a\u200b,f,,Unknown,x", ",,,,")
    assert [*found] == ["m.a"]
    assert found["m.a"].region == "unknown"


def test_a_country_s_official_name_has_a_comma(tmp_path):
    found = read(tmp_path, 'm.a,,"Korea, Republic of",,x', "m.b,,XK,,x")
    assert [one.nationalities for one in found.values()] == [("KOR",), ("SRB",)]
