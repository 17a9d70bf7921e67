"""Files of labels made elsewhere: CSV and Parquet below a folder, some thousand rows at a time.

Nothing here knows what a cell means; see noisyau.annotators.table.rows.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from noisyau import csvs, tables
from noisyau.annotators.table.names import strings
from noisyau.errors import AnnotatorError

SUFFIXES = (".csv", ".parquet")
_BLOCK = 1 << 20  # cells that are in memory as Python strings, 60 MB or so


@dataclass(frozen=True)
class Files:
    """The files of labels, in order.

    path   as given: a file, or a folder that is searched below
    names  of the files, below it
    """

    path: Path
    names: tuple[str, ...]

    @property
    def root(self) -> Path:
        return self.path if self.path.is_dir() else self.path.parent

    def place(self, file: int, number: int) -> str:
        """`faces.csv:17` or `faces.parquet: row 16`; never an absolute path."""
        name = self.names[file]
        between = ":" if name.lower().endswith(".csv") else ": row "
        return f"{name}{between}{number}"

    def stem(self, file: int) -> str:
        """A file's name without `.csv`, with its folders: what OpenFace calls its outputs by."""
        return str(PurePosixPath(self.names[file]).with_suffix(""))

    def digest(self) -> str:
        """SHA-256 of the files."""
        return tables.digest(*(self.root / name for name in self.names))


def find(path: Path) -> Files:
    """The CSV and Parquet files at or below `path`, hidden ones aside; AnnotatorError for none."""
    path = Path(path)
    if path.is_file() and path.suffix.lower() in SUFFIXES:
        return Files(path, (path.name,))
    found = []
    seen: set[Path] = set()  # a link may lead back
    for folder, below, files in os.walk(path, followlinks=True):
        seen.add(Path(folder).resolve())
        below[:] = [
            name
            for name in sorted(below)
            if not name.startswith(".") and (Path(folder) / name).resolve() not in seen
        ]
        found += [
            (Path(folder) / name).relative_to(path).as_posix()
            for name in files
            if Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")
        ]
    if not found:
        what = "no file that ends in" if path.exists() else "is not there; expected"
        raise AnnotatorError(
            f"{path}: {what} {' or '.join(SUFFIXES)}. Put the labels there, or their place into "
            "params.yaml: annotators.table.path"
        )
    return Files(path, tuple(sorted(found)))


@dataclass(frozen=True)
class Block:
    """Rows of files with one header.

    of       the numbers of the files, also of those without rows
    files    (n,) the number of each row's file
    numbers  (n,) its line or row
    cells    (n,) how many cells it has; fewer or more than names: none of them is sure
    column   the cells of a column, stripped; empty for missing
    """

    header: tuple[str, ...]
    of: tuple[int, ...]
    files: NDArray[np.int32]
    numbers: NDArray[np.int64]
    cells: NDArray[np.int64]
    column: Callable[[str], pa.Array]


def blocks(files: Files) -> Iterator[Block]:
    """The files' rows in order; small CSVs with one header come together."""
    together: list[tuple[int, csvs.Block]] = []
    held = 0
    for number, name in enumerate(files.names):
        path = files.root / name
        parquet = path.suffix.lower() == ".parquet"
        for block in () if parquet else csvs.blocks(path, _BLOCK):
            if together and (
                together[0][1].header != block.header or held + _cells_of(block) > _BLOCK
            ):
                yield _csv_block(together)
                together, held = [], 0
            together.append((number, block))
            held += _cells_of(block)
        if parquet:
            if together:
                yield _csv_block(together)
                together, held = [], 0
            yield from _parquet_blocks(path, number)
    if together:
        yield _csv_block(together)


def _cells_of(block: csvs.Block) -> int:
    return len(block.rows) * len(block.header)


def _csv_block(together: Sequence[tuple[int, csvs.Block]]) -> Block:
    header = together[0][1].header
    rows = [row for _, block in together for row in block.rows]
    files = [np.full(len(block.rows), number, np.int32) for number, block in together]
    lines = [np.array(block.lines, np.int64) for _, block in together]
    cells = np.array([_cells(row, len(header)) for row in rows], np.int64)

    def column(name: str) -> pa.Array:
        at = header.index(name)
        found = [row[at] if at < len(row) else "" for row in rows]
        return pc.utf8_trim_whitespace(strings(found))

    of = tuple(dict.fromkeys(number for number, _ in together))
    return Block(header, of, np.concatenate(files), np.concatenate(lines), cells, column)


def _cells(row: Sequence[str], wanted: int) -> int:
    """Cells of a row; empty ones beyond the header's are none."""
    if len(row) > wanted and not any(cell.strip() for cell in row[wanted:]):
        return wanted
    return len(row)


def _parquet_blocks(path: Path, number: int) -> Iterator[Block]:
    with tables.opened(path) as file:
        names = file.schema_arrow.names
        header = tuple(name.strip() for name in names)
        first = 1
        for batch in file.iter_batches(max(_BLOCK // max(len(header), 1), 1)):

            def column(name: str, batch: pa.RecordBatch = batch) -> pa.Array:
                return _texts(batch.column(header.index(name)), f"{path}: column {name!r}")

            size = len(batch)
            yield Block(
                header,
                (number,),
                np.full(size, number, np.int32),
                np.arange(first, first + size),
                np.full(size, len(header)),
                column,
            )
            first += size


def _texts(values: pa.Array, what: str) -> pa.Array:
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    try:
        return pc.utf8_trim_whitespace(strings(values).fill_null(""))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise AnnotatorError(f"{what} is {values.type}; expected numbers or strings") from error
