"""Each AU moves what FACS says it moves, more at a higher level, and nothing else far away."""

import numpy as np
import pytest

from noisyau.aus import DISFA_12, OPENFACE_17
from noisyau.synthesis import expressions

# where to look on the base head (x of the person's left), and which way it goes: x, y, z
EXPECTED = {
    1: ((0.08, 7.48, 1.5), "y", 1),
    2: ((0.48, 7.45, 1.35), "y", 1),
    4: ((0.15, 7.48, 1.5), "y", -1),
    5: ((0.33, 7.37, 1.42), "y", 1),
    6: ((0.48, 6.95, 1.28), "y", 1),
    9: ((0.12, 6.93, 1.5), "y", 1),
    10: ((0.1, 6.70, 1.58), "y", 1),
    12: ((0.33, 6.63, 1.4), "y", 1),
    15: ((0.33, 6.62, 1.4), "y", -1),
    17: ((0.05, 6.33, 1.48), "y", 1),
    20: ((0.33, 6.62, 1.4), "x", 1),
    25: ((0.0, 6.52, 1.57), "y", -1),
    26: ((0.0, 6.2, 1.4), "y", -1),
    45: ((0.33, 7.36, 1.42), "y", -1),
}


def moved(studio, levels):
    rest = studio.head.rest
    return expressions.pose_face(rest, studio.moves, levels, (1.0, 1.0)) - rest


@pytest.mark.parametrize("au", EXPECTED)
def test_an_au_moves_its_place_its_way(studio, au):
    place, axis, sign = EXPECTED[au]
    near = np.linalg.norm(studio.head.rest - place, axis=1) < 0.09
    near &= studio.head.material_of_vertex() == 0
    along = moved(studio, {au: 5.0})[near, "xyz".index(axis)] * sign
    assert along.max() > 0.02
    assert along.mean() > 0.005


@pytest.mark.parametrize("au", [*OPENFACE_17, 45])
def test_a_higher_level_moves_farther_and_none_moves_nothing(studio, au):
    far = [np.linalg.norm(moved(studio, {au: level}), axis=1).sum() for level in (0, 1, 2, 3, 4, 5)]
    assert far[0] == 0
    assert (np.diff(far) > 0).all()


@pytest.mark.parametrize("au", [1, 2, 4, 5, 7, 45])
def test_upper_face_aus_leave_the_mouth_alone(studio, au):
    mouth = studio.head.rest[:, 1] < 6.8
    assert np.abs(moved(studio, {au: 5.0})[mouth]).max() < 0.01


def test_both_sides_move_alike_unless_told_otherwise(studio):
    rest = studio.head.rest
    move = moved(studio, {12: 4.0})
    left, right = move[rest[:, 0] > 0.05], move[rest[:, 0] < -0.05]
    assert np.abs(left).sum() == pytest.approx(np.abs(right).sum(), rel=0.05)
    lopsided = expressions.pose_face(rest, studio.moves, {12: 4.0}, (1.2, 0.8)) - rest
    assert (
        np.abs(lopsided[rest[:, 0] > 0.05]).sum() > 1.3 * np.abs(lopsided[rest[:, 0] < -0.05]).sum()
    )


def test_every_au_of_the_lists_can_be_shown():
    assert set(OPENFACE_17) <= set(expressions.UNITS)
    assert set(DISFA_12) <= set(expressions.UNITS)
