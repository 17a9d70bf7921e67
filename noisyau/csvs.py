"""CSV files that users bring: an index, biographies, corrections. A header, then rows, in UTF-8."""

import csv
import io
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
    """The rows of a CSV, in order; empty lines are none.

    needed     columns that the header must have
    otherwise  what to do where it lacks one

    Raises CorpusError with the file and the line where the file is not UTF-8, a quote is left
    open or a column is missing.
    """
    path = Path(path)
    csv.field_size_limit(sys.maxsize)
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if absent := [name for name in needed if name not in header]:
            raise CorpusError(
                f"{path}:1: no column {', '.join(map(repr, absent))}; found {header}. {otherwise}"
            )
        for cells in reader:
            if cells:
                cells = [cell.strip() for cell in cells]
                beyond = any(cells[len(header) :])
                padded = cells + [""] * (len(header) - len(cells))
                yield Row(
                    f"{path}:{reader.line_num}",
                    reader.line_num,
                    len(cells) >= len(header) and not beyond,
                    dict(zip(header, padded, strict=False)),
                )
    except csv.Error as error:
        raise CorpusError(
            f"{path}:{reader.line_num}: not a CSV: {error}; is a quote left open?"
        ) from error


def _text(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CorpusError(f"{path}:{line}: not UTF-8 ({error.reason}); save it as UTF-8") from error
