import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from noisyau.likeness import search

RNG = np.random.default_rng(5)


def bits_of(words):
    return np.unpackbits(words.astype(">u8").view(np.uint8).reshape(len(words), -1), axis=1)


def words_of(bits):
    return np.packbits(bits, axis=1).view(">u8").astype(np.uint64)


def by_all_pairs(words, distance, fine):
    """The components, by comparing each with each."""
    bits = bits_of(words).astype(int)
    differ = bits[:, None] != bits[None]
    turned = differ[..., 128:].sum(-1)
    apart = differ[..., :128].sum(-1) + np.minimum(turned, 128 - turned)
    return connected_components((differ[..., :64].sum(-1) <= distance) & (apart <= fine))[1]


def same_partition(one, other):
    pairs = set(zip(one.tolist(), other.tolist(), strict=True))
    return len(pairs) == len(set(one.tolist())) == len(set(other.tolist()))


def families(rng, count, size, flips, used=256):
    """Hashes and copies of copies of them, with up to `flips` bits turned at each step."""
    rows = []
    for _ in range(count):
        row = (rng.random(256) < 0.4) & (np.arange(256) % (256 // used) == 0)
        for _ in range(size):
            rows.append(row)
            row = row.copy()
            row[rng.choice(256, rng.integers(0, flips + 1), replace=False)] ^= True
            if rng.random() < 0.2:
                row[128:] ^= True
    return words_of(np.array(rows))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    distance=st.integers(0, search.FARTHEST),
    fine=st.integers(0, 64),
    flips=st.integers(0, 40),
    used=st.sampled_from([16, 64, 256]),
    workers=st.integers(1, 2),
)
def test_exactly_the_pairs_that_all_comparisons_find_are_joined(
    seed, distance, fine, flips, used, workers
):
    words = families(np.random.default_rng(seed), 12, 6, flips, used)
    found = search.components(words, distance, fine, workers)
    assert same_partition(found, by_all_pairs(words, distance, fine))


@pytest.mark.parametrize("distance", range(search.FARTHEST + 1))
def test_every_way_to_turn_bits_leaves_one_table_s_key_as_it_is(distance):
    masks = [sum(1 << int(place) for place in places) for places in search.key_places(distance)]
    rng = np.random.default_rng(distance)
    for _ in range(3000):
        turned = sum(1 << int(bit) for bit in rng.choice(64, distance, replace=False))
        assert any(not turned & mask for mask in masks)
    assert all(24 <= mask.bit_count() <= 32 for mask in masks)


def test_the_order_of_the_rows_does_not_change_what_is_joined():
    words = families(RNG, 40, 5, 12)
    order = RNG.permutation(len(words))
    assert same_partition(
        search.components(words, 4, 24)[order], search.components(words[order], 4, 24, workers=2)
    )


def test_nothing_is_joined_where_there_is_nothing_or_one():
    assert search.components(np.zeros((0, 4), np.uint64), 4, 24).tolist() == []
    assert search.components(np.zeros((1, 4), np.uint64), 4, 24).tolist() == [0]


def quickly(words, seconds=10):
    search.components(words[:10], 4, 24, 2)  # compiles
    began = time.monotonic()
    found = search.components(words, 4, 24, 2)
    assert time.monotonic() - began < seconds
    return found


def test_a_million_copies_of_one_hash_are_one_group_at_once():
    words = np.tile(families(RNG, 1, 1, 0), (1_000_000, 1))
    assert len(set(quickly(words).tolist())) == 1


def test_a_million_pictures_that_share_the_hash_and_all_but_few_bits_are_one_group():
    """The frames of a long video of a still head; all pairs would be 5e11 in each table."""
    words = np.tile(families(RNG, 1, 1, 0), (1_000_000, 1))
    noise = RNG.integers(0, 2**20, len(words), dtype=np.uint64)
    words[:, 1] ^= noise & np.uint64(0x3FF)
    words[:, 3] ^= noise >> np.uint64(10)
    assert len(set(quickly(words).tolist())) == 1


def test_hashes_of_few_distinct_bits_are_searched_whole():
    """All 65,536 hashes of 16 bits, which agree in everything else."""
    words = np.zeros((1 << 16, 4), np.uint64)
    words[:, 0] = np.arange(1 << 16, dtype=np.uint64) * np.uint64(1 << 20)
    assert len(set(quickly(words).tolist())) == 1


def test_videos_whose_frames_drift_are_joined_from_end_to_end():
    steps = [np.uint64(1) << np.uint64(bit) for bit in range(60)]
    frames = np.bitwise_xor.accumulate(np.array([np.uint64(0), *steps]))
    videos = families(RNG, 100, 1, 0)
    words = np.repeat(videos, len(frames), axis=0)
    words[:, 0] ^= np.tile(frames, len(videos))
    found = quickly(words).reshape(len(videos), len(frames))
    assert (found == found[:, :1]).all()
    assert all(a != b for a, b in itertools.pairwise(found[:, 0].tolist()))
