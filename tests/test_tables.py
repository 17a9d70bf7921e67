from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from noisyau import aus, tables
from noisyau.errors import TableError


def folds() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "face_id": ["SN001/1#0", "SN002/1#0"],
            "subject": ["SN001", "SN002"],
            "frame": [1, None],
            "fold": [1, 2],
            "role": ["train", "test"],
        }
    )


def test_what_is_written_is_read_again_with_missing_values_missing(tmp_path: Path) -> None:
    tables.write(folds(), tmp_path / "folds.parquet", tables.FOLDS)
    rows = tables.read(tmp_path / "folds.parquet", tables.FOLDS)
    assert rows["frame"].isna().tolist() == [False, True]
    assert rows["fold"].tolist() == [1, 2]


def test_missing_labels_are_null_and_never_a_number(tmp_path: Path) -> None:
    schema = tables.labels([12])
    rows = pd.DataFrame(
        {
            "face_id": ["a#0", "b#0"],
            "subject": "a",
            "annotator": "someone",
            "annotator_version": "1",
            "mode": "static",
            "confidence": [0.9, np.nan],
            "AU12_c": pd.array([1, None], dtype="Int8"),
            "AU12_r": [2.5, np.nan],
        }
    )
    tables.write(rows, tmp_path / "labels.parquet", schema)
    stored = pq.read_table(tmp_path / "labels.parquet")
    assert stored["AU12_c"].to_pylist() == [1, None]
    assert stored["AU12_r"].to_pylist() == [2.5, None]
    assert tables.read_labels(tmp_path / "labels.parquet")[1] == (12,)


def test_equal_rows_are_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        tables.write(folds(), tmp_path / name, tables.FOLDS)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"role": [None, "test"]}, "column role: row 0 is null"),
        ({"fold": ["one", "two"]}, "column fold: not int8"),
        ({"fold": [1000, 2]}, "column fold: not int8"),
        ({"colour": "red"}, r"columns unknown: \['colour'\]"),
    ],
)
def test_rows_that_break_the_schema_are_refused_and_nothing_is_written(
    tmp_path: Path, change: dict[str, object], text: str
) -> None:
    with pytest.raises(TableError, match=f"folds.parquet: .*{text}"):
        tables.write(folds().assign(**change), tmp_path / "folds.parquet", tables.FOLDS)
    assert not list(tmp_path.iterdir())


def test_a_table_of_another_schema_is_refused_by_its_columns(tmp_path: Path) -> None:
    tables.write(folds(), tmp_path / "folds.parquet", tables.FOLDS)
    with pytest.raises(TableError, match=r"folds.parquet: columns absent: \['split', 'AU12_t'\]"):
        tables.read(tmp_path / "folds.parquet", tables.subset([12]))


def test_an_absent_table_and_a_file_that_is_none_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no such table; run `dvc repro`"):
        tables.read(tmp_path / "folds.parquet")
    (tmp_path / "folds.parquet").write_bytes(b"not a table")
    with pytest.raises(TableError, match="not a Parquet file"):
        tables.read(tmp_path / "folds.parquet")


def test_an_arrow_table_of_another_schema_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"unknown: \['whatever'\]"):
        tables.write(pa.table({"whatever": [1]}), tmp_path / "folds.parquet", tables.FOLDS)
    assert not list(tmp_path.iterdir())


def test_rows_without_codes_are_told_and_not_dropped() -> None:
    rows = pd.DataFrame({"face_id": ["b", "a"]})
    codes = pd.DataFrame({"face_id": ["a", "b", "c"], "AU12_c": [0, 1, 1]})
    paths = (Path("subset.parquet"), Path("labels.parquet"))
    assert tables.joined(rows, codes, "face_id", paths)["AU12_c"].tolist() == [1, 0]
    with pytest.raises(TableError, match=r"1 rows of subset.parquet are not in labels.parquet"):
        tables.joined(rows, codes.head(1), "face_id", paths)


def test_a_flipped_byte_in_a_table_is_found(tmp_path: Path) -> None:
    path = tmp_path / "names.parquet"
    rows = pd.DataFrame({"name": [f"m.{number:06d}" for number in range(500)]})
    tables.write(rows, path, pa.schema([pa.field("name", pa.string())]))
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    with pytest.raises(TableError, match=r"names.parquet: damaged.*run `dvc repro`"):
        tables.read(path)


def test_reading_in_pieces_holds_a_piece_and_not_the_file(tmp_path: Path) -> None:
    path, schema = tmp_path / "pictures.parquet", pa.schema([pa.field("image", pa.binary())])
    group = pa.table({"image": [np.random.default_rng(1).bytes(2**20)]}, schema)
    with tables.writer(path, schema) as file:
        for _ in range(20):
            file.write_table(group)
    del group
    held = []
    before = pa.total_allocated_bytes()
    with tables.opened(path) as file:
        for _ in file.iter_batches(1):
            held.append(pa.total_allocated_bytes() - before)
    assert len(held) == 20
    assert max(held) < 6 * 2**20


def test_labels_without_any_au_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"face_id": ["a"], "smile": [1]}), tmp_path / "labels.parquet")
    with pytest.raises(TableError, match=r"no AU column such as AU12_c; found .*smile"):
        tables.read_labels(tmp_path / "labels.parquet")


def test_a_digest_follows_names_and_contents_and_not_times(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "a").write_text("1")
    before = tables.digest(folder)
    (folder / "a").touch()
    assert tables.digest(folder) == before
    (folder / "a").write_text("2")
    changed = tables.digest(folder)
    (folder / "a").rename(folder / "b")
    assert len({before, changed, tables.digest(folder)}) == 3


def test_au_columns_are_found_by_name_and_not_by_place() -> None:
    columns = ["AU26_c", "AU04_c", "AU04_r", "subject", "AU12L_c", "AU1_c"]
    assert aus.in_columns(columns, "c") == (4, 26)
    assert [aus.occurrence(4), aus.intensity(4), aus.probability(4)] == [
        "AU04_c",
        "AU04_r",
        "AU04_p",
    ]
