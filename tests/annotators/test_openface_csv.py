import csv
from pathlib import Path

import pytest

from noisyau import aus
from noisyau.annotators import openface_csv
from noisyau.annotators.openface_csv import Reading, Unread
from noisyau.errors import AnnotatorError

HEADER = "face,confidence,AU01_r,AU12_r,AU01_c,AU12_c,AU28_c"


def rows(tmp_path: Path, *lines: str) -> list[Reading | Unread]:
    (tmp_path / "faces.csv").write_text("\n".join(lines) + "\n")
    return list(openface_csv.read(tmp_path / "faces.csv"))


def test_every_row_of_every_recording_is_read_with_its_numbers(shared: Path):
    """Each number is held against the text of the file, found by column name."""
    files = sorted(shared.glob("data/openface/recordings/*/out/*.csv"))
    assert len(files) > 20
    for file in files:
        with file.open(newline="") as lines:
            raw = list(csv.DictReader(lines))
        found = list(openface_csv.read(file))
        assert len(found) == len(raw)
        for one, cells in zip(found, raw, strict=True):
            assert isinstance(one, Reading)
            assert one.occurrence == {
                au: int(float(cells[aus.occurrence(au)])) for au in (*aus.OPENFACE_17, 45)
            }
            assert one.intensity[12] == float(cells["AU12_r"])
            assert 28 not in one.intensity
            assert one.confidence == float(cells["confidence"])
            assert one.success is (cells.get("success", "1") == "1")
            assert one.frame == (int(cells["frame"]) if "frame" in cells else None)
            assert (one.points is not None) is ("x_0" in cells)
            if one.points is not None:
                assert one.points[67].tolist() == [float(cells["x_67"]), float(cells["y_67"])]


def test_several_faces_of_a_picture_stay_several(shared: Path):
    file = shared / "data/openface/recordings/img_multi/out/multi_face.csv"
    faces = [one.face for one in openface_csv.read(file) if isinstance(one, Reading)]
    assert faces == list(range(len(faces)))
    assert len(faces) == 5


def test_names_may_have_spaces_and_columns_any_order(tmp_path):
    (one,) = rows(tmp_path, " AU12_c, confidence, AU12_r, face", "1.00, 0.98, 2.50, 3")
    assert isinstance(one, Reading)
    assert (one.face, one.occurrence, one.intensity) == (3, {12: 1}, {12: 2.5})


@pytest.mark.parametrize("cell", ["nan", "-nan", "-nan(ind)", "1.#IND", ""])
def test_what_is_no_number_is_missing_and_never_zero(tmp_path, cell):
    (one,) = rows(tmp_path, HEADER, f"0,0.98,{cell},1.00,{cell},1.0,0.0")
    assert isinstance(one, Reading)
    assert one.intensity == {1: None, 12: 1.0}
    assert one.occurrence == {1: None, 12: 1, 28: 0}


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        ("0,0.98,0.1,0.2,1.0,0", "not as many cells as the header"),
        ("0,0,98,0,10,0,20,1,0,1,0,0,0", "commas as decimal marks"),
        ('0,"0,98",0.1,0.2,1.0,0.0,0.0', "confidence is '0,98'; expected a number"),
        ("0,0.98,0.1,0.2,0.5,0.0,0.0", "AU01_c is '0.5'; expected 0 or 1"),
        ("0,0.98,7.0,0.2,1.0,0.0,0.0", "AU01_r is '7.0'; expected 0 to 5"),
        ("0,1.98,0.1,0.2,1.0,0.0,0.0", "confidence is '1.98'; expected 0 to 1"),
        ("0,0.98,inf,0.2,1.0,0.0,0.0", "AU01_r is 'inf'"),
        ("x,0.98,0.1,0.2,1.0,0.0,0.0", "face is 'x'; expected a number"),
        ("1.5,0.98,0.1,0.2,1.0,0.0,0.0", "face is '1.5'; expected a whole number"),
    ],
)
def test_a_row_that_cannot_be_taken_at_its_word_is_told_and_the_next_is_read(tmp_path, row, detail):
    bad, good = rows(tmp_path, HEADER, row, "1,0.98,0.1,0.2,1.0,0.0,0.0")
    assert isinstance(bad, Unread)
    assert bad.place.endswith("faces.csv:2")
    assert detail in bad.detail
    assert isinstance(good, Reading)


def test_an_absent_au_column_is_an_absent_au(tmp_path):
    (one,) = rows(tmp_path, "face,confidence,AU12_c", "0,0.98,1.0")
    assert isinstance(one, Reading)
    assert (one.occurrence, one.intensity) == ({12: 1}, {})


def test_a_file_without_aus_is_refused_by_its_columns(tmp_path):
    with pytest.raises(AnnotatorError, match=r"no column such as AU12_c.*face, confidence.*-aus"):
        rows(tmp_path, "face,confidence", "0,0.98")
