"""OpenFace 2's FeatureExtraction as a coder of whole videos (Baltrusaitis et al. 2018).

It tracks one face through a video and codes each frame, with its static models or with its
dynamic ones, which learn the person's neutral face from the video and rewrite every AU at its
end (Baltrusaitis, Mahmoud & Robinson 2015); so nothing of a call that ended early is kept. It
exits with 0 where it could not open the video and where reading stopped half-way, and writes
plausible AUs for frames that it lost. Rows are matched by frame number and by landmarks.
"""

import itertools
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import cv2

from noisyau.annotators import matching, openface_csv, programs
from noisyau.annotators.base import Coded, Face, Uncoded
from noisyau.annotators.openface import AUS, FLAGS
from noisyau.annotators.openface_csv import Reading, Unread
from noisyau.annotators.openface_program import Call, Program, lines, plain_picture
from noisyau.corpora import frames
from noisyau.errors import AnnotatorError, CorpusError

_LARGEST_FRAME = 20_000  # bytes of a frame's row: all 711 columns take 6,000
_PICTURES, _VIDEOS = "FaceLandmarkImg", "FeatureExtraction"


@dataclass(frozen=True)
class OpenFaceVideo:
    """The annotator; see `base.Annotator`.

    command  FeatureExtraction and its first arguments; see `openface_program.Program`
    mode     which of its models
    timeout  seconds that it may spend on one frame
    """

    command: tuple[str, ...]
    mode: Literal["static", "dynamic"]
    timeout: float = 5.0
    name: str = "openface"
    aus: tuple[int, ...] = AUS
    batch: int = 1
    sees: Literal["video"] = "video"

    @property
    def version(self) -> str:
        """The program's digest and its arguments."""
        return " ".join((self._program.version, *self._flags))

    def check(self) -> None:
        """Code a video of our own."""
        with TemporaryDirectory(prefix="noisyau-") as folder:
            self._must_work(Path(folder))

    def fitted(self, _: Iterable[Face], __: int, /) -> "OpenFaceVideo":
        """As it is: OpenFace's thresholds are its own."""
        return self

    def code(self, faces: Iterable[Face], scratch: Path, /) -> Iterator[Coded | Uncoded]:
        """Codes from one video; a call that does not end well is made once more.

        Reasons: no_face (not tracked in the frame), other_face, bad_output, video_stopped (its
        frames end before the face's), frame_unsure (a frame before it is lost, so that plain
        readers count otherwise), source_lost, program_died, time_limit, no_output.
        """
        asked = list(faces)
        video = asked[0].source
        assert isinstance(video, Path)
        try:
            sure = frames.counted_alike(video)
        except CorpusError as error:
            for face in asked:
                yield Uncoded(face.face_id, "source_lost", str(error))
        else:
            yield from self._code(asked, video, sure, scratch)

    def _code(
        self, asked: list[Face], video: Path, sure: int, scratch: Path
    ) -> Iterator[Coded | Uncoded]:
        for _ in range(2):
            call = Call(scratch / "call")
            given = call.given / f"video{video.suffix.lower()}"
            shutil.copyfile(video, given)  # not a link: the program may do with it what it likes
            ended = self._run(call, given, sure)
            if _is_whole(call, given, ended):
                yield from _answers(asked, call.csv(given.stem), sure)
                call.remove()
                return
            call.must_have_room()
            call.remove()
        self._must_work(scratch)
        for face in asked:
            yield Uncoded(face.face_id, ended.reason, str(ended))

    def _must_work(self, folder: Path) -> None:
        call = Call(folder / "check")
        given = _plain(call.given / "check.avi")
        ended = self._run(call, given, 5)
        if not _is_whole(call, given, ended):
            raise self._program.broken(
                "code a plain video", call, self._arguments(call, given), ended
            )
        call.remove()

    @property
    def _program(self) -> Program:
        return Program(self.command)

    @property
    def _flags(self) -> tuple[str, ...]:
        return (*FLAGS, "-au_static") if self.mode == "static" else FLAGS

    def _arguments(self, call: Call, video: Path) -> list[str]:
        return [*self._flags, "-f", str(video), "-out_dir", str(call.out)]

    def _run(self, call: Call, video: Path, frames_in_it: int) -> programs.Ended:
        csv, most = call.csv(video.stem), _LARGEST_FRAME * (frames_in_it + 1)

        def written() -> int:
            return min(csv.stat().st_size, most) if csv.exists() else 0

        return self._program.run(
            call, self._arguments(call, video), patience=self.timeout, progress=written
        )


def video_command(command: tuple[str, ...]) -> tuple[str, ...]:
    """The command that calls FeatureExtraction, from the one that calls FaceLandmarkImg.

    Raises AnnotatorError where it does not.
    """
    told = tuple(
        str(Path(word).with_name(Path(word).name.replace(_PICTURES, _VIDEOS)))
        if _PICTURES in Path(word).name
        else word
        for word in command
    )
    if told == command:
        raise AnnotatorError(
            f"annotators.openface.command {list(command)} does not call {_PICTURES}, so that "
            f"{_VIDEOS} could be called in its place; set annotators.openface.video_command"
        )
    return told


def _plain(path: Path) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (128, 128))
    for _ in range(5):
        writer.write(plain_picture())
    writer.release()
    return path


def _is_whole(call: Call, given: Path, ended: programs.Ended) -> bool:
    """Whether the program went to its end, and what it wrote is all there."""
    written = (call.csv(given.stem), call.details(given.stem))
    return ended.code == 0 and not ended.hung and all(map(lines, written))


def _answers(asked: list[Face], csv: Path, sure: int) -> Iterator[Coded | Uncoded]:
    waiting: dict[int, list[Face]] = {}
    for face in asked:
        if face.frame is None or face.frame > sure:
            yield Uncoded(face.face_id, "frame_unsure", _unsure(sure))
        else:
            waiting.setdefault(face.frame, []).append(face)
    last, unread = 0, ""
    for frame, group in itertools.groupby(openface_csv.told(csv), key=_frame):
        rows = list(group)
        if frame is None:  # the row is cut, or says no number
            told = (row.detail for row in rows if isinstance(row, Unread))
            unread = unread or next(told, "a row without a frame")
        elif frame == 0:
            unread = "frames count from 0, where OpenFace counts from 1"
            break
        else:
            last = max(last, frame)
            yield from _of_frame(waiting.pop(frame, []), rows)
    for face in itertools.chain.from_iterable(waiting.values()):
        if unread:
            yield Uncoded(face.face_id, "bad_output", f"OpenFace's CSV: {unread}")
        else:
            detail = f"OpenFace read {last} frames and not this one, which decoding gives"
            yield Uncoded(face.face_id, "video_stopped", detail)


def _of_frame(faces: list[Face], rows: list[Reading | Unread]) -> Iterator[Coded | Uncoded]:
    tracked = [row for row in rows if isinstance(row, Reading) and row.success]
    if len({row.face for row in tracked}) < len(tracked):
        detail = f"OpenFace's CSV: {tracked[0].place}: the frame comes again"
        yield from (Uncoded(face.face_id, "bad_output", detail) for face in faces)
    elif tracked:
        yield from matching.answers(
            [(face, face.landmarks) for face in faces], tracked, "the frame"
        )
    else:
        detail = "OpenFace did not track a face in this frame"
        yield from (Uncoded(face.face_id, "no_face", detail) for face in faces)


def _frame(row: Reading | Unread) -> int | None:
    return row.frame if isinstance(row, Reading) else None


def _unsure(sure: int) -> str:
    return f"frame {sure + 1} cannot be decoded, so that OpenFace counts otherwise from there on"
