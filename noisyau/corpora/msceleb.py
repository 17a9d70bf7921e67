"""MS-Celeb-1M as one TSV without a header (Guo et al. 2016; withdrawn by Microsoft in 2019).

Seven columns, the form of FaceImageCroppedWithAlignment.tsv:

    m.0107_f  70  https://...  https://...  FaceId-0  xAt1PpwBIT5uZao+ENWPPg==  /9j/4AAQ...
    MID, ImageSearchRank, ImageURL, PageURL, FaceID, FaceRectangle, FaceData

The rectangle is base64 of four little-endian float32: left, top, right, bottom as shares of a
picture's sides. In the makers' files that picture is the one on the web page, of which FaceData
holds the part around the face; whoever uses a rectangle to choose a face has to check that it
covers one. FaceData is base64 of a JPEG of at most 300 x 300 pixels.

The file (89 GB) is never loaded: one pass counts its rows, notes where every 64th starts, takes
the file's digest and finds rows that name an item again. That needs 8 bytes a row. Of rows with
one name the first counts and each later one is lost as `duplicate`, in whatever shard it is.
"""

import base64
import binascii
import hashlib
import math
import re
import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from noisyau.corpora import cleanlist, files
from noisyau.errors import CorpusError
from noisyau.items import Item, Lost, Shard

_ROWS = 64  # a shard; few, so that workers end together
_LONGEST = 64 * 2**20  # bytes of a row that are read; the makers' are below 200 KB
_COLUMNS = 7
_NAME = re.compile(r"(?!.*\.\.)[A-Za-z0-9_.\-]+")
_ROUNDING = 1e-6  # of float32 next to 1


@dataclass(frozen=True)
class _Scan:
    """What one pass over the file finds.

    starts      byte offset of every 64th row
    duplicates  number of a row that names an item again -> number of the first that does
    """

    rows: int
    starts: tuple[int, ...]
    duplicates: dict[int, int]
    digest: str


@dataclass(frozen=True)
class MSCeleb:
    """The TSV, or the folder that holds exactly one; see noisyau.corpora.Corpus.

    clean_list  C-MS-Celeb's list, a file or folder; pictures that it leaves out are lost
    """

    path: Path
    clean_list: Path | None = None

    def shards(self) -> dict[str, Shard]:
        if self.clean_list is not None:
            cleanlist.files(self.clean_list)
        shards: dict[str, Shard] = {}
        for number, start in enumerate(self._scan.starts):
            first = number * _ROWS + 1
            again = {
                line: self._scan.duplicates[line]
                for line in range(first, first + _ROWS)
                if line in self._scan.duplicates
            }
            shards[f"rows-{first:09d}"] = partial(
                _read, self._file, start, first, again, self.clean_list
            )
        return shards

    def size(self) -> int:
        return self._scan.rows

    def videos(self) -> dict[str, Path]:
        return {}

    def fingerprint(self) -> str:
        lists = cleanlist.files(self.clean_list) if self.clean_list is not None else []
        content = [_digest(path) for path in lists]
        return files.fingerprint((), "msceleb", self._file.name, self._scan.digest, content)

    @cached_property
    def _file(self) -> Path:
        if not self.path.is_dir():
            return self.path
        found = sorted(path for path in self.path.iterdir() if path.suffix.lower() == ".tsv")
        if len(found) != 1:
            names = ", ".join(path.name for path in found) or "none"
            raise CorpusError(
                f"{self.path}: expected exactly one .tsv, found {names}. Set the corpus's path "
                "in params.yaml to the file itself."
            )
        return found[0]

    @cached_property
    def _scan(self) -> _Scan:
        return _scan(self._file)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _scan(path: Path) -> _Scan:
    total = hashlib.sha256()
    starts: list[int] = []
    keys = array("Q")
    position = rows = whole = 0
    with path.open("rb", buffering=2**20) as stream:
        for row, length in _rows(stream, total):
            if rows % _ROWS == 0:
                starts.append(position)
            position += length
            rows += 1
            fields = row.split(b"\t")
            if len(fields) == _COLUMNS:
                whole += 1
                keys.append(cleanlist.digest(b"\t".join((fields[0], fields[1], fields[4]))))
            else:
                keys.append(rows)  # names nothing; any number that repeats none
    if not rows:
        raise CorpusError(f"{path}: empty; expected a MS-Celeb-1M TSV with a row a picture")
    if not whole:
        raise CorpusError(f"{path}: {_no_row_fits(path)}")
    return _Scan(rows, tuple(starts), _repeats(keys), total.hexdigest())


def _rows(stream: BinaryIO, total: "hashlib._Hash | None" = None) -> Iterator[tuple[bytes, int]]:
    """Each row, cut at 64 MiB, and its whole length in bytes."""
    while row := stream.readline(_LONGEST):
        length, piece = len(row), row
        if total is not None:
            total.update(row)
        while not piece.endswith(b"\n") and (piece := stream.readline(_LONGEST)):
            length += len(piece)
            if total is not None:
                total.update(piece)
        yield row, length


def _repeats(keys: "array[int]") -> dict[int, int]:
    """Row numbers, from 1, of keys that were there before -> of the first with that key."""
    values = np.frombuffer(keys, np.uint64)
    order = np.argsort(values, kind="stable")
    same = np.concatenate(([False], values[order][1:] == values[order][:-1]))
    first = np.maximum.accumulate(np.where(same, 0, np.arange(len(order))))
    return {int(order[place]) + 1: int(order[first[place]]) + 1 for place in np.flatnonzero(same)}


def _no_row_fits(path: Path) -> str:
    with path.open("rb") as stream:
        found = len(next(_rows(stream))[0].split(b"\t"))
    hint = " (MS-Celeb-1M's DevSet has 6 and is not read)" if found == 6 else ""
    return (
        f"no row has {_COLUMNS} columns; the first has {found}{hint}. Expected the form of "
        "FaceImageCroppedWithAlignment.tsv: MID, ImageSearchRank, ImageURL, PageURL, FaceID, "
        "FaceRectangle, FaceData"
    )


def _read(
    path: Path, start: int, first: int, duplicates: dict[int, int], clean_list: Path | None
) -> Iterator[Item | Lost]:
    """The 256 rows from this byte offset on; `first` is the number of the first of them."""
    keep = cleanlist.load(clean_list) if clean_list is not None else None
    with path.open("rb", buffering=2**20) as stream:
        stream.seek(start)
        for line, (row, _) in zip(range(first, first + _ROWS), _rows(stream), strict=False):
            try:
                item = _parse(row)
            except ValueError as error:
                yield Lost(f"{path.name}:{line}", None, None, "bad_row", str(error))
                continue
            if line in duplicates:
                detail = f"{item.name} was named before, in line {duplicates[line]}"
                yield Lost(f"{path.name}:{line}", item.subject, None, "duplicate", detail)
            else:
                yield keep.judge(item) if keep else item


def _parse(row: bytes) -> Item:
    """One row's picture; ValueError says what is wrong with the row."""
    if len(row) == _LONGEST:
        raise ValueError(f"longer than {_LONGEST} bytes; expected a picture of 300 x 300 at most")
    fields = row.rstrip(b"\r\n").split(b"\t")
    if len(fields) != _COLUMNS:
        raise ValueError(f"{len(fields)} fields; expected {_COLUMNS}, parted by tabs")
    mid, rank, face = (_text(field) for field in (fields[0], fields[1], fields[4]))
    if not _NAME.fullmatch(mid):
        raise ValueError(f"MID {mid!r}; expected letters, digits, '_', '-', '.', as m.0107_f")
    if not (rank.isascii() and rank.isdigit()):
        raise ValueError(f"ImageSearchRank {rank!r}; expected a whole number")
    if not _NAME.fullmatch(face):
        raise ValueError(f"FaceID {face!r}; expected letters, digits, '_', '-', '.', as FaceId-0")
    rectangle = _rectangle(fields[5])
    picture = _decode(fields[6], "FaceData")
    if not picture:
        raise ValueError("FaceData is empty")
    return Item(f"{mid}_{rank}-{face}", mid, None, picture, rectangle)


def _text(field: bytes) -> str:
    text = field.decode("utf-8", "backslashreplace")
    return text if len(text) <= 60 else text[:60] + "..."


def _decode(field: bytes, column: str) -> bytes:
    try:
        return base64.b64decode(field, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"{column} is not base64: {error}") from error


def _rectangle(field: bytes) -> tuple[float, float, float, float]:
    content = _decode(field, "FaceRectangle")
    if len(content) != 16:
        raise ValueError(f"FaceRectangle has {len(content)} bytes; expected four float32, 16")
    left, top, right, bottom = struct.unpack("<4f", content)
    told = f"FaceRectangle left {left:.4g}, top {top:.4g}, right {right:.4g}, bottom {bottom:.4g}"
    if not all(
        math.isfinite(side) and -_ROUNDING <= side <= 1 + _ROUNDING
        for side in (left, top, right, bottom)
    ):
        raise ValueError(f"{told}: expected shares of the picture, 0 to 1")
    if left >= right or top >= bottom:
        raise ValueError(f"{told}: inverted or empty; expected left < right and top < bottom")
    return left, top, right, bottom
