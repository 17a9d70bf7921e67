"""Biographies to the table of people, however many: rows wait on the disk for their order."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from noisyau import outputs, tables
from noisyau.demographics import NON_BINARY
from noisyau.errors import CorpusError, JobError
from noisyau.people.biographies import Biography, Lost
from noisyau.people.gender import THEY
from noisyau.people.overrides import Override
from noisyau.people.rows import Row, row_of, without_biography

_ROWS_PER_GROUP = 10_000


@dataclass
class Counts:
    """What became of the biographies.

    people      rows
    gender      rows whose gender is known; region likewise
    non_binary  rows whose gender is null since the text calls the person non-binary
    they        rows whose gender is null since the text says `they`; it may be of several people
    overridden  rows of which a person said something
    added       of these, rows of people without a biography, whose subject may be misspelt
    lost        records that gave no row
    """

    people: int = 0
    gender: int = 0
    region: int = 0
    non_binary: int = 0
    they: int = 0
    overridden: int = 0
    added: int = 0
    lost: int = 0


def write(
    biographies: Iterable[Biography | Lost],
    overrides: Mapping[str, Override],
    people: Path,
    failures: Path,
) -> Counts:
    """Write one row a person, sorted by subject, and the records that gave none.

    people    of schema `noisyau.tables.PEOPLE`; gender, region, their confidence and evidence are
              null where the text does not say; `nationalities` is then an empty list
    failures  of schema `noisyau.tables.FAILURES`, sorted by item: the file, or file and line;
              `frame` is always null

    Of several biographies of one person the first counts; the others are losses. Memory does not
    grow with their number. Raises JobError where the disk is full, and CorpusError where not one
    record is a biography.
    """
    counts = Counts()
    try:
        with closing(_database()) as database:
            for record in biographies:
                _take(database, record, overrides)
            _check_somebody(database)
            for override in overrides.values():
                counts.added += _keep(database, without_biography(override), "") is None
            _write(people, tables.PEOPLE, _counted(_rows(database, "people"), counts))
            counts.lost = _write(failures, tables.FAILURES, _rows(database, "losses"))
    except sqlite3.OperationalError as error:
        raise JobError(
            f"{people}: the rows that wait for their order found no room ({error}). Free some "
            "space where temporary files lie (TMPDIR), and run the same command again."
        ) from error
    return counts


def _database() -> sqlite3.Connection:
    """A table on the disk that is gone with its connection; its order is that of Unicode."""
    database = sqlite3.connect("", isolation_level=None)
    database.executescript("""
        pragma journal_mode = off;
        create table people (key text primary key, row text, source text) without rowid;
        create table losses (key text, number integer primary key, row text);
    """)
    database.execute("begin")
    return database


def _check_somebody(database: sqlite3.Connection) -> None:
    if database.execute("select 1 from people").fetchone():
        return
    for (row,) in database.execute("select row from losses order by number limit 1"):
        first = json.loads(row)
        raise CorpusError(
            f"biographies: no record is of a person; the first, {first['item']}, is "
            f"{first['reason']}: {first['detail']}. Check corpora.celebrities.biographies in "
            "params.yaml, and that a file is UTF-8 with one JSON object or row a person."
        )


def _take(
    database: sqlite3.Connection, record: Biography | Lost, overrides: Mapping[str, Override]
) -> None:
    if isinstance(record, Biography):
        first = _keep(database, row_of(record, overrides.get(record.subject)), record.source)
        if first is None:
            return
        detail = f"{record.subject} has a biography already: {first}"
        record = Lost(record.source, record.subject, "repeated", detail)
    told = asdict(record)
    row = {"item": told.pop("source"), "frame": None, **told}
    database.execute("insert into losses (key, row) values (?, ?)", (row["item"], json.dumps(row)))


def _keep(database: sqlite3.Connection, row: Row, source: str) -> str | None:
    """Keep the row, or give the source of the one that this person has."""
    key = row["subject"]
    cells = (key, json.dumps(row), source)
    if database.execute("insert or ignore into people values (?, ?, ?)", cells).rowcount:
        return None
    (first,) = database.execute("select source from people where key = ?", (key,)).fetchone()
    return str(first)


def _rows(database: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    order = "key" if table == "people" else "key, number"
    for (row,) in database.execute(f"select row from {table} order by {order}"):
        yield json.loads(row)


def _counted(rows: Iterator[Row], counts: Counts) -> Iterator[Row]:
    for row in rows:
        counts.people += 1
        counts.gender += row["gender"] is not None
        counts.region += row["region"] is not None
        counts.non_binary += (row["gender_evidence"] or "").startswith(NON_BINARY)
        counts.they += (row["gender_evidence"] or "").startswith(THEY)
        counts.overridden += bool(row["overridden"])
        yield row


def _write(path: Path, schema: pa.Schema, rows: Iterator[dict[str, Any]]) -> int:
    """The number of rows written."""
    written = 0
    with outputs.whole(path) as scratch, tables.writer(scratch, schema) as file:
        for group in _groups(rows):
            written += len(group)
            file.write_table(tables.checked(pa.Table.from_pylist(group, schema)))
    return written


def _groups(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    for row in rows:
        group.append(row)
        if len(group) == _ROWS_PER_GROUP:
            yield group
            group = []
    if group:
        yield group
