"""What a program that codes faces has to offer.

An annotator is picklable configuration: it is checked once, before any work, then used in other
processes, where it loads what it needs. It gets faces in batches and answers for each of them
exactly once, with codes or with a reason; nothing is ever missing from labels plus failures.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from noisyau.items import Picture

Sees = Literal["crop", "source", "video"]
"""What an annotator is shown of a face."""


@dataclass(frozen=True)
class Face:
    """One face of the store, as tables.FACES describes it.

    image   the stored crop, encoded; empty for an annotator that sees the source
    source  for such an annotator the picture that the face was found in, as items.Item has it,
            or the file of the video
    """

    face_id: str
    item: str
    subject: str
    frame: int | None
    image: bytes
    box: tuple[float, float, float, float]
    landmarks: NDArray[np.float64]
    transform: NDArray[np.float64]
    source: bytes | Picture | Path | None = None


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

    name   as in the table's column and file name: `blendshapes`, `openface`
    mode   `static`, each picture for itself, or `dynamic`, with regard to the person's others
    aus    the AUs that get columns; those it never sees are null throughout
    batch  faces that it gets at a time, about; a video's come all together
    sees   `crop`: the stored picture; `source`: the picture that the face was found in, whose
           faces come one after the other; `video`: the file, with the faces of one video
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
    def sees(self) -> Sees: ...

    @property
    def version(self) -> str:
        """Changes whenever its codes may."""

    def check(self) -> None:
        """Try the program, before any work.

        Raises AnnotatorError, with what was tried and what to do.
        """

    def fitted(self, sample: Iterable[Face], workers: int, /) -> "Annotator":
        """The annotator adjusted to a store, by faces from all over it and never by a label.

        Called once, after `check`, with the cores that it may use; what has nothing to adjust
        returns itself.
        """

    def code(self, faces: Iterable[Face], scratch: Path, /) -> Iterable[Coded | Uncoded]:
        """Code a batch, in any order, each face once. Faces come one by one: sources are large.

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


def unmatched_path(labels: Path) -> Path:
    """Where the rows of somebody's table that became no label are listed."""
    return labels.with_name(f"{labels.stem}_unmatched.parquet")
