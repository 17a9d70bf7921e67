"""The stand-in against the recordings of the real program: without this, the tests that drive it
would show nothing."""

import csv
import itertools
import shlex
import subprocess
from pathlib import Path

import cv2
import numpy as np

from tests.annotators import standin

PICTURES = {  # the recordings' inputs, which are not kept -> what the stand-in makes of it
    "BWPictureHuman": "no_face", "free-mountain-vector-01": "no_face", "small48": "no_face",
    "truncated": "no_face", "multi_face": "three", "a_noface": "no_face",
}  # fmt: skip


def names(recordings: Path) -> list[Path]:
    return sorted(path for path in recordings.iterdir() if path.is_dir())


def picture(path: Path) -> None:
    shape = (1, 1, 3) if path.stem == "tiny" else (96, 96, 3)
    kind = "three" if path.parent.name == "d2" else PICTURES.get(path.stem, "")
    colour = standin.COLOURS.get(kind, (120, 120, 120))
    path.parent.mkdir(parents=True, exist_ok=True)
    suffix = path.suffix if path.suffix != ".webp" else ".png"
    path.write_bytes(cv2.imencode(suffix, np.full(shape, colour, np.uint8))[1].tobytes())


def video(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = standin.COLOURS["no_face"] if path.stem == "no_face" else (120, 120, 120)
    made = path.with_suffix(".avi")
    writer = cv2.VideoWriter(str(made), cv2.VideoWriter.fourcc(*"MJPG"), 30, (96, 96))
    for _ in range(6):
        writer.write(np.full((96, 96, 3), kind, np.uint8))
    writer.release()
    made.rename(path)


def put(path: Path, recorded: Path) -> None:
    """An input of the recorded call, or of its folder."""
    broken = {"corrupt": b"no picture", "empty": b"", "text": b"words", "b_corrupt": b"no picture"}
    broken |= {"trunc": b"\0\0\0 ftypisom"}
    if path.name == "nonexistent" or "nonexistent" in path.parts:
        return
    if path.stem in broken:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(broken[path.stem])
    elif path.suffix in (".mp4", ".avi"):
        video(path)
    elif path.suffix:
        picture(path)
    else:
        path.mkdir(parents=True)
        made = [one.stem for one in (recorded / "out").glob("*_of_details.txt")]
        inside = [stem.removesuffix("_of_details") for stem in made]
        for stem in inside if path.name != "image_sequence" else ["000001", "000002"]:
            picture(path / f"{stem}.jpg")
        if path.name == "baddir":
            put(path / "b_corrupt.jpg", recorded)
            picture(path / "c.jpg")
        if path.name == "mixdir":
            picture(path / "CAPITALS.JPG")


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as lines:
        return list(csv.reader(lines))


def _forms(cells: list[str]) -> list[int]:
    """How many digits each number has behind its point."""
    return [len(cell.partition(".")[2]) for cell in cells]


def _last_word(text: str) -> str:
    """What the program said last, where it is more than which model it reads."""
    last = (text.strip().splitlines() or [""])[-1]
    return "" if last.startswith(("Reading", "Device or", "Attempting")) else last


def test_the_stand_in_does_what_the_real_program_was_recorded_to_do(
    shared: Path, tmp_path: Path
) -> None:
    recordings = names(shared / "data/openface/recordings")
    assert len(recordings) == 40
    told = []
    for recorded in recordings:
        here = tmp_path / recorded.name
        here.mkdir()
        program = standin.install(here)
        words = shlex.split((recorded / "cmd").read_text())
        words[0] = str(program.with_name(Path(words[0]).name))
        for flag, word in itertools.pairwise(words):
            if flag in ("-f", "-fdir"):
                put(here / word, recorded)
        done = subprocess.run(words, cwd=here, capture_output=True, text=True)
        expected = int((recorded / "rc").read_text())
        code = 128 - done.returncode if done.returncode < 0 else done.returncode
        out = {path.name for path in (here / "out").glob("*")}
        was = {path.name for path in (recorded / "out").glob("*")}
        if (code, out) != (expected, was):
            told.append((recorded.name, code, expected, out ^ was))
            continue
        assert _last_word(done.stdout) == _last_word((recorded / "stdout").read_text())
        for name in was:
            if name.endswith(".csv"):
                found, real = rows(here / "out" / name), rows(recorded / "out" / name)
                kept = [number for number, cell in enumerate(real[0]) if "pose_" not in cell]
                real = [[row[number] for number in kept] for row in real]
                assert found[0] == real[0], recorded.name
                assert _forms(found[1]) == _forms(real[1]), recorded.name
                assert (len(found) > 2) == (len(real) > 2), recorded.name
    assert not told
