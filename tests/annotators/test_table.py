"""The reason why a row is no label, or a face has none, is part of what is tested: by name."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from noisyau import facestore, tables
from noisyau.annotators import base, openface_csv, table
from noisyau.annotators.openface_csv import Reading
from noisyau.errors import AnnotatorError, CorpusError
from noisyau.items import Lost

FIVE = ((-5.0, 0.0), (5.0, 0.0), (0.0, 6.0), (-5.0, 10.0), (5.0, 10.0))  # eyes 10 pixels apart


@dataclass(frozen=True)
class Stored:
    """A face of a store; `at` is the middle between its eyes in the source picture."""

    item: str
    k: int = 0
    frame: int | None = None
    at: tuple[float, float] = (50.0, 50.0)


@dataclass
class Import:
    """What an import left, by the names of faces and the places of rows."""

    counts: base.Counts
    labels: pd.DataFrame
    failures: pd.DataFrame
    unmatched: pd.DataFrame
    said: str = field(default="")

    def codes(self, code: str = "AU12_c") -> dict[str, Any]:
        return dict(zip(self.labels["face_id"], self.labels[code], strict=True))

    def failed(self) -> dict[str, str]:
        return dict(zip(self.failures["face_id"], self.failures["reason"], strict=True))

    def left(self) -> dict[str, str]:
        return dict(zip(self.unmatched["place"], self.unmatched["reason"], strict=True))


def store(folder: Path, faces: Sequence[Stored | str], lost: Sequence[str] = ()) -> Path:
    """A face store without pictures, which nothing here looks at."""
    rows = [Stored(face) if isinstance(face, str) else face for face in faces]
    for number, first in enumerate(range(0, len(rows), facestore.FACES_PER_FILE)):
        part = rows[first : first + facestore.FACES_PER_FILE]
        columns = {
            "face_id": [facestore.face_id(face.item, face.k) for face in part],
            "item": [face.item for face in part],
            "subject": [face.item.split("/")[0] for face in part],
            "frame": pd.array([face.frame for face in part], dtype="Int32"),
            "image": [b""] * len(part),
            "box": [[0.0, 0.0, 1.0, 1.0]] * len(part),
            "score": [0.9] * len(part),
            "landmarks": [np.add(face.at, FIVE).tolist() for face in part],
            "transform": [[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]] * len(part),
        }
        tables.write(pd.DataFrame(columns), folder / facestore.file_name(number), tables.FACES)
    failures = tables.failures([Lost(item, None, None, "no_face", "") for item in lost])
    tables.write(failures, folder / facestore.FAILURES, tables.FAILURES)
    return folder


def labels_of(
    tmp_path: Path,
    faces: Path | Sequence[Stored | str],
    path: Path,
    columns: Mapping[str, str] | None = None,
    videos: Mapping[str, str] | None = None,
    needed: bool = False,
) -> Import:
    """Import, with what always has to hold: no face and no row is lost or counted twice."""
    folder = faces if isinstance(faces, Path) else store(tmp_path / "faces", faces)
    out = tmp_path / "labels/celebrities_table.parquet"
    counts = table.annotate(
        folder,
        out,
        path,
        columns=columns or {},
        mode="static",
        videos=videos or {},
        needed=needed,
    )
    labels, aus = tables.read_labels(out)
    labels = tables.read(out, tables.labels(aus))
    failures = tables.read(base.failures_path(out), tables.LABEL_FAILURES)
    unmatched = tables.read(base.unmatched_path(out), tables.UNMATCHED)
    everyone = facestore.read_table(folder, ["face_id"])["face_id"].tolist()
    assert sorted([*labels["face_id"], *failures["face_id"]]) == sorted(everyone)
    coded = set(labels["face_id"])
    assert labels["face_id"].tolist() == [one for one in everyone if one in coded]
    assert (counts.faces, counts.coded) == (len(everyone), len(labels))
    assert counts.failures == failures["reason"].value_counts().to_dict()
    assert unmatched["place"].is_unique
    assert not unmatched["place"].str.startswith("/").any()
    return Import(counts, labels, failures, unmatched)


def write(folder: Path, name: str, *lines: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def points(at: tuple[float, float]) -> str:
    """68 landmarks of a face in OpenFace's order, those that count where FIVE has them."""
    made = np.full((68, 2), at)
    for of, by in zip((range(36, 42), range(42, 48), (30,), (48,), (54,)), FIVE, strict=True):
        made[list(of)] += by
    return ",".join(f"{number:.1f}" for number in made.T.ravel())


POINTS = ",".join(f"{axis}_{index}" for axis in "xy" for index in range(68))


def of_column(path: Path, column: str) -> list[str]:
    with path.open(newline="") as lines:
        return [row[column] for row in csv.DictReader(lines)]


def test_every_row_of_the_portraits_csv_is_the_label_of_its_own_file(shared: Path, tmp_path: Path):
    path = shared / "data/portraits/openface_labels.csv"
    names = of_column(path, "file")
    assert len(names) == 878
    found = labels_of(tmp_path, sorted(names), path, needed=True)
    assert (len(found.labels), len(found.unmatched)) == (878, 0)
    assert str(found.counts) == "878 faces = 878 coded + 0 failures"
    for code in ("AU12_c", "AU28_c", "AU12_r"):
        told = dict(zip(names, map(float, of_column(path, code)), strict=True))
        codes = found.codes(code)
        assert all(codes[f"{name}#0"] == np.float32(told[name]) for name in names)
    assert found.labels["AU28_r"].isna().all()
    assert found.labels["confidence"].min() == np.float32(0.017)


def test_every_row_of_the_released_csv_is_a_label_or_listed(shared: Path, tmp_path: Path):
    path = shared / "data/celebrities/openface_labels.csv"
    names = [name.removesuffix(".jpg") for name in of_column(path, "image")]
    assert len(names) == 4206
    lost, absent, there = names[:50], names[50:150], names[150:]
    others = [f"m.0other{number}_1-FaceId-0" for number in range(30)]
    faces = store(tmp_path / "faces", [*others, *reversed(there)], lost)
    found = labels_of(tmp_path, faces, path, needed=True)
    assert len(found.labels) == 4056
    assert found.unmatched["reason"].value_counts().to_dict() == {
        "no_item": 100,
        "no_stored_face": 50,
    }
    assert found.unmatched["name"].tolist() == [f"{name}.jpg" for name in [*lost, *absent]]
    assert found.unmatched["place"].iloc[0] == "openface_labels.csv:2"
    assert found.failed() == {f"{name}#0": "no_row" for name in others}
    told = dict(zip(names, map(int, of_column(path, "AU12")), strict=True))
    codes = found.codes()
    assert all(codes[f"{name}#0"] == told[name] for name in there)
    assert found.labels[["AU12_r", "confidence"]].isna().all(axis=None)


def test_every_row_of_every_recording_is_a_label_or_listed(shared: Path, tmp_path: Path):
    path = shared / "data/openface/recordings"
    files = sorted(path.glob("*/out/*.csv"))
    assert len(files) == 30
    rows = sum(1 for file in files for _ in openface_csv.read(file))
    once = ["a.b.c.jpg", "unicodé_ü.png", "with space.jpg", "single.webp"]
    faces: list[Stored | str] = [*once, Stored("same.jpg"), "45-m7-di-ph.jpg", "multi_face.jpg"]
    faces += [Stored(f"image_sequence/{frame}", frame=frame) for frame in range(1, 41)]
    faces += [Stored(f"no_face/{frame}", frame=frame) for frame in range(1, 96)]
    found = labels_of(tmp_path, faces, path)
    assert len(found.labels) + len(found.unmatched) == rows == 1181
    assert set(found.codes()) == {
        *(f"{name}#0" for name in once),
        *(f"image_sequence/{frame}#0" for frame in range(1, 31)),
    }
    (dots,) = openface_csv.read(path / "img_dots/out/a.b.c.csv")
    assert isinstance(dots, Reading)
    assert found.codes()["a.b.c.jpg#0"] == dots.occurrence[12]
    assert found.codes("AU12_r")["a.b.c.jpg#0"] == np.float32(dots.intensity[12] or 0)
    failed = found.failed()
    assert failed["same.jpg#0"] == "ambiguous"  # five faces, no landmarks
    assert failed["45-m7-di-ph.jpg#0"] == "ambiguous"  # three calls that differ
    assert failed["image_sequence/40#0"] == "no_row"
    assert failed["no_face/95#0"] == "no_face"  # each row of it says so
    assert found.counts.failures == {"ambiguous": 3, "no_row": 10, "no_face": 95}
    left = found.unmatched.set_index("place")["reason"]
    assert left["img_samestem/out/same.csv:6"] == "ambiguous"
    assert left["vid_two/out/no_face.csv:2"] == "no_face"
    assert left["vid_single/out/single_face.csv:2"] == "no_item"


HEADER = "image,AU12_c"


@pytest.mark.parametrize(
    ("name", "item"),
    [
        ("m.0107_f_70-FaceId-0.jpg", "m.0107_f_70-FaceId-0"),
        ("m.0107_f_70-FaceId-0", "m.0107_f_70-FaceId-0"),
        ("images/A000014_1.jpg", "images/A000014_1.jpg"),
        ("images/A000014_1", "images/A000014_1.jpg"),
        ("images/A000014_1.png", "images/A000014_1.jpg"),
        ("A000014_1.jpg", "images/A000014_1.jpg"),
        ("A000014_1", "images/A000014_1.JPG"),
        ("/home/ann/faces/images/A000014_1.jpg", "images/A000014_1.jpg"),
        (r"C:\faces\images\A000014_1.jpg", "images/A000014_1.jpg"),
        ("a.b.c", "x/a.b.c.jpg"),
        ("a.b.c.jpg", "x/a.b.c.jpg"),
        ("x/1.jpg#0", "x/1.jpg"),
        ("SN001/17", "SN001/17"),
    ],
)
def test_a_row_finds_its_item_by_the_name_that_they_share(tmp_path: Path, name: str, item: str):
    frame = 17 if item == "SN001/17" else None
    file = write(tmp_path, "own.csv", HEADER, f"{name},1")
    found = labels_of(tmp_path, [Stored(item, frame=frame), "other"], file)
    assert found.codes() == {f"{item}#0": 1}
    assert found.left() == {}


@pytest.mark.parametrize(
    ("name", "item"),
    [
        ("a.b", "a.b.c.jpg"),  # `.c` is no suffix
        ("a", "a.b.jpg"),
        ("17.jpg", "SN001/17"),  # a frame's number says nothing without its video
        ("m.0107_f_70-FaceId-1.jpg", "m.0107_f_70-FaceId-0"),
        ("x/1.jpg#1", "x/1.jpg"),
        ("y/1.jpg", "x/1.jpg"),  # another folder's
        ("z/y/1.jpg", "x/y/1.jpg"),
        ("", "x/1.jpg"),
    ],
)
def test_a_row_that_shares_less_names_nobody(tmp_path: Path, name: str, item: str):
    frame = 17 if item == "SN001/17" else None
    file = write(tmp_path, "own.csv", HEADER, f"{name},1")
    found = labels_of(tmp_path, [Stored(item, frame=frame)], file)
    assert found.left() == {"own.csv:2": "no_item"}
    assert found.failed() == {f"{item}#0": "no_row"}


def test_a_name_that_two_items_share_means_neither_and_their_full_names_mean_each(tmp_path: Path):
    items = ["ann/1.jpg", "bob/1.jpg"]
    short = write(tmp_path, "short.csv", HEADER, "1.jpg,1")
    found = labels_of(tmp_path, items, short)
    assert found.left() == {"short.csv:2": "ambiguous"}
    assert set(found.failed().values()) == {"no_row"}
    full = write(tmp_path, "full.csv", HEADER, "/x/ann/1.jpg,1", "/x/bob/1.jpg,0")
    assert labels_of(tmp_path, items, full).codes() == {"ann/1.jpg#0": 1, "bob/1.jpg#0": 0}


def test_another_video_s_frames_are_not_this_one_s(tmp_path: Path):
    file = write(tmp_path, "own.csv", "item,frame,AU12_c", "bob/talk.mp4,1,1")
    found = labels_of(tmp_path, [Stored("ann/talk/1", frame=1)], file)
    assert found.left() == {"own.csv:2": "no_item"}


def test_a_video_whose_frames_count_from_0_gives_no_frame_its_neighbour_s_label(tmp_path: Path):
    rows = [f"ann.mp4,{frame},1" for frame in range(3)]
    file = write(tmp_path, "own.csv", "item,frame,AU12_c", *rows)
    found = labels_of(tmp_path, [Stored(f"ann/{n}", frame=n) for n in (1, 2, 3)], file)
    assert found.codes() == {}
    assert set(found.left().values()) == {"no_item"}


def test_a_row_of_a_picture_s_second_face_without_landmarks_is_not_the_first_s(tmp_path: Path):
    file = write(tmp_path, "own.csv", "item,face,AU12_c", "x/1.jpg,1,1")
    found = labels_of(tmp_path, ["x/1.jpg"], file)
    assert found.codes() == {}
    assert found.left() == {"own.csv:2": "ambiguous"}


def test_files_below_a_link_that_leads_back_are_read_once(tmp_path: Path):
    write(tmp_path, "rows/own.csv", HEADER, "x/1.jpg,1")
    for name in ("one", "two"):
        (tmp_path / "rows" / name).symlink_to(tmp_path / "rows")
    found = labels_of(tmp_path, ["x/1.jpg"], tmp_path / "rows")
    assert (found.codes(), found.left()) == ({"x/1.jpg#0": 1}, {})


def test_an_item_whose_face_was_lost_still_keeps_its_name_from_others(tmp_path: Path):
    """By its last part alone, bob's row would be ann's."""
    file = write(tmp_path, "own.csv", HEADER, "bob/1.jpg,1")
    faces = store(tmp_path / "faces", ["ann/1.jpg"], lost=["bob/1.jpg"])
    found = labels_of(tmp_path, faces, file)
    assert found.left() == {"own.csv:2": "no_stored_face"}
    assert found.failed() == {"ann/1.jpg#0": "no_row"}


def test_of_rows_that_name_an_item_the_one_that_names_it_in_full_counts(tmp_path: Path):
    file = write(tmp_path, "own.csv", HEADER, "bob/1.jpg,1", "ann/1.jpg,0")
    found = labels_of(tmp_path, ["ann/1.jpg"], file)
    assert found.codes() == {"ann/1.jpg#0": 0}
    assert found.left() == {"own.csv:2": "no_item"}


def test_openface_s_own_files_name_their_pictures_by_their_own_names_with_folders(tmp_path: Path):
    header = " face, confidence, AU12_r, AU12_c"
    write(tmp_path, "out/ann/1.csv", header, "0, 0.98, 2.50, 1.0")
    write(tmp_path, "out/bob/1.csv", header, "0, 0.90, 0.00, 0.00")
    write(tmp_path, "out/.hidden/1.csv", header, "0, 0.90, 0.00, 0.00")
    write(tmp_path, "out/ann/1_of_details.txt", "Input:1.jpg")
    found = labels_of(tmp_path, ["ann/1.jpg", "bob/1.jpg"], tmp_path / "out")
    assert found.codes() == {"ann/1.jpg#0": 1, "bob/1.jpg#0": 0}
    assert found.codes("AU12_r") == {"ann/1.jpg#0": 2.5, "bob/1.jpg#0": 0}
    assert found.labels["confidence"].tolist() == [np.float32(0.98), np.float32(0.9)]
    assert found.unmatched.empty


@pytest.mark.parametrize("file", ["SN001.csv", "LeftVideoSN001_comp.csv"])
def test_a_video_s_rows_are_its_frames_by_the_item_s_name_or_the_file_s(tmp_path: Path, file: str):
    write(
        tmp_path,
        f"out/{file}",
        "frame, face_id, timestamp, confidence, success, AU12_c",
        "1, 0, 0.000, 0.98, 1, 1.00",
        "2, 0, 0.033, 0.02, 0, 1.00",
        "4, 0, 0.100, 0.98, 1, 0.00",
    )
    faces = [Stored(f"SN001/{frame}", frame=frame) for frame in (1, 2, 3)]
    found = labels_of(
        tmp_path,
        [*faces, Stored("SN002/1", frame=1)],
        tmp_path / "out",
        videos={"SN001": "LeftVideoSN001_comp.avi", "SN009": "LeftVideoSN009_comp.avi"},
    )
    assert found.codes() == {"SN001/1#0": 1}
    assert found.failed() == {"SN001/2#0": "no_face", "SN001/3#0": "no_row", "SN002/1#0": "no_row"}
    assert found.left() == {f"{file}:3": "no_face", f"{file}:4": "no_item"}


def test_a_table_of_many_videos_names_them_by_a_column_and_frames_by_another(tmp_path: Path):
    file = write(tmp_path, "all.csv", "filename,frame,AU12_c", "ann.mp4,1,1", "bob.mp4,1,0")
    faces = [Stored("ann/1", frame=1), Stored("bob/1", frame=1)]
    assert labels_of(tmp_path, faces, file).codes() == {"ann/1#0": 1, "bob/1#0": 0}


def test_a_video_s_rows_are_never_a_picture_s_of_the_same_name(tmp_path: Path):
    write(tmp_path, "out/ann.csv", "frame,face_id,success,AU12_c", "1,0,1,1")
    found = labels_of(tmp_path, ["ann.jpg"], tmp_path / "out")
    assert found.left() == {"ann.csv:2": "no_item"}


def test_landmarks_tell_which_face_of_a_picture_a_row_is(tmp_path: Path):
    header = f"image,face,{POINTS},AU12_c"
    near, far, nobody = (50.0, 50.0), (150.0, 50.0), (90.0, 200.0)
    rows = [f"1.jpg,{n},{points(at)},{n % 2}" for n, at in enumerate([nobody, far, near])]
    faces = [Stored("1.jpg", 0, at=(52.0, 51.0)), Stored("1.jpg", 1, at=far), "2.jpg"]
    file = write(tmp_path, "own.csv", header, *rows, f"2.jpg,0,{points(far)},1")
    found = labels_of(tmp_path, faces, file)
    assert found.codes() == {"1.jpg#0": 0, "1.jpg#1": 1}
    assert found.left() == {"own.csv:2": "other_face", "own.csv:5": "other_face"}
    assert found.failed() == {"2.jpg#0": "other_face"}
    assert "lies 10.0 eye distances from" in found.failures["detail"].iloc[0]


def test_landmarks_that_are_no_numbers_do_not_lie_on_a_face(tmp_path: Path):
    file = write(tmp_path, "own.csv", f"image,{POINTS},AU12_c", f"1.jpg,{',' * 135},1")
    found = labels_of(tmp_path, ["1.jpg"], file)
    assert found.failed() == {"1.jpg#0": "other_face"}
    assert found.failures["detail"].tolist() == ["own.csv:2: its landmarks are no numbers"]


def test_of_several_rows_on_one_face_the_nearest_is_its_label(tmp_path: Path):
    rows = [f"1.jpg,{points((50.0 + by, 50.0))},{by % 2}" for by in (4, 1, 2)]
    file = write(tmp_path, "own.csv", f"image,{POINTS},AU12_c", *rows)
    found = labels_of(tmp_path, ["1.jpg"], file)
    assert found.codes() == {"1.jpg#0": 1}
    assert found.left() == {"own.csv:2": "other_face", "own.csv:4": "other_face"}


def test_a_row_that_lies_on_two_stored_faces_is_the_nearer_one_s(tmp_path: Path):
    file = write(tmp_path, "own.csv", f"image,{POINTS},AU12_c", f"1.jpg,{points((53.0, 50.0))},1")
    found = labels_of(tmp_path, [Stored("1.jpg", 0), Stored("1.jpg", 1, at=(54.0, 50.0))], file)
    assert found.codes() == {"1.jpg#1": 1}
    assert found.failed() == {"1.jpg#0": "other_face"}


def test_two_files_that_differ_on_one_face_are_not_told_apart_by_landmarks(tmp_path: Path):
    for folder, by in (("static", 1), ("dynamic", 0)):
        row = f"0,{points((50.0 + by, 50.0))},{by}"
        write(tmp_path, f"out/{folder}/1.csv", f"face,{POINTS},AU12_c", row)
    found = labels_of(tmp_path, ["1.jpg"], tmp_path / "out")
    assert found.failed() == {"1.jpg#0": "ambiguous"}


def test_without_landmarks_one_row_is_the_first_face_s_and_several_are_nobody_s(tmp_path: Path):
    file = write(tmp_path, "own.csv", "image,face,AU12_c", "1.jpg,0,1", "2.jpg,0,1", "2.jpg,1,0")
    faces = [Stored("1.jpg", 0), Stored("1.jpg", 1), Stored("2.jpg", 0)]
    found = labels_of(tmp_path, faces, file)
    assert found.codes() == {"1.jpg#0": 1}
    assert found.failed() == {"1.jpg#1": "no_row", "2.jpg#0": "ambiguous"}
    assert found.left() == {"own.csv:3": "ambiguous", "own.csv:4": "ambiguous"}


def test_a_face_id_names_a_further_face_without_landmarks(tmp_path: Path):
    file = write(tmp_path, "own.csv", "face_id,AU12_c", "1.jpg#1,1", "1.jpg#0,0")
    found = labels_of(tmp_path, [Stored("1.jpg", 0), Stored("1.jpg", 1)], file)
    assert found.codes() == {"1.jpg#0": 0, "1.jpg#1": 1}


def test_a_table_of_labels_of_ours_comes_back_as_it_was(tmp_path: Path):
    first = write(tmp_path, "own.csv", "image,confidence,AU12_c,AU12_r", "1.jpg,0.98,1,2.57")
    items = ["1.jpg", "2.jpg"]
    ours = labels_of(tmp_path, items, first).labels
    path = tmp_path / "labels/celebrities_table.parquet"
    again = labels_of(tmp_path / "again", items, path).labels
    assert again.drop(columns="annotator_version").equals(ours.drop(columns="annotator_version"))


def test_rows_of_two_files_that_say_the_same_are_one_and_that_differ_are_nobody_s(tmp_path: Path):
    header = "face,confidence,AU12_c,AU12_r"
    for folder, other in (("a", "0,0.9,1,1.0"), ("b", "0,0.9,1,")):
        write(tmp_path, f"out/{folder}/1.csv", header, "0,0.9,1,")
        write(tmp_path, f"out/{folder}/2.csv", header, other)
    found = labels_of(tmp_path, ["1.jpg", "2.jpg"], tmp_path / "out")
    assert found.codes() == {"1.jpg#0": 1}
    assert found.failed() == {"2.jpg#0": "ambiguous"}
    assert found.left() == {
        "b/1.csv:2": "duplicate", "a/2.csv:2": "ambiguous", "b/2.csv:2": "ambiguous",
    }  # fmt: skip
    details = found.unmatched.set_index("place")["detail"]
    assert details["b/1.csv:2"] == "says the same of 1.jpg#0 as a/1.csv:2"


@pytest.mark.parametrize(
    ("row", "trouble"),
    [
        ("1.jpg,0.98,2.5", "3 cells, the header has 4: cut short, or commas"),
        ("1.jpg,0,98,2,5,1,0", "7 cells, the header has 4"),
        ("1.jpg,0.98,7.0,1", "AU12_r is '7.0'; expected 0 to 5"),
        ("1.jpg,0.98,2.5,9", "AU12_c is '9'; expected 0 to 1"),
        ("1.jpg,0.98,2.5,-1", "AU12_c is '-1'"),
        ("1.jpg,0.98,2.5,999", "AU12_c is '999'"),
        ("1.jpg,0.98,2.5,0.5", "AU12_c is '0.5'; expected 0 or 1"),
        ("1.jpg,high,2.5,1", "confidence is 'high'; expected a number"),
        ('1.jpg,0.98,"2,5",1', "AU12_r is '2,5'; expected a number"),
    ],
)
def test_a_row_that_cannot_be_taken_at_its_word_fails_its_face_with_its_place(
    tmp_path: Path, row: str, trouble: str
):
    file = write(tmp_path, "own.csv", "image,confidence,AU12_r,AU12_c", row, "2.jpg,0.9,0.1,1.00")
    found = labels_of(tmp_path, ["1.jpg", "2.jpg"], file)
    assert found.codes() == {"2.jpg#0": 1}
    assert found.failed() == {"1.jpg#0": "bad_row"}
    assert found.failures["detail"].iloc[0].startswith(f"own.csv:2: {trouble}")
    assert found.left() == {"own.csv:2": "bad_row"}
    assert found.unmatched["detail"].iloc[0].startswith(trouble)


def test_a_cell_too_many_shifts_the_others_unless_it_is_empty(tmp_path: Path):
    file = write(tmp_path, "own.csv", "image,AU12,AU06", "1.jpg,2,5,1", "2.jpg,1,0,", "3.jpg,1")
    found = labels_of(tmp_path, ["1.jpg", "2.jpg", "3.jpg"], file)
    assert found.codes() == {"2.jpg#0": 1}
    assert found.failed() == {"1.jpg#0": "bad_row", "3.jpg#0": "bad_row"}


def test_beside_a_row_that_cannot_be_read_the_other_is_only_sure_by_landmarks(tmp_path: Path):
    """The bad row could be the stored face's, and the good one somebody else's."""
    file = write(tmp_path, "own.csv", "image,AU12_c", "1.jpg,9", "1.jpg,1")
    found = labels_of(tmp_path, ["1.jpg"], file)
    assert found.failed() == {"1.jpg#0": "bad_row"}
    assert found.left() == {"own.csv:2": "bad_row", "own.csv:3": "ambiguous"}
    rows = [f"1.jpg,{points((50.0, 50.0))},{code}" for code in (9, 1)]
    file = write(tmp_path, "own.csv", f"image,{POINTS},AU12_c", *rows)
    assert labels_of(tmp_path, ["1.jpg"], file).codes() == {"1.jpg#0": 1}


@pytest.mark.parametrize("cell", ["", "nan", "-nan(ind)", "NaN"])
def test_what_is_no_number_is_missing_and_occurrence_and_intensity_stay_apart(tmp_path, cell):
    file = write(tmp_path, "own.csv", "image,AU1_r,AU01_c,AU12_r,AU28_c", f"1.jpg,{cell},1,0.5,0")
    found = labels_of(tmp_path, ["1.jpg"], file)
    (row,) = found.labels.to_dict(orient="records")
    assert (row["AU01_c"], row["AU12_r"], row["AU28_c"]) == (1, 0.5, 0)
    assert found.labels[["AU01_r", "AU12_c", "AU28_r"]].isna().all(axis=None)


@pytest.mark.parametrize("name", ["AU12", "AU 12", "au12", " AU12 ", "AU12_c", "au12_C"])
def test_an_au_s_column_is_known_by_its_name_wherever_it_stands(tmp_path: Path, name: str):
    file = write(tmp_path, "own.csv", f"AU4,{name},Image,AU1", "0,1,1.jpg,0", "0,,2.jpg,0")
    found = labels_of(tmp_path, ["1.jpg", "2.jpg"], file)
    assert found.codes("AU12_c")["1.jpg#0"] == 1
    assert pd.isna(found.codes("AU12_c")["2.jpg#0"])
    assert tables.read_labels(tmp_path / "labels/celebrities_table.parquet")[1] == (1, 4, 12)


def test_a_bare_au_with_other_numbers_has_to_be_said_what_it_is(tmp_path: Path):
    file = write(tmp_path, "own.csv", "image,AU12", "1.jpg,1", "2.jpg,2.5")
    items = ["1.jpg", "2.jpg"]
    with pytest.raises(AnnotatorError, match=r"own.csv:3: AU12 is '2.5'.*columns: {AU12_r: AU12}"):
        labels_of(tmp_path, items, file)
    assert labels_of(tmp_path, items, file, {"AU12_r": "AU12"}).codes("AU12_r") == {
        "1.jpg#0": 1,
        "2.jpg#0": 2.5,
    }
    found = labels_of(tmp_path, items, file, {"AU12_c": "AU12"})
    assert (found.codes(), found.failed()) == ({"1.jpg#0": 1}, {"2.jpg#0": "bad_row"})


def test_the_user_s_names_go_before_those_that_are_known(tmp_path: Path):
    file = write(tmp_path, "own.csv", "name,picture,smile,AU12_c", "2.jpg,1.jpg,1,0")
    found = labels_of(tmp_path, ["1.jpg", "2.jpg"], file, {"item": "picture", "AU12_c": "smile"})
    assert found.codes() == {"1.jpg#0": 1}
    assert found.labels["annotator_version"].iloc[0].endswith(" AU12_c=smile item=picture")


@pytest.mark.parametrize(
    ("header", "columns", "message"),
    [
        ("image,smile", {}, r"own.csv: no column such as AU12_c.*found image, smile"),
        ("image,AU12", {"item": "file"}, r"own.csv: no column 'file', which .*for item; found"),
        ("image,AU12,AU12_c", {}, r"'AU12' and 'AU12_c' both say AU12_c; choose one"),
        ("image,AU12,AU12", {}, r"own.csv: two columns are called AU12"),
    ],
)
def test_columns_that_do_not_say_what_they_hold_are_an_error(
    tmp_path: Path, header: str, columns: dict[str, str], message: str
):
    file = write(tmp_path, "own.csv", header, "1.jpg,1,1"[: 2 * header.count(",") + 5])
    with pytest.raises(AnnotatorError, match=message):
        labels_of(tmp_path, ["1.jpg"], file, columns)


def test_a_file_of_a_folder_without_aus_costs_its_own_face_alone(tmp_path: Path):
    """As a program that was killed leaves it."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out/1.csv").touch()
    write(tmp_path, "out/2.csv", "face,confidence,AU12_c", "0,0.98,1.0")
    found = labels_of(tmp_path, ["1.jpg", "2.jpg"], tmp_path / "out")
    assert found.codes() == {"2.jpg#0": 1}
    assert found.failed() == {"1.jpg#0": "bad_row"}
    assert found.left() == {"1.csv:1": "bad_row"}


def test_files_with_other_aus_come_together_and_what_one_lacks_is_missing(tmp_path: Path):
    write(tmp_path, "out/1.csv", "face,confidence,AU12_c", "0,0.98,1.0")
    pd.DataFrame({"AU04_r": [1.5], "image": ["2.jpg"]}).to_parquet(tmp_path / "out/2.parquet")
    found = labels_of(tmp_path, ["1.jpg", "2.jpg"], tmp_path / "out")
    first, second = found.labels.to_dict(orient="records")
    assert (first["AU12_c"], second["AU04_r"]) == (1, 1.5)
    assert pd.isna([first["AU04_r"], second["AU12_c"], second["confidence"]]).all()


def test_parquet_is_read_by_name_as_csv_is_and_a_bad_row_has_its_number(tmp_path: Path):
    file = tmp_path / "own.parquet"
    pd.DataFrame(
        {
            "AU12_c": pd.array([1, None, 9], dtype="Int8"),
            "AU06_c": [True, False, True],
            "AU12_r": np.array([2.57, np.nan, 0], np.float32),
            "image": pd.Categorical(["1.jpg", "2.jpg", "3.jpg"]),
        }
    ).to_parquet(file)
    found = labels_of(tmp_path, ["1.jpg", "2.jpg", "3.jpg"], file)
    assert found.codes()["1.jpg#0"] == 1
    assert found.codes("AU06_c") == {"1.jpg#0": 1, "2.jpg#0": 0}
    assert found.codes("AU12_r")["1.jpg#0"] == np.float32(2.57)
    assert found.labels.iloc[1][["AU12_c", "AU12_r"]].isna().all()
    assert found.failures["detail"].tolist() == [
        "own.parquet: row 3: AU12_c is '9'; expected 0 to 1"
    ]


def test_blocks_of_rows_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rows = [f"{n}.jpg,{n % 2},{n / 10 if n != 17 else 'x'}" for n in range(40)]
    file = write(tmp_path, "out/own.csv", "image,AU12_c,AU12_r", *rows, "0.jpg,0,0.0")
    write(tmp_path, "out/50.csv", "face,AU12_c", "0,1")
    write(tmp_path, "out/51.csv", "face,AU12_c", "0,1", "1,0")
    last = pd.DataFrame({"item": ["52.jpg", "53.jpg", "54.jpg"], "AU12_c": [0, 1, 9]})
    last.to_parquet(tmp_path / "out/own.parquet")
    items = [f"{n}.jpg" for n in range(60)]
    digests = set()
    for size in (1, 2, 7, 65536):
        monkeypatch.setattr("noisyau.annotators.table.files._BLOCK", size)
        monkeypatch.setattr("noisyau.annotators.table.rows._TOGETHER", (size, 3))
        found = labels_of(tmp_path, items, file.parent)
        assert found.left() == {
            "51.csv:2": "ambiguous", "51.csv:3": "ambiguous", "own.csv:19": "bad_row",
            "own.csv:42": "duplicate", "own.parquet: row 3": "bad_row",
        }  # fmt: skip
        digests.add(tables.digest(tmp_path / "labels"))
    assert len(digests) == 1


def test_the_version_follows_the_content_of_the_files(tmp_path: Path):
    versions = []
    for code in (1, 0, 1):
        file = write(tmp_path, "own.csv", HEADER, f"1.jpg,{code}")
        versions += labels_of(tmp_path, ["1.jpg"], file).labels["annotator_version"].tolist()
    assert versions[0] == versions[2] != versions[1]
    assert len(versions[0]) == 12


def test_names_that_nobody_has_are_an_error_where_labels_are_needed(tmp_path: Path, capsys):
    file = write(tmp_path, "own.csv", HEADER, "a.jpg,1", "b.jpg,1", "c.jpg,1", "d.jpg,1")
    items = ["1.jpg", "2.jpg", "3.jpg", "4.jpg"]
    told = r"none of 4 rows names .* called 'a.jpg', 'b.jpg', 'c.jpg'; .* '1.jpg', '2.jpg', '3.jpg'"
    with pytest.raises(AnnotatorError, match=told):
        labels_of(tmp_path, items, file, needed=True)
    assert not (tmp_path / "labels").exists()
    found = labels_of(tmp_path, items, file)
    assert capsys.readouterr().err.startswith("warning: ")
    assert str(found.counts) == "4 faces = 0 coded + 4 failures (no_row 4)"


@pytest.mark.parametrize(
    ("name", "message"), [("labels", "no file that ends in .csv or .parquet"), ("no", "not there")]
)
def test_a_place_without_labels_is_told(tmp_path: Path, name: str, message: str):
    write(tmp_path, "labels/README.md", "nothing yet")
    with pytest.raises(AnnotatorError, match=rf"{message}.*annotators.table.path"):
        labels_of(tmp_path / "x", ["1.jpg"], tmp_path / name)


def test_a_file_that_is_no_csv_is_told_with_its_line(tmp_path: Path):
    write(tmp_path, "labels/own.csv", HEADER, "1.jpg,1", '"2.jpg,1')
    with pytest.raises(CorpusError, match=r"own.csv:3: not a CSV.*quote left open"):
        labels_of(tmp_path, ["1.jpg"], tmp_path / "labels")
