"""OpenFace 2's FaceLandmarkImg as a coder of pictures (Baltrusaitis et al. 2018).

It is a C++ program that stops at a picture it cannot read and leaves the rest of its batch
undone, exits with 0 where it has found nobody, and overwrites files of the same name. So it
gets pictures under names of our own, nothing is believed but the files it leaves, and a batch
that ends early goes on after the picture at which it ended.

What is known of a picture when a call has ended, by the files of its name:

    a CSV that ends with a line end         coded
    _of_details.txt so, no CSV              nobody found, if the call went on to another picture
                                            or ended with 0; else the call may have ended here
    neither                                 not reached, or not written to its end

The first picture that is not done is called for again, alone: it is coded, or it is the
culprit and fails with how the program ended. Before a face is given up, the program has to
code a picture of our own, so that a program that has stopped working fails the stage, not all
its faces.
"""

import itertools
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import cv2
import numpy as np

from noisyau import aus as au_names
from noisyau.annotators import matching, openface_csv, programs
from noisyau.annotators.base import Coded, Face, Uncoded
from noisyau.annotators.openface_csv import Reading, Unread
from noisyau.annotators.openface_program import Call, Program, lines, plain_picture
from noisyau.faces.decode import UndecodableError, decode

AUS = (*au_names.OPENFACE_17, 45)
FLAGS = ("-aus", "-2Dfp")
_LARGEST = 50_000_000  # bytes of one picture's CSV: a crowd of 30,000
_AS_THEY_ARE = {b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png", b"BM": ".bmp"}  # -fdir takes these


@dataclass(frozen=True)
class OpenFace:
    """The annotator; see `base.Annotator`.

    command  the program and its first arguments; see `openface_program.Program`
    sees     the stored crops, or the pictures that they were cut from
    batch    pictures in a call, about
    timeout  seconds that it may spend on one picture
    """

    command: tuple[str, ...]
    sees: Literal["crop", "source"] = "source"
    batch: int = 500
    timeout: float = 5.0
    name: str = "openface"
    mode: Literal["static"] = "static"
    aus: tuple[int, ...] = AUS

    @property
    def version(self) -> str:
        """The program's digest, its arguments, and what it sees."""
        return " ".join((self._program.version, *FLAGS, self.sees))

    def check(self) -> None:
        """Code a picture of our own."""
        with TemporaryDirectory(prefix="noisyau-") as folder:
            self._must_work(Path(folder))

    def fitted(self, _: Iterable[Face], __: int, /) -> "OpenFace":
        """As it is: OpenFace's thresholds are its own."""
        return self

    def code(self, faces: Iterable[Face], scratch: Path, /) -> Iterator[Coded | Uncoded]:
        """Codes from the pictures, whose faces come one after the other.

        Reasons: no_face, other_face (it coded somebody else), bad_output, program_died,
        time_limit, no_output, and those of `decode` for a source picture that cannot be read.
        """
        call = Call(scratch / "batch")
        todo: list[_Picture] = []
        for number, (_, group) in enumerate(itertools.groupby(faces, key=self._picture_of)):
            together = list(group)
            try:
                file = self._write(together[0], call.given / f"{number:06d}")
            except UndecodableError as error:
                for face in together:
                    yield Uncoded(face.face_id, error.reason, error.detail)
                continue
            todo.append(
                _Picture(file, tuple(replace(one, image=b"", source=None) for one in together))
            )
        while todo:
            ended = self._run(call)
            undone = _undone(call, todo, ended)
            for picture in todo:
                if picture not in undone:
                    yield from self._answers(call, picture)
                    picture.file.unlink(missing_ok=True)
            call.again()
            todo = undone
            if todo:
                yield from self._alone(todo.pop(0), scratch)
        call.remove()

    def _alone(self, picture: "_Picture", scratch: Path) -> Iterator[Coded | Uncoded]:
        call = Call(scratch / "alone")
        if picture.file.exists():
            picture.file.rename(call.given / picture.file.name)
        ended = self._run(call)
        if not _undone(call, [picture], ended):
            yield from self._answers(call, picture)
        else:
            call.must_have_room()
            self._must_work(scratch)
            for face in picture.faces:
                yield Uncoded(face.face_id, ended.reason, str(ended))
        call.remove()

    def _must_work(self, folder: Path) -> None:
        call = Call(folder / "check")
        plain = _Picture(call.given / "check.png", ())
        plain.file.write_bytes(cv2.imencode(".png", plain_picture())[1].tobytes())
        ended = self._run(call)
        if _undone(call, [plain], ended):
            raise self._program.broken("code a plain picture", call, self._arguments(call), ended)
        call.remove()

    def _picture_of(self, face: Face) -> str:
        return face.face_id if self.sees == "crop" else face.item

    def _write(self, face: Face, stem: Path) -> Path:
        """The picture as a file that -fdir takes: its own bytes where it can be, else a PNG."""
        picture = face.image if self.sees == "crop" else face.source
        if isinstance(picture, bytes):
            for start, suffix in _AS_THEY_ARE.items():
                if picture.startswith(start):
                    file = stem.with_suffix(suffix)
                    file.write_bytes(picture)
                    return file
            picture = decode(picture, largest=sys.maxsize)  # detection found it small enough
        assert isinstance(picture, np.ndarray)
        file = stem.with_suffix(".png")
        quick = [cv2.IMWRITE_PNG_COMPRESSION, 1]
        file.write_bytes(cv2.imencode(".png", picture, quick)[1].tobytes())
        return file

    def _answers(self, call: Call, picture: "_Picture") -> Iterator[Coded | Uncoded]:
        csv = call.csv(picture.file.stem)
        size = csv.stat().st_size if csv.exists() else 0
        rows: list[Reading | Unread] = []
        if size > _LARGEST:
            rows = [Unread(csv.name, f"{size:,} bytes, more than {_LARGEST:,}")]
        elif csv.exists():
            rows = list(openface_csv.told(csv))
        in_crop = self.sees == "crop"
        faces = [
            (face, matching.in_crop(face) if in_crop else face.landmarks) for face in picture.faces
        ]
        yield from matching.answers(faces, rows, "the crop" if in_crop else "the picture")

    def _arguments(self, call: Call) -> list[str]:
        return [*FLAGS, "-fdir", str(call.given), "-out_dir", str(call.out)]

    def _run(self, call: Call) -> programs.Ended:
        stems = [file.stem for file in call.given.iterdir()]
        return self._program.run(
            call,
            self._arguments(call),
            patience=self.timeout,
            progress=lambda: sum(call.details(stem).exists() for stem in stems),
        )

    @property
    def _program(self) -> Program:
        return Program(self.command)


@dataclass(frozen=True, eq=False)
class _Picture:
    """A file under a name of our own, and the faces in it that are asked for."""

    file: Path
    faces: tuple[Face, ...]


def _undone(call: Call, asked: Sequence[_Picture], ended: programs.Ended) -> list[_Picture]:
    """The pictures of which the program has not said all that it has to say, in order: it ended
    in the first of them, or before."""
    stems = [picture.file.stem for picture in asked]
    begun = {
        number: call.details(stem).stat().st_mtime_ns
        for number, stem in enumerate(stems)
        if lines(call.details(stem))
    }
    ended_in = -1  # no picture, where the program ended well
    if begun and (ended.code != 0 or ended.hung):  # by the clock, whatever order it takes them in
        ended_in = max(begun, key=lambda number: (begun[number], number))
    return [
        picture
        for number, (picture, stem) in enumerate(zip(asked, stems, strict=True))
        if not (
            lines(call.csv(stem))
            or (number in begun and not call.csv(stem).exists() and number != ended_in)
        )
    ]
