import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional

from noisyau.training.augment import Augment

NONE = {"flip": 0.0, "rotation": 0.0, "skew": 0.0, "scale": 0.0}
EVERY = {"flip": 0.5, "rotation": 30, "skew": 10, "scale": 0.2, "shift": 0.1, "zoom": 0.2,
         "brightness": 0.1, "contrast": 0.3, "blur": 1.5}  # fmt: skip
ROWS = ("flip", "rotation", "skew", "scale", "right", "down", "wide", "high", "brightness",
        "contrast", "blur")  # fmt: skip
SIDE = 64


def drawn(seed):
    return torch.Generator().manual_seed(seed)


def only(**strengths):
    return Augment(**{**NONE, **strengths})


def draws(batch=1, **chosen):
    """Draws that change nothing but what is named."""
    found = torch.full((len(ROWS), batch), 0.5)
    for name, value in chosen.items():
        found[ROWS.index(name)] = value
    return found


def smooth(count=1, channels=1, seed=0):
    """Pictures without edges."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 255, (count * channels, 7, 7)).astype(np.float32)
    fine = [cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for one in coarse]
    return torch.from_numpy(np.stack(fine).clip(0, 255)).view(count, channels, SIDE, SIDE)


def by_opencv(picture, strengths, draw):
    """One picture (channels, side, side) by cv2.warpAffine, with matrices in pixels, source to
    output, one after the other. OpenCV rounds places to a 32nd of a pixel."""
    told = dict(zip(ROWS, draw.tolist(), strict=True))
    either = {name: 2 * value - 1 for name, value in told.items()}
    middle = (SIDE - 1) / 2
    mirror = np.diag([-1.0 if told["flip"] < strengths["flip"] else 1.0, 1, 1])
    turn = np.eye(3)
    turn[:2] = cv2.getRotationMatrix2D((0, 0), either["rotation"] * strengths["rotation"], 1.0)
    lean = np.eye(3)
    lean[0, 1] = -math.tan(math.radians(either["skew"] * strengths["skew"]))
    size = 1 + either["scale"] * strengths["scale"]
    wide, high = (1 + either[name] * strengths.get("zoom", 0) for name in ("wide", "high"))
    larger = np.diag([size * wide, size * high, 1])
    shift = np.eye(3)
    shift[:2, 2] = [SIDE * either[way] * strengths.get("shift", 0) for way in ("right", "down")]
    to_middle, back = np.eye(3), np.eye(3)
    to_middle[:2, 2], back[:2, 2] = -middle, middle
    matrix = (back @ shift @ larger @ lean @ turn @ mirror @ to_middle)[:2]
    planes = [cv2.warpAffine(plane, matrix, (SIDE, SIDE)) for plane in picture.numpy()]
    return torch.from_numpy(np.stack(planes))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("row", "strength"),
    [
        ("flip", {"flip": 0.5}),
        ("rotation", {"rotation": 25.0}),
        ("skew", {"skew": 20.0}),
        ("scale", {"scale": 0.4}),
        ("right", {"shift": 0.15}),
        ("down", {"shift": 0.15}),
        ("wide", {"zoom": 0.3}),
        ("high", {"zoom": 0.3}),
    ],
)
def test_each_geometry_is_that_of_opencv_at_both_ends(row, strength, channels):
    pictures, ends = smooth(2, channels), draws(2, **{row: torch.tensor([0.0, 1.0])})
    moved = only(**strength).apply(pictures, ends)
    for picture, found, draw in zip(pictures, moved, ends.T, strict=True):
        wanted = by_opencv(picture, {**NONE, **strength}, draw)
        assert (found - wanted).abs().max() < 255 / 32
        assert (found - wanted).abs().mean() < 0.2
    assert (moved - pictures).abs().mean() > 5  # it did something


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9999))
def test_all_geometry_together_is_done_in_the_order_that_is_told(seed):
    strengths = {**EVERY, "brightness": 0.0, "contrast": 0.0, "blur": 0.0}
    augment, pictures = Augment(**strengths), smooth(4, seed=seed)
    taken = augment.draws(4, drawn(seed))
    for picture, found, draw in zip(pictures, augment.apply(pictures, taken), taken.T, strict=True):
        difference = (found - by_opencv(picture, strengths, draw)).abs()
        assert difference.max() < 255 / 32
        assert difference.mean() < 0.2


@pytest.mark.parametrize("deviation", [0.3, 0.8, 1.7, 6.0])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_blur_is_opencvs_gaussian(deviation, channels):
    pictures = torch.rand(2, channels, SIDE, SIDE, generator=drawn(1)) * 255
    found = only(blur=2 * deviation).apply(pictures, draws(2, blur=0.5))
    width = 2 * math.ceil(6 * deviation) + 1

    def by_opencv(plane):
        return cv2.GaussianBlur(plane, (width, width), deviation, borderType=cv2.BORDER_CONSTANT)

    inside = by_opencv(np.ones((SIDE, SIDE), np.float32))  # less than 1 at the edges
    for plane, blurred in zip(pictures.flatten(0, 1), found.flatten(0, 1), strict=True):
        wanted = torch.from_numpy(by_opencv(plane.numpy()) / inside)
        torch.testing.assert_close(blurred, wanted, atol=0.01, rtol=0)


def test_each_picture_is_blurred_by_its_own_draw():
    pictures = smooth().expand(3, -1, -1, -1) + 50 * torch.rand(SIDE, SIDE, generator=drawn(1))
    soft = only(blur=2.0).apply(pictures, draws(3, blur=torch.tensor([0.0, 0.4, 1.0])))
    rough = soft.diff(dim=-1).square().mean(dim=(1, 2, 3))
    assert torch.equal(soft[0], pictures[0])
    assert rough[0] > 2 * rough[1] > 2 * rough[2]


def test_brightness_and_contrast_by_hand():
    pictures = torch.tensor([0.0, 100, 100, 200]).view(1, 1, 2, 2)  # the mean is 100

    def relit(strengths, **chosen):
        return only(**strengths).apply(pictures, draws(**chosen)).flatten().tolist()

    assert relit({"brightness": 0.2}, brightness=1.0) == [51, 151, 151, 251]
    assert relit({"brightness": 0.2}, brightness=0.0) == [0, 49, 49, 149]  # clipped at black
    assert relit({"contrast": 0.5}, contrast=0.0) == [50, 100, 100, 150]
    assert relit({"contrast": 0.75}, contrast=1.0) == [0, 100, 100, 255]  # clipped at both
    both = {"brightness": 0.2, "contrast": 0.5}
    assert relit(both, brightness=1.0, contrast=0.0) == [101, 151, 151, 201]
    assert relit(both) == [0, 100, 100, 200]


def test_colours_become_lighter_alike_and_keep_their_hue():
    pictures = torch.tensor([100.0, 120, 140]).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    relit = only(brightness=0.1, contrast=0.5).apply(pictures, draws(brightness=1.0, contrast=1.0))
    assert relit[0, :, 0, 0].tolist() == [115.5, 145.5, 175.5]  # around their common mean of 120


def test_what_comes_from_outside_stays_black_in_a_lighter_picture():
    augment = only(rotation=45, brightness=0.5)
    turned = augment.apply(torch.full((1, 1, 16, 16), 90.0), draws(rotation=1.0, brightness=1.0))
    assert turned[0, 0, 0, 0] == 0
    assert turned[0, 0, 8, 8].item() == pytest.approx(217.5)


def test_without_strength_pictures_stay_exactly_as_they_are():
    pictures = 255 * torch.rand(3, 1, 16, 16)
    assert torch.equal(only()(pictures, drawn(1)), pictures)


@pytest.mark.parametrize("name", ["brightness", "contrast", "blur", "rotation", "shift", "zoom"])
def test_a_draw_in_the_middle_changes_nothing(name):
    pictures = smooth(2)
    middle = draws(2, blur=0.0)
    found = only(**{name: 0.3}).apply(pictures, middle)
    torch.testing.assert_close(found, pictures, atol=1e-3, rtol=0)


def test_a_certain_flip_mirrors_left_and_right():
    pictures = torch.rand(3, 3, 16, 16)
    mirrored = only(flip=1.0)(pictures, drawn(1))
    torch.testing.assert_close(mirrored, pictures.flip(-1), atol=1e-5, rtol=0)


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0, 1), st.floats(0, 90), st.floats(0, 45), st.floats(0, 0.5), st.floats(0, 0.5),
    st.integers(0, 9999),
)  # fmt: skip
def test_every_draw_keeps_to_the_strengths(flip, rotation, skew, scale, shift, seed):
    augment = Augment(flip, rotation, skew, scale, shift)
    theta = augment.transforms(augment.draws(64, drawn(seed))).double()
    mirror = theta[:, 0, 0].sign()
    size = torch.hypot(theta[:, 0, 0], theta[:, 1, 0])
    angle = torch.atan2(theta[:, 1, 0], theta[:, 0, 0] * mirror)
    # undo mirror, turn and size: what is left is [[1, lean], [0, 1]]
    cos, sin = torch.cos(angle), torch.sin(angle)
    first, second = theta[:, 0, 1] * mirror / size, theta[:, 1, 1] / size
    lean, one = cos * first + sin * second, cos * second - sin * first
    moved = -torch.linalg.solve(theta[:, :, :2], theta[:, :, 2]) / 2
    near = 1e-5
    assert angle.abs().max() <= math.radians(rotation) + near
    assert lean.abs().max() <= math.tan(math.radians(skew)) + near
    assert torch.allclose(one, torch.ones_like(one), atol=1e-5)
    assert ((1 / size - 1).abs() <= scale + near).all()
    assert moved.abs().max() <= shift + near
    if flip == 0:
        assert (mirror == 1).all()


def test_flips_come_as_often_as_asked():
    augment = only(flip=0.3)
    theta = augment.transforms(augment.draws(4000, drawn(2)))
    assert (theta[:, 0, 0] < 0).float().mean() == pytest.approx(0.3, abs=0.03)


def test_changes_are_uniform_between_their_ends_and_independent():
    count = 4000
    taken = Augment(**EVERY).draws(count, drawn(5))

    def theta(**strengths):
        return only(**strengths).transforms(taken).numpy()

    two = torch.tensor([100.0, 150]).view(1, 1, 1, 2).expand(count, 1, 2, 2)
    lighter = only(brightness=0.2).apply(two, taken)[:, 0, 0].numpy()
    steeper = only(contrast=0.6).apply(two, taken)[:, 0, 0].numpy()
    point = torch.zeros(count, 1, 33, 33)
    point[:, :, 16, 16] = 1
    dots = only(blur=2.0).apply(point, taken)[:, 0, 16].double()
    deviation = torch.sqrt(-0.5 / torch.log(dots[:, 17] / dots[:, 16]))
    turned, leant = theta(rotation=20), theta(skew=20)
    found = {
        "rotation": np.degrees(np.arctan2(turned[:, 1, 0], turned[:, 0, 0])) / 20,
        "skew": np.degrees(np.arctan(leant[:, 0, 1])) / 20,
        "scale": (1 / theta(scale=0.3)[:, 0, 0] - 1) / 0.3,
        "right": -theta(shift=0.2)[:, 0, 2] / 0.4,
        "down": -theta(shift=0.2)[:, 1, 2] / 0.4,
        "wide": (1 / theta(zoom=0.3)[:, 0, 0] - 1) / 0.3,
        "high": (1 / theta(zoom=0.3)[:, 1, 1] - 1) / 0.3,
        "brightness": (lighter[:, 0] - 100) / 51,
        "contrast": ((steeper[:, 1] - steeper[:, 0]) / 50 - 1) / 0.6,
    }
    for name, values in found.items():
        assert kstest(values, "uniform", args=(-1, 2)).pvalue > 0.001, name
    blurred = deviation[deviation > 0.3]  # below, a neighbour gets too little to tell
    assert kstest(blurred.numpy(), "uniform", args=(0.3, 1.7)).pvalue > 0.001
    correlations = np.corrcoef(np.stack(list(found.values()))) - np.eye(len(found))
    assert np.abs(correlations).max() < 0.06


def test_the_papers_four_are_drawn_and_done_as_before_there_were_others():
    pictures, before, now = torch.rand(8, 1, 32, 32), drawn(6), drawn(6)
    augment = Augment(flip=0.5, rotation=10, skew=5, scale=0.1)
    for _ in range(3):  # the second batch goes on where the first stopped drawing
        draw = torch.rand(4, 8, generator=before)
        mirror = torch.where(draw[0] < 0.5, -1.0, 1.0)
        either = 2 * draw[1:] - 1
        angle, lean = either[0] * math.radians(10), torch.tan(either[1] * math.radians(5))
        size = 1 / (1 + either[2] * 0.1)
        cos, sin = torch.cos(angle) * size, torch.sin(angle) * size
        zero = torch.zeros_like(angle)
        rows = [mirror * cos, mirror * (cos * lean - sin), zero, sin, sin * lean + cos, zero]
        theta = torch.stack(rows, dim=1).view(8, 2, 3)
        grid = functional.affine_grid(theta, list(pictures.shape), align_corners=False)
        wanted = functional.grid_sample(pictures, grid, align_corners=False)
        assert torch.equal(augment(pictures, now), wanted)


def test_the_generator_decides_all():
    augment, pictures = Augment(**EVERY), 255 * torch.rand(8, 1, 16, 16)
    given = pictures.clone()
    assert torch.equal(augment(pictures, drawn(1)), augment(pictures, drawn(1)))
    assert not torch.equal(augment(pictures, drawn(1)), augment(pictures, drawn(2)))
    assert torch.equal(pictures, given)
    alike = augment(pictures[:1].expand(8, -1, -1, -1), drawn(1))
    assert len({tuple(one.flatten().tolist()) for one in alike}) == 8  # a draw for each


@pytest.mark.parametrize("channels", [1, 3])
def test_one_picture_is_a_batch(channels):
    found = Augment(**EVERY)(smooth(1, channels), drawn(3))
    assert found.shape == (1, channels, SIDE, SIDE)
    assert found.min() >= 0
    assert found.max() <= 255.001


def test_nothing_waits_for_the_device():
    with FakeTensorMode():  # has no values, so whatever asks for one fails
        pictures = torch.empty(4, 3, 32, 32)
        assert Augment(**EVERY)(pictures, torch.Generator()).shape == pictures.shape
        with pytest.raises(Exception, match=r"item|local_scalar"):
            pictures.mean().item()
