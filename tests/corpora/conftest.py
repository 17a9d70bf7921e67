"""Corpora in the makers' own forms, written by the tests."""

from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest

from noisyau import aus
from noisyau.items import Item, Lost, Shard

BITS = 10


def picture(number: int) -> np.ndarray:
    """A frame that shows its number: bit k is a white or black square, k from the left."""
    frame = np.full((64, 160, 3), 90, np.uint8)
    for bit in range(BITS):
        frame[8:24, bit * 16 : bit * 16 + 16] = 255 if number >> bit & 1 else 0
    return frame


def number_in(frame: np.ndarray) -> int:
    """The number that a frame shows, after compression."""
    return sum((frame[16, bit * 16 + 8].mean() > 128) << bit for bit in range(BITS))


def write_video(path: Path, frames: Iterable[int], codec: str = "MJPG") -> Path:
    """A video of 20 frames a second in which each frame shows its number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    code = cv2.VideoWriter_fourcc(*codec)
    video = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, 20, (160, 64))
    assert video.isOpened()
    for number in frames:
        video.write(picture(number))
    video.release()
    return path


def frame_bytes(content: bytes) -> list[tuple[int, int]]:
    """Offset and size of each frame's bytes in an AVI."""
    place, found = content.index(b"movi") + 4, []
    while content[place : place + 4] in (b"00dc", b"00db"):
        size = int.from_bytes(content[place + 4 : place + 8], "little")
        found.append((place + 8, size))
        place += 8 + size + size % 2
    return found


def damage_frame(path: Path, number: int) -> None:
    """Overwrite one frame of an AVI with zeros."""
    content = bytearray(path.read_bytes())
    start, size = frame_bytes(bytes(content))[number - 1]
    content[start : start + size] = bytes(size)
    path.write_bytes(content)


def everything(shards: dict[str, Shard]) -> list[Item | Lost]:
    """All that the shards give, in the order of their names."""
    return [found for name in sorted(shards) for found in shards[name]()]


def items(found: list[Item | Lost]) -> list[Item]:
    return [one for one in found if isinstance(one, Item)]


def lost(found: list[Item | Lost]) -> list[Lost]:
    return [one for one in found if isinstance(one, Lost)]


@pytest.fixture
def disfa_root(tmp_path: Path) -> Callable[..., Path]:
    """Writes a DISFA tree: SN001 and SN002 with `frames` frames, intensity = frame modulo 6."""

    def write(frames: int = 8, subjects: tuple[str, ...] = ("SN001", "SN002")) -> Path:
        root = tmp_path / "disfa"
        for subject in subjects:
            folder = root / "ActionUnit_Labels" / subject
            folder.mkdir(parents=True)
            for au in aus.DISFA_12:
                lines = [f"{frame},{frame % 6}\n" for frame in range(1, frames + 1)]
                (folder / f"{subject}_au{au}.txt").write_text("".join(lines))
            video = f"LeftVideo{subject}_comp.avi"
            write_video(root / "Videos_LeftCamera" / video, range(1, frames + 1))
        return root

    return write
