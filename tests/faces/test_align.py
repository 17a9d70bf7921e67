import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noisyau.faces import align

SHIFT = st.floats(-300, 300)
ANGLE = st.floats(-np.pi, np.pi)
SCALE = st.floats(0.05, 20)
SEED = st.integers(0, 2**31)


def moved(points: align.Points, scale: float, angle: float, x: float, y: float) -> align.Points:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * points @ turn.T + [x, y]


@given(SCALE, ANGLE, SHIFT, SHIFT)
def test_a_similarity_is_found_exactly(scale: float, angle: float, x: float, y: float) -> None:
    source = align.TEMPLATE * 224
    target = moved(source, scale, angle, x, y)
    found = align.apply(align.similarity(source, target), source)
    np.testing.assert_allclose(found, target, atol=1e-6 * max(1, scale))


@given(SEED)
def test_noisy_points_get_the_transform_of_umeyamas_formula(seed: int) -> None:
    random = np.random.default_rng(seed)
    source, target = random.normal(size=(2, 5, 2))
    a, b = source - source.mean(0), target - target.mean(0)
    u, s, vt = np.linalg.svd(b.T @ a / 5)
    signs = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    turn = u @ np.diag(signs) @ vt
    scale = (s * signs).sum() / (a**2).sum(1).mean()
    expected = np.c_[scale * turn, target.mean(0) - scale * turn @ source.mean(0)]
    np.testing.assert_allclose(align.similarity(source, target), expected, atol=1e-9)


def test_many_faces_are_aligned_at_once_as_one_by_one() -> None:
    faces = np.random.default_rng(0).normal(size=(7, 5, 2))
    together = align.to_crop(faces, 64)
    assert together.shape == (7, 2, 3)
    np.testing.assert_allclose(together[3], align.to_crop(faces[3], 64))


def test_points_that_are_all_one_have_no_transform() -> None:
    assert np.isnan(align.similarity(np.ones((5, 2)), align.TEMPLATE)).all()


def test_the_inverse_leads_back() -> None:
    there = align.to_crop(moved(align.TEMPLATE, 90, 0.3, 40, 60), 224)
    points = np.array([[0.0, 0], [50, 80], [-3, 7]])
    np.testing.assert_allclose(
        align.apply(align.inverse(there), align.apply(there, points)), points
    )


def test_a_mirrored_picture_gives_the_mirrored_crop() -> None:
    mirrored = align.TEMPLATE * [-1, 1] + [1, 0]
    np.testing.assert_allclose(mirrored[[1, 0, 2, 4, 3]], align.TEMPLATE)


def dots(points: align.Points, size: tuple[int, int], spread: float) -> np.ndarray:
    """Bright round dots at these points, to the fraction of a pixel."""
    y, x = np.mgrid[: size[1], : size[0]]
    picture = np.zeros((size[1], size[0]))
    for px, py in points:
        picture += 200 * np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * spread**2))
    return np.repeat(np.clip(picture, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


@pytest.mark.parametrize(
    ("scale", "angle"), [(60, 0.2), (224, 0), (224, -0.4), (700, 0.5), (1500, -1.2)]
)
def test_points_of_a_picture_come_to_lie_on_the_template_at_any_scale(
    scale: float, angle: float
) -> None:
    size = int(2.2 * scale)
    points = moved(align.TEMPLATE - 0.5, scale, angle, size / 2, size / 2)
    picture = dots(points, (size, size), 0.02 * scale)
    crop = align.crop(picture, align.to_crop(points, 224), 224)[:, :, 0].astype(float)
    for x, y in align.TEMPLATE * 224 - 0.5:
        left, top = int(x) - 10, int(y) - 10
        patch = crop[top : top + 21, left : left + 21]
        down, right = np.mgrid[top : top + 21, left : left + 21]
        centre = [(patch * right).sum() / patch.sum(), (patch * down).sum() / patch.sum()]
        np.testing.assert_allclose(centre, [x, y], atol=0.25)


def test_a_large_face_is_shrunk_without_aliasing() -> None:
    stripes = np.zeros((1600, 1600, 3), np.uint8)
    stripes[::2] = 255  # to a grey of 127 for whoever averages
    crop = align.crop(stripes, align.to_crop(align.TEMPLATE * 1400 + 100, 200), 200)
    assert np.abs(crop[20:-20, 20:-20].astype(int) - 127).max() <= 3


def test_beyond_the_picture_a_crop_is_black() -> None:
    white = np.full((100, 100, 3), 255, np.uint8)
    crop = align.crop(white, align.to_crop(align.TEMPLATE * 100 + [60, 0], 224), 224)
    assert crop[:, 140:].max() == 0
    assert crop[10:-10, :80].min() == 255


def test_a_crop_that_misses_the_picture_is_all_black() -> None:
    white = np.full((100, 100, 3), 255, np.uint8)
    far = align.to_crop(align.TEMPLATE * 2000 + 5000, 224)
    assert align.crop(white, far, 224).max() == 0


def test_opencv_agrees_where_no_prefilter_is_needed() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    transform = align.to_crop(moved(align.TEMPLATE, 110, 0.1, 20, 5), 224)
    expected = cv2.warpAffine(picture, transform, (224, 224), flags=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(align.crop(picture, transform, 224), expected)
