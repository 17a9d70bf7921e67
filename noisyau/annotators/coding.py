"""How a face store is coded: in batches, each in a process of its own, kept when it is done."""

import functools
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from noisyau import facestore, jobs, outputs, tables
from noisyau.annotators import batches
from noisyau.annotators.base import (
    Annotator,
    Coded,
    Counts,
    Face,
    Uncoded,
    failures_path,
    unmatched_path,
)
from noisyau.annotators.batches import Batch, Sources
from noisyau.aus import intensity, occurrence
from noisyau.errors import AnnotatorError

_LABELS = "labels.parquet"
_FAILURES = "failures.parquet"
_ROWS_PER_GROUP = 65536  # of a table: each group costs every reader


def annotate(
    faces: Path,
    out: Path,
    annotator: Annotator,
    *,
    corpus: Sources | None = None,
    fit_on: Path,
    workers: int,
    cluster: str | None = None,
    parts: Path,
) -> Counts:
    """Code every face of a store, further faces included.

    faces    the face store's folder
    corpus   that it was made from; needed where the annotator sees more than crops
    fit_on   the store whose faces, never labels, an annotator may set its thresholds on: the
             celebrities', for every corpus, so that one and the same coder codes them all
    out      the table of labels; its failures go beside it (`failures_path`), and a table of
             unmatched rows that is empty, since nothing comes but what was asked for
    workers  processes
    cluster  a Dask cluster that does the work instead, as `jobs.run` takes it
    parts    where finished batches are kept, from `jobs.parts`; removed at the end
    """
    annotator.check()
    annotator = annotator.fitted(batches.sample(fit_on), workers)
    work = functools.partial(_make_part, annotator, annotator.version)
    total = facestore.count(faces)
    made = jobs.run(
        work,
        {f"{batch.first:09d}": batch for batch in batches.batches(faces, annotator, corpus)},
        parts,
        workers=workers,
        cluster=cluster,
        label=f"annotate {faces.name} ({annotator.name})",
        unit="face",
        total=total,
    )
    with outputs.whole(out) as labels, outputs.whole(failures_path(out)) as failures:
        coded = _concatenate([part / _LABELS for part in made], labels, annotator.aus)
        lost = _concatenate([part / _FAILURES for part in made], failures)
    tables.write(tables.UNMATCHED.empty_table(), unmatched_path(out), tables.UNMATCHED)
    failed = tables.read(failures_path(out), tables.LABEL_FAILURES, ["reason"])
    reasons = failed["reason"].value_counts()
    if coded + lost != total:
        raise AnnotatorError(
            f"{faces}: {total} faces became {coded} labels and {lost} failures; the store changed "
            f"while it was coded. Remove {parts} and run the stage again."
        )
    jobs.clear(parts)
    return Counts(total, coded, {str(reason): int(n) for reason, n in reasons.items()})


def _make_part(annotator: Annotator, version: str, batch: Batch, out: Path) -> int:
    scratch = out / "scratch"
    scratch.mkdir(parents=True)
    subjects, answers = _answers(annotator, batch, scratch)
    shutil.rmtree(scratch)
    labels: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    for face_id, subject in subjects.items():
        answer = answers[face_id]
        row: dict[str, Any] = {"face_id": face_id, "subject": subject}
        if isinstance(answer, Uncoded):
            failures.append({**row, "reason": answer.reason, "detail": answer.detail})
            continue
        row |= {"annotator": annotator.name, "annotator_version": version}
        row |= {"mode": annotator.mode, "confidence": answer.confidence}
        row |= {occurrence(au): answer.occurrence.get(au) for au in annotator.aus}
        row |= {intensity(au): answer.intensity.get(au) for au in annotator.aus}
        labels.append(row)
    _write(labels, out / _LABELS, tables.labels(annotator.aus))
    _write(failures, out / _FAILURES, tables.LABEL_FAILURES)
    return len(subjects)


def _answers(
    annotator: Annotator, batch: Batch, scratch: Path
) -> tuple[dict[str, str], dict[str, Coded | Uncoded]]:
    """Each face's subject, in the store's order, and its answer.

    AnnotatorError where a face has no answer, two, or was not asked for.
    """
    subjects = batch.subjects()
    answers: dict[str, Coded | Uncoded] = {}
    asked: set[str] = set()

    def asks() -> Iterator[Face]:
        for face in batch.faces():
            if isinstance(face, Uncoded):
                answers[face.face_id] = face
            else:
                asked.add(face.face_id)
                yield face

    for answer in annotator.code(asks(), scratch):
        if answer.face_id in answers or answer.face_id not in asked:
            again = "twice" if answer.face_id in answers else "though it was not asked"
            raise AnnotatorError(f"{annotator.name} answered for {answer.face_id} {again}")
        answers[answer.face_id] = answer
    silent = [face_id for face_id in subjects if face_id not in answers]
    if silent:
        raise AnnotatorError(f"{annotator.name} gave no answer for {len(silent)}: {silent[:5]}")
    return subjects, answers


def _write(rows: list[dict[str, Any]], path: Path, schema: pa.Schema) -> None:
    tables.write(pa.Table.from_pylist(rows, schema), path, schema)


def _concatenate(parts: Sequence[Path], out: Path, aus: Sequence[int] | None = None) -> int:
    schema = tables.LABEL_FAILURES if aus is None else tables.labels(aus)
    rows, waiting = 0, 0
    kept: list[pa.Table] = []
    with tables.writer(out, schema) as writer:
        for number, part in enumerate(parts, 1):
            kept.append(tables.read_arrow(part, schema))
            waiting += len(kept[-1])
            if waiting >= _ROWS_PER_GROUP or (waiting and number == len(parts)):
                writer.write_table(pa.concat_tables(kept))
                rows, waiting = rows + waiting, 0
                kept.clear()
    return rows
