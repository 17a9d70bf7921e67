"""Videos: every frame under its right number, and no loss in silence."""

import pickle

import pytest

from noisyau.corpora import frames, open_corpus
from noisyau.errors import CorpusError

from .conftest import (
    damage_frame,
    everything,
    frame_bytes,
    items,
    lost,
    number_in,
    write_video,
)


def read(root, **options):
    return everything(open_corpus("videos", root, **options).shards())


def empty_frame(path, number):
    """Leave a frame of an AVI in its place on the clock, with no bytes."""
    content = bytearray(path.read_bytes())
    start, size = frame_bytes(bytes(content))[number - 1]
    entry = content.index(b"idx1") + 8 + (number - 1) * 16
    content[start - 4 : start + 8] = bytes(4) + b"JUNK" + (size - 8).to_bytes(4, "little")
    content[entry + 12 : entry + 16] = bytes(4)
    path.write_bytes(content)


def state_count(path, count):
    """Write another number of frames into an AVI's header."""
    content = bytearray(path.read_bytes())
    for place in (content.index(b"avih") + 8 + 16, content.index(b"strh") + 8 + 32):
        content[place : place + 4] = count.to_bytes(4, "little")
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.avi", "MJPG"), ("a.avi", "XVID"), ("a.mp4", "mp4v")]
)
def test_every_frame_comes_once_under_its_own_number(tmp_path, name, codec):
    write_video(tmp_path / name, range(1, 31), codec)
    found = read(tmp_path)
    assert [(one.name, one.subject, one.frame) for one in items(found)] == [
        (f"a/{number}", "a", number) for number in range(1, 31)
    ]
    assert [number_in(one.picture) for one in items(found)] == list(range(1, 31))
    assert not lost(found)


@pytest.mark.parametrize("codec", ["MJPG", "XVID"])
def test_shards_of_one_video_begin_at_their_exact_frame(tmp_path, monkeypatch, codec):
    monkeypatch.setattr("noisyau.corpora.videos._FRAMES", 7)
    write_video(tmp_path / "a.avi", range(1, 31), codec)
    corpus = open_corpus("videos", tmp_path)
    shards = pickle.loads(pickle.dumps(corpus.shards()))
    assert [len(list(shard())) for shard in shards.values()] == [7, 7, 7, 7, 2]
    assert [number_in(one.picture) for one in items(everything(shards))] == list(range(1, 31))
    assert corpus.size() == 30


def test_a_person_with_several_videos_has_a_folder(tmp_path):
    write_video(tmp_path / "ann" / "one.avi", [1])
    write_video(tmp_path / "ann" / "two.avi", [1])
    write_video(tmp_path / "bob.MOV.avi", [1])
    assert [(one.name, one.subject) for one in read(tmp_path)] == [
        ("ann/one/1", "ann"),
        ("ann/two/1", "ann"),
        ("bob.MOV/1", "bob.MOV"),
    ]


def test_every_nth_frame_keeps_the_maker_s_numbers_across_shards(tmp_path, monkeypatch):
    monkeypatch.setattr("noisyau.corpora.videos._FRAMES", 3)
    write_video(tmp_path / "a.avi", range(1, 31))
    found = read(tmp_path, every=4)
    assert [one.frame for one in found] == [1, 5, 9, 13, 17, 21, 25, 29]
    assert [number_in(one.picture) for one in found] == [1, 5, 9, 13, 17, 21, 25, 29]
    assert open_corpus("videos", tmp_path, every=4).size() == 8
    with pytest.raises(CorpusError, match="every: 0; expected 1"):
        open_corpus("videos", tmp_path, every=0)


@pytest.mark.parametrize("shard", [500, 3])
def test_a_damaged_frame_is_lost_alone_and_shifts_no_number(tmp_path, monkeypatch, shard):
    monkeypatch.setattr("noisyau.corpora.videos._FRAMES", shard)
    path = write_video(tmp_path / "a.avi", range(1, 13))
    for number in (1, 5, 6, 12):
        damage_frame(path, number)
    found = read(tmp_path)
    assert [one.frame for one in found] == list(range(1, 13))
    assert [(one.frame, one.reason) for one in lost(found)] == [
        (number, "frame_missing") for number in (1, 5, 6, 12)
    ]
    assert all(number_in(one.picture) == one.frame for one in items(found))


def test_a_frame_of_no_bytes_shifts_no_number(tmp_path):
    path = write_video(tmp_path / "a.avi", range(1, 13))
    empty_frame(path, 7)
    found = read(tmp_path)
    assert [one.frame for one in lost(found)] == [7]
    assert all(number_in(one.picture) == one.frame for one in items(found))


@pytest.mark.parametrize("shard", [500, 5])
def test_a_video_cut_short_loses_the_frames_that_its_header_states(tmp_path, monkeypatch, shard):
    monkeypatch.setattr("noisyau.corpora.videos._FRAMES", shard)
    path = write_video(tmp_path / "a.avi", range(1, 31))
    content = path.read_bytes()
    path.write_bytes(content[: frame_bytes(content)[12][0]])
    found = read(tmp_path)
    assert [one.frame for one in found] == list(range(1, 31))
    assert [one.frame for one in items(found)] == list(range(1, 13))
    assert {one.detail for one in lost(found)} == {"the file states 30 frames, decoding gives 12"}


def test_frames_beyond_the_header_s_count_are_kept(tmp_path):
    path = write_video(tmp_path / "a.avi", range(1, 13))
    state_count(path, 8)
    assert frames.header(path).count == 8
    assert [number_in(one.picture) for one in read(tmp_path)] == list(range(1, 13))


def test_a_clock_and_a_count_that_contradict_each_other_are_refused(tmp_path):
    path = write_video(tmp_path / "a.avi", range(1, 13))
    empty_frame(path, 7)
    state_count(path, 11)
    with pytest.raises(CorpusError, match=r"a.avi: its clock leaps over 1 frames.*ffmpeg -i a.avi"):
        read(tmp_path)


def test_a_matroska_file_cut_short_is_told_once_and_no_frame_is_invented(tmp_path):
    path = write_video(tmp_path / "a.mkv", range(1, 31))
    assert frames.header(path).stated is False
    assert not lost(read(tmp_path))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    found = read(tmp_path)
    (loss,) = lost(found)
    assert (loss.name, loss.frame, loss.reason) == ("a", None, "cut_short")
    assert "about 30 frames" in loss.detail
    assert [number_in(one.picture) for one in items(found)] == list(range(1, len(found)))


def test_what_is_no_video_is_lost_and_the_others_are_read(tmp_path):
    write_video(tmp_path / "a.avi", [1, 2])
    (tmp_path / "b.mp4").write_bytes(b"not a video")
    (tmp_path / "c.mov").write_bytes(b"")
    found = read(tmp_path)
    assert [one.name for one in items(found)] == ["a/1", "a/2"]
    assert [(one.name, one.subject, one.reason) for one in lost(found)] == [
        ("b", "b", "unreadable"),
        ("c", "c", "unreadable"),
    ]


def test_a_folder_without_videos_or_with_two_of_one_name_is_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"no video; expected .avi, .mkv"):
        read(tmp_path)
    write_video(tmp_path / "a.avi", [1])
    write_video(tmp_path / "a.mp4", [1], "mp4v")
    with pytest.raises(CorpusError, match=r"a.avi and a.mp4 would both be called a; rename"):
        read(tmp_path)


def test_the_fingerprint_follows_frames_and_options_and_not_names_of_folders_above(tmp_path):
    one = write_video(tmp_path / "x" / "a.avi", range(1, 5)).parent
    same = write_video(tmp_path / "y" / "a.avi", range(1, 5)).parent
    other = write_video(tmp_path / "z" / "a.avi", range(2, 6)).parent
    fingerprints = [open_corpus("videos", root).fingerprint() for root in (one, same, other)]
    assert fingerprints[0] == fingerprints[1] != fingerprints[2]
    assert open_corpus("videos", one, every=2).fingerprint() != fingerprints[0]


def test_the_clips_are_read_whole(shared):
    found = read(shared / "data" / "videos")
    count = {}
    for one in items(found):
        count[one.subject] = count.get(one.subject, 0) + 1
        assert one.picture.ndim == 3
    assert count == {
        "asl_again": 77, "asl_help": 58, "asl_learn": 61, "no_face": 95, "single_face": 72,
    }  # fmt: skip
    assert [(one.name, one.reason) for one in lost(found)] == [
        (f"no_face/{number}", "frame_missing") for number in (96, 97, 98)
    ]
