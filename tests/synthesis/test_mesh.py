"""The head's mesh: subdivision, targets, face units."""

import zipfile

import numpy as np
import pytest

from noisyau.errors import AssetError
from noisyau.synthesis import mesh


def grid(n):
    index = np.arange(n * n).reshape(n, n)
    quads = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], axis=-1)
    x, y = np.meshgrid(np.arange(n, dtype=float), np.arange(n, dtype=float))
    return quads.reshape(-1, 4), np.stack([x.ravel(), y.ravel()], axis=1)


def test_subdivision_keeps_a_flat_grid_flat_and_makes_four_quads_of_one():
    quads, points = grid(5)
    matrix, fine = mesh._catmull_clark(quads, len(points))
    assert len(fine) == 4 * len(quads)
    np.testing.assert_allclose(np.asarray(matrix.sum(axis=1)), 1)
    new = matrix @ points
    np.testing.assert_allclose(new[12], points[12])  # the middle, by symmetry
    corners = new[fine]
    edges = np.roll(corners, -1, axis=1) - corners
    area = 0.5 * (edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0])
    assert (area > 0.05).all()  # wound as before, none torn or folded


def test_a_smooth_inner_point_is_catmull_and_clarks():
    quads, _ = grid(3)
    height = np.zeros(9)
    height[4] = 1
    matrix, _ = mesh._catmull_clark(quads, 9)
    # valence 4: (mean of faces + 2 mean of edge middles + point) / 4, by hand
    assert (matrix @ height)[4] == pytest.approx((0.25 + 2 * 0.5 + 1) / 4)


def test_the_head_is_whole_and_symmetric(studio):
    head = studio.head
    assert head.material_ends[-1] == len(head.triangles)
    assert len(head.unit_names) == 52
    assert np.isfinite(head.rest).all()
    face = head.rest[(head.rest[:, 1] > 6.2) & (head.rest[:, 2] > 0.8)]
    assert abs(face[:, 0].mean()) < 0.005
    lips = head.rest[head.lips > 0.9]
    assert ((lips[:, 1] > 6.1) & (lips[:, 1] < 6.8)).all()


def test_what_is_not_the_head_data_is_refused(tmp_path):
    (tmp_path / "head.zip").write_bytes(b"not a zip")
    with pytest.raises(AssetError, match=r"head.zip: not the head data"):
        mesh.read(tmp_path / "head.zip")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    with pytest.raises(AssetError, match=r"empty.zip: not the head data .* `dvc repro assets`"):
        mesh.read(tmp_path / "empty.zip")


def test_a_saved_head_is_the_same_head(studio, tmp_path):
    studio.head.save(tmp_path / "head.npz")
    again = mesh.Head.load(tmp_path / "head.npz")
    np.testing.assert_array_equal(again.targets, studio.head.targets)
    assert list(again.target_names) == list(studio.head.target_names)
