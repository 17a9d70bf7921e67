import functools
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from noisyau.errors import JobError, TableError
from noisyau.faces import arrays, store
from tests.faces import drawing
from tests.faces.drawing import item, jpeg


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory, assets: Path) -> Path:
    folder = tmp_path_factory.mktemp("arrays")
    picture = np.full((250, 420, 3), 90, np.uint8)
    picture[:250, :250] = drawing.face(250)
    picture[:160, 260:] = drawing.face(160)
    items = [
        item("b", jpeg(drawing.face(mouth=8))),
        item("two", jpeg(picture)),
        item("a", jpeg(drawing.face(brow=6, skin=(90, 110, 150)))),
    ]
    store.detect(
        {"0": functools.partial(drawing.shard, items)},
        folder / "faces",
        yunet=assets / "yunet.onnx",
        landmarker=assets / "face_landmarker.task",
        workers=1,
        parts=folder / "parts",
    )
    return folder / "faces"


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [48, 64, 112, 256])
def test_pictures_are_the_stored_crops_at_the_asked_size(
    faces: Path, tmp_path: Path, size: int, channels: Literal[1, 3]
) -> None:
    array = arrays.build(faces, tmp_path, size=size, channels=channels)
    assert array.pictures.shape == (3, channels, size, size)
    assert array.pictures.dtype == np.uint8
    image = pq.read_table(faces / "faces-00000.parquet")["image"][0].as_py()
    flag = cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR
    crop = cv2.imdecode(np.frombuffer(image, np.uint8), flag).reshape(224, 224, channels)
    way = cv2.INTER_AREA if size < 224 else cv2.INTER_LINEAR
    expected = cv2.resize(crop, (size, size), interpolation=way).reshape(size, size, channels)
    expected = expected[:, :, ::-1].transpose(2, 0, 1).astype(float)  # red first
    assert np.sqrt(((array.pictures[0] - expected) ** 2).mean()) < 3


def test_a_margin_is_cut_off_all_round(faces: Path, tmp_path: Path) -> None:
    whole = arrays.build(faces, tmp_path, size=224).pictures[0, 0].astype(float)
    inner = arrays.build(faces, tmp_path, size=180, margin=22 / 224).pictures[0, 0]
    np.testing.assert_array_equal(inner, whole[22:202, 22:202])


def test_faces_keep_the_stores_order_and_are_found_by_their_ids(
    faces: Path, tmp_path: Path
) -> None:
    array = arrays.build(faces, tmp_path, size=64)
    assert array.face_ids.tolist() == ["b#0", "two#0", "a#0"]
    assert array.rows(["a#0", "b#0", "a#0"]).tolist() == [2, 0, 2]
    with pytest.raises(TableError, match=r"1 of 2 faces .* 'c#0'"):
        array.rows(["a#0", "c#0"])


def test_further_faces_come_when_asked_for(faces: Path, tmp_path: Path) -> None:
    array = arrays.build(faces, tmp_path, size=64, faces="all")
    assert array.face_ids.tolist() == ["b#0", "two#0", "two#1", "a#0"]


def test_an_array_is_made_once_and_does_not_depend_on_the_workers(
    faces: Path, tmp_path: Path
) -> None:
    first = arrays.build(faces, tmp_path / "a", size=64, workers=1)
    arrays.build(faces, tmp_path / "b", size=64, workers=3)
    (made,) = (tmp_path / "a").glob("*.npy")
    assert made.read_bytes() == (tmp_path / "b" / made.name).read_bytes()
    made_at = made.stat().st_mtime_ns
    again = arrays.build(faces, tmp_path / "a", size=64)
    assert made.stat().st_mtime_ns == made_at
    np.testing.assert_array_equal(first.pictures, again.pictures)
    assert isinstance(again.pictures, np.memmap)
    assert len(list((tmp_path / "a").iterdir())) == 2


def test_another_size_is_another_array(faces: Path, tmp_path: Path) -> None:
    for size in (48, 64):
        arrays.build(faces, tmp_path, size=size)
    assert len(list(tmp_path.glob("*.npy"))) == 2


def test_a_full_disk_is_told_and_leaves_nothing(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array_header_1_0", full)
    with pytest.raises(JobError, match="disk is full"):
        arrays.build(faces, tmp_path, size=64)
    assert not list(tmp_path.iterdir())


def test_a_store_without_a_face_is_refused(tmp_path: Path, assets: Path) -> None:
    store.detect(
        {"0": functools.partial(drawing.shard, [item("x", jpeg(drawing.nothing(64)))])},
        tmp_path / "faces",
        yunet=assets / "yunet.onnx",
        landmarker=None,
        workers=1,
        parts=tmp_path / "parts",
    )
    with pytest.raises(TableError, match=r"no face .* failures.parquet"):
        arrays.build(tmp_path / "faces", tmp_path / "cache", size=64)
