"""DISFA: videos of people who watch a film, coded frame by frame (Mavadati et al. 2013).

    ActionUnit_Labels/SN001/SN001_au1.txt ...       see noisyau.corpora.disfa_labels
    Videos_LeftCamera/LeftVideoSN001_comp.avi
    Videos_RightCamera/RightVideoSN001_comp.avi     one of the two cameras is read

An item is a frame that was coded: `SN001/17`, numbered from 1 as the label files do (published
pictures cut from DISFA often count from 0). A coded frame that the video does not give is lost as
`frame_missing`, a video frame that no file codes as `no_labels`.

Corrupt frames are left out where a CSV lists them, and by nothing else. There is no authoritative
list; one report says that SN029's landmarks are bad from 4330 to 4536 (github.com/EvelynFan/FAU,
issue 3), which would be written:

    subject,first,last,reason
    SN029,4330,4536,bad landmarks (EvelynFan/FAU issue 3)
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Literal

from noisyau import csvs
from noisyau.corpora import disfa_labels, files, frames
from noisyau.corpora.disfa_labels import read_labels
from noisyau.errors import CorpusError
from noisyau.items import Item, Lost, Shard

_FRAMES = 500  # a shard
_CAMERAS = {"left": "Left", "right": "Right"}
_HEADER = ["subject", "first", "last", "reason"]


@dataclass(frozen=True)
class _Corrupt:
    """Frames `first` to `last` that are to be left out."""

    first: int
    last: int
    reason: str


@dataclass(frozen=True)
class _Subject:
    """One subject's video and the last frame that is coded."""

    name: str
    video: Path
    head: frames.Header
    last: int
    corrupt: tuple[_Corrupt, ...]


@dataclass(frozen=True)
class Disfa:
    """DISFA's root; see noisyau.corpora.Corpus.

    camera          which of the two videos; Fung & McDuff 2020 took the right, others the left
    corrupt_frames  CSV with the columns subject, first, last, reason
    """

    path: Path
    camera: Literal["left", "right"] = "left"
    corrupt_frames: Path | None = None

    def __post_init__(self) -> None:
        if self.camera not in _CAMERAS:
            raise CorpusError(f"camera: {self.camera!r}; expected {' or '.join(_CAMERAS)}")

    def shards(self) -> dict[str, Shard]:
        shards: dict[str, Shard] = {}
        for subject in self._subjects:
            starts = range(1, max(subject.head.count, 1) + 1, _FRAMES)  # the last has what is left
            for first in starts:
                last = None if first == starts[-1] else first + _FRAMES - 1
                shards[f"{subject.name}-{first:06d}"] = partial(
                    _read, self.path, subject, first, last
                )
        return shards

    def size(self) -> int:
        return sum(max(subject.head.count, subject.last) for subject in self._subjects)

    def videos(self) -> dict[str, Path]:
        return {subject.name: subject.video for subject in self._subjects}

    def fingerprint(self) -> str:
        found = [(subject.video.name, subject.video) for subject in self._subjects]
        for subject in self._subjects:
            labels = disfa_labels.label_files(self.path, subject.name)
            found += [(file.name, file) for file in labels.values()]
        listed = self.corrupt_frames.read_bytes() if self.corrupt_frames is not None else b""
        return files.fingerprint(found, "disfa", self.camera, hashlib.sha256(listed).hexdigest())

    @cached_property
    def _subjects(self) -> list[_Subject]:
        names = disfa_labels.subjects(self.path)
        corrupt = _read_corrupt(self.corrupt_frames, names) if self.corrupt_frames else {}
        videos = _videos(self.path, self.camera, names)
        return [
            _Subject(
                name,
                videos[name],
                _header(videos[name]),
                max(_coded(self.path, name)),
                tuple(corrupt.get(name, ())),
            )
            for name in names
        ]


def _videos(path: Path, camera: str, subjects: list[str]) -> dict[str, Path]:
    """Each subject's video; CorpusError where one is missing or nobody's."""
    side = _CAMERAS[camera]
    folder = path / f"Videos_{side}Camera"
    wanted = {name: folder / f"{side}Video{name}_comp.avi" for name in subjects}
    absent = [video.name for video in wanted.values() if not video.is_file()]
    if absent:
        raise CorpusError(
            f"{folder}: no {', '.join(absent)}. Expected a video for each folder of "
            f"{disfa_labels.FOLDER}; copy it there, or set corpora.coded.camera to the other side."
        )
    present = set(folder.glob(f"{side}Video*_comp.avi")) - set(wanted.values())
    if present:
        raise CorpusError(
            f"{folder}: {', '.join(sorted(video.name for video in present))} has no folder in "
            f"{disfa_labels.FOLDER}; copy its labels there, or move the video out."
        )
    return wanted


def _header(video: Path) -> frames.Header:
    head = frames.header(video)
    if head is None:
        raise CorpusError(
            f"{video}: cannot be opened as a video: not one, or cut short; copy it again"
        )
    return head


def _coded(path: Path, subject: str) -> set[int]:
    """The frames that at least one of the subject's label files has a line for."""
    labels = disfa_labels.label_files(path, subject)
    return {frame for file in labels.values() for _, frame, _ in disfa_labels.read_lines(file)}


def _read_corrupt(path: Path, subjects: list[str]) -> dict[str, list[_Corrupt]]:
    try:
        rows = list(csvs.read(path, _HEADER, f"Expected {','.join(_HEADER)}."))
    except OSError as error:
        raise CorpusError(
            f"{path}: cannot be read: {error.strerror}; set corpora.coded.corrupt_frames"
        ) from error
    listed: dict[str, list[_Corrupt]] = {}
    for row in rows:
        subject, span = _corrupt_row(row, subjects)
        listed.setdefault(subject, []).append(span)
    return listed


def _corrupt_row(row: csvs.Row, subjects: list[str]) -> tuple[str, _Corrupt]:
    subject, *numbers, reason = (row.cells[name] for name in _HEADER)
    if not row.whole or not reason:
        found = list(row.cells.values())
        raise CorpusError(f"{row.place}: {found}; expected {','.join(_HEADER)}, all filled in")
    if subject not in subjects:
        raise CorpusError(f"{row.place}: no subject {subject!r}; known: {', '.join(subjects)}")
    if not all(number.isascii() and number.isdigit() for number in numbers):
        raise CorpusError(
            f"{row.place}: frames {numbers[0]!r} to {numbers[1]!r}; expected whole numbers"
        )
    first, last = map(int, numbers)
    if not 1 <= first <= last:
        raise CorpusError(f"{row.place}: frames {first} to {last}; expected 1 or more, rising")
    return subject, _Corrupt(first, last, reason)


def _read(path: Path, subject: _Subject, first: int, last: int | None) -> Iterator[Item | Lost]:
    coded = _coded(path, subject.name)
    number = first - 1
    for frame in frames.read(subject.video, subject.head, first, last):
        if frame.number is not None:
            number = frame.number
            yield _judge(subject, frame, number, coded)
    for beyond in sorted(coded):
        if number < beyond and (last is None or beyond <= last):
            trouble = f"coded, but decoding {subject.video.name} gives no such frame"
            yield _judge(subject, frames.Frame(beyond, None, trouble), beyond, coded)


def _judge(subject: _Subject, frame: frames.Frame, number: int, coded: set[int]) -> Item | Lost:
    item = f"{subject.name}/{number}"
    for span in subject.corrupt:
        if span.first <= number <= span.last:
            return Lost(item, subject.name, number, "corrupt_frame", span.reason)
    if frame.picture is None:
        return Lost(item, subject.name, number, "frame_missing", frame.trouble)
    if number not in coded:
        detail = f"in {subject.video.name}, but no label file has a line for it"
        return Lost(item, subject.name, number, "no_labels", detail)
    return Item(item, subject.name, number, frame.picture)


__all__ = ["Disfa", "read_labels"]
