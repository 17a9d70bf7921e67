from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from noisyau.faces import names
from noisyau.faces.names import Names


def written(path: Path, *pieces: list[str]) -> Names:
    names.write((pa.array(piece, pa.string()) for piece in pieces), path)
    return Names(path)


def rows(there: Names, asked: list[str]) -> list[int]:
    return there.rows(pa.array(asked, pa.string())).tolist()


@pytest.mark.parametrize("piece", [1, 7, 10**6])
def test_names_are_found_as_a_dictionary_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(names, "_PIECE", piece)
    rng = np.random.default_rng(piece)
    every = [f"m.{number}_é#0" for number in rng.permutation(200)]
    there = written(tmp_path / "names", every[:90], [], every[90:120])
    known = {name: row for row, name in enumerate(every[:120])}
    asked = [every[at] for at in rng.integers(0, 200, 300)]  # some twice, some absent
    assert rows(there, asked) == [known.get(name, -1) for name in asked]


def test_nothing_is_found_in_nothing(tmp_path: Path) -> None:
    assert rows(written(tmp_path / "none"), ["a"]) == [-1]
    assert rows(written(tmp_path / "one", ["a"]), []) == []


def test_names_that_share_a_hash_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lengths(values: NDArray[np.object_], **_: bool) -> NDArray[np.uint64]:
        return np.array([len(value) for value in values], np.uint64)

    monkeypatch.setattr(pd.util, "hash_array", lengths)
    there = written(tmp_path / "names", ["aa", "b", "cc"], ["dd"])
    assert rows(there, ["dd", "cc", "ee", "b", "aa", "c"]) == [3, 2, -1, 1, 0, -1]
