import numpy as np
import pandas as pd
import pytest

from noisyau.aus import target
from noisyau.training.faces import Faces, label_array, scaling


@pytest.mark.parametrize("channels", [1, 3])
def test_means_and_deviations_are_those_of_the_chosen_rows(tmp_path, channels):
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 256, (50, channels, 8, 8), dtype=np.uint8)
    np.save(tmp_path / "faces.npy", pictures)
    mapped = np.load(tmp_path / "faces.npy", mmap_mode="r")
    rows = np.array([40, 3, 7, 12])
    found = scaling(mapped, rows)
    assert found.mean == pytest.approx(pictures[rows].mean((0, 2, 3)), abs=1e-5)
    assert found.std == pytest.approx(pictures[rows].std((0, 2, 3)), abs=1e-5)
    assert scaling(mapped, rows[::-1]) == found


def test_even_pictures_and_none_at_all_can_be_scaled():
    black = np.zeros((2, 1, 4, 4), np.uint8)
    assert scaling(black, np.arange(2)).std == (1.0,)
    assert scaling(black, np.arange(0)).std == (1.0,)


def test_labels_come_by_column_name_and_null_is_missing():
    table = pd.DataFrame(
        {"AU12_c": pd.array([1, None, 0], "Int8"), "AU01_c": pd.array([0, 1, 1], "Int8")}
    )
    assert label_array(table, (1, 6, 12)).tolist() == [[0, 255, 1], [1, 255, 255], [1, 255, 0]]


def test_soft_labels_come_from_the_targets_and_lie_between_the_classes():
    table = pd.DataFrame(
        {"AU12_t": np.array([1, np.nan, 0.5], np.float32), "AU12_c": pd.array([0, 0, 0], "Int8")}
    )
    assert label_array(table, (12, 6), target).tolist() == [[1, 255], [255, 255], [0.5, 255]]


def test_a_part_of_the_faces_keeps_rows_labels_and_names_together():
    table = pd.DataFrame({"face_id": ["a", "b", "c"], "AU01_c": pd.array([0, 1, 1], "Int8")})
    pictures = np.zeros((9, 1, 4, 4), np.uint8)
    some = Faces.of(pictures, np.array([8, 2, 5]), table, (1,)).take(np.array([True, False, True]))
    assert (some.rows.tolist(), some.labels.tolist(), list(some.face_ids)) == (
        [8, 5], [[0], [1]], ["a", "c"],
    )  # fmt: skip
    assert len(some) == 2
