"""Labels made elsewhere as rows of one Arrow table, by column name.

The files are OpenFace's own (2.0 to 2.2; see noisyau.annotators.openface_csv), tables of many
pictures with a column that names them, or any other with AU columns. A cell means what it means
in OpenFace's files: occurrence is 0, 1 or missing, intensity 0 to 5 or missing, and a row with
anything else (9, -1, 999, a decimal comma) is kept with its trouble, not mended.

Each distinct cell is read once, so that a table of ten million rows costs minutes, and as much
memory as its codes and names need.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from noisyau import aus as au_names
from noisyau.annotators import landmarks, openface_csv
from noisyau.annotators.table.columns import Columns, choose, no_codes
from noisyau.annotators.table.files import Block, Files, blocks
from noisyau.annotators.table.names import strings
from noisyau.errors import AnnotatorError

ROWS = pa.schema(
    [
        pa.field("file", pa.int32()),  # its number among the files
        pa.field("number", pa.int64()),  # line of a CSV, row of a Parquet file
        pa.field("name", pa.large_string()),
        pa.field("own", pa.bool_()),  # the name is the file's own, no column's
        pa.field("frame", pa.int32()),
        pa.field("further", pa.bool_()),  # it is of another face than its picture's first
        pa.field("success", pa.bool_()),
        pa.field("confidence", pa.float32()),
        pa.field("points", pa.list_(pa.float32(), 10)),  # null: no such columns; NaN: no numbers
        pa.field("trouble", pa.large_string()),  # null where the row can be taken at its word
    ]
)
"""Beside them the codes: AUnn_c int8, AUnn_r float32. Only frame, confidence, points, trouble and
the codes may be null."""

_TOGETHER = 65536, 256  # rows and blocks that are joined to one chunk


def read(files: Files, mapping: Mapping[str, str]) -> pa.Table:
    """All rows, in order: ROWS, then AUnn_c and AUnn_r of every AU that any file has.

    mapping  see `columns.choose`

    A file without AUs is one row with that trouble. Raises AnnotatorError where no file has any,
    where columns contradict `mapping`, and where `AU12` is no occurrence; CorpusError or
    TableError where a file is damaged.
    """
    kept: list[pa.Table] = []
    waiting: list[pa.Table] = []
    for block in blocks(files):
        waiting.append(_parse(block, files, mapping))
        if sum(map(len, waiting)) >= _TOGETHER[0] or len(waiting) >= _TOGETHER[1]:
            kept.append(_joined(waiting))
            waiting = []
    table = _joined([ROWS.empty_table(), *kept, *waiting], chunked=True)
    found = {kind: au_names.in_columns(table.column_names, kind) for kind in "cr"}
    aus = sorted({*found["c"], *found["r"]})
    if not aus:
        raise AnnotatorError(f"{files.path}: {(table['trouble'].to_pylist() or ['no row'])[0]}")
    codes = [*map(au_names.occurrence, aus), *map(au_names.intensity, aus)]
    for code in codes:
        if code not in table.column_names:
            table = table.append_column(code, pa.nulls(len(table), _type(code)))
    return table.select([*ROWS.names, *codes])


def _joined(parts: Sequence[pa.Table], chunked: bool = False) -> pa.Table:
    table = pa.concat_tables(parts, promote_options="default")
    return table if chunked else table.combine_chunks()


def _type(code: str) -> pa.DataType:
    return pa.int8() if code.endswith("_c") else pa.float32()


def _parse(block: Block, files: Files, mapping: Mapping[str, str]) -> pa.Table:
    columns = choose(block.header, mapping, files.names[block.of[0]])
    if not columns.codes:
        return _without_codes(block, files)
    size = len(block.numbers)
    troubles = {
        int(row): f"{block.cells[row]} cells, the header has {len(block.header)}: cut short, or "
        "commas as decimal marks"
        for row in np.flatnonzero(block.cells != len(block.header))
    }
    whole = pa.array(block.cells == len(block.header))

    def cells(column: str) -> pa.Array:
        return pc.if_else(whole, block.column(column), pa.scalar("", pa.large_string()))

    def numbers(column: str, low: float, high: float) -> NDArray[np.float64]:
        return _numbers(cells(column), column, low, high, troubles)

    def role(name: str, low: float, high: float) -> NDArray[np.float64]:
        column = columns.roles.get(name)
        return np.full(size, np.nan) if column is None else numbers(column, low, high)

    naming = _naming(block, columns, mapping)
    frame = np.full(size, np.nan)
    if "frame" in columns.roles:  # of cut rows too: it tells whose row it was
        frame = _frames(block.column(columns.roles["frame"]), naming is not None, troubles)
    further = np.zeros(size, bool)
    if columns.roles.get("face") not in (None, naming):
        face = columns.roles["face"]
        _each(cells(face), lambda cell: openface_csv.whole(cell, face), troubles)
        further = numbers(face, 0, 2**31 - 1) > 0
    success = role("success", 0, 1) == 1 if "success" in columns.roles else np.ones(size, bool)
    confidence = role("confidence", 0, 1)
    codes = {}
    for code, column in columns.codes.items():
        if code.endswith("_c"):
            wrong: dict[int, str] = {}
            values = _occurrence(cells(column), column, wrong)
            if wrong and code in columns.bare:
                raise _no_occurrence(wrong, code, column, block, files)
            for row, trouble in wrong.items():
                troubles.setdefault(row, trouble)
        else:
            values = numbers(column, 0, 5)
        codes[code] = _nullable(values, _type(code))
    points = _points(numbers) if columns.points else None
    own = strings([files.stem(number) for number in block.files]) if naming is None else None
    made = {
        "file": pa.array(block.files),
        "number": pa.array(block.numbers),
        "name": own if own is not None else block.column(str(naming)),
        "own": pa.array(np.full(size, naming is None)),
        "frame": _nullable(frame, pa.int32()),
        "further": pa.array(further),
        "success": pa.array(success),
        "confidence": _nullable(confidence, pa.float32()),
        "points": pa.nulls(size, ROWS.field("points").type) if points is None else points,
        "trouble": pa.array([troubles.get(row) for row in range(size)], pa.large_string()),
    }
    types = {code: _type(code) for code in codes}
    schema = pa.schema([*ROWS, *(pa.field(code, kind) for code, kind in types.items())])
    return pa.table({**made, **codes}, schema)


def _without_codes(block: Block, files: Files) -> pa.Table:
    trouble = no_codes(block.header)
    rows = [
        {
            "file": number, "number": 1, "name": files.stem(number), "own": True,
            "further": False, "success": True, "trouble": trouble,
        }
        for number in block.of
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, ROWS)


def _no_occurrence(
    wrong: Mapping[int, str], code: str, column: str, block: Block, files: Files
) -> AnnotatorError:
    row = min(wrong)
    place = files.place(int(block.files[row]), int(block.numbers[row]))
    level = code.replace("_c", "_r")
    return AnnotatorError(
        f"{place}: {wrong[row]}, as occurrence is. Say in params.yaml what the column is: "
        f"annotators.table.columns: {{{level}: {column}}} for an intensity of 0 to 5, or "
        f"{{{code}: {column}}} for occurrence; rows with other codes then fail as bad_row"
    )


def _naming(block: Block, columns: Columns, mapping: Mapping[str, str]) -> str | None:
    """The column that names the rows; a `face_id` of whole numbers is OpenFace's and none."""
    for column in columns.names:
        numbered = pc.match_substring_regex(block.column(column), r"^(\d+(\.0*)?)?$")
        if (
            "item" in mapping
            or column.lower() != "face_id"
            or not pc.all(numbered, min_count=0).as_py()
        ):
            return column
    return None


def _frames(cells: pa.Array, named: bool, troubles: dict[int, str]) -> NDArray[np.float64]:
    """Frame numbers; a row that a column names needs none."""

    def frame(cell: str) -> float | None:
        return None if named and not cell else openface_csv.whole(cell, "frame")

    return _each(cells, frame, troubles)


def _occurrence(cells: pa.Array, column: str, troubles: dict[int, str]) -> NDArray[np.float64]:
    def one(cell: str) -> int | None:
        return openface_csv.occurrence({column: cell}, column)

    return _each(cells, one, troubles)


def _numbers(
    cells: pa.Array, column: str, low: float, high: float, troubles: dict[int, str]
) -> NDArray[np.float64]:
    """Numbers, NaN where missing: all at once where all are, else one by one."""
    try:
        cells_or_null = pc.if_else(pc.equal(cells, ""), None, cells)
        values = pc.cast(cells_or_null, pa.float64()).to_numpy(zero_copy_only=False)
        if (np.isnan(values) | ((values >= low) & (values <= high))).all():
            return np.asarray(values, np.float64)
    except pa.ArrowInvalid:
        pass
    return _each(cells, lambda cell: openface_csv.number(cell, column, low, high), troubles)


def _each(
    cells: pa.Array, one: Callable[[str], float | None], troubles: dict[int, str]
) -> NDArray[np.float64]:
    """Each distinct cell read by `one`; its ValueError is the trouble of the rows that have it."""
    encoded = cells.dictionary_encode()
    values = np.full(len(encoded.dictionary), np.nan)
    wrong: dict[int, str] = {}
    for code, cell in enumerate(encoded.dictionary.to_pylist()):
        try:
            value = one(cell)
        except ValueError as error:
            wrong[code] = str(error)
        else:
            values[code] = np.nan if value is None else value
    code = encoded.indices.to_numpy()
    for row in np.flatnonzero(np.isin(code, list(wrong))) if wrong else ():
        troubles.setdefault(int(row), wrong[code[row]])
    return np.asarray(values[code])


def _points(numbers: Callable[[str, float, float], NDArray[np.float64]]) -> pa.Array:
    """The five points of the face store out of OpenFace's 68; NaN where one is no number."""
    axes = [
        np.mean([numbers(f"{axis}_{index}", -1e6, 1e6) for index in of], axis=0)
        for of in landmarks.FIVE
        for axis in "xy"
    ]
    flat = np.stack(axes, axis=1).astype(np.float32).ravel()
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), len(axes))


def _nullable(values: NDArray[np.float64], kind: pa.DataType) -> pa.Array:
    missing = np.isnan(values)
    typed = np.where(missing, 0, values).astype(kind.to_pandas_dtype())
    return pa.array(typed, kind, mask=missing)
