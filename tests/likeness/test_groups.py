"""Groups over both corpora, from tables of hashes and from real pictures under two names."""

import tracemalloc

import cv2
import numpy as np
import pytest

from noisyau import tables
from noisyau.corpora import open_corpus
from noisyau.faces import store
from noisyau.likeness import groups, hashes, people
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


def overlap(rows):
    return set(people.overlap(rows).index)


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
    assert members(people.shared(rows)) == {1: ["b/1#0", "c/1#0"]}
    assert overlap(rows) == set()


def test_a_celebrity_of_whom_a_picture_is_a_coded_frame_overlaps_though_the_names_agree(tmp_path):
    coded = {"SN001/1#0": near(A), "SN001/2#0": near(A, 1), "b/1#0": near(B)}
    rows = found(tmp_path, {"a/1#0": A, "a/2#0": D, "b/1#0": B, "c/1#0": C}, coded)
    assert overlap(rows) == {"a", "b"}
    assert members(rows) == {0: ["a/1#0", "SN001/1#0", "SN001/2#0"], 1: ["b/1#0", "b/1#0"]}
    assert set(people.shared(rows)["group"]) == {0, 1}


def test_a_celebrity_who_shares_a_picture_with_one_of_the_coded_overlaps_and_nobody_further(
    tmp_path,
):
    celebrities = {"a/1#0": A, "a/2#0": B, "b/1#0": near(B), "b/2#0": C, "c/1#0": near(C)}
    rows = found(tmp_path, celebrities, {"SN001/1#0": near(A)})
    told = people.overlap(rows)
    assert told.loc["a"].tolist() == ["a/1#0", "SN001/1#0", None]
    assert told.loc["b"].tolist() == ["b/1#0", "a/2#0", "a"]
    assert "c" not in told.index


def test_no_group_is_an_empty_table_without_conflict_or_overlap(tmp_path):
    rows = found(tmp_path, {"a/1#0": A, "b/1#0": B})
    assert rows.empty
    assert people.shared(rows).empty
    assert overlap(rows) == set()


def turned(fine, first, count):
    """The picture with some of its bits beyond the hash turned."""
    for bit in range(first, first + count):
        fine = near(fine, bit)
    return fine


def video(subject, frames, fine):
    """Frames each 10 bits from the last: at most 24 apart, so only two on each side look alike."""
    return {f"{subject}/{frame:02d}#0": turned(fine, 78, 10 * frame) for frame in range(frames)}


def test_one_false_pair_of_two_videos_joins_these_two_frames_and_not_the_videos(tmp_path):
    one, other = video("SN001", 12, A), video("SN002", 12, turned(A, 0, 30))
    other["SN002/05#0"] = turned(one["SN001/07#0"], 40, 8)
    rows = found(tmp_path, {"a/1#0": C}, one | other)
    theirs = ["SN001/06#0", "SN001/07#0", "SN001/08#0", "SN002/05#0"]
    assert members(rows) == {0: theirs}


def test_in_a_group_of_several_people_each_picture_looks_like_another_person_s(tmp_path):
    one, other = video("a", 12, A), {"b/1#0": turned(A, 0, 10)}
    other["b/2#0"] = near(one["a/11#0"])
    rows = people.shared(found(tmp_path, one | other))
    assert list(members(rows).values()) == [
        ["a/00#0", "a/01#0", "b/1#0"],
        ["a/09#0", "a/10#0", "a/11#0", "b/2#0"],
    ]


def test_a_picture_is_a_copy_of_the_first_of_its_group_and_not_of_one_in_between(tmp_path):
    """Of frames 10 bits apart 0 is kept for 1 and 2, and 3 for 4 and 5; 2 looks like 3 too."""
    rows = found(tmp_path, dict(reversed(video("a", 7, A).items())))
    assert members(rows) == {
        0: ["a/00#0", "a/01#0", "a/02#0"],
        1: ["a/03#0", "a/04#0", "a/05#0"],
    }


def test_a_picture_may_be_in_a_group_of_several_people_and_in_one_of_its_celebrity(tmp_path):
    rows = found(tmp_path, {"a/1#0": A, "a/2#0": turned(A, 70, 20), "b/1#0": turned(A, 100, 10)})
    assert members(rows) == {0: ["a/1#0", "b/1#0"], 1: ["a/1#0", "a/2#0"]}
    assert rows["subject"].tolist() == ["a", "b", "a", "a"]


def test_a_person_s_pictures_may_lie_anywhere_in_the_table(tmp_path):
    together = {"a/1#0": A, "a/2#0": near(A), "b/1#0": B, "b/2#0": near(B), "c/1#0": near(A, 3)}
    names = ["b/2#0", "a/2#0", "c/1#0", "b/1#0", "a/1#0"]
    rows = found(tmp_path, {name: together[name] for name in names})
    assert members(rows) == {
        0: ["a/1#0", "a/2#0", "c/1#0"],
        1: ["a/1#0", "a/2#0"],
        2: ["b/1#0", "b/2#0"],
    }
    assert rows.equals(found(tmp_path, together))


def test_the_search_holds_two_hundred_bytes_a_picture(tmp_path):
    rng = np.random.default_rng(3)
    fine = {f"p{number // 100:05d}/{number}#0": rng.bytes(32) for number in range(200_000)}
    path = write_hashes(tmp_path / "celebrities.parquet", fine)
    groups.duplicates({"celebrities": path}, **FIGURES)  # compiles
    tracemalloc.start()
    groups.duplicates({"celebrities": path}, **FIGURES)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak / len(fine) < 210


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
    rows = people.shared(portraits)
    assert members(rows[rows["group"] == 0]) == {0: ["p03/1.jpg#0", "p05/2.jpg#0"]}


def test_a_celebrity_whose_real_picture_is_in_the_coded_corpus_is_the_overlap(portraits):
    assert overlap(portraits) == {"p07"}
    assert portraits["group"].tolist() == [0, 0, 1, 1]
