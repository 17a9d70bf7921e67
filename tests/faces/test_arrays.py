import errno
import functools
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from noisyau import facestore
from noisyau.errors import JobError, TableError
from noisyau.faces import arrays, blocks, store
from noisyau.faces.crops import Form
from tests.faces import drawing, stores
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


SMALL = Form(8)
COUNT = 1500  # of which three blocks are made


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stores.write(tmp_path_factory.mktemp("many") / "faces", stores.crops(COUNT))


def folder(cache: Path) -> Path:
    """Of the one array in there."""
    (found,) = (path for path in cache.iterdir() if (path / "pictures.npy").exists())
    return found


def left(cache: Path) -> list[str]:
    """What is in there beside locks and digests."""
    return [path.name for path in cache.iterdir() if path.name not in ("locks", "digests")]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [48, 64, 112, 256])
def test_pictures_are_the_stored_crops_at_the_asked_size(
    faces: Path, tmp_path: Path, size: int, channels: Literal[1, 3]
) -> None:
    array = arrays.build(faces, Form(size, channels), cache=tmp_path)
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
    whole = arrays.build(faces, Form(224), cache=tmp_path).pictures[0, 0].astype(float)
    inner = arrays.build(faces, Form(180, margin=22 / 224), cache=tmp_path).pictures[0, 0]
    np.testing.assert_array_equal(inner, whole[22:202, 22:202])


def test_faces_keep_the_stores_order_and_are_found_by_their_ids(
    faces: Path, tmp_path: Path
) -> None:
    array = arrays.build(faces, Form(64), cache=tmp_path)
    assert array.names.face_ids.to_pylist() == ["b#0", "two#0", "a#0"]
    assert array.rows(["a#0", "b#0", "a#0"]).tolist() == [2, 0, 2]
    pieces = pd.concat([pd.Series(["a#0"], dtype="str"), pd.Series(["b#0"], dtype="str")])
    assert array.rows(pieces).tolist() == [2, 0]
    assert array.rows([]).tolist() == []
    with pytest.raises(TableError, match=r"1 of 2 faces .* 'c#0'"):
        array.rows(["a#0", "c#0"])


def test_further_faces_come_when_asked_for(faces: Path, tmp_path: Path) -> None:
    array = arrays.build(faces, Form(64), faces="all", cache=tmp_path)
    assert array.names.face_ids.to_pylist() == ["b#0", "two#0", "two#1", "a#0"]


@pytest.mark.parametrize("count", [1, 7, 512, 513, 597, 598, 1195])
@pytest.mark.parametrize("which", ["kept", "all"])
def test_blocks_join_to_every_face_in_its_place(
    tmp_path: Path, count: int, which: Literal["kept", "all"]
) -> None:
    images = stores.crops(count, side=8)
    built = arrays.build(
        stores.write(tmp_path / "faces", images), SMALL, faces=which, cache=tmp_path, workers=2
    )
    kept = [at for at in range(count) if which == "all" or at % 7 != 6]
    assert len(built.names) == len(kept) == len(built.pictures)
    greys = [cv2.imdecode(np.frombuffer(images[at], np.uint8), 0)[None] for at in kept]
    np.testing.assert_array_equal(built.pictures, np.stack(greys))
    np.testing.assert_array_equal(
        built.rows(built.names.face_ids.to_pylist()), np.arange(len(kept))
    )


def test_an_array_is_made_once_and_does_not_depend_on_the_workers(
    many: Path, tmp_path: Path
) -> None:
    first = arrays.build(many, SMALL, cache=tmp_path / "a")
    arrays.build(many, SMALL, cache=tmp_path / "b", workers=3)
    made = folder(tmp_path / "a")
    for file in ("pictures.npy", "names.arrow", "checks.json"):
        assert (made / file).read_bytes() == (tmp_path / "b" / made.name / file).read_bytes()
    assert len(list(made.iterdir())) == 3
    made_at = (made / "pictures.npy").stat().st_mtime_ns
    again = arrays.build(many, SMALL, cache=tmp_path / "a")
    assert (made / "pictures.npy").stat().st_mtime_ns == made_at
    np.testing.assert_array_equal(first.pictures, again.pictures)
    assert isinstance(again.pictures, np.memmap)
    assert not again.pictures.flags.writeable


def test_another_form_or_store_is_another_array(many: Path, tmp_path: Path) -> None:
    other = stores.write(tmp_path / "other", stores.crops(3))
    asked = [(many, SMALL), (many, Form(9)), (many, Form(8, 3)), (many, Form(8, margin=0.1))]
    keys = {arrays.build(*one, cache=tmp_path).key for one in [*asked, (other, SMALL)]}
    keys.add(arrays.build(many, SMALL, faces="all", cache=tmp_path).key)
    assert len(keys) == 6


def test_the_same_store_elsewhere_is_the_same_array(many: Path, tmp_path: Path) -> None:
    shutil.copytree(many, tmp_path / "copy")
    one = arrays.build(many, SMALL, cache=tmp_path / "cache")
    assert arrays.build(tmp_path / "copy", SMALL, cache=tmp_path / "cache").key == one.key


def cut(array: Path) -> None:
    os.truncate(array / "pictures.npy", (array / "pictures.npy").stat().st_size - 1)


def lengthen(array: Path) -> None:
    with (array / "pictures.npy").open("ab") as file:
        file.write(b"x")


def reshape(array: Path) -> None:
    text = (array / "pictures.npy").read_bytes()
    (array / "pictures.npy").write_bytes(text.replace(b" 1, 8, 8)", b" 4, 4, 4)", 1))


def rename(array: Path) -> None:
    text = (array / "names.arrow").read_bytes()
    (array / "names.arrow").write_bytes(text.replace(b"p/8#0", b"p/9#9", 1))


def empty_checks(array: Path) -> None:
    (array / "checks.json").write_text("{")


def no_checks(array: Path) -> None:
    (array / "checks.json").unlink()


def fewer_checks(array: Path) -> None:
    checks = json.loads((array / "checks.json").read_text())
    (array / "checks.json").write_text(json.dumps({**checks, "pictures": checks["pictures"][1:]}))


@pytest.mark.parametrize(
    "damage", [cut, lengthen, reshape, rename, empty_checks, no_checks, fewer_checks]
)
def test_an_array_that_is_not_as_it_was_made_is_made_anew_with_words(
    many: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[Path], None],
) -> None:
    made = arrays.build(many, SMALL, cache=tmp_path)
    expected = made.pictures.copy()
    damage(made.folder)
    again = arrays.build(many, SMALL, cache=tmp_path)
    told = capsys.readouterr().out
    assert f"{made.folder}: this array is damaged: " in told
    assert "it is made anew" in told
    np.testing.assert_array_equal(again.pictures, expected)
    assert len(again.rows(["p/8#0"])) == 1


def test_pictures_that_were_altered_are_refused_when_they_are_asked_for(
    many: Path, tmp_path: Path
) -> None:
    first = arrays.build(many, SMALL, cache=tmp_path)
    expected = first.pictures.copy()
    ids = first.names.face_ids.to_pylist()
    with (first.folder / "pictures.npy").open("r+b") as file:
        file.seek(-len(first.pictures) * 64 + 600 * 64 + 5, os.SEEK_END)
        file.write(bytes([255 - expected[600].flat[5]]))
    array = arrays.build(many, SMALL, cache=tmp_path)
    assert array.rows([ids[511], ids[1024]]).tolist() == [511, 1024]  # of other blocks
    with pytest.raises(
        TableError, match=r"pictures.npy: pictures 512 to 1023 .*same command again"
    ):
        array.rows([ids[512]])
    again = arrays.build(many, SMALL, cache=tmp_path)
    assert again.rows(ids).tolist() == list(range(len(ids)))
    np.testing.assert_array_equal(again.pictures, expected)


def test_a_block_is_looked_at_once_a_process(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = arrays.build(many, SMALL, cache=tmp_path)
    places: list[int] = []
    looked = blocks.crc32

    def look(file: object, place: int, size: int) -> int:
        places.append(place)
        return looked(file, place, size)  # type: ignore[arg-type]

    monkeypatch.setattr(arrays, "crc32", look)
    array.rows(["p/0#0", "p/1#0"])
    array.rows(["p/2#0", "p/700#0"])
    array.rows(["p/701#0"])
    assert len(places) == 2


def stop_at(row: int, error: BaseException, decoded: list[bytes]) -> Callable[..., object]:
    """In place of Form.picture: an error at one of the crops, all before being noted."""
    picture = Form.picture

    def stops(form: Form, image: bytes) -> object:
        if len(decoded) == row:
            raise error
        decoded.append(image)
        return picture(form, image)

    return stops


def test_a_build_that_was_stopped_goes_on_from_its_finished_blocks(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[bytes] = []
    with monkeypatch.context() as patch:
        patch.setattr(Form, "picture", stop_at(1100, KeyboardInterrupt(), decoded))
        with pytest.raises(KeyboardInterrupt):
            arrays.build(many, SMALL, cache=tmp_path)
    assert [name.endswith(".making") for name in left(tmp_path)] == [True]
    decoded.clear()
    monkeypatch.setattr(Form, "picture", stop_at(-1, ValueError(), decoded))
    array = arrays.build(many, SMALL, cache=tmp_path)
    assert len(decoded) == len(array.pictures) - 2 * blocks.BLOCK
    fresh = arrays.build(many, SMALL, cache=tmp_path / "fresh")
    np.testing.assert_array_equal(array.pictures, fresh.pictures)
    assert left(tmp_path) == [array.key, "fresh"] or left(tmp_path) == ["fresh", array.key]


FULL = OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_is_too_small_is_told_before_anything_is_decoded(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int, __: int, size: int) -> None:
        assert size == 128 + math.prod((1286, 1, 8, 8))
        raise FULL

    monkeypatch.setattr(os, "posix_fallocate", full)
    monkeypatch.setattr(Form, "picture", stop_at(0, AssertionError("decoded"), []))
    with pytest.raises(JobError, match="disk is full"):
        arrays.build(many, SMALL, cache=tmp_path)
    assert left(tmp_path) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_a_disk_that_fills_meanwhile_is_told_and_keeps_nothing_of_it(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr(Form, "picture", stop_at(700, FULL, []))
    with pytest.raises(JobError, match=r"disk is full .* Nothing half-written was left"):
        arrays.build(many, SMALL, cache=tmp_path, workers=workers)
    assert left(tmp_path) == []


SLOW = """
    import sys, time
    from pathlib import Path
    from noisyau.faces import arrays
    from noisyau.faces.crops import Form

    picture = Form.picture

    def slow(form, image):
        time.sleep(0.002)
        return picture(form, image)

    Form.picture = slow
    print("begins", flush=True)
    arrays.build(Path(sys.argv[1]), Form(8), cache=Path(sys.argv[2]))
    print("ends", flush=True)
"""


def build_slowly(many: Path, cache: Path) -> "subprocess.Popen[str]":
    """In another process."""
    command = [sys.executable, "-c", textwrap.dedent(SLOW), str(many), str(cache)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def wait_for_a_block(cache: Path, process: "subprocess.Popen[str]") -> None:
    while process.poll() is None and not list(cache.glob("*.making/done/0000000")):
        time.sleep(0.01)


def test_two_processes_that_want_one_array_make_it_once(
    many: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with build_slowly(many, tmp_path) as other:
        wait_for_a_block(tmp_path, other)
        monkeypatch.setattr(Form, "picture", stop_at(0, AssertionError("decoded twice"), []))
        array = arrays.build(many, SMALL, cache=tmp_path)
        assert other.stdout is not None
        assert other.stdout.read() == "begins\nends\n"
    assert "another process is at it; waiting until it ends" in capsys.readouterr().out
    assert len(array.rows(array.names.face_ids.to_pylist())) == 1286


def test_a_process_that_waits_goes_on_with_what_a_killed_one_has_left(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[bytes] = []
    with build_slowly(many, tmp_path) as other:
        wait_for_a_block(tmp_path, other)
        other.kill()
        other.wait()
    assert other.returncode == -signal.SIGKILL
    monkeypatch.setattr(Form, "picture", stop_at(-1, ValueError(), decoded))
    array = arrays.build(many, SMALL, cache=tmp_path)
    assert 0 < len(decoded) <= len(array.pictures) - blocks.BLOCK
    monkeypatch.undo()
    fresh = arrays.build(many, SMALL, cache=tmp_path / "fresh")
    np.testing.assert_array_equal(array.pictures, fresh.pictures)
    checks = [json.loads((one.folder / "checks.json").read_text()) for one in (array, fresh)]
    assert checks[0] == checks[1]


@pytest.mark.parametrize("bad", [b"", b"<html>gone</html>"])
def test_a_crop_that_is_no_picture_is_named(tmp_path: Path, bad: bytes) -> None:
    images = stores.crops(4)
    faces = stores.write(tmp_path / "faces", [*images[:3], bad])
    with pytest.raises(TableError, match=r"p/3#0: \d+ bytes that are no picture. Remove .*faces"):
        arrays.build(faces, SMALL, cache=tmp_path / "cache")


def test_a_store_that_was_changed_and_dated_back_is_another_one(tmp_path: Path) -> None:
    images = stores.crops(2)
    faces = stores.write(tmp_path / "faces", images)
    one = arrays.build(faces, SMALL, cache=tmp_path)
    file = faces / facestore.file_name(0)
    dates = file.stat().st_atime_ns, file.stat().st_mtime_ns
    shutil.copyfile(
        stores.write(tmp_path / "b", [images[1], images[0]]) / facestore.file_name(0), file
    )
    os.utime(file, ns=dates)
    two = arrays.build(faces, SMALL, cache=tmp_path)
    np.testing.assert_array_equal(two.pictures, one.pictures[::-1])


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
        arrays.build(tmp_path / "faces", Form(64), cache=tmp_path / "cache")
