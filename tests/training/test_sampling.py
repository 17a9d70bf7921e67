import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noisyau.errors import TrainingError
from noisyau.training import sampling
from noisyau.training.losses import MISSING


def rare(count=4000, rates=(0.5, 0.1, 0.01), seed=0):
    rng = np.random.default_rng(seed)
    return (rng.random((count, len(rates))) < rates).astype(np.float16)


def test_uniform_shows_every_face_once_in_the_order_of_the_seed():
    order = sampling.order("uniform", rare(50), 3)
    assert sorted(order) == list(range(50))
    assert order.tolist() == np.random.default_rng(3).permutation(50).tolist()  # as it always was


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 300), st.integers(1, 5), st.integers(0, 999))
def test_every_round_has_a_face_with_and_one_without_each_au(count, aus, seed):
    rng = np.random.default_rng(seed)
    labels = rng.choice([0, 0.2, 0.5, 0.9, 1, MISSING], (count, aus)).astype(np.float16)
    labels[0], labels[1] = 1, 0
    order = sampling.order("balanced", labels, seed)
    assert len(order) == count
    for first in range(0, count - 2 * aus + 1, 2 * aus):
        shown = labels[order[first : first + 2 * aus]]
        present = ((shown > 0.5) & (shown != MISSING)).sum(axis=0)
        absent = (shown < 0.5).sum(axis=0)
        assert (present >= 1).all()
        assert (absent >= 1).all()


def test_a_batch_of_the_papers_has_four_faces_for_each_side_of_each_au():
    alone = np.full((4800, 12), MISSING, np.float16)  # each face is labelled for one AU
    alone[np.arange(4800), np.arange(4800) % 12] = (np.arange(4800) // 12) % 10 == 0
    order = sampling.order("balanced", alone, 1)
    for first in range(0, 4800, 96):
        batch = alone[order[first : first + 96]]
        assert ((batch == 1).sum(axis=0) == 4).all()
        assert ((batch == 0).sum(axis=0) == 4).all()


def test_rare_aus_are_seen_more_often_and_by_all_their_faces_alike():
    labels = rare()
    order = sampling.order("balanced", labels, 1)
    shown, given = labels[order].mean(axis=0), labels.mean(axis=0)
    assert shown[2] > 10 * given[2]
    assert len(order) == len(labels)
    only_rare = np.flatnonzero((labels == [0, 0, 1]).all(axis=1))
    times = np.bincount(order, minlength=len(labels))[only_rare]
    assert times.min() >= 4000 // 6 // labels[:, 2].sum()


def test_an_au_with_one_face_shows_it_again_and_again():
    labels = np.zeros((100, 1), np.float16)
    labels[7] = 1
    order = sampling.order("balanced", labels, 1)
    assert (order == 7).sum() == 50
    assert np.bincount(order)[np.arange(100) != 7].max() == 1  # of the others nobody twice


def test_the_seed_decides_the_order():
    labels = rare(500)
    first, again, other = (sampling.order("balanced", labels, seed) for seed in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()


def test_an_au_without_both_classes_has_no_share():
    labels = rare(200, (0.5, 0.2))
    more = np.column_stack([labels, np.zeros(200), np.ones(200), np.full(200, MISSING)])
    wanted = sampling.order("balanced", labels, 4).tolist()
    assert sampling.order("balanced", more.astype(np.float16), 4).tolist() == wanted


def test_without_any_au_that_has_both_classes_the_remedy_is_told():
    labels = np.array([[1, 0, 0.5], [1, MISSING, 0.5]], np.float16)
    with pytest.raises(TrainingError, match=r"balanced: of 3 AUs none .* the 2 training.*uniform"):
        sampling.order("balanced", labels, 1)


def test_a_way_that_there_is_not_names_those_there_are():
    with pytest.raises(TrainingError, match=r"'fair'.*uniform, balanced"):
        sampling.order("fair", rare(10), 1)
