"""Expressions: what comes together, how often, and its course in time."""

import numpy as np
import pytest

from noisyau.aus import DISFA_12, DISFA_FOLDS, OPENFACE_17
from noisyau.synthesis import behaviour, videos
from noisyau.synthesis.expressions import FORBIDDEN

AT = {au: k for k, au in enumerate(behaviour.AUS)}


def drawn(count=4000):
    rng = np.random.default_rng(0)
    levels = np.zeros((count, len(behaviour.AUS)))
    for row in levels:
        for au, level in behaviour.photographed(rng).items():
            row[AT[au]] = level
    return levels


def courses(subjects, frames, seed=1):
    tasks = videos.tasks(None, subjects, frames, seed)
    return {
        name: behaviour.filmed(task.events, frames, task.leaves, np.random.default_rng(k))
        for k, (name, task) in enumerate(tasks.items())
    }


def test_each_au_is_in_a_good_part_of_the_pictures():
    rates = (drawn() >= 2).mean(0)
    for au in OPENFACE_17:
        assert 0.055 < rates[AT[au]] < 0.36, au


def test_levels_are_continuous_from_0_to_5():
    levels = drawn(500)
    assert levels.min() == 0
    assert levels.max() <= 5
    assert len(np.unique(levels)) > 300


def test_smiles_come_with_raised_cheeks_more_than_chance():
    present = drawn() >= 2
    smile, cheek = present[:, AT[12]], present[:, AT[6]]
    assert cheek[smile].mean() > 2 * cheek[~smile].mean()


def test_pictures_and_films_never_show_what_no_face_can():
    films = np.concatenate([course.levels for course in courses(9, 60).values()])
    # blinks pass over everything, for a moment
    films[films[:, AT[45]] > 0] = 0
    for levels in (drawn(1500), films):
        for one, other in FORBIDDEN:
            if one in AT and other in AT:
                assert not ((levels[:, AT[one]] > 0) & (levels[:, AT[other]] > 0)).any(), (
                    one,
                    other,
                )


@pytest.mark.parametrize("seed", [1, 2])
def test_base_rates_of_the_default_are_5_to_30_percent_in_every_fold(seed):
    found = courses(27, 80, seed)
    for fold in (*DISFA_FOLDS, tuple(found)):
        codes = np.concatenate([behaviour.coded(found[name]) for name in fold])
        rates = (codes >= 2).mean(0)
        assert (rates > 0.05).all()
        assert (rates < 0.31).all()


def test_every_au_occurs_in_every_fold_of_a_small_set():
    found = courses(6, 24)
    for fold in DISFA_FOLDS:
        codes = np.concatenate([behaviour.coded(found[name]) for name in fold if name in found])
        assert ((codes >= 2).sum(0) > 0).all()


def test_an_au_rises_holds_and_falls_smoothly():
    course = behaviour.filmed([(12,)], 60, None, np.random.default_rng(0))
    level = course.levels[:, AT[12]]
    peak = int(level.argmax())
    assert level[0] == 0
    assert level[-1] < level.max()
    assert level.max() > 2.5
    assert (np.diff(level[: peak + 1]) >= 0).all()
    assert np.abs(np.diff(level)).max() < 1.5


def test_coders_write_the_rounded_level_of_twelve_aus():
    course = next(iter(courses(3, 40).values()))
    codes = behaviour.coded(course)
    assert codes.shape == (40, 12)
    wanted = course.levels[:, [AT[au] for au in DISFA_12]]
    assert np.abs(codes - wanted).max() <= 0.5
    assert set(np.unique(codes)) <= {0, 1, 2, 3, 4, 5}


def test_some_heads_turn_away_or_leave_for_some_frames():
    found = courses(27, 80)
    away = [name for name, course in found.items() if (course.away > 0.9).any()]
    assert 4 <= len(away) <= 9
    assert any(found[name].leaves for name in away)
    assert not all(found[name].leaves for name in away)
    assert all((found[name].away > 0.9).sum() < 12 for name in away)


@pytest.mark.parametrize("subjects", [2, 28])
def test_a_number_of_subjects_that_disfa_has_not_is_refused(subjects):
    with pytest.raises(ValueError, match=f"subjects: {subjects}; expected 3 to 27"):
        videos.chosen(subjects)


def test_few_subjects_are_the_first_of_each_fold():
    assert videos.chosen(6) == [("SN001", "SN002"), ("SN006", "SN011"), ("SN003", "SN004")]
    assert videos.chosen(7)[0] == ("SN001", "SN002", "SN009")
