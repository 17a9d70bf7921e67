"""Biographies are read in three forms; what gives nobody is lost with a reason."""

import json
import time
from pathlib import Path

import pytest

from noisyau.errors import CorpusError
from noisyau.people import Biography, Lost, read_biographies
from noisyau.people.biographies import clean
from noisyau.people.rows import row_of


def result(mid: str, name: str = "Ada Example", types: tuple[str, ...] = ("Thing", "Person")):
    return {
        "@type": "EntitySearchResult",
        "result": {
            "@id": f"kg:/m/{mid}",
            "@type": list(types),
            "name": name,
            "description": "Chilean painter",
            "detailedDescription": {"articleBody": f"{name} is a Chilean painter &amp; poet."},
        },
    }


def write_graph(folder: Path, mid: str, *results: object) -> None:
    content = {"@type": "ItemList", "itemListElement": list(results)}
    (folder / f"{mid}.json").write_text(json.dumps(content), encoding="utf-8")


def only(path: Path) -> Biography | Lost:
    (record,) = read_biographies(path)
    return record


def test_a_graph_file_gives_the_person_whose_mid_it_is_named_by(tmp_path):
    write_graph(tmp_path, "0abc_1", result("0abc_1"))
    record = only(tmp_path)
    assert isinstance(record, Biography)
    assert record.subject == "m.0abc_1"
    assert record.description == "Chilean painter"
    assert record.text == "Ada Example is a Chilean painter & poet."


def test_of_several_results_the_one_with_the_files_own_id_counts(tmp_path):
    write_graph(tmp_path, "0a", result("0z", "Someone Else"), result("0a"))
    record = only(tmp_path)
    assert isinstance(record, Biography)
    assert record.name == "Ada Example"


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        ([], "no_result"),
        ([result("0z")], "other_id"),
        ([result("0a"), result("0a", "Twin")], "several_results"),
        ([result("0a", types=("Thing", "MusicGroup"))], "not_a_person"),
    ],
)
def test_a_graph_file_that_gives_nobody_is_lost_with_the_reason(tmp_path, results, reason):
    write_graph(tmp_path, "0a", *results)
    record = only(tmp_path)
    assert isinstance(record, Lost)
    assert (record.source, record.subject, record.reason) == ("0a.json", "m.0a", reason)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null", b"[" * 100_000])
def test_a_file_that_is_no_search_result_is_lost_and_the_others_are_read(tmp_path, content):
    (tmp_path / "0a.json").write_bytes(content)
    write_graph(tmp_path, "0b", result("0b"))
    lost, kept = read_biographies(tmp_path)
    assert isinstance(lost, Lost)
    assert lost.reason == "unreadable"
    assert isinstance(kept, Biography)


def test_a_congress_line_gives_its_profile_and_its_joined_name(tmp_path):
    file = tmp_path / "bios.jsonl"
    line = {
        "usCongressBioId": "X000001",
        "givenName": "Ann",
        "familyName": "Example",
        "profileText": "a Representative from Iowa",
    }
    file.write_text(json.dumps(line) + "\n\nnot json\n{}\n", encoding="utf-8")
    person, broken, nobody = read_biographies(file)
    assert isinstance(person, Biography)
    assert (person.subject, person.name) == ("X000001", "Ann Example")
    assert isinstance(broken, Lost)
    assert (broken.source, broken.reason) == ("bios.jsonl:3", "unreadable")
    assert isinstance(nobody, Lost)
    assert nobody.reason == "no_id"


def test_a_csv_states_gender_and_several_nationalities(tmp_path):
    file = tmp_path / "bios.csv"
    file.write_text("person_id,gender,nationality\nanna,F,Peruvian; CAN\n", encoding="utf-8")
    record = only(file)
    assert isinstance(record, Biography)
    assert record.gender == "female"
    assert record.nationality == ("Peruvian", "CAN")


def test_a_gender_that_the_table_does_not_know_names_file_line_and_choices(tmp_path):
    file = tmp_path / "bios.csv"
    file.write_text("person_id,gender\nanna,f\nbo,2\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"bios.csv:3: gender '2'.*female, male"):
        list(read_biographies(file))


def test_a_csv_without_ids_names_the_columns_it_found(tmp_path):
    file = tmp_path / "bios.csv"
    file.write_text("id,text\na,b\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"bios.csv:1: no column 'person_id'; found \['id'"):
        list(read_biographies(file))


def test_a_csv_row_with_a_field_too_few_is_lost(tmp_path):
    file = tmp_path / "bios.csv"
    file.write_text("person_id,name,text\na,b\n", encoding="utf-8")
    record = only(file)
    assert isinstance(record, Lost)
    assert record.detail == "expected 3 fields"


def test_an_absent_path_an_unknown_form_and_an_empty_folder_are_refused(tmp_path):
    with pytest.raises(CorpusError, match="no such file or folder"):
        list(read_biographies(tmp_path / "none"))
    (tmp_path / "bios.txt").write_text("x")
    with pytest.raises(CorpusError, match="not a form of biographies"):
        list(read_biographies(tmp_path / "bios.txt"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(CorpusError, match="holds no biography"):
        list(read_biographies(tmp_path / "empty"))


@pytest.mark.parametrize(
    ("line", "reason"),
    [('{"person_id": "a", "n": ' + "9" * 5000 + "}", "unreadable"), ('{"person_id": ""}', "no_id")],
)
def test_a_line_that_no_program_can_hold_is_lost(tmp_path, line, reason):
    file = tmp_path / "bios.jsonl"
    file.write_text(line + "\n", encoding="utf-8")
    record = only(file)
    assert isinstance(record, Lost)
    assert record.reason == reason


def test_half_a_character_does_not_reach_the_table(tmp_path):
    file = tmp_path / "bios.jsonl"
    file.write_text('{"person_id": "a", "name": "Jo\\ud800"}\n', encoding="utf-8")
    record = only(file)
    assert isinstance(record, Biography)
    assert record.name == "Jo?"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Jo is a <b>Cuban</b><br/> poet.", "Jo is a Cuban poet."),
        ("Jo is a [[Cuba|Cuban]] [[poet]].", "Jo is a Cuban poet."),
        ("'''Jo''' is ''a'' poet &amp; singer.", "Jo is a poet & singer."),
        ("Jo\u200f is\xa0a\u202a poet.\ufeff", "Jo is a poet."),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
    ],
)
def test_markup_and_what_is_not_seen_are_no_text(written, read):
    assert clean(written) == read


@pytest.mark.parametrize("text", ["<b", "[[", "<b>", "[[a|", "'"])
def test_two_megabytes_of_open_markup_are_read_in_a_moment(text):
    started = time.perf_counter()
    clean(text * (2_000_000 // len(text)))
    assert time.perf_counter() - started < 5


def test_notes_scripts_and_templates_are_not_the_text_s():
    text = "A <ref>he he</ref>{{a|{{b}}|He}}<script>he</script>singer.<ref name=x/> She sings."
    assert clean(text) == "A singer. She sings."


def test_a_file_whose_name_is_no_unicode_is_lost_and_can_be_written(tmp_path):
    write_graph(tmp_path, "0a", result("0a"))
    (tmp_path / "caf\udce9.json").write_text("{}")
    lost = [record for record in read_biographies(tmp_path) if isinstance(record, Lost)]
    assert [(one.source, one.reason) for one in lost] == [("caf?.json", "unreadable")]


def test_half_a_character_in_an_id_is_lost_and_can_be_written(tmp_path):
    found = json.loads(json.dumps(result("0a")).replace("kg:/m/0a", "kg:/m/\\ud800"))
    write_graph(tmp_path, "0a", found)
    lost = only(tmp_path)
    assert isinstance(lost, Lost)
    assert lost.detail.encode() == b"expected kg:/m/0a; found kg:/m/?"


def test_unknown_in_a_users_own_file_keeps_the_text_from_deciding(tmp_path):
    (tmp_path / "bios.csv").write_text("person_id,gender,text\na,unknown,She sings.\n")
    found = only(tmp_path / "bios.csv")
    assert isinstance(found, Biography)
    assert row_of(found)["gender"] is None
    assert row_of(found)["gender_evidence"] == "given: unknown"
