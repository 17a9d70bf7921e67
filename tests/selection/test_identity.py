"""A vector that is near another's is one person's here; what a net would make of faces is not."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from noisyau import tables
from noisyau.errors import TableError
from noisyau.selection import embeddings, identity
from tests.annotators.test_table import Stored, store

ANN, BOB, EVE = np.eye(4, dtype=np.float32)[:3]


def near(vector: NDArray[np.float32], number: int = 0) -> NDArray[np.float32]:
    """A picture of the same person, of another length."""
    return np.asarray(vector * 3 + np.roll([0.5, 0, 0, 0], number % 4), np.float32)


def write(path: Path, rows: dict[str, Any], column: str = "item") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    vectors = [None if one is None else list(map(float, one)) for one in rows.values()]
    table = pa.table({column: list(rows), "vector": pa.array(vectors, pa.list_(pa.float32()))})
    pq.write_table(table, path)
    return path


class Found:
    """What the filter left, by names."""

    def __init__(self, folder: Path, faces: Sequence[Stored | str], path: Path, **knobs: Any):
        out, unmatched = folder / "identity.parquet", folder / "unmatched.parquet"
        self.counts = identity.identity(
            store(folder / "store", faces, knobs.pop("lost", ())),
            path,
            knobs.pop("minimum", 0.5),
            out=out,
            unmatched=unmatched,
            scratch=folder / "parts/vectors.npy",
        )
        rows = tables.read(out, tables.IDENTITY)
        self.rows = rows
        self.left_out = set(rows.loc[~rows["kept"].astype(bool), "face_id"])
        self.similarity = dict(zip(rows["face_id"], rows["similarity"], strict=True))
        told = tables.read(unmatched, tables.UNMATCHED)
        self.unmatched = dict(zip(told["place"], told["reason"], strict=True))
        assert not (folder / "parts/vectors.npy").exists()


def person(
    noise: float, alike: float, draw: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """One person's vectors, and which are wrong; see the docstring of noisyau.selection.identity.

    alike  how far everybody looks like everybody
    """

    def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True))

    def people(number: int) -> NDArray[np.float64]:
        own = unit(draw.standard_normal((number, 512)))
        return unit(own + alike * np.eye(512)[0])

    def pictures(who: NDArray[np.float64], number: int) -> NDArray[np.float64]:
        towards = np.clip(draw.normal(0.72, 0.12, number), 0.2, 0.95)
        bad = draw.random(number) < 0.1
        towards[bad] = draw.uniform(0.25, 0.5, bad.sum())
        aside = draw.standard_normal((number, 512))
        aside = unit(aside - (aside @ who)[:, None] * who)
        return np.asarray(towards[:, None] * who + np.sqrt(1 - towards**2)[:, None] * aside)

    number = int(draw.integers(3, 120))
    wrong = min(int(draw.binomial(number, noise)), (number - 1) // 2)
    one = wrong // 2 * int(draw.random() < 0.5)
    parts = [pictures(people(1)[0], number - wrong), pictures(people(1)[0], one)]
    parts += [pictures(who, 1) for who in people(wrong - one)]
    order = draw.permutation(number)
    vectors = np.concatenate(parts).astype(np.float32)
    return vectors[order], (np.arange(number) >= number - wrong)[order]


@pytest.mark.parametrize(
    ("alike", "minimum", "precision", "recall"), [(0.25, 0.15, 0.98, 0.99), (0.65, 0.2, 0.7, 0.85)]
)
@pytest.mark.parametrize("noise", [0.05, 0.3])
def test_wrong_pictures_are_found_as_well_as_the_documentation_says(
    noise: float, alike: float, minimum: float, precision: float, recall: float
):
    draw = np.random.default_rng(7)
    found, wrong = [], []
    for _ in range(60):
        vectors, those = person(noise, alike, draw)
        found.append(identity.alike(vectors, minimum) < minimum)
        wrong.append(those)
    out, bad = np.concatenate(found), np.concatenate(wrong)
    assert (out & bad).sum() / out.sum() > precision
    assert (out & bad).sum() / bad.sum() > recall


def test_similarity_is_the_mean_cosine_to_the_person_s_other_pictures():
    draw = np.random.default_rng(1)
    vectors = draw.normal([4, 0, 0, 0], 0.5, (30, 4))
    vectors[:4] = draw.normal([0, 0, 4, 0], 0.5, (4, 4))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    found = identity.alike(vectors, 0.5)
    kept = found >= 0.5
    assert kept.tolist() == [False] * 4 + [True] * 26
    cosine = vectors.astype(float) @ vectors.T
    for picture in range(30):
        others = kept & (np.arange(30) != picture)
        assert found[picture] == pytest.approx(cosine[picture, others].mean(), abs=1e-4)


def test_the_order_of_the_pictures_changes_nothing():
    vectors, _ = person(0.3, 0.25, np.random.default_rng(3))
    order = np.random.default_rng(4).permutation(len(vectors))
    found = identity.alike(vectors, 0.2)
    np.testing.assert_allclose(identity.alike(vectors[order], 0.2), found[order], atol=1.1e-4)


def test_the_largest_set_is_the_person_and_not_the_tightest():
    loose = np.array([[1, 0.6, 0, 0], [1, -0.6, 0, 0], [1, 0, 0.6, 0], [1, 0, -0.6, 0]])
    tight = np.array([[0, 0, 0, 1.0]] * 3)
    vectors = np.concatenate([tight, loose / np.linalg.norm(loose, axis=1, keepdims=True)])
    kept = identity.alike(vectors.astype(np.float32), 0.4) >= 0.4
    assert kept.tolist() == [False] * 3 + [True] * 4


def test_a_chain_of_pictures_of_which_the_ends_differ_is_not_one_person():
    angle = np.deg2rad([0, 50, 100, 150, 200, 250])
    vectors = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    kept = identity.alike(vectors, 0.6) >= 0.6
    assert kept.sum() == 2


def test_more_pictures_than_are_compared_at_a_time_are_one_person(monkeypatch: pytest.MonkeyPatch):
    vectors, _ = person(0.3, 0.25, np.random.default_rng(3))
    found = identity.alike(vectors, 0.2)
    monkeypatch.setattr(identity, "_BLOCK", 7)
    np.testing.assert_allclose(identity.alike(vectors, 0.2), found, atol=1.1e-4)


def test_a_picture_of_somebody_else_is_left_out_and_the_rest_is_kept(tmp_path: Path):
    rows = {"ann/1": near(ANN), "bob/1": near(BOB), "ann/2": near(ANN, 1), "ann/3": near(EVE)}
    rows |= {"bob/2": near(BOB, 2), "bob/3": near(BOB, 3)}
    found = Found(tmp_path, list(rows), write(tmp_path / "faces.parquet", rows))
    assert found.left_out == {"ann/3#0"}
    assert list(found.rows["subject"]) == ["ann"] * 3 + ["bob"] * 3
    assert found.similarity["ann/3#0"] < 0.5 < found.similarity["ann/1#0"]
    assert (found.counts.left_out, found.counts.pictures, found.counts.without) == (1, 6, 0)


def test_files_in_any_order_and_any_number_give_the_same_bytes(tmp_path: Path):
    rows = {f"{who}/{k}": near(v, k) for who, v in (("ann", ANN), ("bob", BOB)) for k in range(5)}
    Found(tmp_path / "one", list(rows), write(tmp_path / "one.parquet", rows))
    names = sorted(rows, key=lambda name: name[::-1])
    for number in range(3):
        part = {name: rows[name] for name in names[number::3]}
        write(tmp_path / "parts" / str(number) / "faces.parquet", part)
    Found(tmp_path / "many", list(rows), tmp_path / "parts")
    one, many = (tmp_path / run / "identity.parquet" for run in ("one", "many"))
    assert one.read_bytes() == many.read_bytes()


def test_a_person_with_one_picture_keeps_it_without_a_similarity(tmp_path: Path):
    rows = {"ann/1": near(ANN), "bob/1": near(BOB), "bob/2": near(BOB, 1)}
    found = Found(tmp_path, list(rows), write(tmp_path / "faces.parquet", rows))
    assert not found.left_out
    assert np.isnan(found.similarity["ann/1#0"])
    assert found.counts.alone == 1


def test_two_pictures_that_disagree_are_both_left_out_since_nobody_knows_which_is_right(
    tmp_path: Path,
):
    rows = {"ann/1": ANN, "ann/2": EVE + 0.1 * ANN, "bob/1": BOB, "bob/2": BOB}
    found = Found(tmp_path, list(rows), write(tmp_path / "faces.parquet", rows))
    assert found.left_out == {"ann/1#0", "ann/2#0"}
    assert found.similarity["ann/1#0"] == pytest.approx(0.0995, abs=1e-4)
    assert found.counts.unknown == 1


def test_pictures_without_an_embedding_are_kept_and_counted(tmp_path: Path):
    rows = {"ann/1": near(ANN), "ann/2": near(ANN, 1), "ann/3": near(ANN, 2)}
    path = write(tmp_path / "faces.parquet", rows)
    found = Found(tmp_path, [*rows, "ann/4", "bob/1"], path)
    assert not found.left_out
    assert np.isnan(found.similarity["ann/4#0"])
    assert found.counts.without == 2


@pytest.mark.parametrize("bad", [None, [0, 0, 0, 0], [1, np.nan, 0, 0], [np.inf, 0, 0, 0]])
def test_a_vector_that_says_nothing_is_none_and_its_row_is_told(tmp_path: Path, bad: Any):
    rows = {"ann/1": near(ANN), "ann/2": bad, "ann/3": near(ANN, 1)}
    found = Found(tmp_path, list(rows), write(tmp_path / "faces.parquet", rows))
    assert found.unmatched == {"faces.parquet: row 1": "no_vector"}
    assert found.counts.without == 1
    assert not found.left_out


def test_rows_that_are_of_no_stored_face_are_told_with_the_reason(tmp_path: Path):
    faces = ["ann/1.jpg", "ann/2.jpg", "ann/3.jpg", "bob/3.jpg"]
    path = write(
        tmp_path / "own/faces.parquet",
        {
            "ann/1": near(ANN),
            "2": near(ANN),
            "3.jpg": near(ANN),
            "eve/2.jpg": ANN,
            "ann/9.jpg": ANN,
        },
    )
    found = Found(tmp_path, faces, path.parent, lost=["ann/9.jpg"])
    assert found.unmatched == {
        "faces.parquet: row 2": "ambiguous",
        "faces.parquet: row 3": "no_face",
        "faces.parquet: row 4": "no_face",
    }
    assert found.similarity["ann/1.jpg#0"] == pytest.approx(1)
    assert found.counts.unused == {"no_face": 2, "ambiguous": 1}


def test_a_picture_that_two_rows_name_has_no_embedding(tmp_path: Path):
    write(tmp_path / "own/a.parquet", {"ann/1": near(ANN), "ann/2": ANN, "ann/3": ANN})
    write(tmp_path / "own/b.parquet", {"ann/1": near(EVE)})
    found = Found(tmp_path, ["ann/1", "ann/2", "ann/3"], tmp_path / "own")
    assert found.unmatched == {
        "a.parquet: row 0": "duplicate",
        "b.parquet: row 0": "duplicate",
    }
    assert np.isnan(found.similarity["ann/1#0"])


def test_a_picture_s_further_faces_take_no_part(tmp_path: Path):
    faces = [Stored("ann/1"), Stored("ann/1", k=1), Stored("ann/2")]
    rows = {"ann/1#0": ANN, "ann/1#1": EVE, "ann/2#0": ANN}
    found = Found(tmp_path, faces, write(tmp_path / "faces.parquet", rows, "face_id"))
    assert list(found.rows["face_id"]) == ["ann/1#0", "ann/2#0"]
    assert found.unmatched == {"faces.parquet: row 1": "further_face"}


def test_vectors_of_different_lengths_are_refused_with_the_file_and_the_row(tmp_path: Path):
    rows: dict[str, Any] = {"ann/1": ANN, "ann/2": [1, 0]}
    with pytest.raises(
        TableError, match=r"faces.parquet: row 1: vector has 2 numbers, other rows 4"
    ):
        Found(tmp_path, list(rows), write(tmp_path / "faces.parquet", rows))
    write(tmp_path / "own/a.parquet", {"ann/1": ANN})
    write(tmp_path / "own/b.parquet", {"ann/2": [1, 0]})
    with pytest.raises(TableError, match=r"b.parquet: vectors of 2 numbers, those of a.parquet"):
        embeddings.find(tmp_path / "own")


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ({"eve/7.jpg": ANN}, r"none of 1 rows .*called 'eve/7.jpg', in the corpus 'ann/1'"),
        (
            {"ann/1": [0, 0, 0, 0]},
            "no row can be used; 1 rows: the vector is null, empty",
        ),
        ({}, "none of 0 rows is of a stored face: here pictures are called 'nothing'"),
    ],
)
def test_embeddings_of_nobody_here_are_an_error_and_not_a_filter_that_keeps_all(
    tmp_path: Path, rows: dict[str, Any], text: str
):
    with pytest.raises(TableError, match=text):
        Found(tmp_path, ["ann/1"], write(tmp_path / "faces.parquet", rows))
    assert not (tmp_path / "identity.parquet").exists()


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.list_(pa.float16(), 4)])
def test_vectors_of_other_types_are_read(tmp_path: Path, kind: pa.DataType):
    vectors = np.array([ANN, ANN], np.float16 if "half" in str(kind) else np.float64)
    table = pa.table({"name": ["ann/1", "ann/2"], "v": pa.array(list(vectors), kind)})
    pq.write_table(table, tmp_path / "faces.parquet")
    found = Found(tmp_path, ["ann/1", "ann/2"], tmp_path / "faces.parquet")
    assert list(found.similarity.values()) == pytest.approx([1, 1])


def test_the_readme_s_way_of_writing_embeddings_can_be_read(tmp_path: Path):
    readme = Path(__file__).parents[2] / "embeddings/README.md"
    code = readme.read_text().split("```python")[1].split("```")[0]
    path = tmp_path / "faces.parquet"
    names = {"names": ["ann/1", "ann/2"], "vectors": np.array([ANN, near(ANN)])}
    exec(code.replace("embeddings/faces.parquet", str(path)), names)
    assert not Found(tmp_path, ["ann/1", "ann/2"], path).left_out


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (
            {"picture": ["a"], "v": [[0.5]]},
            r"expected a column face_id, .*found picture \(large_string\)",
        ),
        ({"item": ["a"], "v": [0.5]}, "one of lists of floats"),
        ({"item": ["a"], "v": [[0.5]], "w": [[0.5]]}, "one of lists of floats"),
    ],
)
def test_columns_that_cannot_be_told_are_refused(tmp_path: Path, columns: Any, text: str):
    pd.DataFrame(columns).to_parquet(tmp_path / "faces.parquet")
    with pytest.raises(TableError, match=text):
        embeddings.find(tmp_path)


def test_a_folder_without_embeddings_says_what_to_do(tmp_path: Path):
    (tmp_path / "README.md").write_text("")
    with pytest.raises(TableError, match=r"no Parquet file there. .*minimum_similarity"):
        embeddings.find(tmp_path)
    with pytest.raises(TableError, match="not there"):
        embeddings.find(tmp_path / "gone")


@pytest.mark.parametrize("empty", ["ann/1", "ann/4"])
def test_an_empty_list_is_a_picture_without_a_vector(tmp_path: Path, empty: str):
    rows = {f"ann/{number}": near(ANN, number) for number in (1, 2, 3, 4)}
    found = Found(tmp_path, list(rows), write(tmp_path / "e.parquet", {**rows, empty: []}))
    assert found.counts.without == 1
    assert [*found.unmatched.values()] == ["no_vector"]


def test_embeddings_that_are_all_null_say_so(tmp_path: Path):
    path = write(tmp_path / "e.parquet", {"ann/1": None, "ann/2": None})
    with pytest.raises(TableError, match="no row can be used; 2 rows: the vector is null"):
        Found(tmp_path, ["ann/1", "ann/2"], path)


def test_embeddings_that_cannot_be_read_are_the_user_s_to_write_anew(tmp_path: Path):
    (tmp_path / "e.parquet").write_bytes(b"PAR1 not a table")
    with pytest.raises(TableError, match=r"not a Parquet file.*These are your embeddings"):
        Found(tmp_path, ["ann/1"], tmp_path / "e.parquet")


def test_a_face_id_without_its_number_is_the_picture_s_name(tmp_path: Path):
    path = write(tmp_path / "e.parquet", {"ann/1": ANN, "ann/2#0": ANN, "ann/2#1": BOB}, "face_id")
    found = Found(tmp_path, ["ann/1", "ann/2"], path)
    assert (found.counts.without, [*found.unmatched.values()]) == (0, ["further_face"])
