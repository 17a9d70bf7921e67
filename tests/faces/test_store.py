import functools
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from noisyau import facestore, tables
from noisyau.errors import CorpusError, TableError
from noisyau.faces import align, store
from noisyau.items import Item, Lost, Shard
from tests.faces import drawing
from tests.faces.drawing import item, jpeg


def run(
    shards: dict[str, list[Item | Lost]], folder: Path, assets: Path, workers: int = 1, **knobs: int
) -> store.Counts:
    tasks: dict[str, Shard] = {
        name: functools.partial(drawing.shard, items) for name, items in shards.items()
    }
    return store.detect(
        tasks,
        folder / "faces",
        yunet=assets / "yunet.onnx",
        landmarker=assets / "face_landmarker.task",
        workers=workers,
        parts=folder / "parts",
        **knobs,
    )


def two_faces() -> bytes:
    pair = np.concatenate([drawing.face(150), drawing.face(150)], axis=1)
    picture = np.full((260, 460, 3), 90, np.uint8)
    picture[:150, :300] = pair
    picture[:, 200:] = drawing.face(260)
    return jpeg(picture)


def mixed() -> dict[str, list[Item | Lost]]:
    whole = jpeg(drawing.face())
    return {
        "a": [
            item("ann/1", whole),
            item("ann/2", whole[:-300]),
            item("ann/3", drawing.png(drawing.face(120))),
            item("ann/4", b"<html>gone</html>"),
            Lost("file:7", None, None, "bad_row", "6 fields, expected 7"),
        ],
        "b": [
            item("bob/1", jpeg(drawing.nothing())),
            item("bob/2", jpeg(np.zeros((1, 1, 3), np.uint8))),
            item("bob/3", two_faces()),
            item("bob/4", drawing.face(mouth=10), frame=4),
            item("bob/5", jpeg(drawing.face(24))),
        ],
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, assets: Path) -> tuple[Path, store.Counts]:
    folder = tmp_path_factory.mktemp("mixed")
    return folder / "faces", run(mixed(), folder, assets)


def failures(folder: Path) -> dict[str, tuple[str, str]]:
    table = tables.read(folder / "failures.parquet", tables.FAILURES)
    return {row["item"]: (row["reason"], row["detail"]) for row in table.to_dict(orient="records")}


def test_every_item_ends_once_in_the_faces_or_in_the_failures(
    made: tuple[Path, store.Counts],
) -> None:
    folder, counts = made
    faces = facestore.read_table(folder, ["face_id", "item", "subject", "frame"])
    kept = faces[faces["face_id"].str.endswith("#0")]["item"].tolist()
    names = [one.name for items in mixed().values() for one in items]
    assert sorted(kept + list(failures(folder))) == sorted(names)
    assert kept == ["ann/1", "ann/3", "bob/3", "bob/4"]
    assert faces["frame"].dropna().tolist() == [4]
    assert set(faces["subject"]) == {"ann", "bob"}
    assert str(counts).startswith("10 items = 4 with a face + 6 failures (")
    assert counts.metrics()["failures/unreadable"] == 2


def test_each_failure_has_its_reason(made: tuple[Path, store.Counts]) -> None:
    lost = failures(made[0])
    assert {name: reason for name, (reason, _) in lost.items()} == {
        "ann/2": "unreadable",
        "ann/4": "unreadable",
        "file:7": "bad_row",
        "bob/1": "no_face",
        "bob/2": "too_small",
        "bob/5": lost["bob/5"][0],
    }
    assert lost["bob/5"][0] in ("too_small", "no_face", "low_score")
    assert lost["bob/2"][1] == "a picture of 1 x 1 pixels; a face needs 20"
    assert "cut short" in lost["ann/2"][1]
    assert lost["file:7"][1] == "6 fields, expected 7"


def test_further_faces_are_kept_by_size(made: tuple[Path, store.Counts]) -> None:
    folder, counts = made
    rows = pq.read_table(folder / "faces-00000.parquet").to_pylist()
    pair = [row for row in rows if row["item"] == "bob/3"]
    assert [row["face_id"] for row in pair] == ["bob/3#0", "bob/3#1"]
    assert pair[0]["box"][2] > pair[1]["box"][2]
    assert counts.further == 1


def test_landmarks_and_transform_agree_with_the_crop(made: tuple[Path, store.Counts]) -> None:
    rows = pq.read_table(made[0] / "faces-00000.parquet").to_pylist()
    first = rows[0]
    landmarks, transform = np.array(first["landmarks"]), np.array(first["transform"])
    placed = align.apply(transform, landmarks) / 224
    np.testing.assert_allclose(placed, align.TEMPLATE, atol=0.05)
    crop = cv2.imdecode(np.frombuffer(first["image"], np.uint8), cv2.IMREAD_COLOR)
    source = drawing.face()
    expected = align.crop(source, transform, 224)
    assert crop.shape == (224, 224, 3)
    assert np.abs(crop.astype(int) - expected).mean() < 2


def test_points_of_the_mesh_are_steadier_than_the_detectors(
    tmp_path: Path, assets: Path, shared: Path
) -> None:
    """One portrait shifted by parts of a pixel: the crops should not move."""
    file = min((shared / "data/portraits/images").glob("*.jpg"))
    picture = cv2.imread(str(file))
    height, width = picture.shape[:2]
    items: list[Item | Lost] = []
    for number in range(6):
        shift = cv2.getRotationMatrix2D((width / 2, height / 2), 2 * number, 1 + 0.02 * number)
        items.append(item(f"x/{number}", cv2.warpAffine(picture, shift, (width, height))))
    spread = {}
    for name, landmarker in {"detector": None, "mesh": assets / "face_landmarker.task"}.items():
        store.detect(
            {"a": functools.partial(drawing.shard, items)},
            tmp_path / name,
            yunet=assets / "yunet.onnx",
            landmarker=landmarker,
            workers=1,
            parts=tmp_path / "parts",
        )
        table = pq.read_table(tmp_path / name / "faces-00000.parquet")
        crops = [
            cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_GRAYSCALE)[60:180, 60:164]
            for image in table["image"].to_pylist()
        ]
        spread[name] = float(np.std(np.array(crops, float), axis=0).mean())
    assert spread["mesh"] < 0.7 * spread["detector"]


def test_the_store_is_the_same_bytes_with_any_number_of_workers_and_shards(
    tmp_path: Path, assets: Path, made: tuple[Path, store.Counts]
) -> None:
    run(mixed(), tmp_path / "two", assets, workers=2)
    assert tables.digest(tmp_path / "two/faces") == tables.digest(made[0])
    items = [one for part in mixed().values() for one in part]
    run({f"{n:02d}": [one] for n, one in enumerate(items)}, tmp_path / "many", assets)
    same = tables.read_arrow(tmp_path / "many/faces/faces-00000.parquet")
    assert same.equals(tables.read_arrow(made[0] / "faces-00000.parquet"))


def test_nothing_but_the_store_is_left_behind(made: tuple[Path, store.Counts]) -> None:
    folder = made[0]
    left = {path.relative_to(folder.parent).as_posix() for path in folder.parent.rglob("*")}
    files = {f"faces/{name}.parquet" for name in ("faces-00000", "failures", "shards")}
    assert left == {"faces", *files}


def test_the_store_tells_which_rows_came_from_which_shard(tmp_path: Path, assets: Path) -> None:
    parts = {"a": [item("x/1", drawing.nothing())], "b": [item("y/1", drawing.face())],
             "c": [item("y/1", drawing.face()), item("z/1", drawing.face())]}  # fmt: skip
    run(parts, tmp_path, assets)
    assert facestore.shards(tmp_path / "faces") == [("a", 0, 0), ("b", 0, 1), ("c", 1, 2)]


def test_a_name_that_comes_again_is_a_failure_under_a_name_of_its_own(
    tmp_path: Path, assets: Path
) -> None:
    face, empty = jpeg(drawing.face(120)), jpeg(drawing.nothing(120))
    counts = run(
        {
            "a": [item("x", face), item("y", empty), item("z", face), item("x", face)],
            "b": [item("y", face), item("x", empty), item("y", empty)],
        },
        tmp_path,
        assets,
    )
    folder = tmp_path / "faces"
    assert facestore.read_table(folder, ["face_id"])["face_id"].tolist() == ["x#0", "z#0"]
    lost = failures(folder)
    assert {name: reason for name, (reason, _) in lost.items()} == {
        "y": "no_face",
        "x (2)": "duplicate",
        "x (3)": "duplicate",
        "y (2)": "duplicate",
        "y (3)": "duplicate",
    }
    assert lost["x (2)"][1] == "x was in the corpus before; this is time 2"
    assert counts.items == 7


def test_a_low_score_is_told(tmp_path: Path, assets: Path) -> None:
    tasks = {"a": functools.partial(drawing.shard, [item("x", jpeg(drawing.face()))])}
    store.detect(
        tasks,
        tmp_path / "faces",
        yunet=assets / "yunet.onnx",
        landmarker=None,
        score_threshold=0.99,
        workers=1,
        parts=tmp_path / "parts",
    )
    reason, detail = failures(tmp_path / "faces")["x"]
    assert (reason, "needed 0.99" in detail) == ("low_score", True)
    assert facestore.count(tmp_path / "faces") == 0


def test_a_great_picture_is_refused(tmp_path: Path, assets: Path) -> None:
    run({"a": [item("x", jpeg(drawing.face()))]}, tmp_path, assets, largest_picture=60_000)
    assert failures(tmp_path / "faces")["x"][0] == "too_large"


def test_an_empty_corpus_is_refused_and_leaves_nothing(tmp_path: Path, assets: Path) -> None:
    with pytest.raises(CorpusError, match="no item"):
        run({"a": []}, tmp_path, assets)
    assert not (tmp_path / "faces").exists()


def test_a_store_is_cut_into_files_and_groups_of_fixed_size(
    tmp_path: Path, assets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (facestore, store):
        monkeypatch.setattr(module, "FACES_PER_FILE", 4)
        monkeypatch.setattr(module, "FACES_PER_GROUP", 2)
    faces = [jpeg(drawing.face(120, mouth=n)) for n in range(11)]
    items: list[Item | Lost] = [item(f"x/{n}", face) for n, face in enumerate(faces)]
    run({"a": items[:5], "b": items[5:]}, tmp_path, assets)
    folder = tmp_path / "faces"
    assert [pq.read_metadata(path).num_rows for path in facestore.files(folder)] == [4, 4, 3]
    assert facestore.count(folder) == 11
    for first, last in ((0, 11), (3, 9), (4, 5), (10, 11)):
        names = facestore.read_rows(folder, first, last, ["item"])["item"].to_pylist()
        assert names == [f"x/{n}" for n in range(first, last)]
    assert sum(batch.num_rows for batch in facestore.read_faces(folder, ["score"])) == 11


def test_a_folder_that_is_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="dvc repro"):
        facestore.files(tmp_path)
    (tmp_path / "failures.parquet").touch()
    (tmp_path / "faces-00000.parquet").write_bytes(b"half a fi")
    with pytest.raises(TableError, match=r"faces-00000.parquet: not a Parquet file"):
        facestore.files(tmp_path)


def test_a_flipped_byte_in_a_stored_face_is_found(tmp_path: Path, assets: Path) -> None:
    run({"a": [item("x/1", jpeg(drawing.face()))]}, tmp_path, assets)
    (path,) = facestore.files(tmp_path / "faces")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(TableError, match=r"faces-00000.parquet: damaged"):
        list(facestore.read_faces(tmp_path / "faces"))


KILLED = """
    import functools, sys, time
    from pathlib import Path
    from noisyau.faces import store
    from tests.faces import drawing

    def shard(number, slow):
        for n in range(3):
            time.sleep(slow)
            yield drawing.item(f"{number}/{n}", drawing.jpeg(drawing.face(100 + number, mouth=n)))

    if __name__ == "__main__":
        out, assets, slow = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
        store.detect(
            {f"{n}": functools.partial(shard, n, slow) for n in range(6)},
            out / "faces",
            yunet=assets / "yunet.onnx",
            landmarker=assets / "face_landmarker.task",
            workers=2,
            parts=out / "parts",
        )
"""


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(tmp_path: Path, assets: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(textwrap.dedent(KILLED))
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}

    def command(out: str, slow: float) -> list[str]:
        return [sys.executable, str(script), str(tmp_path / out), str(assets), str(slow)]

    killed = subprocess.Popen(command("a", 0.3), env=environment, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while len([*(tmp_path / "a/parts").glob("?")]) < 2:
            assert time.monotonic() < deadline
            assert killed.poll() is None
            time.sleep(0.05)
    finally:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    assert not (tmp_path / "a/faces").exists()
    for out in ("a", "b"):
        subprocess.run(command(out, 0), env=environment, check=True, capture_output=True)
    assert tables.digest(tmp_path / "a/faces") == tables.digest(tmp_path / "b/faces")
    assert not (tmp_path / "a/parts").exists()


def test_nearly_all_portraits_have_a_face(tmp_path: Path, assets: Path, shared: Path) -> None:
    files = sorted((shared / "data/portraits/images").glob("*.jpg"))[::9]
    items: list[Item | Lost] = [item(file.stem, file.read_bytes()) for file in files]
    counts = run({"a": items}, tmp_path, assets)
    assert counts.kept >= 0.99 * len(files)


def test_a_face_printed_on_a_shirt_comes_after_its_wearers(
    tmp_path: Path, assets: Path, shared: Path
) -> None:
    video = cv2.VideoCapture(str(shared / "data/videos/asl_again.mkv"))
    frames = [np.asarray(video.read()[1], np.uint8) for _ in range(18)]
    counts = run({"a": [item("x", frames[-1])]}, tmp_path, assets)
    boxes = pq.read_table(tmp_path / "faces/faces-00000.parquet")["box"].to_pylist()
    assert counts.further == 1
    assert boxes[1][2] > boxes[0][2]  # the print is larger
    assert boxes[0][1] < boxes[1][1]  # and lower
