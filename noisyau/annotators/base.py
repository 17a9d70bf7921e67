"""What a program that codes faces has to offer, and how a face store is coded with it.

An annotator is picklable configuration: it is checked once, before any work, then used in other
processes, where it loads what it needs. It gets faces in batches and answers for each of them
exactly once, with codes or with a reason; nothing is ever missing from labels plus failures.
"""

import functools
import itertools
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from noisyau import facestore, jobs, outputs, tables
from noisyau.aus import intensity, occurrence
from noisyau.errors import AnnotatorError

_SAMPLE = 64, 512  # fewest and most faces to fit an annotator to: that part has one process only
_LABELS = "labels.parquet"
_FAILURES = "failures.parquet"
_ROWS_PER_GROUP = 65536  # of a table: each group costs every reader
_COLUMNS = ["face_id", "item", "subject", "frame", "image", "box", "landmarks", "transform"]


@dataclass(frozen=True)
class Face:
    """One face of the store, as tables.FACES describes it."""

    face_id: str
    item: str
    subject: str
    frame: int | None
    image: bytes
    box: tuple[float, float, float, float]
    landmarks: NDArray[np.float64]
    transform: NDArray[np.float64]


@dataclass(frozen=True)
class Coded:
    """What an annotator says of a face; an AU that is absent from a mapping is missing.

    occurrence  AU -> 0 or 1
    intensity   AU -> 0..5
    confidence  0..1, where the program tells one
    """

    face_id: str
    occurrence: Mapping[int, int] = field(default_factory=dict)
    intensity: Mapping[int, float] = field(default_factory=dict)
    confidence: float | None = None


@dataclass(frozen=True)
class Uncoded:
    """A face that could not be coded: one word that can be counted, and what happened."""

    face_id: str
    reason: str
    detail: str


class Annotator(Protocol):
    """A program that codes faces.

    name     as in the table's column and file name: `blendshapes`, `openface`
    mode     `static`, each picture for itself, or `dynamic`, with regard to the person's others
    aus      the AUs that get columns; those it never sees are null throughout
    batch    faces that it gets at a time, about
    batches  `faces`: any consecutive faces may come together; `subjects`: a batch holds
             consecutive faces of the same subjects and never cuts a subject's run in two, as
             whole videos and person-specific calibration need it
    """

    @property
    def name(self) -> str: ...

    @property
    def mode(self) -> Literal["static", "dynamic"]: ...

    @property
    def aus(self) -> tuple[int, ...]: ...

    @property
    def batch(self) -> int: ...

    @property
    def batches(self) -> Literal["faces", "subjects"]: ...

    def check(self) -> str:
        """Try the program and return its version, which changes whenever its codes may.

        Raises AnnotatorError, with what was tried and what to do, before any work.
        """

    def fitted(self, sample: Iterable[Face], workers: int, /) -> "Annotator":
        """The annotator adjusted to a store, by faces from all over it and never by a label.

        Called once, after `check`, with the cores that it may use; what has nothing to adjust
        returns itself.
        """

    def code(self, faces: Sequence[Face], scratch: Path, /) -> Iterable[Coded | Uncoded]:
        """Code a batch, in any order, each face once.

        scratch  an empty folder for files of the annotator's own, which is removed afterwards,
                 also where the process was killed
        """


@dataclass(frozen=True)
class Counts:
    """What became of a store's faces: faces = coded + the failures by reason."""

    faces: int
    coded: int
    failures: Mapping[str, int]

    def metrics(self) -> dict[str, float]:
        """The same numbers, flat, for a tracker."""
        lost = {f"failures/{reason}": n for reason, n in sorted(self.failures.items())}
        return {"faces": self.faces, "coded": self.coded, **lost}

    def __str__(self) -> str:
        lost = sum(self.failures.values())
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in sorted(self.failures.items()))
        text = f"{self.faces:,} faces = {self.coded:,} coded + {lost:,} failures"
        return f"{text} ({reasons})" if lost else text


def failures_path(labels: Path) -> Path:
    """Where the faces that were not coded are listed, beside a table of labels."""
    return labels.with_name(f"{labels.stem}_failures.parquet")


def annotate(
    faces: Path,
    out: Path,
    annotator: Annotator,
    *,
    fit_on: Path,
    workers: int,
    cluster: str | None = None,
    parts: Path,
) -> Counts:
    """Code every face of a store, further faces included.

    faces    the face store's folder
    fit_on   the store whose faces, never labels, an annotator may set its thresholds on: the
             celebrities', for every corpus, so that one and the same coder codes them all
    out      the table of labels; its failures go beside it (`failures_path`)
    workers  processes
    cluster  a Dask cluster that does the work instead, as `jobs.run` takes it
    parts    where finished batches are kept, from `jobs.parts`; removed at the end
    """
    annotator.check()  # before any work
    annotator = annotator.fitted(_sample(fit_on), workers)
    work = functools.partial(_make_part, annotator, annotator.check())
    total = facestore.count(faces)
    made = jobs.run(
        work,
        {f"{first:09d}": (faces, first, last) for first, last in _spans(faces, annotator)},
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
    reasons = tables.read(failures_path(out), tables.LABEL_FAILURES)["reason"].value_counts()
    if coded + lost != total:
        raise AnnotatorError(
            f"{faces}: {total} faces became {coded} labels and {lost} failures; the store changed "
            f"while it was coded. Remove {parts} and run the stage again."
        )
    jobs.clear(parts)
    return Counts(total, coded, {str(reason): int(n) for reason, n in reasons.items()})


def _spans(faces: Path, annotator: Annotator) -> list[tuple[int, int]]:
    """First and last (exclusive) row of each task."""
    size = annotator.batch
    if annotator.batches == "faces":
        total = facestore.count(faces)
        return [(first, min(first + size, total)) for first in range(0, total, size)]
    subjects = facestore.read_table(faces, ["subject"])["subject"]
    starts = np.flatnonzero(subjects.ne(subjects.shift())).tolist()
    bounds = [*starts, len(subjects)]
    spans: list[tuple[int, int]] = []
    for first, last in itertools.pairwise(bounds):
        if spans and last - spans[-1][0] <= size:
            spans[-1] = spans[-1][0], last
        else:
            spans.append((first, last))
    return spans


def _sample(faces: Path) -> Iterator[Face]:
    """A tenth of the store's items within _SAMPLE, evenly spread; further faces are nobody's."""
    first = facestore.read_table(faces, ["face_id"])["face_id"].str.endswith("#0")
    rows = np.flatnonzero(first.to_numpy(bool))
    size = min(max(len(rows) // 10, _SAMPLE[0]), _SAMPLE[1], len(rows))
    chosen = rows[np.arange(size) * len(rows) // max(size, 1)]
    for _, together in itertools.groupby(chosen, lambda row: row // facestore.FACES_PER_GROUP):
        near = list(together)  # in one row group, so that none is read twice
        group = _faces(faces, near[0], near[-1] + 1)
        yield from (group[row - near[0]] for row in near)


def _faces(faces: Path, first: int, last: int) -> list[Face]:
    rows = facestore.read_rows(faces, first, last, _COLUMNS).to_pylist()
    return [_face(row) for row in rows]


def _make_part(annotator: Annotator, version: str, task: tuple[Path, int, int], out: Path) -> int:
    faces = _faces(*task)
    scratch = out / "scratch"
    scratch.mkdir(parents=True)
    answers = _answers(annotator, faces, scratch)
    shutil.rmtree(scratch)
    labels: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    for face in faces:
        answer = answers[face.face_id]
        row: dict[str, Any] = {"face_id": face.face_id, "subject": face.subject}
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
    return len(faces)


def _answers(
    annotator: Annotator, faces: Sequence[Face], scratch: Path
) -> dict[str, Coded | Uncoded]:
    """Each face's answer; AnnotatorError where a face has none, two, or was not asked for."""
    answers: dict[str, Coded | Uncoded] = {}
    asked = {face.face_id for face in faces}
    for answer in annotator.code(faces, scratch):
        if answer.face_id in answers or answer.face_id not in asked:
            again = "twice" if answer.face_id in answers else "though it was not asked"
            raise AnnotatorError(f"{annotator.name} answered for {answer.face_id} {again}")
        answers[answer.face_id] = answer
    silent = [face.face_id for face in faces if face.face_id not in answers]
    if silent:
        raise AnnotatorError(f"{annotator.name} gave no answer for {len(silent)}: {silent[:5]}")
    return answers


def _face(row: dict[str, Any]) -> Face:
    row["landmarks"] = np.array(row["landmarks"], np.float64)
    row["transform"] = np.array(row["transform"], np.float64)
    row["box"] = tuple(row["box"])
    return Face(**row)


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
