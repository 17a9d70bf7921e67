"""Face embeddings that a user has on disk: Parquet files with names and vectors.

A file has a column that names the picture, `face_id` or one of labels' other columns of names, and
one column of lists of numbers, of whatever name. Names find pictures as those of labels made
elsewhere do (annotators/table/names.py). Files may be in any order: the vectors are laid out person
by person in a scratch file, so that memory grows with the names (0.6 KB a picture) and not with the
vectors (10 million of 512 numbers: 20 GB on disk). 1.5 million of 256 numbers in any order took
45 s on two cores that others used too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from noisyau import facestore, tables
from noisyau.annotators.table import names
from noisyau.annotators.table.columns import NAMES
from noisyau.errors import TableError

NOBODY, SEVERAL, FURTHER, TWICE, NO_VECTOR = -1, -2, -3, -4, -5
REASONS = {
    NOBODY: ("no_face", "no picture that has a stored face is called so"),
    SEVERAL: ("ambiguous", "several pictures share the name"),
    FURTHER: ("further_face", "only a picture's first face takes part"),
    TWICE: ("duplicate", "another row names the same picture; which shows the face is not known"),
    NO_VECTOR: ("no_vector", "the vector is null, empty, all zero, or not finite throughout"),
}
"""What became of a row that gave no vector: its reason and, in words, why."""

_WRITE_ANEW = (
    "These are your embeddings: write them anew. Lists of a fixed size of which some are null "
    "cannot always be read; plain lists can."
)
_CELLS = 1 << 22  # numbers that are read at a time
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class People:
    """The first faces of a store, person after person, in the store's order within each.

    faces   face_id, subject
    items   of each, what it is called; then the items whose face was lost, which keep their names
    framed  of each item, whether it is a frame of a video
    """

    faces: pa.Table
    items: pa.Array
    framed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.faces)

    def slices(self) -> Iterator[slice]:
        """Each person's rows."""
        code = self.faces["subject"].combine_chunks().dictionary_encode().indices.to_numpy()
        ends = np.flatnonzero(np.diff(code, append=-1)) + 1
        yield from map(slice, [0, *ends[:-1].tolist()], ends.tolist())


def read_people(store: Path) -> People:
    """Who is in a face store, without pictures."""
    columns = ["face_id", "item", "subject", "frame"]
    batches = [
        batch.filter(pc.ends_with(batch["face_id"], "#0"))
        for batch in facestore.read_faces(store, columns, rows=65536)
    ]
    schema = pa.schema([tables.FACES.field(name) for name in columns])
    table = pa.Table.from_batches(batches, schema)
    table = table.append_column("at", pa.array(np.arange(len(table))))
    table = table.sort_by([("subject", "ascending"), ("at", "ascending")])
    lost = tables.read_arrow(store / facestore.FAILURES, tables.FAILURES, ["item", "frame"])
    lost = lost.group_by("item").aggregate([("frame", "max")]).rename_columns(["item", "frame"])
    lost = lost.filter(pc.invert(pc.is_in(lost["item"], value_set=table["item"])))
    together = pa.concat_tables([part.select(["item", "frame"]) for part in (table, lost)])
    framed = together["frame"].is_valid().to_numpy()
    return People(table.select(["face_id", "subject"]), names.strings(together["item"]), framed)


@dataclass(frozen=True)
class File:
    """One file of embeddings.

    place      its name below the folder, for messages and tables
    name       the column that names a picture
    vector     the column of lists
    dimension  numbers of each list; 0 where it has no row
    """

    path: Path
    place: str
    name: str
    vector: str
    dimension: int

    def batches(self, *columns: str) -> Iterator[tuple[int, pa.RecordBatch]]:
        """The number of the first row, from 0, and rows of some columns, in order."""
        rows = max(_CELLS // max(self.dimension, 1), 1) if self.vector in columns else 65536
        first = 0
        with tables.opened(self.path, _WRITE_ANEW) as file:
            for batch in file.iter_batches(rows, columns=list(columns)):
                yield first, batch
                first += len(batch)

    def vectors(self, column: pa.Array, first: int) -> Floats:
        """(rows, dimension) with NaN throughout for a null or an empty list; TableError for
        another length."""
        lengths = pc.list_value_length(column).fill_null(0).to_numpy()
        other = (lengths != self.dimension) & (lengths > 0)
        if other.any():
            row = int(other.argmax())
            raise TableError(
                f"{self.path}: row {first + row}: {self.vector} has {lengths[row]} numbers, "
                f"other rows {self.dimension}; vectors of different nets cannot be compared"
            )
        found = np.full((len(column), self.dimension), np.nan, np.float32)
        if (lengths > 0).any():
            flat = column.drop_null().flatten().cast(pa.float32()).fill_null(np.nan)
            found[lengths > 0] = flat.to_numpy().reshape(-1, self.dimension)
        return found


def find(path: Path) -> list[File]:
    """The Parquet files at or below `path`, by name.

    Raises TableError where there is none, a column cannot be told, or their dimensions differ.
    """
    path = Path(path)
    found = sorted(one for one in path.rglob("*.parquet") if not one.name.startswith("."))
    paths = [path] if path.is_file() else found
    if not paths:
        what = "no Parquet file there" if path.exists() else "not there"
        raise TableError(
            f"{path}: {what}. Put the embeddings there (embeddings/README.md says how), or leave "
            "identity.minimum_similarity in params.yaml empty, so that they are not asked for"
        )
    root = path if path.is_dir() else path.parent
    files = [_file(one, one.relative_to(root).as_posix()) for one in paths]
    sized = [file for file in files if file.dimension]
    for file in sized:
        if file.dimension != sized[0].dimension:
            raise TableError(
                f"{file.path}: vectors of {file.dimension} numbers, those of {sized[0].place} have "
                f"{sized[0].dimension}; vectors of different nets cannot be compared, so leave one"
            )
    return files


def _file(path: Path, place: str) -> File:
    with tables.opened(path, _WRITE_ANEW) as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows
        name = next((name for name in NAMES if name in schema.names), None)
        lists = [field.name for field in schema if _is_vector(field.type)]
        if name is None or len(lists) != 1:
            found = ", ".join(f"{field.name} ({field.type})" for field in schema)
            raise TableError(
                f"{path}: expected a column {', '.join(NAMES[:-1])} or {NAMES[-1]}, and one of "
                f"lists of floats; found {found}. Rename or leave out columns."
            )
        dimension = 0
        for batch in file.iter_batches(1024, columns=lists) if rows else ():
            if dimension := pc.max(pc.list_value_length(batch.column(0))).as_py() or 0:
                break
    return File(path, place, name, lists[0], dimension)


def _is_vector(kind: Any) -> bool:
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(one(kind) for one in lists) and bool(pa.types.is_floating(kind.value_type))


def match(files: list[File], people: People) -> NDArray[np.int64]:
    """(rows of all files,) whose vector each row is: the number of the face, or a reason."""
    asked, further = [names.strings([])], [np.zeros(0, bool)]
    for file in files:
        for first, batch in file.batches(file.name):
            try:
                given = names.strings(batch.column(0)).fill_null("")
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise TableError(
                    f"{file.path}: row {first}: column {file.name} is {batch.column(0).type}; "
                    "expected names of pictures"
                ) from error
            if file.name == "face_id":  # <item>#<k>
                other = pc.match_substring_regex(given, r"#[1-9]\d*$")
                given = pc.replace_substring_regex(given, r"#0$", "")
            else:
                other = pa.nulls(len(given), pa.bool_()).fill_null(False)
            asked.append(given)
            further.append(other.to_numpy(zero_copy_only=False))
    encoded = pa.chunked_array(asked).combine_chunks().dictionary_encode()
    numbers = np.arange(len(people.items))
    distinct = encoded.dictionary
    found, ways = names.find(distinct, people.items, numbers, short=~people.framed)
    code = encoded.indices.to_numpy()
    owner, way = found[code], ways[code]
    owner[np.concatenate(further)] = FURTHER
    sure = np.flatnonzero(owner >= 0)
    nearest = np.full(len(numbers), np.iinfo(np.int64).max)
    np.minimum.at(nearest, owner[sure], way[sure])
    owner[sure[way[sure] > nearest[owner[sure]]]] = NOBODY  # the nearer name is the picture's
    owner[owner >= len(people)] = NOBODY
    sure = np.flatnonzero(owner >= 0)
    times = np.bincount(owner[sure], minlength=len(numbers))
    owner[sure[times[owner[sure]] > 1]] = TWICE
    return np.asarray(owner)


def lay_out(
    files: list[File], owner: NDArray[np.int64], people: People, scratch: Path
) -> tuple[Floats, NDArray[np.bool_]]:
    """The vectors by face, of unit length, in a file; and which faces have one.

    owner    of `match`; rows without a usable vector become NO_VECTOR there
    scratch  the file, which is written anew
    returns  (faces, dimension), zero where there is none; (faces,)
    """
    dimension = max(file.dimension for file in files)
    shape = (len(people), dimension)
    scratch.parent.mkdir(parents=True, exist_ok=True)
    laid = np.lib.format.open_memmap(scratch, mode="w+", dtype=np.float32, shape=shape)
    known = np.zeros(len(people), bool)
    start = 0
    for file in files:
        for first, batch in file.batches(file.vector):
            whose = owner[start + first : start + first + len(batch)]
            wanted = np.flatnonzero(whose >= 0)
            found = file.vectors(batch.column(0), first)[wanted]
            length = np.linalg.norm(found.astype(np.float64), axis=1)
            good = np.isfinite(length) & (length > 0)
            laid[whose[wanted[good]]] = found[good] / length[good, None]
            known[whose[wanted[good]]] = True
            whose[wanted[~good]] = NO_VECTOR
        start += tables.count(file.path)
    return laid, known
