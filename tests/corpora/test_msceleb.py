"""MS-Celeb-1M's TSV, in its published form and broken in every way."""

import base64
import pickle
import re
import struct
from pathlib import Path

import pytest

from noisyau.corpora import cleanlist, open_corpus
from noisyau.errors import CorpusError
from noisyau.items import Item, Lost

from .conftest import everything, items, lost

JPEG = b"\xff\xd8\xff\xe0 not judged here \xff\xd9"


def row(mid="m.0107_f", rank="70", face="FaceId-0", rectangle=(0.25, 0.125, 0.75, 0.5), data=JPEG):
    encoded = base64.b64encode(struct.pack(f"{len(rectangle)}f", *rectangle)).decode()
    urls = ["https://example.org/a.jpg", "https://example.org/a.html"]
    return "\t".join([mid, rank, *urls, face, encoded, base64.b64encode(data).decode()]) + "\n"


def corpus(tmp_path: Path, *rows: str, **options):
    path = tmp_path / "FaceImageCroppedWithAlignment.tsv"
    path.write_text("".join(rows), newline="")
    return open_corpus("msceleb", path, **options)


def the_loss(tmp_path: Path, bad: str) -> Lost:
    """The loss of a bad second row between two good ones, which stay."""
    found = everything(corpus(tmp_path, row(rank="1"), bad, row(rank="3")).shards())
    assert [type(one) for one in found] == [Item, Lost, Item]
    assert found[1].name == "FaceImageCroppedWithAlignment.tsv:2"
    return found[1]


def test_a_row_is_named_as_the_released_label_files_name_it(tmp_path):
    (item,) = everything(corpus(tmp_path, row()).shards())
    assert item == Item("m.0107_f_70-FaceId-0", "m.0107_f", None, JPEG, (0.25, 0.125, 0.75, 0.5))


def test_a_rectangle_published_with_the_data_set_is_read(tmp_path):
    published = row().split("\t")
    published[5] = "xAt1PpwBIT5uZao+ENWPPg=="
    (item,) = everything(corpus(tmp_path, "\t".join(published)).shards())
    assert item.rectangle == pytest.approx((0.2393, 0.1572, 0.3328, 0.2809), abs=1e-4)


@pytest.mark.parametrize(
    ("bad", "cause"),
    [
        ("\t".join(row().split("\t")[:6]) + "\n", "6 fields; expected 7"),
        ("\n", "1 fields; expected 7"),
        (row().replace("\n", "\tmore\n"), "8 fields; expected 7"),
        (row().replace("\n", "*\n"), "FaceData is not base64"),
        (row(data=b""), "FaceData is empty"),
        (row().replace("\tAACAPg", "\t!!CAPg"), "FaceRectangle is not base64"),
        (row(rectangle=(0.1, 0.1, 0.2)), "FaceRectangle has 12 bytes"),
        (row(rectangle=(0.1, 0.1, 1.2, 0.5)), "right 1.2.*0 to 1"),
        (row(rectangle=(-0.1, 0.1, 0.2, 0.5)), "left -0.1.*0 to 1"),
        (row(rectangle=(float("nan"), 0.1, 0.2, 0.5)), "left nan.*0 to 1"),
        (row(rectangle=(0.5, 0.1, 0.2, 0.5)), "inverted or empty"),
        (row(mid="../../etc/passwd"), r"MID '../../etc/passwd'"),
        (row(mid="m.01/f"), "MID 'm.01/f'"),
        (row(mid=".."), r"MID '..'"),
        (row(mid="m.01\x07f"), r"MID 'm.01\\x07f'"),
        (row(mid=""), "MID ''"),
        (row(rank="7x"), "ImageSearchRank '7x'"),
        (row(face="FaceId/../0"), "FaceID 'FaceId/../0'"),
    ],
)
def test_a_bad_row_is_lost_by_its_line_with_the_cause(tmp_path, bad, cause):
    loss = the_loss(tmp_path, bad)
    assert loss.reason == "bad_row"
    assert re.search(cause, loss.detail), loss.detail


def test_an_item_named_again_is_lost_even_in_another_shard(tmp_path):
    rows = [row(rank=str(number)) for number in range(600)]
    found = everything(corpus(tmp_path, *rows, row(rank="5"), row(rank="599")).shards())
    assert len(items(found)) == 600
    assert [(one.name.split(":")[1], one.reason) for one in lost(found)] == [
        ("601", "duplicate"),
        ("602", "duplicate"),
    ]
    assert "m.0107_f_5-FaceId-0 was named before, in line 6" in lost(found)[0].detail


def test_shards_hold_every_row_once_in_order_and_can_be_sent_to_other_processes(tmp_path):
    big = corpus(tmp_path, *(row(rank=str(number)) for number in range(700)))
    shards = pickle.loads(pickle.dumps(big.shards()))
    assert list(shards) == sorted(shards)
    assert [len(list(shard())) for shard in shards.values()] == [64] * 10 + [60]
    assert [one.name for one in everything(shards)] == [
        f"m.0107_f_{number}-FaceId-0" for number in range(700)
    ]
    assert big.size() == 700


def test_a_last_row_without_its_newline_and_windows_line_ends_are_read(tmp_path):
    rows = row(rank="1").replace("\n", "\r\n"), row(rank="2").removesuffix("\n")
    assert len(items(everything(corpus(tmp_path, *rows).shards()))) == 2


def test_a_row_longer_than_any_picture_is_lost_and_not_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr("noisyau.corpora.msceleb._LONGEST", 4096)
    loss = the_loss(tmp_path, row(data=bytes(20_000)))
    assert "longer than 4096 bytes" in loss.detail


def test_a_folder_may_hold_exactly_one_tsv(tmp_path):
    corpus(tmp_path, row())
    assert open_corpus("msceleb", tmp_path).size() == 1
    (tmp_path / "other.TSV").write_text(row())
    with pytest.raises(CorpusError, match=r"exactly one .tsv, found FaceImage.*, other.TSV"):
        open_corpus("msceleb", tmp_path).shards()


def test_an_empty_corpus_is_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"exactly one .tsv, found none"):
        open_corpus("msceleb", tmp_path).shards()
    with pytest.raises(CorpusError, match="empty; expected a MS-Celeb-1M TSV"):
        corpus(tmp_path).shards()


def test_the_development_set_with_six_columns_is_refused_by_name(tmp_path):
    six = "\t".join(["m.01", "A Name", "https://example.org", "FaceId-0", "AAAA", "AAAA"]) + "\n"
    with pytest.raises(CorpusError, match=r"the first has 6 .*DevSet.*FaceImageCroppedWith"):
        corpus(tmp_path, six, six).shards()


def test_the_fingerprint_follows_one_byte_in_the_middle_and_not_the_clock(tmp_path):
    rows = [row(rank=str(number)) for number in range(600)]
    before = corpus(tmp_path, *rows).fingerprint()
    assert corpus(tmp_path, *rows).fingerprint() == before
    rows[300] = rows[300].replace("FaceId-0", "FaceId-1")
    assert corpus(tmp_path, *rows).fingerprint() != before


def clean_list(tmp_path: Path) -> Path:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "clean_list_128Vec_WT051_P010.txt").write_text(
        "m.01 m.01/1-FaceId-0.jpg\nm.01 m.01/2-FaceId-0.jpg\nm.02 m.02/1-FaceId-0.jpg \n"
    )
    (folder / "relabel_list_128Vec_T058.txt").write_text(
        "m.02 m.01/3-FaceId-0.jpg\nm.03 m.02/1-FaceId-0.jpg\n"
    )
    return folder


def test_the_clean_list_keeps_leaves_out_and_renames_people(tmp_path):
    rows = [row("m.01", str(rank)) for rank in (1, 2, 3, 4)] + [row("m.02", "1")]
    found = everything(corpus(tmp_path, *rows, clean_list=clean_list(tmp_path)).shards())
    assert [(one.name, one.subject) for one in items(found)] == [
        ("m.01_1-FaceId-0", "m.01"),
        ("m.01_2-FaceId-0", "m.01"),
        ("m.01_3-FaceId-0", "m.02"),
    ]
    assert [(one.name, one.reason) for one in lost(found)] == [
        ("m.01_4-FaceId-0", "not_on_clean_list"),
        ("m.02_1-FaceId-0", "two_people"),
    ]


def test_the_clean_list_is_part_of_the_fingerprint(tmp_path):
    lists = clean_list(tmp_path)
    all_kept = corpus(tmp_path, row("m.01")).fingerprint()
    with_list = corpus(tmp_path, row("m.01"), clean_list=lists).fingerprint()
    (lists / "relabel_list_128Vec_T058.txt").write_text("")
    changed = corpus(tmp_path, row("m.01"), clean_list=lists).fingerprint()
    assert len({all_kept, with_list, changed}) == 3


def test_a_clean_list_in_another_form_is_refused_by_file_and_line(tmp_path):
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("m.01 m.01/1-FaceId-0.jpg\nm.01/1-FaceId-0.jpg 17\n")
    with pytest.raises(CorpusError, match=r"wrong.txt:2: 'm.01/1-FaceId-0.jpg 17' is not a line"):
        cleanlist.load(wrong)
    with pytest.raises(CorpusError, match=r"no clean list there"):
        corpus(tmp_path, row(), clean_list=tmp_path / "absent").shards()
    (tmp_path / "void.txt").write_text("\n")
    with pytest.raises(CorpusError, match="the clean list is empty"):
        cleanlist.load(tmp_path / "void.txt")
