"""The Parquet tables: what is in them, how they are written and read.

A schema is the only description of a table: `write` refuses what does not fit it, and what it
writes depends on the rows alone (no time, no host), so that equal rows are equal bytes and DVC
skips what comes after. Missing is null, never a code. A
table that exists is whole.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from noisyau import aus as au_names
from noisyau import outputs
from noisyau.errors import TableError
from noisyau.items import Lost

PIECE = 2**20
"""Rows that are held at once where a table goes through memory in pieces; the row groups of Parquet
are as large."""

FACES = pa.schema(
    [
        pa.field("face_id", pa.string(), nullable=False),  # <item>#<k>
        pa.field("item", pa.string(), nullable=False),
        pa.field("subject", pa.string(), nullable=False),
        pa.field("frame", pa.int32()),
        pa.field("image", pa.binary(), nullable=False),  # the aligned crop, encoded
        pa.field("box", pa.list_(pa.float32(), 4), nullable=False),  # x, y, w, h in the source
        pa.field("score", pa.float32(), nullable=False),  # the detector's, 0..1
        pa.field("landmarks", pa.list_(pa.list_(pa.float32(), 2), 5), nullable=False),
        pa.field("transform", pa.list_(pa.list_(pa.float32(), 3), 2), nullable=False),
    ]
)
"""A face store's faces. Pixels are the source's; `transform` takes them to the crop's."""

FAILURES = pa.schema(
    [
        pa.field("item", pa.string(), nullable=False),
        pa.field("subject", pa.string()),
        pa.field("frame", pa.int32()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
    ]
)
"""Items that were lost, each with the reason."""

SHARDS = pa.schema(
    [
        pa.field("shard", pa.string(), nullable=False),
        pa.field("first", pa.int64(), nullable=False),
        pa.field("last", pa.int64(), nullable=False),  # exclusive
    ]
)
"""Which rows of a face store came from which shard of its corpus."""

LABEL_FAILURES = pa.schema(
    [
        pa.field("face_id", pa.string(), nullable=False),
        pa.field("subject", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
    ]
)
"""Faces that an annotator did not code, each with the reason."""

UNMATCHED = pa.schema(
    [
        pa.field("place", pa.string(), nullable=False),  # faces.csv:17, faces.parquet: row 16
        pa.field("name", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
    ]
)
"""Rows of labels made elsewhere that became no face's label, each with the reason."""

HASHES = pa.schema(
    [
        pa.field("face_id", pa.string(), nullable=False),
        pa.field("subject", pa.string(), nullable=False),
        pa.field("hash", pa.uint64(), nullable=False),  # the first 64 bits of `fine`
        pa.field("fine", pa.binary(32), nullable=False),
    ]
)
"""What the first face of each picture looks like (likeness/hashes.py)."""

DUPLICATES = pa.schema(
    [
        pa.field("group", pa.int64(), nullable=False),
        pa.field("corpus", pa.string(), nullable=False),  # celebrities, coded
        pa.field("face_id", pa.string(), nullable=False),
        pa.field("subject", pa.string(), nullable=False),
    ]
)
"""Pictures that look like another one, by group, corpus and face_id (likeness/groups.py).

A picture is in at most one group of several people and one of its celebrity alone, in which all
look like the first.
"""

PEOPLE = pa.schema(
    [
        pa.field("subject", pa.string(), nullable=False),
        pa.field("name", pa.string()),
        pa.field("gender", pa.string()),  # female, male
        pa.field("gender_confidence", pa.float32()),  # 0..1, of people/gender.py
        pa.field("gender_evidence", pa.string()),
        pa.field("nationalities", pa.list_(pa.string()), nullable=False),  # ISO 3166 alpha-3
        pa.field("nationality_evidence", pa.string()),
        pa.field("region", pa.string()),
        pa.field("region_confidence", pa.float32()),  # 0..1, of people/rows.py
        pa.field("region_evidence", pa.string()),
        pa.field("overridden", pa.list_(pa.string()), nullable=False),  # the columns overruled
    ]
)
"""Who the people are, one row a person; null where the biography does not say."""

IDENTITY = pa.schema(
    [
        pa.field("face_id", pa.string(), nullable=False),
        pa.field("subject", pa.string(), nullable=False),
        pa.field("similarity", pa.float32()),  # to the person's own pictures, -1..1
        pa.field("kept", pa.bool_(), nullable=False),
    ]
)
"""Whether each picture shows its person (selection/identity.py); no rows where nobody asked."""

LEFT_OUT = pa.schema(
    [
        pa.field("face_id", pa.string(), nullable=False),
        pa.field("subject", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),  # one of `leftout.REASONS`
        pa.field("detail", pa.string(), nullable=False),
    ]
)
"""Labelled first faces that stay out of pre-training, each with the reason."""

SHORTFALLS = pa.schema(
    [
        pa.field("variant", pa.string(), nullable=False),
        pa.field("of", pa.string(), nullable=False),  # images, people
        pa.field("cell", pa.string(), nullable=False),  # female, south_asia, south_asia/female
        pa.field("share", pa.float64(), nullable=False),  # that the cell should have, 0..1
        pa.field("wanted", pa.int64(), nullable=False),  # what the share comes to
        pa.field("available", pa.int64(), nullable=False),
        pa.field("taken", pa.int64(), nullable=False),  # more than wanted where it stands in
    ]
)
"""The cells of a variant's sample where one of them has fewer than it should: there are no more."""

FOLDS = pa.schema(
    [
        pa.field("face_id", pa.string(), nullable=False),
        pa.field("subject", pa.string(), nullable=False),
        pa.field("frame", pa.int32()),
        pa.field("fold", pa.int8(), nullable=False),
        pa.field("role", pa.string(), nullable=False),  # train, validation, test
    ]
)
"""One row a frame and fold."""

SCORES = pa.schema(
    [
        pa.field("method", pa.string(), nullable=False),
        pa.field("au", pa.string(), nullable=False),  # AU01, or mean
        pa.field("metric", pa.string(), nullable=False),
        pa.field("averaging", pa.string(), nullable=False),  # folds, pooled
        pa.field("fold", pa.int8()),
        pa.field("value", pa.float64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("positives", pa.int64()),
        pa.field("frames", pa.int64()),
        pa.field("subjects", pa.int64()),
    ]
)
"""One row a number."""

AUDIT = pa.schema(
    [
        pa.field("corpus", pa.string(), nullable=False),  # celebrities, coded
        pa.field("truth", pa.string(), nullable=False),  # people, rendered, known
        pa.field("annotator", pa.string(), nullable=False),
        pa.field("au", pa.string(), nullable=False),  # AU01
        pa.field("metric", pa.string(), nullable=False),  # one of evaluation/audit.py
        pa.field("value", pa.float64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("positives", pa.int64(), nullable=False),
        pa.field("faces", pa.int64(), nullable=False),
        pa.field("subjects", pa.int64(), nullable=False),
        pa.field("unsure", pa.int64(), nullable=False),  # faces under the minimum confidence
    ]
)
"""One row a number: the noisy labels of a corpus held against a truth (evaluation/audit.py)."""

AGREEMENT = pa.schema(
    [
        pa.field("corpus", pa.string(), nullable=False),
        pa.field("annotator", pa.string(), nullable=False),
        pa.field("beside", pa.string(), nullable=False),  # the annotator beside it
        pa.field("au", pa.string(), nullable=False),  # AU01
        pa.field("metric", pa.string(), nullable=False),  # one of `agreement.METRICS`
        pa.field("value", pa.float64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("faces", pa.int64(), nullable=False),  # of which both have a say
        pa.field("subjects", pa.int64(), nullable=False),
    ]
)
"""How far two annotators agree, one row a number; null where it is undefined."""


def labels(aus: Sequence[int]) -> pa.Schema:
    """What an annotator said of each face."""
    return pa.schema(
        [
            pa.field("face_id", pa.string(), nullable=False),
            pa.field("subject", pa.string(), nullable=False),
            pa.field("annotator", pa.string(), nullable=False),
            pa.field("annotator_version", pa.string(), nullable=False),
            pa.field("mode", pa.string(), nullable=False),  # static, dynamic
            pa.field("confidence", pa.float32()),
            *_codes(aus),
        ]
    )


def coded(aus: Sequence[int]) -> pa.Schema:
    """What people said of each frame."""
    return pa.schema(
        [
            pa.field("item", pa.string(), nullable=False),
            pa.field("subject", pa.string(), nullable=False),
            pa.field("frame", pa.int32()),
            pa.field("threshold", pa.float32(), nullable=False),
            *_codes(aus),
        ]
    )


def pretrain(variants: Iterable[str]) -> pa.Schema:
    """Who is in the pre-training set; one boolean column per variant."""
    return pa.schema(
        [
            pa.field("face_id", pa.string(), nullable=False),
            pa.field("subject", pa.string(), nullable=False),
            pa.field("gender", pa.string()),
            pa.field("region", pa.string()),
            pa.field("split", pa.string(), nullable=False),  # train, validation
            *(pa.field(variant, pa.bool_(), nullable=False) for variant in variants),
        ]
    )


def subset(aus: Sequence[int]) -> pa.Schema:
    """The faces that one variant is pre-trained on, and what it is to learn of each.

    A target is 0 or 1, or between them where annotators differ (a soft label): how much of what
    they said was that the AU is there; null asks nothing of the net.
    """
    return pa.schema(
        [
            pa.field("face_id", pa.string(), nullable=False),
            pa.field("subject", pa.string(), nullable=False),
            pa.field("split", pa.string(), nullable=False),  # train, validation
            *(pa.field(au_names.target(au), pa.float32()) for au in aus),
        ]
    )


def predictions(aus: Sequence[int]) -> pa.Schema:
    """A net's probabilities on the frames that tested it."""
    return pa.schema(
        [
            pa.field("face_id", pa.string(), nullable=False),
            pa.field("subject", pa.string(), nullable=False),
            pa.field("frame", pa.int32()),
            pa.field("fold", pa.int8(), nullable=False),
            *(pa.field(au_names.probability(au), pa.float32(), nullable=False) for au in aus),
        ]
    )


def _codes(aus: Sequence[int]) -> list[pa.Field]:
    occurrence = [pa.field(au_names.occurrence(au), pa.int8()) for au in aus]
    intensity = [pa.field(au_names.intensity(au), pa.float32()) for au in aus]
    return occurrence + intensity


def to_arrow(rows: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """The rows as an Arrow table of exactly this schema; NaN in a column is null.

    Raises TableError that names the column where one is absent, unknown, of another type, or
    null where the schema wants a value.
    """
    absent = [name for name in schema.names if name not in rows.columns]
    unknown = [str(name) for name in rows.columns if name not in schema.names]
    if absent or unknown:
        raise TableError(
            f"columns absent: {absent or 'none'}; columns unknown: {unknown or 'none'}"
        )
    arrays = []
    for field in schema:
        try:
            arrays.append(pa.Array.from_pandas(rows[field.name], type=field.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise TableError(f"column {field.name}: not {field.type}: {error}") from error
    return checked(pa.Table.from_arrays(arrays, schema=schema))


def checked(table: pa.Table) -> pa.Table:
    """The table, if no column that needs a value has a null; else TableError."""
    for field, column in zip(table.schema, table.columns, strict=True):
        if not field.nullable and column.null_count:
            row = column.to_pandas().isna().to_numpy().argmax()
            raise TableError(f"column {field.name}: row {row} is null; every row needs a value")
    return table


def write(rows: pd.DataFrame | pa.Table, path: Path, schema: pa.Schema) -> None:
    """Write the rows, checked against the schema, in the order they have.

    Raises TableError that names the file and the column, as `to_arrow`.
    """
    path = Path(path)
    try:
        table = to_arrow(rows, schema) if isinstance(rows, pd.DataFrame) else checked(rows)
        if not table.schema.equals(schema):
            raise TableError(_difference(table.schema, schema))
    except TableError as error:
        raise TableError(f"{path.name}: {error}") from error
    with outputs.whole(path) as scratch, writer(scratch, table.schema) as file:
        file.write_table(table)


def write_pieces(pieces: Iterable[pa.Table], path: Path, schema: pa.Schema) -> None:
    """As `write`, a table that comes in pieces, so that it is never whole in memory."""
    path = Path(path)
    with outputs.whole(path) as scratch, writer(scratch, schema) as file:
        for piece in pieces:
            if not piece.schema.equals(schema):
                raise TableError(f"{path.name}: {_difference(piece.schema, schema)}")
            try:
                file.write_table(checked(piece))
            except TableError as error:
                raise TableError(f"{path.name}: {error}") from error


def counts(column: pa.ChunkedArray) -> dict[str, int]:
    """Value -> rows, sorted by value."""
    found = column.value_counts().to_pylist()
    return {one["values"]: one["counts"] for one in sorted(found, key=lambda one: one["values"])}


def known(path: Path, columns: Iterable[str]) -> int:
    """How many values of these columns are not null, as the file's statistics have it."""
    found = pq.read_metadata(path)
    names = {*columns}
    return sum(
        group.num_rows - column.statistics.null_count
        for group in map(found.row_group, range(found.num_row_groups))
        for column in map(group.column, range(group.num_columns))
        if column.path_in_schema in names
    )


def writer(path: Path, schema: pa.Schema, **options: Any) -> pq.ParquetWriter:
    """A Parquet file to write in pieces; its pages carry checksums, which `opened` looks at."""
    return pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True, **options)


def read(
    path: Path, schema: pa.Schema | None = None, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """A table as pandas has it: nullable integers and booleans, missing floats as NaN.

    schema   what the file has to have; columns beyond it are refused
    columns  read these alone

    Raises TableError where the file is absent, not Parquet, or of another schema.
    """
    return cast(pd.DataFrame, read_arrow(path, schema, columns).to_pandas(types_mapper=_DTYPES.get))


_DTYPES = {
    pa.int8(): pd.Int8Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


def read_arrow(
    path: Path, schema: pa.Schema | None = None, columns: Sequence[str] | None = None
) -> pa.Table:
    """As `read`, as an Arrow table."""
    with opened(path) as file:
        table = file.read(columns=list(columns) if columns else None)
    if schema is not None:
        wanted = pa.schema([schema.field(name) for name in columns]) if columns else schema
        if not table.schema.equals(wanted):
            raise TableError(f"{path}: {_difference(table.schema, wanted)}")
    return table


@contextmanager
def opened(
    path: Path, remedy: str = "Remove it and run `dvc repro` to make it anew."
) -> Iterator[pq.ParquetFile]:
    """A Parquet file to read in pieces, each page held to its checksum.

    Raises TableError where the file is absent, or whatever is read of it is damaged, with what to
    do about it.
    """
    path = Path(path)
    if not path.is_file():
        raise TableError(f"{path}: no such table; run `dvc repro` to make it")
    try:
        # Buffered ahead, all that was read of a file would stay in memory until it is closed.
        with pq.ParquetFile(path, page_checksum_verification=True, pre_buffer=False) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise TableError(f"{path}: damaged, or not a Parquet file: {error}. {remedy}") from error


def read_labels(path: Path) -> tuple[pd.DataFrame, tuple[int, ...]]:
    """A table of labels (an annotator's or people's) and the AUs that it has columns for."""
    table = read(path)
    aus = au_names.in_columns(table.columns, "c")
    if not aus:
        raise TableError(f"{path}: no AU column such as AU12_c; found {list(table.columns)}")
    return table, aus


def read_codes(path: Path, aus: Sequence[int], key: str = "face_id") -> pd.DataFrame:
    """The key and the occurrence of these AUs alone, of a table of labels; those that it has."""
    there = set(pq.read_schema(path).names)
    names = [name for au in aus if (name := au_names.occurrence(au)) in there]
    return read(path, columns=[key, *names])


def joined(
    rows: pd.DataFrame, codes: pd.DataFrame, on: str, paths: tuple[Path, Path]
) -> pd.DataFrame:
    """The rows with their codes, in the order of the rows; TableError where one has none."""
    together = rows.merge(codes, on=on, how="inner", validate="1:1")
    if len(together) < len(rows):
        raise TableError(
            f"{len(rows) - len(together)} rows of {paths[0]} are not in {paths[1]}; run "
            "`dvc repro` so that the tables agree"
        )
    return together


def failures(lost: Iterable[Lost]) -> pd.DataFrame:
    """Rows of FAILURES, in the order of the losses."""
    rows = [(one.name, one.subject, one.frame, one.reason, one.detail) for one in lost]
    table = pd.DataFrame(rows, columns=FAILURES.names)
    return table.astype({"frame": "Int32"})


def count(path: Path) -> int:
    """The rows of a Parquet file, or of all of a folder's but what only describes them."""
    aside = ("failures", "shards")
    files = [one for one in sorted(path.glob("*.parquet")) if one.stem not in aside]
    files = files if path.is_dir() else [path]
    return sum(pq.read_metadata(file).num_rows for file in files)


def digest(*paths: Path) -> str:
    """SHA-256 of files, or of every file below folders, by name and content."""
    total = hashlib.sha256()
    for path in map(Path, paths):
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                with file.open("rb") as stream:
                    content = hashlib.file_digest(stream, "sha256").hexdigest()
                total.update(f"{file.relative_to(path.parent).as_posix()} {content}\n".encode())
    return total.hexdigest()


def _difference(found: pa.Schema, wanted: pa.Schema) -> str:
    absent = [name for name in wanted.names if name not in found.names]
    unknown = [name for name in found.names if name not in wanted.names]
    typed = [
        f"{name} is {found.field(name).type}, not {wanted.field(name).type}"
        for name in wanted.names
        if name in found.names and found.field(name).type != wanted.field(name).type
    ]
    return (
        f"columns absent: {absent or 'none'}; unknown: {unknown or 'none'}; "
        f"of another type: {typed or 'none'}; run `dvc repro` to make it anew"
    )
