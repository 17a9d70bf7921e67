"""Groups over both corpora, from tables of hashes and from real pictures under two names."""

import cv2
import numpy as np
import pytest

from noisyau import tables
from noisyau.corpora import open_corpus
from noisyau.faces import store
from noisyau.likeness import groups, hashes
from tests.likeness.stores import write_hashes

A, B, C, D, E = (np.random.default_rng(number).bytes(32) for number in range(5))
FIGURES = {"distance": 4, "fine": 24}


def near(fine, bit=0):
    """The same picture, all but a bit of it."""
    return (int.from_bytes(fine) ^ (1 << bit)).to_bytes(32)


def found(tmp_path, celebrities, coded=None, **change):
    coded = {"SN001/1#0": E} if coded is None else coded
    paths = {
        "celebrities": write_hashes(tmp_path / "celebrities.parquet", celebrities),
        "coded": write_hashes(tmp_path / "coded.parquet", coded),
    }
    rows = groups.duplicates(paths, **{**FIGURES, **change})
    tables.write(rows, tmp_path / "duplicates.parquet", tables.DUPLICATES)
    return tables.read(tmp_path / "duplicates.parquet", tables.DUPLICATES)


def members(rows):
    return {group: part["face_id"].tolist() for group, part in rows.groupby("group")}


def test_pictures_that_look_the_same_are_a_group_and_others_are_in_no_table(tmp_path):
    rows = found(tmp_path, {"b/1#0": A, "a/2#0": near(A), "a/1#0": B, "c/1#0": near(B), "d/1#0": C})
    assert members(rows) == {0: ["a/1#0", "c/1#0"], 1: ["a/2#0", "b/1#0"]}
    assert rows["subject"].tolist() == ["a", "c", "a", "b"]
    assert set(rows["corpus"]) == {"celebrities"}


def test_the_order_of_the_pictures_changes_no_byte(tmp_path):
    some = {"b/1#0": A, "a/2#0": near(A), "a/1#0": B, "c/1#0": near(B), "d/1#0": C}
    found(tmp_path, some)
    one = (tmp_path / "duplicates.parquet").read_bytes()
    found(tmp_path, dict(reversed(some.items())), workers=2)
    assert (tmp_path / "duplicates.parquet").read_bytes() == one


def test_frames_that_look_like_others_of_their_own_video_alone_are_not_kept(tmp_path):
    coded = {"SN001/1#0": A, "SN001/2#0": near(A), "SN002/1#0": B, "SN003/1#0": near(B)}
    rows = found(tmp_path, {"a/1#0": C}, coded)
    assert members(rows) == {0: ["SN002/1#0", "SN003/1#0"]}
    assert set(rows["corpus"]) == {"coded"}


def test_a_person_s_pictures_that_look_the_same_are_kept_and_are_no_conflict(tmp_path):
    rows = found(tmp_path, {"a/1#0": A, "a/2#0": near(A), "b/1#0": B, "c/1#0": near(B)})
    assert members(rows) == {0: ["a/1#0", "a/2#0"], 1: ["b/1#0", "c/1#0"]}
    assert members(groups.conflicts(rows)) == {1: ["b/1#0", "c/1#0"]}
    assert groups.overlap(rows) == set()


def test_a_celebrity_of_whom_a_picture_is_a_coded_frame_overlaps_though_the_names_agree(tmp_path):
    coded = {"SN001/1#0": near(A), "SN001/2#0": near(A, 1), "b/1#0": near(B)}
    rows = found(tmp_path, {"a/1#0": A, "a/2#0": D, "b/1#0": B, "c/1#0": C}, coded)
    assert groups.overlap(rows) == {"a", "b"}
    assert members(rows) == {0: ["a/1#0", "SN001/1#0", "SN001/2#0"], 1: ["b/1#0", "b/1#0"]}
    assert set(groups.conflicts(rows)["group"]) == {0, 1}


def test_no_group_is_an_empty_table_without_conflict_or_overlap(tmp_path):
    rows = found(tmp_path, {"a/1#0": A, "b/1#0": B})
    assert rows.empty
    assert groups.conflicts(rows).empty
    assert groups.overlap(rows) == set()


@pytest.fixture(scope="module")
def portraits(shared, assets, tmp_path_factory):
    """Twelve real people's portraits; of one the re-encoded copy is called another's, of one it
    is a coded person's."""
    folder = tmp_path_factory.mktemp("portraits")
    originals = sorted((shared / "data/portraits/images").glob("*.jpg"))[:12]
    for number, file in enumerate(originals):
        put(folder / "celebrities", f"p{number:02d}/1.jpg", file.read_bytes())
    put(folder / "celebrities", "p05/2.jpg", copy(originals[3], quality=50, size=0.75))
    put(folder / "coded", "SN001/1.jpg", copy(originals[7], quality=60, size=1.5))
    paths = {}
    for corpus in ("celebrities", "coded"):
        store.detect(
            open_corpus("folder", folder / corpus).shards(),
            folder / f"{corpus}_faces",
            yunet=assets / "yunet.onnx",
            landmarker=assets / "face_landmarker.task",
            workers=1,
            parts=folder / "parts",
        )
        paths[corpus] = folder / f"{corpus}.parquet"
        hashes.hash_faces(
            folder / f"{corpus}_faces", paths[corpus], workers=1, parts=folder / "parts"
        )
    return groups.duplicates(paths, **FIGURES)


def put(root, name, content):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(content)


def copy(file, quality, size):
    scaled = cv2.resize(cv2.imread(str(file)), None, fx=size, fy=size)
    return cv2.imencode(".jpg", scaled, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def test_a_real_picture_that_was_encoded_anew_under_another_s_name_is_a_conflict(portraits):
    rows = groups.conflicts(portraits)
    assert members(rows[rows["group"] == 0]) == {0: ["p03/1.jpg#0", "p05/2.jpg#0"]}


def test_a_celebrity_whose_real_picture_is_in_the_coded_corpus_is_the_overlap(portraits):
    assert groups.overlap(portraits) == {"p07"}
    assert portraits["group"].tolist() == [0, 0, 1, 1]
