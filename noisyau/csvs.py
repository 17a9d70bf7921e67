"""CSV files that users bring: an index, biographies, corrections. A header, then rows, in UTF-8."""

import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from noisyau.errors import CorpusError


@dataclass(frozen=True)
class Row:
    """A row by the header's names; whitespace around cells is gone.

    place  the file and the line, for messages: `faces/index.csv:17`
    whole  whether it has a cell for each name of the header and nothing beyond; where it is
           not, a comma may have shifted its cells, so they say nothing for sure
    """

    place: str
    line: int
    whole: bool
    cells: dict[str, str]


def read(path: Path, needed: Sequence[str], otherwise: str = "") -> Iterator[Row]:
    """The rows of a CSV, in order, one at a time in memory; empty lines are none.

    needed     columns that the header must have
    otherwise  what to do where it lacks one

    Raises CorpusError with the file and the line where the file is not UTF-8, a quote is left
    open, a column is missing or two have one name.
    """
    path = Path(path)
    lines = _lines(path)
    _, header = next(lines)
    if absent := [name for name in needed if name not in header]:
        raise CorpusError(
            f"{path}:1: no column {', '.join(map(repr, absent))}; found {header}. {otherwise}"
        )
    if twice := sorted({name for name in header if name and header.count(name) > 1}):
        raise CorpusError(f"{path}:1: two columns are called {twice[0]!r}; rename one")
    for line, cells in lines:
        yield _row(path, line, header, cells)


@dataclass(frozen=True)
class Block:
    """Rows as they lie in a file, for those who read by column: cells are not yet stripped.

    header  stripped names
    lines   of each row, from 1
    rows    the cells of each row, which may be fewer or more than the header's
    """

    header: tuple[str, ...]
    lines: list[int]
    rows: list[list[str]]


def blocks(path: Path, cells: int) -> Iterator[Block]:
    """The rows of a CSV in order, some at a time; a file without rows gives one block.

    cells  of a block, at most about so many: rows times names

    Raises CorpusError as `read`.
    """
    lines = _lines(Path(path))
    header = tuple(next(lines)[1])
    most = max(cells // max(len(header), 1), 1)
    block = Block(header, [], [])
    for line, row in lines:
        if len(block.rows) == most:
            yield block
            block = Block(header, [], [])
        block.lines.append(line)
        block.rows.append(row)
    yield block


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The header, stripped, then each row that is not empty, with the number of its line."""
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, strict=True)
        try:
            yield 1, [name.strip() for name in next(reader, [])]
            for cells in reader:
                if cells:
                    yield reader.line_num, cells
        except csv.Error as error:
            raise CorpusError(
                f"{path}:{reader.line_num}: not a CSV: {error}; is a quote left open?"
            ) from error
        except UnicodeDecodeError as error:
            raise CorpusError(
                f"{path}:{_undecodable(path)}: not UTF-8 ({error.reason}); save it as UTF-8"
            ) from error


def _row(path: Path, line: int, header: list[str], cells: list[str]) -> Row:
    stripped = [cell.strip() for cell in cells]
    whole = len(cells) >= len(header) and not any(stripped[len(header) :])
    padded = stripped + [""] * (len(header) - len(cells))
    return Row(f"{path}:{line}", line, whole, dict(zip(header, padded, strict=False)))


def _undecodable(path: Path) -> int:
    """The first line that is not UTF-8."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1
