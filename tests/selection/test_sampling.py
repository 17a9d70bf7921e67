import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noisyau.selection.sampling import allocate, digests, draw, fractions, ordered

SHARES = st.lists(st.integers(1, 20), min_size=1, max_size=6).map(
    lambda parts: np.array(parts) / sum(parts)
)


def by_hand(total: int, shares, available) -> list[int]:
    """One name after the other, to the cell whose turn is next: Webster's method as it is told."""
    taken = [0] * len(shares)
    for _ in range(total):
        turns = [
            (taken[cell] + 0.5) / shares[cell] if taken[cell] < available[cell] else np.inf
            for cell in range(len(shares))
        ]
        if min(turns) == np.inf:
            break
        taken[int(np.argmin(turns))] += 1
    return taken


@settings(deadline=None, max_examples=300)
@given(SHARES, st.integers(0, 200), st.data())
def test_an_allocation_is_what_taking_one_name_after_the_other_gives(shares, total, data) -> None:
    available = np.array([data.draw(st.integers(0, 60)) for _ in shares])
    found = allocate(total, shares, available)
    assert found.tolist() == by_hand(total, shares, available)
    assert found.sum() == min(total, available.sum())


@given(st.integers(1, 14), st.integers(0, 1000))
def test_cells_of_equal_shares_differ_by_one_at_most(cells, total) -> None:
    found = allocate(total, np.full(cells, 1 / cells), np.full(cells, total))
    assert found.max() - found.min() <= 1


@settings(deadline=None)
@given(SHARES, st.integers(0, 200), st.integers(0, 200), st.data())
def test_a_larger_sample_never_has_fewer_of_a_cell(shares, one, other, data) -> None:
    available = np.array([data.draw(st.integers(0, 60)) for _ in shares])
    small, large = sorted((one, other))
    assert (allocate(small, shares, available) <= allocate(large, shares, available)).all()


def test_where_a_cell_is_exhausted_the_others_go_on_in_proportion() -> None:
    shares = np.array([0.5, 0.3, 0.2])
    assert allocate(100, shares, np.array([10, 1000, 1000])).tolist() == [10, 54, 36]


def test_a_huge_number_takes_no_memory() -> None:
    found = draw(10**15, np.zeros(3), np.zeros(3, np.int8), np.full(2, 0.5), [np.arange(2)])
    assert found.wanted.sum() == 10**15
    assert found.taken.tolist() == [3, 0]


def test_a_sample_takes_the_first_of_each_cell_and_nobody_of_none() -> None:
    place = np.array([3, 1, 2, 0, 5, 4])
    cell = np.array([0, 0, 0, -1, 1, 1], dtype=np.int8)
    found = draw(3, place, cell, np.array([0.5, 0.5]), [np.arange(2)])
    assert found.chosen.tolist() == [False, True, True, False, False, True]
    assert found.taken.tolist() == found.wanted.tolist() == [2, 1]
    assert found.available.tolist() == [3, 2]


@given(st.lists(st.integers(0, 5), max_size=12), st.integers(0, 15))
def test_of_equal_places_those_that_come_first_are_taken(places, total) -> None:
    cell = np.zeros(len(places), np.int8)
    found = draw(total, np.array(places), cell, np.array([1.0]), [np.arange(1)])
    first = np.argsort(places, kind="stable")[:total]
    assert np.flatnonzero(found.chosen).tolist() == sorted(first)


def siphash(key: bytes, text: bytes) -> int:
    """SipHash-2-4, as Aumasson & Bernstein 2012 write it down."""
    mask = 2**64 - 1
    halves = [int.from_bytes(part, "little") for part in (key[:8], key[8:])]
    start = b"somepseudorandomlygeneratedbytes"
    v = [int.from_bytes(start[8 * i : 8 * i + 8], "big") ^ halves[i % 2] for i in range(4)]

    def turn(value: int, bits: int) -> int:
        return (value << bits | value >> (64 - bits)) & mask

    def rounds(count: int) -> None:
        for _ in range(count):
            v[0] = v[0] + v[1] & mask
            v[1] = turn(v[1], 13) ^ v[0]
            v[0] = turn(v[0], 32)
            v[2] = v[2] + v[3] & mask
            v[3] = turn(v[3], 16) ^ v[2]
            v[0] = v[0] + v[3] & mask
            v[3] = turn(v[3], 21) ^ v[0]
            v[2] = v[2] + v[1] & mask
            v[1] = turn(v[1], 17) ^ v[2]
            v[2] = turn(v[2], 32)

    padded = text + bytes(7 - len(text) % 8) + bytes([len(text) % 256])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at : at + 8], "little")
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def finished(value: int) -> int:
    """SplitMix64's finaliser."""
    mask = 2**64 - 1
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & mask
    value = (value ^ value >> 27) * 0x94D049BB133111EB & mask
    return value ^ value >> 31


def test_the_siphash_held_against_is_the_published_one() -> None:
    assert siphash(bytes(range(16)), bytes(range(15))) == 0xA129CA6149BE45E5


@given(st.lists(st.text(max_size=40), min_size=1), st.integers(0, 2**31))
def test_a_digest_is_its_definition_s_whatever_the_name(names, seed) -> None:
    key = hashlib.blake2b(f"{seed}/face_id".encode(), digest_size=8).hexdigest().encode()
    expected = [finished(siphash(key, name.encode())) for name in names]
    assert digests(pa.array(names, pa.large_string()), seed, "face_id").tolist() == expected


def test_digests_are_the_same_numbers_on_any_machine() -> None:
    names = pa.array(["m.0107_f_3-FaceId-0#0", "é", "日本語", ""])
    assert digests(names, 1, "face_id").tolist() == EXPECTED
    assert len({*EXPECTED, *digests(names, 2, "face_id").tolist()}) == 8


EXPECTED = [
    12824782783594195890,
    1476627148553514469,
    7229274898354145169,
    3818654293186538034,
]


def test_fractions_are_even_over_zero_to_one() -> None:
    names = pa.array([f"m.{number:05d}_1#0" for number in range(20_000)])
    found = fractions(digests(names, 1, "start"))
    assert 0 <= found.min() <= found.max() < 1
    counts, _ = np.histogram(found, bins=20, range=(0, 1))
    assert counts == pytest.approx(np.full(20, 1000), abs=150)
    assert fractions(np.array([2**64 - 1], np.uint64))[0] < 1


def test_an_order_depends_on_the_seed_and_on_each_name_alone() -> None:
    names = [f"m.{number}" for number in range(50)]
    order = ordered(names, 1, "subject")
    assert order == ordered(reversed(names), 1, "subject")
    assert [name for name in order if name != "m.7"] == ordered(
        [name for name in names if name != "m.7"], 1, "subject"
    )
    assert order != ordered(names, 2, "subject") != ordered(names, 2, "validation")
