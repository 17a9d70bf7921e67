import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pandas as pd
import pytest

from noisyau import tables
from noisyau.annotators import base, coding
from noisyau.annotators.base import Coded, Face, Uncoded
from noisyau.errors import AnnotatorError
from noisyau.faces import store
from tests.faces import drawing


@dataclass(frozen=True)
class Brightness:
    """Codes AU12 from how bright a crop is; gives up on every item named in `refused`."""

    log: Path
    refused: tuple[str, ...] = ()
    batch: int = 64
    sees: Literal["crop", "source", "video"] = "crop"
    name: str = "brightness"
    mode: Literal["static", "dynamic"] = "static"
    aus: tuple[int, ...] = (6, 12)
    version: str = "2.2"

    def check(self) -> None:
        pass

    def fitted(self, sample: Iterable[Face], _: int, /) -> "Brightness":
        assert [face.subject for face in sample] in ([], [*"aabbbcc"])
        return self

    def code(self, faces: Iterable[Face], scratch: Path, /) -> Iterable[Coded | Uncoded]:
        assert not list(scratch.iterdir())
        faces = list(faces)
        (scratch / "work.csv").write_text("anything")
        with self.log.open("a") as log:
            print(*(face.face_id for face in faces), file=log)
        for face in reversed(faces):
            if face.item in self.refused:
                yield Uncoded(face.face_id, "crashed", "ended by signal 6")
            else:
                crop = cv2.imdecode(np.frombuffer(face.image, np.uint8), cv2.IMREAD_GRAYSCALE)
                level = float(crop.mean()) / 51
                yield Coded(face.face_id, {12: int(level > 2)}, {12: level}, confidence=0.5)


class Doubled(Brightness):
    def code(self, faces: Iterable[Face], scratch: Path, /) -> Iterable[Coded | Uncoded]:
        yield from super().code(faces, scratch)
        yield Uncoded("a/1#0", "again", "")


class Silent(Brightness):
    def code(self, faces: Iterable[Face], scratch: Path, /) -> Iterable[Coded | Uncoded]:
        yield from [*super().code(faces, scratch)][1:]


class Chatty(Brightness):
    def code(self, faces: Iterable[Face], scratch: Path, /) -> Iterable[Coded | Uncoded]:
        yield from super().code(faces, scratch)
        yield Uncoded("nobody#0", "again", "")


class Broken(Brightness):
    def check(self) -> None:
        raise AnnotatorError("FaceLandmarkImg: not found; install OpenFace 2.2")


def run(
    annotator: base.Annotator, faces: Path, folder: Path, workers: int = 1
) -> tuple[base.Counts, pd.DataFrame, pd.DataFrame]:
    out = folder / "labels/celebrities_brightness.parquet"
    counts = coding.annotate(
        faces, out, annotator, fit_on=faces, workers=workers, parts=folder / "parts"
    )
    labels = tables.read(out, tables.labels(annotator.aus))
    return counts, labels, tables.read(base.failures_path(out), tables.LABEL_FAILURES)


def test_each_face_gets_a_row_with_who_coded_it_and_how(faces: Path, tmp_path: Path) -> None:
    counts, labels, failures = run(Brightness(tmp_path / "log"), faces, tmp_path)
    assert labels["face_id"].tolist() == [
        *("a/1#0", "a/2#0", "b/1#0", "b/2#0", "b/3#0", "c/1#0", "c/2#0")
    ]
    first = labels.iloc[0]
    assert first[["subject", "annotator", "annotator_version", "mode"]].tolist() == [
        *("a", "brightness", "2.2", "static")
    ]
    assert 0 < first["AU12_r"] < 5
    assert failures.empty
    assert str(counts) == "7 faces = 7 coded + 0 failures"


def test_an_au_that_the_annotator_did_not_tell_is_missing(faces: Path, tmp_path: Path) -> None:
    _, labels, _ = run(Brightness(tmp_path / "log"), faces, tmp_path)
    assert labels["AU06_c"].isna().all()
    assert labels["AU06_r"].isna().all()


def test_a_face_that_was_not_coded_is_in_the_failures_alone(faces: Path, tmp_path: Path) -> None:
    annotator = Brightness(tmp_path / "log", refused=("b/2", "c/1"))
    counts, labels, failures = run(annotator, faces, tmp_path)
    assert failures.to_dict(orient="records") == [
        {"face_id": f"{name}#0", "subject": name[0], "reason": "crashed", "detail": "ended by "
         "signal 6"} for name in ("b/2", "c/1")
    ]  # fmt: skip
    assert len(labels) == 5
    assert str(counts) == "7 faces = 5 coded + 2 failures (crashed 2)"
    assert counts.metrics() == {"faces": 7, "coded": 5, "failures/crashed": 2}


def test_all_faces_may_fail(faces: Path, tmp_path: Path) -> None:
    everyone = ("a/1", "a/2", "b/1", "b/2", "b/3", "c/1", "c/2")
    counts, labels, failures = run(Brightness(tmp_path / "log", everyone), faces, tmp_path)
    assert (counts.coded, len(labels), len(failures)) == (0, 0, 7)


def test_the_tables_are_the_same_bytes_with_any_number_of_workers(
    faces: Path, tmp_path: Path
) -> None:
    for workers in (1, 2):
        run(Brightness(tmp_path / "log"), faces, tmp_path / str(workers), workers)
    assert tables.digest(tmp_path / "1/labels") == tables.digest(tmp_path / "2/labels")
    _, labels, _ = run(Brightness(tmp_path / "log", batch=3), faces, tmp_path / "small")
    assert labels.equals(tables.read(tmp_path / "1/labels/celebrities_brightness.parquet"))


def test_nothing_but_the_tables_is_left_behind(faces: Path, tmp_path: Path) -> None:
    run(Brightness(tmp_path / "log"), faces, tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")} == {
        "log",
        "labels",
        "labels/celebrities_brightness.parquet",
        "labels/celebrities_brightness_failures.parquet",
        "labels/celebrities_brightness_unmatched.parquet",
    }


def test_finished_batches_are_not_coded_again(faces: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"

    class Stops(Brightness):
        def code(self, faces: Iterable[Face], scratch: Path, /) -> Iterable[Coded | Uncoded]:
            faces = list(faces)
            if faces[0].item == "c/2":
                raise KeyboardInterrupt
            return super().code(faces, scratch)

    with pytest.raises(KeyboardInterrupt):
        run(Stops(log, batch=3), faces, tmp_path)
    assert not (tmp_path / "labels").exists()
    _, labels, _ = run(Brightness(log, batch=3), faces, tmp_path)
    assert log.read_text().split() == labels["face_id"].tolist()


def test_a_store_without_a_face_gives_empty_tables(assets: Path, tmp_path: Path) -> None:
    store.detect(
        {"0": functools.partial(drawing.shard, [drawing.item("x", drawing.nothing(64))])},
        tmp_path / "faces",
        yunet=assets / "yunet.onnx",
        landmarker=None,
        workers=1,
        parts=tmp_path / "parts",
    )
    counts, labels, failures = run(Brightness(tmp_path / "log"), tmp_path / "faces", tmp_path)
    assert (counts.faces, len(labels), len(failures)) == (0, 0, 0)


def test_an_annotator_that_cannot_run_stops_before_any_work(faces: Path, tmp_path: Path) -> None:
    with pytest.raises(AnnotatorError, match="install OpenFace"):
        run(Broken(tmp_path / "log"), faces, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        (Doubled, r"brightness answered for a/1#0 twice"),
        (Silent, r"brightness gave no answer for 1: \['c/2#0'\]"),
        (Chatty, r"brightness answered for nobody#0 though it was not asked"),
    ],
)
def test_an_annotator_that_loses_or_doubles_a_face_is_caught(
    faces: Path, tmp_path: Path, kind: type[Brightness], complaint: str
) -> None:
    with pytest.raises(AnnotatorError, match=complaint):
        run(kind(tmp_path / "log"), faces, tmp_path)
    assert not (tmp_path / "labels").exists()
