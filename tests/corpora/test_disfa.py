"""DISFA's tree: labels and frames under the makers' numbers."""

import pickle

import numpy as np
import pandas as pd
import pytest

from noisyau import aus, tables
from noisyau.corpora import disfa, disfa_labels, open_corpus
from noisyau.errors import CorpusError

from .conftest import damage_frame, everything, items, lost, number_in, write_video


def label_file(root, subject="SN001", au=1):
    return root / "ActionUnit_Labels" / subject / f"{subject}_au{au}.txt"


def read(root, **options):
    return everything(open_corpus("disfa", root, **options).shards())


def test_frames_carry_the_makers_numbers_from_one(disfa_root):
    found = read(disfa_root())
    assert [(one.name, one.subject, one.frame) for one in found] == [
        (f"{subject}/{frame}", subject, frame)
        for subject in ("SN001", "SN002")
        for frame in range(1, 9)
    ]
    assert [number_in(one.picture) for one in found] == [*range(1, 9), *range(1, 9)]


def test_the_camera_is_the_one_that_was_asked_for(disfa_root):
    root = disfa_root()
    for subject in ("SN001", "SN002"):
        video = root / "Videos_RightCamera" / f"RightVideo{subject}_comp.avi"
        write_video(video, range(101, 109))
    assert number_in(read(root, camera="left")[0].picture) == 1
    assert number_in(read(root, camera="right")[0].picture) == 101
    left, right = (open_corpus("disfa", root, camera=c).fingerprint() for c in ("left", "right"))
    assert left != right
    with pytest.raises(CorpusError, match="camera: 'middle'; expected left or right"):
        open_corpus("disfa", root, camera="middle")


@pytest.mark.parametrize("shard", [500, 3])
def test_frames_and_labels_that_do_not_meet_are_lost_with_reasons(disfa_root, monkeypatch, shard):
    monkeypatch.setattr("noisyau.corpora.disfa._FRAMES", shard)
    root = disfa_root(frames=8)
    write_video(root / "Videos_LeftCamera" / "LeftVideoSN001_comp.avi", range(1, 7))
    write_video(root / "Videos_LeftCamera" / "LeftVideoSN002_comp.avi", range(1, 11))
    found = read(root)
    assert [(one.name, one.reason) for one in lost(found)] == [
        ("SN001/7", "frame_missing"),
        ("SN001/8", "frame_missing"),
        ("SN002/9", "no_labels"),
        ("SN002/10", "no_labels"),
    ]
    assert "decoding LeftVideoSN001_comp.avi gives no such frame" in lost(found)[0].detail
    assert len({one.name for one in found}) == len(found) == 18
    assert open_corpus("disfa", root).size() == 18


def test_a_damaged_frame_shifts_no_label(disfa_root):
    root = disfa_root()
    damage_frame(root / "Videos_LeftCamera" / "LeftVideoSN001_comp.avi", 4)
    found = read(root)
    assert [(one.name, one.reason) for one in lost(found)] == [("SN001/4", "frame_missing")]
    assert all(number_in(one.picture) == one.frame for one in items(found))


def test_listed_corrupt_frames_are_lost_with_the_list_s_reason(disfa_root, tmp_path):
    root, listed = disfa_root(), tmp_path / "corrupt.csv"
    listed.write_text("subject,first,last,reason\nSN002,3,4,bad landmarks\nSN001,8,90,blurred\n")
    found = read(root, corrupt_frames=listed)
    assert [(one.name, one.reason, one.detail) for one in lost(found)] == [
        ("SN001/8", "corrupt_frame", "blurred"),
        ("SN002/3", "corrupt_frame", "bad landmarks"),
        ("SN002/4", "corrupt_frame", "bad landmarks"),
    ]
    with_list = open_corpus("disfa", root, corrupt_frames=listed).fingerprint()
    assert with_list != open_corpus("disfa", root).fingerprint()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "corrupt.csv:1: no column .*found \\[\\]. Expected subject,first,last,reason"),
        ("subject,frame\n", "corrupt.csv:1: no column 'first'.*Expected subject,first,last,reason"),
        (
            "subject,first,last,reason\nSN003,1,2,x\n",
            "corrupt.csv:2: no subject 'SN003'; known: SN0",
        ),
        ("subject,first,last,reason\nSN001,1,x,x\n", "corrupt.csv:2: frames '1' to 'x'"),
        ("subject,first,last,reason\nSN001,5,4,x\n", "corrupt.csv:2: frames 5 to 4"),
        ("subject,first,last,reason\nSN001,5,6,\n", "corrupt.csv:2: .*all filled in"),
    ],
)
def test_a_wrong_list_of_corrupt_frames_is_refused(disfa_root, tmp_path, text, message):
    listed = tmp_path / "corrupt.csv"
    listed.write_text(text)
    with pytest.raises(CorpusError, match=message):
        open_corpus("disfa", disfa_root(), corrupt_frames=listed).shards()


def test_an_absent_list_of_corrupt_frames_is_refused(disfa_root, tmp_path):
    with pytest.raises(CorpusError, match=r"none.csv: cannot be read: No such file"):
        open_corpus("disfa", disfa_root(), corrupt_frames=tmp_path / "none.csv").shards()


def test_labels_are_the_table_of_coded_frames(disfa_root, tmp_path):
    labels, losses = disfa.read_labels(disfa_root(), threshold=2)
    assert losses == []
    tables.write(labels, tmp_path / "coded.parquet", tables.coded(aus.DISFA_12))
    stored = tables.read(tmp_path / "coded.parquet", tables.coded(aus.DISFA_12))
    assert list(stored.item[:2]) == ["SN001/1", "SN001/2"]
    assert list(stored.frame) == [*range(1, 9), *range(1, 9)]
    assert set(stored.threshold) == {2.0}
    for au in aus.DISFA_12:
        assert list(stored[aus.intensity(au)][:8]) == [1, 2, 3, 4, 5, 0, 1, 2]
        assert list(stored[aus.occurrence(au)][:8]) == [0, 1, 1, 1, 1, 0, 0, 1]


def test_the_threshold_is_applied_and_written(disfa_root):
    root = disfa_root()
    labels, _ = disfa.read_labels(root, threshold=5)
    assert list(labels["AU01_c"][:8]) == [0, 0, 0, 0, 1, 0, 0, 0]
    assert set(labels.threshold) == {5.0}
    with pytest.raises(CorpusError, match="occurrence_threshold: 6; expected 1 to 5"):
        disfa.read_labels(root, threshold=6)


def test_the_au_comes_from_the_file_s_name(disfa_root):
    root = disfa_root()
    for place, au in enumerate(aus.DISFA_12):
        label_file(root, au=au).write_text(f"1,{place % 6}\n")
    labels, _ = disfa.read_labels(root, threshold=2)
    for place, au in enumerate(aus.DISFA_12):
        assert labels[aus.intensity(au)][0] == place % 6


def test_files_of_different_lengths_leave_missing_labels_that_are_told(disfa_root):
    root = disfa_root()
    for au in (12, 25):
        kept = label_file(root, au=au).read_text().splitlines()[:-1]
        label_file(root, au=au).write_text("\n".join(kept))
    labels, losses = disfa.read_labels(root, threshold=2)
    (row,) = labels[labels.item == "SN001/8"].to_dict("records")
    assert pd.isna(row["AU12_c"])
    assert np.isnan(row["AU12_r"])
    assert row["AU01_c"] == 1
    assert [(one.name, one.frame, one.reason, one.detail) for one in losses] == [
        ("SN001/8", 8, "label_missing",
         "no line for frame 8 in SN001_au12.txt, SN001_au25.txt"),
    ]  # fmt: skip
    assert "SN001/8" in {one.name for one in items(read(root))}


def test_a_missing_au_file_is_refused_by_name_with_the_remedy(disfa_root):
    root = disfa_root()
    label_file(root, au=17).unlink()
    label_file(root, au=4).unlink()
    for use in (lambda: disfa.read_labels(root, 2), lambda: read(root)):
        with pytest.raises(CorpusError, match=r"no SN001_au4.txt, SN001_au17.txt.*copy the folder"):
            use()


def test_an_intensity_of_7_names_its_file_its_line_and_the_remedy(disfa_root):
    root = disfa_root()
    label_file(root, au=6).write_text("1,0\n2,7\n")
    with pytest.raises(CorpusError, match=r"SN001_au6.txt:2: .*'7'.*corpora.coded.missing"):
        disfa.read_labels(root, threshold=2)
    labels, losses = disfa.read_labels(root, threshold=2, missing=(7,))
    assert labels["AU06_c"].isna().tolist()[:3] == [False, True, True]
    assert [one.frame for one in losses] == list(range(3, 9))


def test_a_mark_for_missing_cannot_be_an_intensity(disfa_root):
    with pytest.raises(CorpusError, match=r"corpora.coded.missing: 0 is an intensity"):
        disfa.read_labels(disfa_root(), threshold=2, missing=(0,))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,0\n1,0\n", r"SN001_au2.txt:2: frame 1 is there already, in line 1"),
        ("1,0\n2,1.5\n", r"SN001_au2.txt:2: '2,1.5'; expected two whole numbers"),
        ("frame,intensity\n", r"SN001_au2.txt:1: 'frame,intensity'; expected two"),
        ("1 0\n", r"SN001_au2.txt:1: '1 0'; expected two"),
        ("1,0,0\n", r"SN001_au2.txt:1: '1,0,0'; expected two"),
        ("0,0\n", r"SN001_au2.txt:1: frame 0; DISFA counts frames from 1"),
        ("1,-1\n", r"SN001_au2.txt:1: intensity '-1' is not 0 to 5"),
        ("\n\n", r"SN001_au2.txt: empty"),
    ],
)
def test_a_wrong_line_is_refused_by_file_and_line(disfa_root, text, message):
    root = disfa_root()
    label_file(root, au=2).write_text(text)
    with pytest.raises(CorpusError, match=message):
        disfa.read_labels(root, threshold=2)


def test_windows_line_ends_a_mark_at_the_start_and_a_blank_last_line_are_read(tmp_path):
    file = tmp_path / "SN001_au1.txt"
    file.write_bytes(b"\xef\xbb\xbf1,0\r\n2, 3\r\n\r\n")
    assert list(disfa_labels.read_intensities(file)) == [(1, 0), (2, 3)]


def test_a_tree_without_labels_subjects_or_videos_is_refused(disfa_root, tmp_path):
    (tmp_path / "readme.txt").write_text("")
    with pytest.raises(CorpusError, match=r"no folder ActionUnit_Labels; found \['readme.txt'\]"):
        disfa.read_labels(tmp_path, threshold=2)
    (tmp_path / "ActionUnit_Labels").mkdir()
    with pytest.raises(CorpusError, match="no subject; expected folders SN001"):
        read(tmp_path)
    (tmp_path / "ActionUnit_Labels" / "notes").mkdir()
    with pytest.raises(CorpusError, match="notes is not a subject's folder"):
        read(tmp_path)
    root = disfa_root()
    with pytest.raises(CorpusError, match=r"no RightVideoSN001_comp.avi, .*camera to the other"):
        read(root, camera="right")
    write_video(root / "Videos_LeftCamera" / "LeftVideoSN003_comp.avi", [1])
    with pytest.raises(CorpusError, match=r"LeftVideoSN003_comp.avi has no folder in Action"):
        read(root)


def test_a_video_that_cannot_be_opened_and_a_strange_label_file_are_refused(disfa_root):
    root = disfa_root()
    (root / "Videos_LeftCamera" / "LeftVideoSN002_comp.avi").write_bytes(b"RIFF, and no more")
    with pytest.raises(CorpusError, match=r"LeftVideoSN002_comp.avi: cannot be opened as a video"):
        read(root)
    label_file(root, au=7).write_text("1,0\n")
    with pytest.raises(CorpusError, match=r"SN001_au7.txt: not one of SN001's twelve files"):
        read(root)


def test_shards_of_a_subject_can_be_sent_to_other_processes(disfa_root, monkeypatch):
    monkeypatch.setattr("noisyau.corpora.disfa._FRAMES", 5)
    shards = pickle.loads(pickle.dumps(open_corpus("disfa", disfa_root()).shards()))
    assert list(shards) == ["SN001-000001", "SN001-000006", "SN002-000001", "SN002-000006"]
    assert [number_in(one.picture) for one in shards["SN002-000006"]()] == [6, 7, 8]


def test_the_fingerprint_follows_labels_and_videos(disfa_root):
    root = disfa_root()
    seen = [open_corpus("disfa", root).fingerprint()]
    label_file(root).write_text(label_file(root).read_text().replace("2,2", "2,3"))
    seen.append(open_corpus("disfa", root).fingerprint())
    write_video(root / "Videos_LeftCamera" / "LeftVideoSN001_comp.avi", range(2, 10))
    seen.append(open_corpus("disfa", root).fingerprint())
    assert len(set(seen)) == 3
