"""The face store on disk: faces-00000.parquet, ..., failures.parquet and shards.parquet.

Rows keep the corpus's order; `#0` of an item comes before its further faces. Files hold some
thousand faces in row groups of a few hundred, so reading streams. `shards.parquet` tells which
rows came from which shard of the corpus, for whoever needs their source pictures again.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from noisyau import tables
from noisyau.errors import TableError

FACES_PER_FILE = 5120
FACES_PER_GROUP = 256
FAILURES = "failures.parquet"
SHARDS = "shards.parquet"


def face_id(item: str, k: int) -> str:
    """('SN001/17', 0) -> 'SN001/17#0'; k = 0 is the face that is kept first."""
    return f"{item}#{k}"


def file_name(number: int) -> str:
    """0 -> 'faces-00000.parquet'."""
    return f"faces-{number:05d}.parquet"


def files(folder: Path) -> list[Path]:
    """The files of faces, in order. Raises TableError where there is no store, or another's."""
    paths = sorted(Path(folder).glob("faces-*.parquet"))
    if not paths or not (Path(folder) / FAILURES).is_file():
        raise TableError(f"{folder}: no face store; run `dvc repro` to make it")
    for path in paths:
        try:
            schema = pq.read_schema(path)
        except (pa.ArrowInvalid, OSError) as error:
            raise TableError(
                f"{path}: not a Parquet file ({error}); remove {folder} and run `dvc repro`"
            ) from error
        if not schema.equals(tables.FACES):
            raise TableError(
                f"{path}: columns {schema.names}, expected {tables.FACES.names} of the types in "
                f"noisyau.tables.FACES; remove {folder} and run `dvc repro`"
            )
    return paths


def count(folder: Path) -> int:
    """Faces in the store, further faces of an item included."""
    return sum(pq.read_metadata(path).num_rows for path in files(folder))


def shards(folder: Path) -> list[tuple[str, int, int]]:
    """Name, first row and last row (exclusive) of each of the corpus's shards, in order."""
    table = tables.read_arrow(Path(folder) / SHARDS, tables.SHARDS)
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def read_faces(
    folder: Path, columns: Sequence[str] | None = None, rows: int = FACES_PER_GROUP
) -> Iterator[pa.RecordBatch]:
    """The store's rows in order, at most `rows` at a time; memory does not grow with the store."""
    for path in files(folder):
        with tables.opened(path) as file:
            yield from file.iter_batches(rows, columns=list(columns) if columns else None)


def read_table(folder: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Some columns of all faces at once, such as face_id, subject and frame."""
    batches = list(read_faces(folder, columns, rows=65536))
    schema = pa.schema([tables.FACES.field(name) for name in columns])
    table = pa.Table.from_batches(batches, schema)
    return cast(pd.DataFrame, table.to_pandas(types_mapper={pa.int32(): pd.Int32Dtype()}.get))


def read_rows(folder: Path, first: int, last: int, columns: Sequence[str]) -> pa.Table:
    """Rows `first` up to `last` (exclusive) of the store, counted over all its files.

    Only the files and row groups concerned are opened: all files but the last hold
    FACES_PER_FILE rows, all groups but a file's last FACES_PER_GROUP.
    """
    pieces = []
    for number in range(first // FACES_PER_FILE, (last - 1) // FACES_PER_FILE + 1):
        begin = max(first - number * FACES_PER_FILE, 0)
        end = min(last - number * FACES_PER_FILE, FACES_PER_FILE)
        groups = range(begin // FACES_PER_GROUP, (end - 1) // FACES_PER_GROUP + 1)
        with tables.opened(Path(folder) / file_name(number)) as file:
            table = file.read_row_groups(list(groups), columns=list(columns))
        pieces.append(table.slice(begin - groups[0] * FACES_PER_GROUP, end - begin))
    return pa.concat_tables(pieces)
