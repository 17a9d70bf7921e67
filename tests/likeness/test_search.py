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


def near_pairs(words, distance, fine):
    """(n, n), by comparing each with each."""
    bits = bits_of(words).astype(int)
    differ = bits[:, None] != bits[None]
    turned = differ[..., 128:].sum(-1)
    apart = differ[..., :128].sum(-1) + np.minimum(turned, 128 - turned)
    return (differ[..., :64].sum(-1) <= distance) & (apart <= fine)


def by_all_pairs(words, person, distance, fine):
    """The components of pairs of two people."""
    return connected_components(near_pairs(words, distance, fine) & (person[:, None] != person))[1]


def alone(words):
    """Everybody has one picture."""
    return np.arange(len(words), dtype=np.int32)


def some_people(rng, pictures):
    return np.sort(rng.integers(0, rng.integers(1, pictures + 1), pictures)).astype(np.int32)


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


CASES = {
    "seed": st.integers(0, 2**32 - 1),
    "distance": st.integers(0, search.FARTHEST),
    "fine": st.integers(0, 64),
    "flips": st.integers(0, 40),
    "used": st.sampled_from([16, 64, 256]),
}
WORKERS = st.integers(1, 2)


@settings(max_examples=40, deadline=None)
@given(**CASES, workers=WORKERS)
def test_exactly_the_pairs_of_two_people_that_all_comparisons_find_are_joined(
    seed, distance, fine, flips, used, workers
):
    rng = np.random.default_rng(seed)
    words = RNG.permutation(families(rng, 12, 6, flips, used))
    person = some_people(rng, len(words))
    found = search.components(words, person, distance, fine, workers)
    assert same_partition(found, by_all_pairs(words, person, distance, fine))


@settings(max_examples=40, deadline=None)
@given(**CASES, workers=WORKERS)
def test_a_person_s_pictures_are_kept_in_turn_where_they_look_like_none_that_is_kept(
    seed, distance, fine, flips, used, workers
):
    rng = np.random.default_rng(seed)
    words = RNG.permutation(families(rng, 12, 6, flips, used))
    person = some_people(rng, len(words))
    pairs = near_pairs(words, distance, fine) & (person[:, None] == person)
    expected = []
    for row in range(len(words)):
        like = [kept for kept in range(row) if expected[kept] == kept and pairs[row, kept]]
        expected.append(like[0] if like else row)
    assert search.copies(words, person, distance, fine).tolist() == expected
    found = search.alike(words, person, distance, fine, workers)
    assert found.tolist() == (pairs.sum(axis=1) > 1).tolist()


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
    person = alone(words)
    one = search.components(words, person, 4, 24)[order]
    assert same_partition(one, search.components(words[order], person, 4, 24, workers=2))


def test_nothing_is_joined_where_there_is_nothing_or_one():
    for faces in (0, 1):
        words = np.zeros((faces, 4), np.uint64)
        assert len(search.components(words, alone(words), 4, 24)) == faces
        assert search.alike(words, alone(words), 4, 24).tolist() == [False] * faces


def quickly(words, person=None, seconds=10):
    """What is joined; of so many, all pairs would take minutes or hours."""
    search.components(words[:10], alone(words[:10]), 4, 24, 2)  # compiles
    began = time.process_time()
    found = search.components(words, alone(words) if person is None else person, 4, 24, 2)
    assert time.process_time() - began < seconds
    return found


@pytest.mark.parametrize("people", [1, 2, 1000, 250_000])
def test_a_quarter_million_copies_of_one_hash_are_searched_at_once(people):
    words = np.tile(families(RNG, 1, 1, 0), (250_000, 1))
    person = np.sort(np.arange(len(words), dtype=np.int32) % people)
    assert len(set(quickly(words, person).tolist())) == (1 if people > 1 else len(words))


@pytest.mark.parametrize("hashes", [1, 2])
def test_pictures_that_share_the_hash_and_differ_beyond_it_are_told_apart(hashes):
    words = RNG.integers(0, 2**64, (10_000, 4), dtype=np.uint64)
    words[:, 0] = np.arange(len(words)) % hashes  # a bit apart
    words[-50:, 1:] = words[:50, 1:] ^ np.uint64(0xFF)
    found = quickly(words)
    assert same_partition(found[:50], found[-50:])
    assert len(set(found.tolist())) == len(words) - 50


def test_hashes_of_few_distinct_bits_are_searched_whole():
    """All 65,536 hashes of 16 bits, which agree in everything else."""
    words = np.zeros((1 << 16, 4), np.uint64)
    words[:, 0] = np.arange(1 << 16, dtype=np.uint64) * np.uint64(1 << 20)
    assert len(set(quickly(words).tolist())) == 1


def drifting(videos):
    """(videos, 61 frames, 4), a bit from frame to frame."""
    steps = [np.uint64(1) << np.uint64(bit) for bit in range(60)]
    frames = np.bitwise_xor.accumulate(np.array([np.uint64(0), *steps]))
    words = np.repeat(families(RNG, videos, 1, 0)[:, None], len(frames), axis=1)
    words[..., 0] ^= frames
    return words


def test_frames_of_different_people_that_drift_are_joined_from_end_to_end():
    words = drifting(100)
    found = quickly(words.reshape(-1, 4)).reshape(words.shape[:2])
    assert (found == found[:, :1]).all()
    assert all(a != b for a, b in itertools.pairwise(found[:, 0].tolist()))


def test_of_a_video_that_drifts_every_fifth_frame_is_kept():
    words = drifting(1)[0]
    found = search.copies(words, np.zeros(len(words), np.int32), 4, 24)
    assert found.tolist() == [frame - frame % 5 for frame in range(61)]
