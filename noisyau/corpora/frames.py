"""The frames of a video file, each with its right number, through OpenCV's FFmpeg.

Frames count from 1. Three things go wrong in silence when a video is read in a plain loop:

- The number of frames in a header is a claim. Matroska and WebM have none, and OpenCV guesses it
  from the duration; MP4 also counts frames that its edit list hides. Here decoding decides, and
  what the header counts beyond it is reported.
- `read()` says the same at a damaged frame as at the end, so a plain loop stops there. Here it is
  asked again, and goes on with the next frame.
- A frame that cannot be decoded shifts the numbers of all after it. An AVI has a constant rate, so
  its clock tells which number the next frame has. In other forms frames are numbered as they come.

To begin in the middle, frames are grabbed from the start, not sought: OpenCV seeks by estimated
times, which is exact for some files only, and cannot tell of a frame lost before. A grab costs
0.3 ms (MPEG-4) to 1.4 ms (MJPEG) for 1024 x 768 on one core, so a video of DISFA's length in
shards of 500 frames pays 2 to 7 ms a frame, against some 40 ms to find and align a face.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from noisyau.errors import CorpusError
from noisyau.items import Picture

_TRIES = 64  # grabs that may fail in a row before a video without a count is at its end


@dataclass(frozen=True)
class Header:
    """What a video file says of itself.

    count   frames; 0 where it does not say
    stated  False where the count was guessed from the duration
    rate    frames a second
    steady  whether every frame has its place on a constant clock, as in an AVI
    """

    count: int
    stated: bool
    rate: float
    steady: bool


@dataclass(frozen=True)
class Frame:
    """A frame's picture, or what is wrong with it.

    number   from 1; None where the trouble is the whole video's
    trouble  empty where there is a picture
    """

    number: int | None
    picture: Picture | None
    trouble: str = ""


def header(path: Path) -> Header | None:
    """What the file says of itself; None where it cannot be opened as a video."""
    video = _open(path)
    if video is None:
        return None
    count = video.get(cv2.CAP_PROP_FRAME_COUNT)
    rate = video.get(cv2.CAP_PROP_FPS)
    video.release()
    with path.open("rb") as stream:
        start = stream.read(12)
    matroska = start.startswith(b"\x1a\x45\xdf\xa3")
    avi = start.startswith(b"RIFF") and start.endswith(b"AVI ")
    whole = int(count) if 0 < count < 2**31 else 0
    return Header(whole, whole > 0 and not matroska, rate, avi and rate > 0)


def read(
    path: Path, head: Header, first: int = 1, last: int | None = None, every: int = 1
) -> Iterator[Frame]:
    """The frames `first` to `last` (None: to the end) of 1, 1 + every, 1 + 2 every, ...

    Each number up to the header's stated count comes exactly once, as a picture or a trouble.
    Raises CorpusError where an AVI's clock and count contradict each other.
    """
    video = _open(path)
    if video is None:
        raise CorpusError(f"{path}: opened before, now it cannot be; was it changed meanwhile?")

    def is_asked(number: int) -> bool:
        return number >= first and (last is None or number <= last) and (number - 1) % every == 0

    number, leapt, clock = 0, 0, _NO_CLOCK
    try:
        while last is None or number < last:
            failed = _grab(video, max(_TRIES, head.count - number))
            if failed is None:
                break
            previous = number
            number, clock = _next(video, head, number, clock, failed)
            leapt += number - previous - 1
            if leapt and head.stated and number > head.count:
                raise CorpusError(
                    f"{path}: its clock leaps over {leapt} frames, yet none of the {head.count} "
                    "that it states is missing, so frames cannot be told by number. Write it "
                    f"anew: ffmpeg -i {path.name} -c:v mjpeg -q:v 2 new.avi"
                )
            for lost in filter(is_asked, range(previous + 1, number)):
                yield Frame(lost, None, "the video's clock leaps over it: damaged or empty")
            if is_asked(number):
                found, picture = video.retrieve()
                yield (
                    Frame(number, picture.astype(np.uint8, copy=False))
                    if found
                    else Frame(number, None, "decoded, but not to a picture")
                )
    finally:
        video.release()
    if last is not None and number >= last:
        return
    if head.stated:
        final = head.count if last is None else min(last, head.count)
        for lost in filter(is_asked, range(number + 1, final + 1)):
            yield Frame(lost, None, f"the file states {head.count} frames, decoding gives {number}")
    elif last is None and number < max(1, head.count - 1):
        yield Frame(
            None, None, f"its length means about {head.count} frames, decoding gives {number}"
        )


def counted_alike(path: Path) -> int:
    """The last frame up to which a plain loop over `read()` counts as we do: none is lost before.

    Raises CorpusError where the file cannot be opened as a video.
    """
    head, video = (header(path), _open(path)) if path.is_file() else (None, None)
    if head is None or video is None:
        raise CorpusError(f"{path}: opened before, now it cannot be; was it changed meanwhile?")
    number, clock = 0, _NO_CLOCK
    try:
        while video.grab():
            following, clock = _next(video, head, number, clock, 0)
            if following != number + 1:
                break
            number = following
    finally:
        video.release()
    return number


_NO_CLOCK = float("nan")


def _grab(video: Any, tries: int) -> int | None:
    """Decode the next frame; how many attempts failed before it, None at the end."""
    for failed in range(tries + 1):
        if video.grab():
            return failed
    return None


def _next(video: Any, head: Header, number: int, clock: float, failed: int) -> tuple[int, float]:
    """Number and clock (milliseconds) of the frame that was grabbed after `number`."""
    if not head.steady:
        return number + 1, clock
    now = float(video.get(cv2.CAP_PROP_POS_MSEC))
    if number:
        leap = round((now - clock) * head.rate / 1000)
    else:  # the clock may start late (decoders that reorder), but not after a failed frame
        leap = round(now * head.rate / 1000) + 1 if failed else 1
    if leap < 1 or (head.count and number + leap > head.count):
        leap = 1  # no clock to go by, as at the end of a stream with reordered frames
    return number + leap, now


def _open(path: Path) -> Any:
    """A capture with one thread, since work is spread over processes; None if it is no video."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # damage is reported by number
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    finally:
        cv2.utils.logging.setLogLevel(level)
    return video if video.isOpened() else None
