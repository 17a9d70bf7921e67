from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest

from noisyau.annotators import batches
from noisyau.annotators.base import Face, Uncoded
from noisyau.corpora import folder, open_corpus
from noisyau.errors import AnnotatorError
from noisyau.faces import store
from noisyau.items import Item, Lost
from tests.faces import drawing


@dataclass(frozen=True)
class Sees:
    """As much of an annotator as batches ask for."""

    sees: Literal["crop", "source", "video"]
    batch: int = 4
    name: str = "somebody"


def picture(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())


def video(path: Path, frames: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (256, 256))
    for number in range(frames):
        writer.write(drawing.face(mouth=number))
    writer.release()


def detect(source: str, path: Path, out: Path, assets: Path) -> Path:
    store.detect(
        open_corpus(source, path).shards(),
        out,
        yunet=assets / "yunet.onnx",
        landmarker=None,
        workers=1,
        parts=out.with_name("parts"),
    )
    return out


@pytest.fixture
def pictures(tmp_path: Path, assets: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A corpus of nine pictures in shards of two, the third without a face, and its store."""
    monkeypatch.setattr(folder, "_PICTURES", 2)
    for number in range(9):
        there = drawing.face(mouth=number) if number not in (4, 5) else drawing.nothing()
        picture(tmp_path / "corpus/ann" / f"{number}.jpg", there)
    return tmp_path / "corpus", detect("folder", tmp_path / "corpus", tmp_path / "faces", assets)


def faces(found: list[batches.Batch]) -> list[list[Face | Uncoded]]:
    return [list(batch.faces()) for batch in found]


def test_faces_come_with_the_picture_that_they_were_found_in(pictures: tuple[Path, Path]) -> None:
    corpus, store = pictures
    found = faces(batches.batches(store, Sees("source"), open_corpus("folder", corpus)))
    assert [len(batch) for batch in found] == [4, 3]
    for face in found[0] + found[1]:
        assert isinstance(face, Face)
        assert face.source == (corpus / face.item).read_bytes()
        assert face.image == b""


def test_crops_come_without_the_corpus(pictures: tuple[Path, Path]) -> None:
    found = faces(batches.batches(pictures[1], Sees("crop"), None))
    assert [len(batch) for batch in found] == [4, 3]
    for face in found[0] + found[1]:
        assert isinstance(face, Face)
        assert face.source is None
        assert face.image.startswith(b"\xff\xd8")


def test_a_picture_deleted_since_its_face_was_found_costs_its_face_alone(
    pictures: tuple[Path, Path],
) -> None:
    corpus, store = pictures
    opened = open_corpus("folder", corpus)
    found = batches.batches(store, Sees("source"), opened)
    (corpus / "ann/1.jpg").unlink()
    told = [face for face in faces(found)[0] if isinstance(face, Uncoded)]
    assert [(one.face_id, one.reason) for one in told] == [("ann/1.jpg#0", "source_lost")]
    assert "now is not: unreadable: cannot be opened: No such file" in told[0].detail


def test_of_two_entries_of_one_name_the_one_that_has_a_picture_gives_it(
    pictures: tuple[Path, Path],
) -> None:
    def shard() -> Iterator[Item | Lost]:
        yield Lost("ann/0.jpg", "ann", None, "bad_row", "cut short")
        yield Item("ann/0.jpg", "ann", None, b"the picture")

    (face,) = batches.Batch(pictures[1], 0, 1, (shard,)).faces()
    assert isinstance(face, Face)
    assert face.source == b"the picture"


def test_a_store_of_another_corpus_is_refused(pictures: tuple[Path, Path], tmp_path: Path) -> None:
    picture(tmp_path / "other/bob/1.jpg", drawing.face())
    with pytest.raises(
        AnnotatorError, match=r"made from another corpus.*part 'pictures-000000003'"
    ):
        batches.batches(pictures[1], Sees("source"), open_corpus("folder", tmp_path / "other"))


def test_a_videos_faces_come_together_with_its_file(tmp_path: Path, assets: Path) -> None:
    video(tmp_path / "corpus/ann.avi", 5)
    video(tmp_path / "corpus/bob/talk.avi", 3)
    store = detect("videos", tmp_path / "corpus", tmp_path / "faces", assets)
    corpus = open_corpus("videos", tmp_path / "corpus")
    found = faces(batches.batches(store, Sees("video", batch=1), corpus))
    told = [[(face.item, face.frame, face.source) for face in batch] for batch in found]
    assert told == [
        [(f"ann/{n}", n, tmp_path / "corpus/ann.avi") for n in range(1, 6)],
        [(f"bob/talk/{n}", n, tmp_path / "corpus/bob/talk.avi") for n in range(1, 4)],
    ]
