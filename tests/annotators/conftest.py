import functools
from pathlib import Path

import pytest

from noisyau.faces import store
from tests.faces import drawing
from tests.faces.drawing import item, jpeg


@pytest.fixture(scope="session")
def faces(tmp_path_factory: pytest.TempPathFactory, assets: Path) -> Path:
    """A face store of seven faces of three subjects, in the order a, a, b, b, b, c, c."""
    folder = tmp_path_factory.mktemp("annotators")
    items = [
        item("a/1", jpeg(drawing.face())),
        item("a/2", jpeg(drawing.face(mouth=12))),
        item("b/1", drawing.face(), frame=1),
        item("b/2", drawing.face(brow=9), frame=2),
        item("b/3", drawing.face(mouth=6), frame=3),
        item("c/1", jpeg(drawing.face(skin=(90, 110, 150)))),
        item("c/2", jpeg(drawing.face(mouth=12, brow=9))),
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
