"""A folder of videos, one person each: `<person>.mp4`, or `<person>/<anything>.mp4`.

The subject is the file's stem, or the first folder below the root where the video lies in one. The
item is the path without its suffix, and the frame from 1: `wolfgang/17`, `anna/talk/17`. How
frames are counted, and what becomes of those that cannot be decoded, is in noisyau.corpora.frames.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path, PurePosixPath

from noisyau.corpora import files, frames
from noisyau.errors import CorpusError
from noisyau.items import Item, Lost, Shard

SUFFIXES = frozenset((".mp4", ".avi", ".mkv", ".mov", ".webm"))
_FRAMES = 500  # a shard, of those that are asked for


@dataclass(frozen=True)
class _Video:
    file: str
    item: str
    subject: str
    head: frames.Header


@dataclass(frozen=True)
class Videos:
    """The folder; see noisyau.corpora.Corpus.

    every  frames 1, 1 + every, 1 + 2 every, ... are taken, the others are no part of the corpus
    """

    path: Path
    every: int = 1

    def __post_init__(self) -> None:
        if self.every < 1:
            raise CorpusError(f"every: {self.every}; expected 1 (every frame) or more")

    def shards(self) -> dict[str, Shard]:
        shards: dict[str, Shard] = {}
        span = _FRAMES * self.every
        for number, video in enumerate(self._videos, start=1):
            if isinstance(video, Lost):
                shards[f"video-{number:05d}-000000001"] = partial(_lost, video)
                continue
            starts = range(1, max(video.head.count, 1) + 1, span)
            for first in starts:
                last = None if first == starts[-1] else first + span - 1
                shards[f"video-{number:05d}-{first:09d}"] = partial(
                    _read, self.path, video, first, last, self.every
                )
        return shards

    def size(self) -> int:
        return sum(
            1 if isinstance(video, Lost) else -(-video.head.count // self.every)
            for video in self._videos
        )

    def videos(self) -> dict[str, Path]:
        return {
            video.item: self.path / video.file
            for video in self._videos
            if isinstance(video, _Video)
        }

    def fingerprint(self) -> str:
        found = [name for name in self._files if isinstance(name, str)]
        lost = [name.name for name in self._files if isinstance(name, Lost)]
        return files.fingerprint(
            ((name, self.path / name) for name in found), "videos", self.every, lost
        )

    @cached_property
    def _files(self) -> list[str | Lost]:
        if not self.path.is_dir():
            raise CorpusError(f"{self.path}: not a folder; expected a folder of videos")
        found = [name for name in files.walk(self.path) if _is_video(name)]
        if not any(isinstance(name, str) for name in found):
            raise CorpusError(f"{self.path}: no video; expected {', '.join(sorted(SUFFIXES))}")
        stems: dict[str, str] = {}
        for name in found:
            if isinstance(name, str):
                other = stems.setdefault(_item(name), name)
                if other != name:
                    raise CorpusError(
                        f"{self.path}: {other} and {name} would both be called {_item(name)}; "
                        "rename one"
                    )
        return found

    @cached_property
    def _videos(self) -> list[_Video | Lost]:
        return [
            name if isinstance(name, Lost) else _describe(self.path, name) for name in self._files
        ]


def _is_video(found: str | Lost) -> bool:
    return isinstance(found, Lost) or PurePosixPath(found).suffix.lower() in SUFFIXES


def _item(name: str) -> str:
    return PurePosixPath(name).with_suffix("").as_posix()


def _describe(root: Path, name: str) -> _Video | Lost:
    item = _item(name)
    subject = item.split("/", 1)[0]
    head = frames.header(root / name)
    if head is None:
        detail = f"{name} cannot be opened as a video: not one, or cut short; copy it again"
        return Lost(item, subject, None, "unreadable", detail)
    return _Video(name, item, subject, head)


def _lost(video: Lost) -> Iterator[Lost]:
    yield video


def _read(
    root: Path, video: _Video, first: int, last: int | None, every: int
) -> Iterator[Item | Lost]:
    for frame in frames.read(root / video.file, video.head, first, last, every):
        if frame.picture is not None:
            name = f"{video.item}/{frame.number}"
            yield Item(name, video.subject, frame.number, frame.picture)
        elif frame.number is not None:
            name = f"{video.item}/{frame.number}"
            yield Lost(name, video.subject, frame.number, "frame_missing", frame.trouble)
        else:
            yield Lost(video.item, video.subject, None, "cut_short", frame.trouble)
