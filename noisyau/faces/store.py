"""The face store: every item of a corpus found or lost, in few files.

Each shard of the corpus becomes one part, in a process of its own; the parts are then streamed,
in order, into the store. A name that comes twice is kept the first time; every later time is a
failure `duplicate` under the name with its count, `smith/3.jpg (2)`, so that faces and failures
together name every item once.
"""

import functools
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from noisyau import jobs, outputs, tables
from noisyau.errors import CorpusError
from noisyau.facestore import FACES_PER_FILE, FACES_PER_GROUP, FAILURES, SHARDS, file_name
from noisyau.items import Lost, Shard

from .find import Finder, Row

_PART_FACES = "faces.parquet"
_HELD = 64  # rows in memory while a part is made


@dataclass(frozen=True)
class Counts:
    """What became of a corpus.

    items     read in all: kept + lost
    kept      with a face in the store
    further   more faces of kept items (k > 0)
    failures  lost items by reason
    """

    items: int
    kept: int
    further: int
    failures: Mapping[str, int]

    def metrics(self) -> dict[str, float]:
        """The same numbers, flat, for a tracker."""
        lost = {f"failures/{reason}": n for reason, n in sorted(self.failures.items())}
        return {"items": self.items, "kept": self.kept, "further": self.further, **lost}

    def __str__(self) -> str:
        lost = sum(self.failures.values())
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in sorted(self.failures.items()))
        return (
            f"{self.items:,} items = {self.kept:,} with a face + {lost:,} failures"
            + (f" ({reasons})" if lost else "")
            + (f"; {self.further:,} further faces" if self.further else "")
        )


def detect(
    shards: Mapping[str, Shard],
    out: Path,
    *,
    yunet: Path,
    landmarker: Path | None,
    crop: int = 224,
    score_threshold: float = 0.6,
    detection_size: int = 640,
    smallest_face: int = 20,
    largest_picture: int = 50_000_000,
    workers: int,
    cluster: str | None = None,
    parts: Path,
    total: int | None = None,
) -> Counts:
    """Find and align the faces of a corpus and write its face store.

    shards    the corpus, by names that become file names
    out       the store's folder; replaced as a whole when everything is done
    workers   processes
    cluster   a Dask cluster that does the work instead, as `jobs.run` takes it
    parts     where finished shards are kept, from `jobs.parts`; removed at the end
    total     items in all, where known

    The other arguments are those of `Finder`. Raises CorpusError where there is no item at all.
    """
    finder = Finder(
        yunet, landmarker, crop, score_threshold, detection_size, smallest_face, largest_picture
    )
    work = functools.partial(_make_part, finder)
    made = jobs.run(
        work,
        shards,
        parts,
        workers=workers,
        cluster=cluster,
        label=f"detect {out.name}",
        unit="item",
        total=total,
    )
    scratch = out.with_name(out.name + ".tmp")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        counts = _merge(made, scratch)
        if not counts.items:
            raise CorpusError(
                f"{out.name}: the corpus has no item at all; look at its path and source in "
                "params.yaml"
            )
        shutil.rmtree(out, ignore_errors=True)
        scratch.replace(out)
    except OSError as error:
        raise outputs.disk_error(error, out) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    jobs.clear(parts)
    return counts


def _make_part(finder: Finder, shard: Shard, out: Path) -> int:
    """One shard's faces and failures, as files in the folder `out`; returns its items."""
    out.mkdir()
    items = 0
    faces: list[Row] = []
    failures: list[Row] = []
    with (
        pq.ParquetWriter(out / _PART_FACES, tables.FACES, compression="none") as writer,
        pq.ParquetWriter(out / FAILURES, tables.FAILURES) as failure_writer,
    ):
        for item in shard():
            items += 1
            found = item if isinstance(item, Lost) else finder.find(item)
            if isinstance(found, Lost):
                failures.append(_failure(found))
            else:
                faces += found
            if len(faces) >= _HELD:
                writer.write_batch(_batch(faces, tables.FACES))
                faces.clear()
            if len(failures) >= _HELD:
                failure_writer.write_batch(_batch(failures, tables.FAILURES))
                failures.clear()
        writer.write_batch(_batch(faces, tables.FACES))
        failure_writer.write_batch(_batch(failures, tables.FAILURES))
    return items


def _failure(lost: Lost) -> Row:
    return {
        "item": lost.name,
        "subject": lost.subject,
        "frame": lost.frame,
        "reason": lost.reason,
        "detail": lost.detail,
    }


def _batch(rows: list[Row], schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, schema)


def _merge(parts: list[Path], out: Path) -> Counts:
    names = _Names(_repeated(parts))
    failures: Counter[str] = Counter()
    kept = rows = 0
    shards: list[Row] = []
    with (
        _FaceWriter(out) as faces,
        tables.writer(out / FAILURES, tables.FAILURES) as failed,
    ):
        for part in parts:
            first = rows
            again: list[Row] = []
            for batch in _batches(part / _PART_FACES):
                batch, duplicates = names.first_faces(batch)
                faces.write(batch)
                rows += batch.num_rows
                kept += pc.sum(pc.ends_with(batch["face_id"], "#0")).as_py() or 0
                again += duplicates
            for batch in [*_batches(part / FAILURES), _batch(again, tables.FAILURES)]:
                batch = names.first_failures(batch)
                failures.update(batch["reason"].to_pylist())
                if batch.num_rows:
                    failed.write_batch(batch)
            shards.append({"shard": part.name, "first": first, "last": rows})
    tables.write(pa.Table.from_pylist(shards, tables.SHARDS), out / SHARDS, tables.SHARDS)
    items = kept + failures.total()
    return Counts(items, kept, rows - kept, dict(failures))


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    with tables.opened(path) as file:
        yield from file.iter_batches(FACES_PER_GROUP)


def _repeated(parts: list[Path]) -> NDArray[np.uint64]:
    """Hashes of the names that may come twice: 8 bytes an item, whatever the names' length."""
    hashes = [np.zeros(0, np.uint64)]
    for part in parts:
        faces = pq.read_table(part / _PART_FACES, columns=["face_id"], partitioning=None)
        first = pc.filter(faces["face_id"], pc.ends_with(faces["face_id"], "#0"))
        failed = pq.read_table(part / FAILURES, columns=["item"], partitioning=None)["item"]
        hashes += [_hashes(pc.utf8_slice_codeunits(first, 0, -2)), _hashes(failed)]
    values, counts = np.unique(np.concatenate(hashes), return_counts=True)
    return values[counts > 1]


def _hashes(names: pa.ChunkedArray | pa.Array) -> NDArray[np.uint64]:
    return pd.util.hash_array(names.to_numpy(zero_copy_only=False).astype(object))


@dataclass
class _Names:
    """Which names were there before; only those that may come twice are remembered."""

    repeated: NDArray[np.uint64]
    seen: Counter[str] = field(default_factory=Counter)

    def first_faces(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, list[Row]]:
        """The rows of items that are new, and a failure for each item that is not."""
        suspects = np.flatnonzero(np.isin(_hashes(batch["item"]), self.repeated))
        keep = np.ones(batch.num_rows, bool)
        failures = []
        for row in suspects.tolist():
            name = batch["item"][row].as_py()
            first_of_item = batch["face_id"][row].as_py() == f"{name}#0"
            self.seen[name] += first_of_item
            if self.seen[name] > 1:
                keep[row] = False
                if first_of_item:
                    subject, frame = batch["subject"][row].as_py(), batch["frame"][row].as_py()
                    failures.append(self._again(name, subject, frame))
        return batch.filter(pa.array(keep)), failures

    def first_failures(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows, those whose name was there before under a name of their own."""
        suspects = np.flatnonzero(np.isin(_hashes(batch["item"]), self.repeated)).tolist()
        if not suspects:
            return batch
        rows = batch.to_pylist()
        for row in suspects:
            name = rows[row]["item"]
            self.seen[name] += 1
            if self.seen[name] > 1:
                rows[row] = self._again(name, rows[row]["subject"], rows[row]["frame"])
        return _batch(rows, tables.FAILURES)

    def _again(self, name: str, subject: str | None, frame: int | None) -> Row:
        time = self.seen[name]
        detail = f"{name} was in the corpus before; this is time {time}"
        return _failure(Lost(f"{name} ({time})", subject, frame, "duplicate", detail))


class _FaceWriter:
    """Row groups and files of fixed sizes, whatever the batches' sizes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: list[pa.RecordBatch] = []
        self._rows_waiting = 0
        self._rows = 0
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> "_FaceWriter":
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is None and (self._rows_waiting or not self._rows):
            self._write_group(self._rows_waiting)
        if self._writer:
            self._writer.close()

    def write(self, batch: pa.RecordBatch) -> None:
        self._waiting.append(batch)
        self._rows_waiting += batch.num_rows
        while self._rows_waiting >= FACES_PER_GROUP:
            self._write_group(FACES_PER_GROUP)

    def _write_group(self, size: int) -> None:
        table = pa.Table.from_batches(self._waiting, tables.FACES)
        if self._writer is None or self._rows % FACES_PER_FILE == 0:
            if self._writer:
                self._writer.close()
            path = self._folder / file_name(self._rows // FACES_PER_FILE)
            self._writer = tables.writer(
                path,
                tables.FACES,
                use_dictionary=["subject"],
                write_statistics=["face_id", "item", "subject", "frame"],
            )
        self._writer.write_table(table.slice(0, size), row_group_size=FACES_PER_GROUP)
        self._waiting = table.slice(size).to_batches()
        self._rows_waiting -= size
        self._rows += size
