import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from noisyau.training.augment import Augment

NONE = {"flip": 0.0, "rotation": 0.0, "skew": 0.0, "scale": 0.0}


def drawn(seed):
    return torch.Generator().manual_seed(seed)


def test_without_strength_pictures_stay_as_they_are():
    pictures = torch.rand(3, 1, 16, 16)
    torch.testing.assert_close(Augment(**NONE)(pictures, drawn(1)), pictures, atol=1e-5, rtol=0)


def test_a_certain_flip_mirrors_left_and_right():
    pictures = torch.rand(3, 3, 16, 16)
    mirrored = Augment(**{**NONE, "flip": 1.0})(pictures, drawn(1))
    torch.testing.assert_close(mirrored, pictures.flip(-1), atol=1e-5, rtol=0)


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 1), st.floats(0, 90), st.floats(0, 45), st.floats(0, 0.5), st.integers(0, 9999))
def test_every_draw_keeps_to_the_strengths(flip, rotation, skew, scale, seed):
    theta = Augment(flip, rotation, skew, scale).transforms(64, drawn(seed)).double()
    mirror = theta[:, 0, 0].sign()
    size = torch.hypot(theta[:, 0, 0], theta[:, 1, 0])
    angle = torch.atan2(theta[:, 1, 0], theta[:, 0, 0] * mirror)
    # undo mirror, turn and size: what is left is [[1, lean], [0, 1]]
    cos, sin = torch.cos(angle), torch.sin(angle)
    first, second = theta[:, 0, 1] * mirror / size, theta[:, 1, 1] / size
    lean, one = cos * first + sin * second, cos * second - sin * first
    near = 1e-5
    assert angle.abs().max() <= math.radians(rotation) + near
    assert lean.abs().max() <= math.tan(math.radians(skew)) + near
    assert torch.allclose(one, torch.ones_like(one), atol=1e-5)
    assert ((1 / size - 1).abs() <= scale + near).all()
    assert (theta[:, :, 2] == 0).all()  # the centre stays
    if flip == 0:
        assert (mirror == 1).all()


def test_flips_come_as_often_as_asked():
    theta = Augment(**{**NONE, "flip": 0.3}).transforms(4000, drawn(2))
    assert (theta[:, 0, 0] < 0).float().mean() == pytest.approx(0.3, abs=0.03)


def test_a_point_lands_where_the_transform_says():
    augment = Augment(flip=0.5, rotation=30, skew=10, scale=0.2)
    pictures = torch.zeros(32, 1, 65, 65)
    pictures[:, 0, 22, 41] = 1.0
    source = torch.tensor([2 * (41 + 0.5) / 65 - 1, 2 * (22 + 0.5) / 65 - 1])
    moved = augment(pictures, drawn(4))[:, 0]
    theta = augment.transforms(32, drawn(4))
    rows, columns = torch.meshgrid(torch.arange(65.0), torch.arange(65.0), indexing="ij")
    for picture, transform in zip(moved, theta, strict=True):
        x, y = torch.linalg.solve(
            transform[:, :2], source
        ).tolist()  # output to source, so backwards
        weight = picture / picture.sum()
        assert (weight * columns).sum().item() == pytest.approx(((x + 1) * 65 - 1) / 2, abs=0.3)
        assert (weight * rows).sum().item() == pytest.approx(((y + 1) * 65 - 1) / 2, abs=0.3)


def test_what_comes_from_outside_the_picture_is_zero():
    turned = Augment(**{**NONE, "rotation": 45})(torch.ones(64, 1, 16, 16), drawn(3))
    assert turned[:, 0, 0, 0].min() == 0
    assert torch.allclose(turned[:, 0, 8, 8], torch.ones(64), atol=1e-5)


def test_the_generator_decides_all():
    augment, pictures = Augment(0.5, 10, 5, 0.1), torch.rand(8, 1, 16, 16)
    assert torch.equal(augment(pictures, drawn(1)), augment(pictures, drawn(1)))
    assert not torch.equal(augment(pictures, drawn(1)), augment(pictures, drawn(2)))
    alike = augment(pictures[:1].expand(8, -1, -1, -1), drawn(1))
    assert len({tuple(one.flatten().tolist()) for one in alike}) == 8  # a draw for each
