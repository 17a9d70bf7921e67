from pathlib import Path

import cv2
import numpy as np
import pytest

from noisyau.errors import AssetError
from noisyau.faces.detector import Detector, Rectangle
from noisyau.items import Picture
from tests.faces import drawing


@pytest.fixture(scope="module")
def detector(assets: Path) -> Detector:
    return Detector(assets / "yunet.onnx")


def canvas(*faces: tuple[int, int, int], size: tuple[int, int]) -> Picture:
    """Faces at (x, y, side) on a grey picture of width x height."""
    picture = np.full((size[1], size[0], 3), 90, np.uint8)
    for x, y, side in faces:
        picture[y : y + side, x : x + side] = drawing.face(side)
    return picture


def contains(box: Rectangle, x: float, y: float) -> bool:
    return box[0] < x < box[0] + box[2] and box[1] < y < box[1] + box[3]


def test_a_face_comes_with_its_box_score_and_points_in_the_pictures_pixels(
    detector: Detector,
) -> None:
    faces, best = detector.find(canvas((300, 100, 400), size=(1200, 700)))
    assert len(faces) == 1
    assert faces[0].score == best > 0.8
    assert contains(faces[0].box, 500, 300)
    expected = 300 + np.array([100, 156, 128, 106, 150]) / 256 * 400
    np.testing.assert_allclose(faces[0].landmarks[:, 0], expected, atol=20)
    assert faces[0].landmarks[0, 1] < faces[0].landmarks[2, 1] < faces[0].landmarks[3, 1]


@pytest.mark.parametrize("side", [60, 120, 256, 500, 1000, 3000])
def test_a_face_is_found_once_from_small_to_filling_a_large_picture(
    detector: Detector, side: int
) -> None:
    assert len(detector.find(drawing.face(side))[0]) == 1


def test_a_close_up_is_found_once(detector: Detector) -> None:
    close = drawing.face(900)[260:720, 240:660]
    assert len(detector.find(close)[0]) == 1


def test_a_small_face_in_a_large_picture_is_found_at_the_finer_look(detector: Detector) -> None:
    picture = canvas((1500, 900, 110), size=(1920, 1080))
    faces, _ = detector.find(picture)
    assert len(faces) == 1
    assert contains(faces[0].box, 1555, 955)


def test_the_largest_face_comes_first(detector: Detector) -> None:
    faces, _ = detector.find(canvas((20, 60, 150), (220, 20, 300), size=(560, 360)))
    assert len(faces) == 2
    assert contains(faces[0].box, 370, 170)
    assert faces[0].area > faces[1].area


def test_the_face_in_the_corpuss_rectangle_comes_first(detector: Detector) -> None:
    picture = canvas((20, 60, 150), (220, 20, 300), size=(560, 360))
    left = 45 / 560, 75 / 360, 145 / 560, 200 / 360
    faces, _ = detector.find(picture, left)
    assert contains(faces[0].box, 95, 135)
    assert len(faces) == 2


def test_a_rectangle_that_means_a_small_face_asks_for_the_finer_look(detector: Detector) -> None:
    picture = canvas((50, 100, 600), (1700, 900, 140), size=(1900, 1080))
    small = 1730 / 1900, 920 / 1080, 1810 / 1900, 1025 / 1080
    assert contains(detector.find(picture)[0][0].box, 350, 400)
    assert contains(detector.find(picture, small)[0][0].box, 1770, 970)


def test_a_rectangle_without_a_face_says_nothing(detector: Detector) -> None:
    picture = canvas((20, 60, 150), (220, 20, 300), size=(560, 360))
    faces, _ = detector.find(picture, (0.4, 0.9, 0.5, 1.0))
    assert contains(faces[0].box, 370, 170)


def test_nothing_is_found_where_there_is_nothing(detector: Detector) -> None:
    assert detector.find(drawing.nothing()) == ([], 0.0)


@pytest.mark.parametrize(
    "shape", [(1, 1), (20, 20), (32, 32), (33, 33), (32, 192), (192, 32), (1, 500), (3000, 2)]
)
def test_no_face_is_imagined_in_a_tiny_or_narrow_picture(
    detector: Detector, shape: tuple[int, int]
) -> None:
    for grey in (0, 128, 255):
        detector.find(drawing.face(64))  # leaves its numbers in the net's memory
        assert detector.find(np.full((*shape, 3), grey, np.uint8)) == ([], 0.0)


def test_a_face_below_the_threshold_is_told_by_its_score(assets: Path) -> None:
    faces, best = Detector(assets / "yunet.onnx", threshold=0.99).find(drawing.face())
    assert faces == []
    assert 0.6 < best < 0.99


def test_a_picture_is_not_changed(detector: Detector) -> None:
    picture = drawing.face()
    before = picture.copy()
    detector.find(picture)
    np.testing.assert_array_equal(picture, before)


def test_a_net_that_cannot_be_read_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "yunet.onnx").write_bytes(b"nonsense")
    with pytest.raises(AssetError, match=r"yunet.onnx.*dvc repro assets"):
        Detector(tmp_path / "yunet.onnx")


def test_portraits_are_found_in_spite_of_blur_turning_and_darkness(
    detector: Detector, shared: Path
) -> None:
    random = np.random.default_rng(0)
    files = sorted((shared / "data/portraits/images").glob("*.jpg"))[::20]
    found = 0
    for file in files:
        picture = cv2.imread(str(file))
        height, width = picture.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), random.uniform(-20, 20), 1)
        picture = cv2.warpAffine(picture, turn, (width, height))
        picture = cv2.GaussianBlur(picture, (0, 0), 2) // 2
        found += len(detector.find(picture)[0]) == 1
    assert found >= len(files) - 1
