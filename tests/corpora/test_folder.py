"""Folders of pictures, with and without an index."""

import os
import pickle

import pytest

from noisyau.corpora import open_corpus
from noisyau.errors import CorpusError
from noisyau.items import Item

from .conftest import everything, items, lost


def put(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"picture " + name.encode())
    return root


def reasons(found):
    return {one.name: one.reason for one in lost(found)}


def read(root, **options):
    return everything(open_corpus("folder", root, **options).shards())


def index(root, *lines, header="file,person_id"):
    (root / "index.csv").write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return root


def test_the_first_folder_is_the_subject_and_the_path_the_item(tmp_path):
    put(tmp_path, "ann/2.JPG", "ann/1.png", "bob/deep/er/1.webp", "ann/notes.txt", ".git/x.jpg")
    assert read(tmp_path) == [
        Item("ann/1.png", "ann", None, b"picture ann/1.png"),
        Item("ann/2.JPG", "ann", None, b"picture ann/2.JPG"),
        Item("bob/deep/er/1.webp", "bob", None, b"picture bob/deep/er/1.webp"),
    ]


def test_pictures_that_cannot_be_used_are_lost_with_reasons(tmp_path):
    root = put(tmp_path / "root", "ann/1.jpg", "ann/2.gif", "alone.jpg", "ann/ring\x07.jpg")
    put(tmp_path, "elsewhere/secret.jpg")
    (root / "ann/3.jpg").symlink_to(tmp_path / "elsewhere/secret.jpg")
    (root / "ann/4.jpg").symlink_to(root / "ann/1.jpg")
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    found = read(root)
    assert [one.name for one in items(found)] == ["ann/1.jpg", "ann/4.jpg"]
    assert reasons(found) == {
        "ann/2.gif": "unknown_form",
        "alone.jpg": "no_subject",
        "ann/3.jpg": "outside_root",
        "ann/ring\\x07.jpg": "bad_name",
        "linked": "outside_root",
    }
    assert not any(str(tmp_path) in one.detail for one in lost(found))


def test_a_name_that_is_not_utf8_is_lost_under_a_name_that_can_be_written(tmp_path):
    put(tmp_path, "ann/1.jpg")
    with open(os.fsencode(tmp_path) + b"/ann/\xff.jpg", "wb"):  # noqa: PTH123
        pass
    assert reasons(read(tmp_path)) == {"ann/\\xff.jpg": "bad_name"}


def test_a_folder_without_pictures_or_with_all_in_one_place_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="no picture in a subject's folder"):
        read(tmp_path)
    put(tmp_path, "1.jpg", "2.jpg")
    with pytest.raises(CorpusError, match=r"\(2 without one\).*set `index`"):
        read(tmp_path)
    with pytest.raises(CorpusError, match=r"1.jpg: not a folder"):
        read(tmp_path / "1.jpg")


def test_an_index_says_who_is_who_in_its_own_order(tmp_path):
    put(tmp_path, "images/b.jpg", "images/a.jpg")
    index(tmp_path, "images/b.jpg,Bob", "./images//a.jpg,Ann")
    assert [(one.name, one.subject) for one in read(tmp_path, index="index.csv")] == [
        ("images/b.jpg", "Bob"),
        ("images/a.jpg", "Ann"),
    ]


def test_the_columns_of_an_index_can_have_other_names(tmp_path):
    put(tmp_path, "a.jpg")
    index(tmp_path, "1,Ann,a.jpg", header="\ufeffid,who,path")
    columns = {"file": "path", "person_id": "who"}
    (item,) = read(tmp_path, index="index.csv", columns=columns)
    assert (item.name, item.subject) == ("a.jpg", "Ann")


def test_bad_rows_of_an_index_are_lost_with_reasons(tmp_path):
    root = put(tmp_path / "root", "a.jpg", "b.jpg", "c.jpg", "d.txt", "stray.jpg")
    put(tmp_path, "secret.jpg")
    (root / "way").symlink_to(tmp_path)
    index(
        root,
        "a.jpg,Ann",
        "a.jpg,Ann",
        "../secret.jpg,Eve",
        "/etc/passwd,Eve",
        "way/secret.jpg,Eve",
        "gone.jpg,Bob",
        "b.jpg,",
        "c.jpg,Cid",
        "c.jpg,Dan",
        "d.txt,Dan",
    )
    found = read(root, index="index.csv")
    assert [one.name for one in items(found)] == ["a.jpg"]
    assert reasons(found) == {
        "index.csv:3": "duplicate",
        "index.csv:4": "outside_root",
        "index.csv:5": "outside_root",
        "way/secret.jpg": "outside_root",
        "gone.jpg": "missing_file",
        "index.csv:8": "bad_row",
        "c.jpg": "two_people",
        "index.csv:10": "duplicate",
        "d.txt": "unknown_form",
        "way": "outside_root",
        "b.jpg": "not_in_index",
        "stray.jpg": "not_in_index",
    }


def test_an_index_without_its_columns_or_rows_is_refused_with_what_was_found(tmp_path):
    put(tmp_path, "a.jpg")
    index(tmp_path, "a.jpg,Ann", header="path,who")
    with pytest.raises(CorpusError, match=r"no column 'file', 'person_id'; found \['path', 'who'"):
        read(tmp_path, index="index.csv")
    index(tmp_path)
    with pytest.raises(CorpusError, match="the index has no rows"):
        read(tmp_path, index="index.csv")
    with pytest.raises(CorpusError, match="no such index"):
        read(tmp_path, index="other.csv")
    index(tmp_path, "a.jpg,Ann")
    with pytest.raises(CorpusError, match=r"columns: unknown \['person'\]"):
        read(tmp_path, index="index.csv", columns={"person": "who"})
    with pytest.raises(CorpusError, match="leads out of the corpus's folder"):
        read(tmp_path, index="../index.csv")


def test_an_index_row_that_cannot_be_looked_at_is_lost_alone(tmp_path):
    put(tmp_path, "a.jpg")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    long = f"{'x' * 5000}.jpg"
    index(tmp_path, "loop.jpg,Ann", f"{long},Ann", "a.jpg,Ann")
    found = {one.name: getattr(one, "reason", "") for one in read(tmp_path, index="index.csv")}
    assert found == {"loop.jpg": "unreadable", long: "unreadable", "a.jpg": ""}


def test_an_index_row_of_another_length_or_without_a_person_costs_that_row_alone(tmp_path):
    put(tmp_path, "a.jpg")
    index(tmp_path, "a.jpg,", "a.jpg,Smith, Ann", "a.jpg,Ann,")
    assert {one.name: getattr(one, "reason", "") for one in read(tmp_path, index="index.csv")} == {
        "index.csv:2": "bad_row",
        "index.csv:3": "bad_row",
        "a.jpg": "",
    }


def test_a_picture_that_cannot_be_opened_is_lost_when_it_is_read(tmp_path):
    put(tmp_path, "ann/1.jpg", "ann/2.jpg")
    shards = open_corpus("folder", tmp_path).shards()
    (tmp_path / "ann/1.jpg").unlink()
    assert reasons(everything(shards)) == {"ann/1.jpg": "unreadable"}


def test_shards_hold_64_pictures_and_can_be_sent_to_other_processes(tmp_path):
    put(tmp_path, *(f"ann/{number:03d}.jpg" for number in range(300)))
    corpus = open_corpus("folder", tmp_path)
    shards = pickle.loads(pickle.dumps(corpus.shards()))
    assert [len(list(shards[name]())) for name in sorted(shards)] == [64, 64, 64, 64, 44]
    assert corpus.size() == 300


def test_the_fingerprint_follows_content_and_index_and_not_the_clock(tmp_path):
    put(tmp_path, "a.jpg", "b.jpg")
    index(tmp_path, "a.jpg,Ann", "b.jpg,Bob")

    def fingerprint():
        return open_corpus("folder", tmp_path, index="index.csv").fingerprint()

    seen = [fingerprint()]
    os.utime(tmp_path / "a.jpg", (0, 0))
    assert fingerprint() == seen[0]
    (tmp_path / "a.jpg").write_bytes(b"Picture a.jpg")
    seen.append(fingerprint())
    index(tmp_path, "a.jpg,Bob", "b.jpg,Ann")
    seen.append(fingerprint())
    assert len(set(seen)) == 3


def test_the_portraits_are_read_with_their_index(shared):
    portraits = shared / "data" / "portraits"
    corpus = open_corpus("folder", portraits, index="index.csv")
    found = everything(corpus.shards())
    assert len(items(found)) == corpus.size() == 878
    assert not lost(found)
    assert found[0].subject == "A000014"
    assert all(one.picture.startswith(b"\xff\xd8") for one in items(found))
