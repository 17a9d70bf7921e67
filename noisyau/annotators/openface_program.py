"""Calling one of OpenFace 2's programs: where it is, what it is told, and in which folder."""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from noisyau import outputs
from noisyau.annotators import programs
from noisyau.errors import AnnotatorError

SCRATCH = "{scratch}"
"""In a command, stands for the folder of a call, for programs that must be told of it."""

LOADING = 15.0  # seconds, beyond a picture's own, that a call may take to read its models
_ROOM = 64 * 1024  # bytes free on a disk, below which writing has failed
_HOW_TO_GET = (
    "OpenFace 2.2 is built from github.com/TadasBaltrusaitis/OpenFace (its licence: academic, "
    "not commercial); set annotators.openface.command in params.yaml to its FaceLandmarkImg"
)


def plain_picture() -> NDArray[np.uint8]:
    """A grey picture with a disc: a face to nobody, and a picture to every reader."""
    picture = np.full((128, 128, 3), 160, np.uint8)
    cv2.circle(picture, (64, 64), 40, (90, 110, 140), -1)
    return picture


class Call:
    """The folder of a call: what the program reads and what it writes, under names of our own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.given, self.out = self.folder / "given", self.folder / "out"
        for one in (self.given, self.out):
            one.mkdir(parents=True)

    def again(self) -> None:
        """Forget what the program wrote."""
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()
        self.given.mkdir(exist_ok=True)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def must_have_room(self) -> None:
        """JobError where the disk is full: then the program is not to blame for what it lacks."""
        if shutil.disk_usage(self.folder).free < _ROOM:
            raise outputs.disk_error(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), self.folder)

    def csv(self, stem: str) -> Path:
        return self.out / f"{stem}.csv"

    def details(self, stem: str) -> Path:
        """What OpenFace writes of each input before it looks at it."""
        return self.out / f"{stem}_of_details.txt"


@dataclass(frozen=True)
class Program:
    """A program and its first arguments, such as a path, a wrapper or `docker run ...`.

    `{scratch}` in an argument becomes the folder of a call.
    """

    command: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Its absolute path. OpenFace seeks its models beside itself, so a link to it is followed;
        a wrapper, which has arguments of its own, may go by the name that it is called by.

        Raises AnnotatorError where there is no such program.
        """
        found = shutil.which(self.command[0])
        if found is None:
            raise AnnotatorError(
                f"openface: no program {self.command[0]!r} that can be run, as a path or on PATH. "
                f"{_HOW_TO_GET}."
            )
        return Path(found).resolve() if len(self.command) == 1 else Path(found).absolute()

    @property
    def version(self) -> str:
        """The start of the executable's digest, and the first arguments.

        It does not tell of another model beside the program, or behind a wrapper or a container.
        """
        digest = hashlib.sha256(self.path.read_bytes()).hexdigest()
        return " ".join((digest[:12], *self.command[1:]))

    def run(
        self,
        call: Call,
        arguments: Sequence[str],
        *,
        patience: float,
        progress: Callable[[], object],
    ) -> programs.Ended:
        """Call it; see `programs.run`. `patience` is seconds, beyond those of loading."""
        try:
            return programs.run(
                self._words(call, arguments),
                call.folder,
                patience=patience + LOADING,
                progress=progress,
            )
        except OSError as error:
            raise AnnotatorError(
                f"openface: {self.path} cannot be started: {error.strerror}. {_HOW_TO_GET}."
            ) from error

    def broken(
        self, what: str, call: Call, arguments: Sequence[str], ended: programs.Ended
    ) -> AnnotatorError:
        """The error that says what it did not do, and what was tried."""
        return AnnotatorError(
            f"openface: {self.path} did not {what}: {ended}. Tried: "
            f"{' '.join(self._words(call, arguments))}. {_HOW_TO_GET}."
        )

    def _words(self, call: Call, arguments: Sequence[str]) -> list[str]:
        own = [word.replace(SCRATCH, str(call.folder)) for word in self.command[1:]]
        return [str(self.path), *own, *arguments]


def lines(path: Path) -> bool:
    """Whether a file is there and whole: OpenFace writes its last line end when it closes it."""
    try:
        with path.open("rb") as file:
            file.seek(-1, 2)
            return file.read() == b"\n"
    except OSError:  # not there, or empty
        return False
