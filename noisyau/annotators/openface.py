"""OpenFace 2's FaceLandmarkImg as a coder of pictures (Baltrusaitis et al. 2018).

It is a C++ program that stops at a picture it cannot read and leaves the rest of its batch
undone, exits with 0 where it has found nobody, and overwrites files of the same name. So it
gets pictures under names of our own, nothing is believed but the files it leaves, and a batch
that ends early goes on after the picture at which it ended.

What is known of a picture when a call has ended, by the files of its name:

    a CSV that ends with a line end         coded
    _of_details.txt, no CSV                 nobody found, if the call went on to a later picture
                                            or ended with 0; else the call may have ended here
    neither                                 not reached

The first picture that is not done is called for again, alone: it is coded, or it is the
culprit and fails with how the program ended. Before a face is given up, the program has to
code a picture of our own, so that a program that has stopped working fails the stage, not all
its faces.
"""

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from noisyau import aus as au_names
from noisyau.annotators import landmarks, openface_csv, programs
from noisyau.annotators.base import Coded, Face, Uncoded
from noisyau.annotators.openface_csv import Reading, Unread
from noisyau.errors import AnnotatorError

SCRATCH = "{scratch}"
"""In a command, stands for the folder of a call, for programs that must be told of it."""

_FLAGS = ("-aus", "-2Dfp")
_LOADING = 15.0  # seconds, beyond a picture's own, that a call may take to read its models
_HOW_TO_GET = (
    "OpenFace 2.2 is built from github.com/TadasBaltrusaitis/OpenFace (its licence: academic, "
    "not commercial); set annotators.openface.command in params.yaml to its FaceLandmarkImg"
)


@dataclass(frozen=True)
class OpenFace:
    """The annotator; see `base.Annotator`.

    command  the program and its first arguments; `{scratch}` in one of them becomes the folder
             that a call reads and writes
    batch    pictures in a call
    timeout  seconds that it may spend on one picture
    """

    command: tuple[str, ...]
    batch: int = 500
    timeout: float = 5.0
    name: str = "openface"
    mode: Literal["static"] = "static"
    aus: tuple[int, ...] = (*au_names.OPENFACE_17, 45)
    batches: Literal["faces"] = "faces"

    def check(self) -> str:
        """Code a picture of our own; the version is the program's digest and the arguments."""
        program = self._program()
        with TemporaryDirectory(prefix="noisyau-") as folder:
            self._must_work(Path(folder))
        digest = hashlib.sha256(program.read_bytes()).hexdigest()
        return " ".join((digest[:12], *self.command[1:], *_FLAGS))

    def fitted(self, _: Iterable[Face], __: int, /) -> "OpenFace":
        """As it is: OpenFace's thresholds are its own."""
        return self

    def code(self, faces: Sequence[Face], scratch: Path, /) -> Iterator[Coded | Uncoded]:
        """Codes from the stored crops.

        Reasons: no_face, other_face (it coded somebody else in the crop), bad_output,
        program_died, time_limit, no_output.
        """
        by_name = {f"{number:06d}": face for number, face in enumerate(faces)}
        todo = [_Picture(name, face.image) for name, face in by_name.items()]
        while todo:
            with _Call(scratch / "call", todo) as call:
                ended = self._run(call)
                for picture in call.done(ended):
                    yield _answer(by_name[picture.name], call.csv(picture))
                todo = call.undone(ended)
            if todo:
                culprit = todo.pop(0)
                yield self._alone(culprit, by_name[culprit.name], scratch)

    def _alone(self, picture: "_Picture", face: Face, scratch: Path) -> Coded | Uncoded:
        with _Call(scratch / "call", [picture]) as call:
            ended = self._run(call)
            if call.done(ended):
                return _answer(face, call.csv(picture))
        self._must_work(scratch / "check")
        reason = "time_limit" if ended.hung else "program_died" if ended.code else "no_output"
        return Uncoded(face.face_id, reason, str(ended))

    def _must_work(self, folder: Path) -> None:
        with _Call(folder, [_Picture("check", _plain())]) as call:
            ended = self._run(call)
            if not call.done(ended):
                raise AnnotatorError(
                    f"openface: {self._program()} did not code a plain picture: {ended}. Tried: "
                    f"{' '.join(self._arguments(call))}. {_HOW_TO_GET}."
                )

    def _program(self) -> Path:
        """The real path: OpenFace seeks its models beside itself, not beside a link to it."""
        found = shutil.which(self.command[0])
        if found is None:
            raise AnnotatorError(
                f"openface: no program {self.command[0]!r} that can be run, as a path or on PATH. "
                f"{_HOW_TO_GET}."
            )
        return Path(found).resolve()

    def _arguments(self, call: "_Call") -> list[str]:
        own = [word.replace(SCRATCH, str(call.folder)) for word in self.command[1:]]
        pictures, out = str(call.pictures), str(call.out)
        return [str(self._program()), *own, *_FLAGS, "-fdir", pictures, "-out_dir", out]

    def _run(self, call: "_Call") -> programs.Ended:
        return programs.run(
            self._arguments(call),
            call.folder,
            patience=self.timeout + _LOADING,
            progress=lambda: sum(1 for _ in call.out.iterdir()),
        )


@dataclass(frozen=True)
class _Picture:
    """A JPEG or PNG under a name of our own."""

    name: str
    image: bytes

    def write(self, folder: Path) -> None:
        suffix = ".png" if self.image.startswith(b"\x89PNG") else ".jpg"
        (folder / f"{self.name}{suffix}").write_bytes(self.image)


def _plain() -> bytes:
    """A grey picture with a disc: a face to nobody, and a picture to every reader."""
    picture = np.full((128, 128, 3), 160, np.uint8)
    cv2.circle(picture, (64, 64), 40, (90, 110, 140), -1)
    return cv2.imencode(".png", picture)[1].tobytes()


class _Call:
    """The folder of one call, from its pictures to its files; gone afterwards."""

    def __init__(self, folder: Path, pictures: Sequence[_Picture]) -> None:
        self.folder = folder.resolve()
        self.pictures, self.out = self.folder / "pictures", self.folder / "out"
        self._asked = pictures

    def __enter__(self) -> "_Call":
        for folder in (self.pictures, self.out):
            folder.mkdir(parents=True)
        for picture in self._asked:
            picture.write(self.pictures)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder)

    def csv(self, picture: _Picture) -> Path:
        return self.out / f"{picture.name}.csv"

    def done(self, ended: programs.Ended) -> list[_Picture]:
        """The pictures about which the program has said all that it has to say."""
        undone = {picture.name for picture in self.undone(ended)}
        return [picture for picture in self._asked if picture.name not in undone]

    def undone(self, ended: programs.Ended) -> list[_Picture]:
        """The others, in order: the program ended in the first of them, or before."""
        begun = [self._details(picture).is_file() for picture in self._asked]
        clean = ended.code == 0 and not ended.hung
        return [
            picture
            for number, picture in enumerate(self._asked)
            if not (
                _ends_with_a_line(self.csv(picture))
                or (
                    begun[number]
                    and not self.csv(picture).exists()
                    and (clean or any(begun[number + 1 :]))
                )
            )
        ]

    def _details(self, picture: _Picture) -> Path:
        return self.out / f"{picture.name}_of_details.txt"


def _ends_with_a_line(path: Path) -> bool:
    """Whether a file is there and whole: the program writes its last line end when it closes."""
    if not path.is_file() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read() == b"\n"


def _answer(face: Face, csv: Path) -> Coded | Uncoded:
    """What a picture's CSV says of the face; no CSV is nobody."""
    rows = list(openface_csv.read(csv)) if csv.exists() else []
    found = [row for row in rows if isinstance(row, Reading)]
    unread = [row for row in rows if isinstance(row, Unread)]
    if not rows:
        return Uncoded(face.face_id, "no_face", "OpenFace found nobody in the crop")
    distances = [_distance(face, row.points) for row in found]
    if found and min(distances) <= landmarks.SAME_FACE:
        row = found[int(np.argmin(distances))]
        occurrence = {au: code for au, code in row.occurrence.items() if code is not None}
        intensity = {au: level for au, level in row.intensity.items() if level is not None}
        return Coded(face.face_id, occurrence, intensity, row.confidence)
    if unread:
        return Uncoded(face.face_id, "bad_output", f"OpenFace's CSV: {unread[0].detail}")
    detail = (
        f"OpenFace coded {len(found)} in the crop; the nearest lies {min(distances):.1f} eye "
        f"distances from the stored landmarks, more than {landmarks.SAME_FACE:g}"
    )
    return Uncoded(face.face_id, "other_face", detail)


def _distance(face: Face, points: NDArray[np.float64] | None) -> float:
    """From the stored landmarks to OpenFace's, in the crop, as a share of the eye distance."""
    if points is None:
        return np.inf
    stored = face.landmarks @ face.transform[:, :2].T + face.transform[:, 2]
    return float(landmarks.distances(stored, landmarks.five(points)))
