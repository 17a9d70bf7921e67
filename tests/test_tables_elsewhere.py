"""The tables open in pandas, DuckDB and Hugging Face `datasets` without any code of ours."""

import datetime
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.types as kinds
import pytest

from noisyau import tables

MADE: dict[str, Callable[[], pa.Schema]] = {
    "labels": lambda: tables.labels([1, 12]),
    "coded": lambda: tables.coded([1, 12]),
    "pretrain": lambda: tables.pretrain(["noisy_all"]),
    "subset": lambda: tables.subset([1, 12]),
    "predictions": lambda: tables.predictions([1, 12]),
}
FIXED = {name: one for name, one in vars(tables).items() if isinstance(one, pa.Schema)}
SCHEMAS = {**FIXED, **{name: make() for name, make in MADE.items()}}


def value(kind: pa.DataType, k: int) -> Any:
    """A value of a type, near the type's end where that is where programs differ."""
    if kinds.is_string(kind):
        return f"smith/{k}.jpg#0"
    if kinds.is_fixed_size_binary(kind):
        return bytes([255 - k] * kind.byte_width)
    if kinds.is_binary(kind):
        return b"\xff\xd8\x00" + bytes([k])
    if kinds.is_boolean(kind):
        return k % 2 == 0
    if kinds.is_integer(kind):
        largest: int = {"uint64": 2**64 - 1, "int64": 2**53}.get(str(kind), 127)
        return largest - k  # pandas makes floats of nullable integers, exact up to 2**53
    if kinds.is_floating(kind):
        return k + 0.5
    if kinds.is_date(kind):
        return datetime.date(2019, 6, 1 + k)
    length = kind.list_size if kinds.is_fixed_size_list(kind) else k
    return [value(kind.value_type, k + place) for place in range(length)]


def rows(schema: pa.Schema) -> list[dict[str, Any]]:
    """Three rows; the last has null wherever it may."""
    return [
        {one.name: None if one.nullable and k == 2 else value(one.type, k) for one in schema}
        for k in range(3)
    ]


def listed(cell: Any) -> Any:
    """Tuples and arrays as lists."""
    cell = cell.tolist() if hasattr(cell, "tolist") else cell
    return [listed(one) for one in cell] if isinstance(cell, list | tuple) else cell


@pytest.fixture(params=SCHEMAS)
def table(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, list[dict[str, Any]]]:
    schema, path = SCHEMAS[request.param], tmp_path / "table.parquet"
    tables.write(pa.Table.from_pylist(rows(schema), schema), path, schema)
    return path, rows(schema)


def test_every_schema_is_tried() -> None:
    made = {name for name, one in vars(tables).items() if _makes_a_schema(one)}
    assert made == set(MADE)


def _makes_a_schema(one: Any) -> bool:
    return callable(one) and getattr(one, "__annotations__", {}).get("return") is pa.Schema


def test_pandas_opens_each_table(table: tuple[Path, list[dict[str, Any]]]) -> None:
    path, wanted = table
    found = pd.read_parquet(path)
    assert list(found.columns) == list(wanted[0])
    for row, one in zip(found.head(2).to_dict("records"), wanted, strict=False):
        assert {str(name): listed(cell) for name, cell in row.items()} == one
    assert found.isna().iloc[2].tolist() == [cell is None for cell in wanted[2].values()]


def test_duckdb_opens_each_table(table: tuple[Path, list[dict[str, Any]]]) -> None:
    path, wanted = table
    with duckdb.connect() as connection:
        found = connection.sql("SELECT * FROM read_parquet($path)", params={"path": str(path)})
        assert found.columns == list(wanted[0])
        assert [listed(row) for row in found.fetchall()] == [list(row.values()) for row in wanted]


def test_hugging_face_opens_each_table(
    table: tuple[Path, list[dict[str, Any]]], hub: ModuleType, tmp_path: Path
) -> None:
    path, wanted = table
    found = hub.load_dataset(
        "parquet", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert found.to_list() == wanted


def test_a_table_without_rows_opens_in_pandas_and_duckdb(tmp_path: Path) -> None:
    """`datasets` knows no split without rows, whatever file it is in."""
    schema, path = SCHEMAS["IDENTITY"], tmp_path / "table.parquet"
    tables.write(schema.empty_table(), path, schema)
    assert pd.read_parquet(path).shape == (0, len(schema))
    with duckdb.connect() as connection:
        found = connection.sql("SELECT * FROM read_parquet($path)", params={"path": str(path)})
        assert found.columns == schema.names
        assert not found.fetchall()
