"""Ten million hashes searched for pictures that look the same, and the time all pairs would take.

The targets are 120 seconds on two cores, and that all that was planted is found. The bits of faces
depend on each other and are not even, which is what makes a search slow: these are signs of sums of
few common numbers, so that they differ as those of real portraits do (`noisyau.likeness.hashes`).
"""

import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisyau.likeness import kernels, search

FACES = 10_000_000
PICTURES = 100  # of a person
PLANTED = 100_000
COMPARED = 20_000  # faces, each with each, for the time of a pair
DISTANCE, FINE = 4, 24
CORES = 2

_AT_ONCE = 100_000
_COMMON = 25, 100  # numbers that the bits of the hash depend on, and those beyond it


def run() -> dict[str, Any]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
        return alone.submit(_measure).result()


def _measure() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    words = _hashes(rng)
    copies = words[:PLANTED].copy()
    for row in copies:
        row[0] ^= _some_bits(rng, 64, DISTANCE)
        row[1] ^= _some_bits(rng, 64, 10)
    copies[::2, 2:] = ~copies[::2, 2:]  # mirrored
    words[-PLANTED:] = copies
    person = np.arange(FACES, dtype=np.int32) // PICTURES
    sample = words[:COMPARED].copy()
    search.components(sample, person[:COMPARED], DISTANCE, FINE, CORES)  # compiles
    search.alike(sample, person[:COMPARED], DISTANCE, FINE, CORES)
    before = _peak_mb()
    began = time.perf_counter()
    labels = search.components(words, person, DISTANCE, FINE, CORES)
    seconds = time.perf_counter() - began
    search.alike(words, person, DISTANCE, FINE, CORES)
    own_seconds = time.perf_counter() - began - seconds
    peak = _peak_mb()
    found = labels[:PLANTED] == labels[-PLANTED:]
    pairs = FACES * (FACES - 1) / 2
    every_pair = _pair_s(sample) * pairs / CORES
    return {
        "faces": FACES,
        "apart": round(_apart(sample), 3),
        "degrees_of_freedom": round(_freedom(sample), 1),
        "planted": PLANTED,
        "found": int(found.sum()),
        "others_joined": int(FACES - len(np.unique(labels)) - found.sum()),
        "seconds": round(seconds, 1),
        "of_one_person_seconds": round(own_seconds, 1),
        "all_pairs_s": round(every_pair),
        "speedup": round(every_pair / seconds),
        "peak_mb": round(peak),
        "peak_mb_before": round(before),
    }


def _hashes(rng: np.random.Generator) -> NDArray[np.uint64]:
    """(FACES, 4)"""
    weights = np.zeros((sum(_COMMON), 256), np.float32)
    weights[: _COMMON[0], :64] = rng.standard_normal((_COMMON[0], 64)) / np.sqrt(_COMMON[0])
    weights[_COMMON[0] :, 64:] = rng.standard_normal((_COMMON[1], 192)) / np.sqrt(_COMMON[1])
    threshold = rng.normal(0, 0.85, 256)
    words = np.empty((FACES, 4), np.uint64)
    for first in range(0, FACES, _AT_ONCE):
        bits = rng.standard_normal((_AT_ONCE, sum(_COMMON)), np.float32) @ weights > threshold
        packed = np.packbits(bits, axis=1).view(">u8")
        words[first : first + _AT_ONCE] = packed
    return words


def _some_bits(rng: np.random.Generator, of: int, count: int) -> np.uint64:
    return np.bitwise_or.reduce(np.uint64(1) << rng.choice(of, count, replace=False).astype("u8"))


def _distances(words: NDArray[np.uint64]) -> NDArray[np.uint8]:
    some = words[:2000, 0]
    return np.bitwise_count(some[:, None] ^ some)[np.triu_indices(len(some), 1)]


def _apart(words: NDArray[np.uint64]) -> float:
    """The share of the 64 bits in which two faces differ; of portraits 0.357."""
    return float(_distances(words).mean() / 64)


def _freedom(words: NDArray[np.uint64]) -> float:
    """Tosses of a coin that vary as the distances do; of portraits 41.7."""
    apart = _apart(words)
    return float(apart * (1 - apart) / (_distances(words) / 64).var())


def _pair_s(words: NDArray[np.uint64]) -> float:
    """Seconds that the search's own comparison takes for a pair, each with each."""
    table = np.arange(len(words), dtype=np.uint64)  # one key
    parent = np.arange(len(words), dtype=np.int32)
    began = time.perf_counter()
    nothing = np.zeros(0, np.uint64)
    limits = np.uint64(DISTANCE), np.uint64(FINE)
    kernels.join_runs(table, words, parent.copy(), nothing, *limits, parent)
    return (time.perf_counter() - began) / (len(words) * (len(words) - 1) / 2)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
