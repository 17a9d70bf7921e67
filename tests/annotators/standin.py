#!/usr/bin/env python3
"""A program that behaves as OpenFace 2.2's FaceLandmarkImg was recorded to, without its models.

It reads the same flags, writes the same files, prints the same texts and ends in the same ways.
Faces are made up: a picture's bytes decide its AUs, and its mean colour what happens to it.

    grey and anything else   one face, in the middle, as a crop of the face store has it
    green                    no face
    yellow                   three faces; the one in the middle is the last
    magenta                  one face, elsewhere
    red                      aborts (SIGABRT) after the details are begun
    blue                     hangs
    cyan                     prints without end
    white                    a CSV that is cut in the middle of a line, exit code 0
    one pixel                aborts, as OpenFace does

STANDIN_LOADS and STANDIN_TAKES are the seconds that loading and a picture take.
STANDIN_BREAKS_AFTER ends it with exit code 1 before that picture, in every call.
"""

import hashlib
import os
import sys
import time
from pathlib import Path

import cv2
import numpy as np

AUS_R = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)
AUS_C = (*AUS_R[:-1], 28, 45)
EYES, DISTANCE = (0.5, 0.34), 0.25  # of the face store's crops
FIVE = ((-0.5, 0.0), (0.5, 0.0), (0.0, 0.65), (-0.5, 1.0), (0.5, 1.0))
OF_FIVE = (range(36, 42), range(42, 48), (30,), (48,), (54,))
COLOURS = {  # blue, green, red
    "no_face": (0, 200, 0), "three": (0, 200, 200), "elsewhere": (200, 0, 200),
    "abort": (0, 0, 200), "hang": (200, 0, 0), "endless": (200, 200, 0), "cut": (255, 255, 255),
}  # fmt: skip
SIGNS = "-fdir", "-f", "-out_dir", "-of"


def install(folder: Path) -> Path:
    """This file as the program FaceLandmarkImg in a folder."""
    program = folder / "FaceLandmarkImg"
    text = Path(__file__).read_text()
    program.write_text(text.replace("/usr/bin/env python3", sys.executable, 1))
    program.chmod(0o755)
    return program


def main(words: list[str]) -> int:
    given: dict[str, list[str]] = {sign: [] for sign in SIGNS}
    flags = set()
    todo = list(words)
    while todo:
        word = todo.pop(0)
        if word in given:
            given[word].append(todo.pop(0))
        else:
            flags.add(word)
    files = [Path(file) for file in given["-f"]]
    for folder in given["-fdir"]:
        print(f"Attempting to read from directory: {folder}")
        found = sorted(
            path for path in Path(folder).iterdir()
            if path.suffix in (".jpg", ".jpeg", ".png", ".bmp")
        )  # fmt: skip
        if not found:
            print(f"No images found in the directory: {folder}")
        files += found
    if not files:
        print("Could not open any images", flush=True)
        return 1
    print("Loading the model")
    beside = Path(sys.argv[0]).parent
    print(f"Reading the landmark detector/tracker from: {beside}/model/main_clnf_general.txt")
    time.sleep(float(os.environ.get("STANDIN_LOADS", 0)))
    print("Starting tracking", flush=True)
    out = Path(given["-out_dir"][0] if given["-out_dir"] else "processed")
    for number, file in enumerate(files):
        if str(number) == os.environ.get("STANDIN_BREAKS_AFTER"):
            return 1
        picture = cv2.imread(str(file))
        if picture is None:
            print(f"Error: Could not open the image: {file}", flush=True)
            return 1
        time.sleep(float(os.environ.get("STANDIN_TAKES", 0)))
        code(file, picture, out, flags)
    return 0


def code(file: Path, picture: np.ndarray, out: Path, flags: set[str]) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        details = (out / f"{file.stem}_of_details.txt").open("w")
    except OSError:
        abort("terminate called after throwing 'boost::filesystem::filesystem_error'")
    height, width = picture.shape[:2]
    print(f"Input:{file}\nInput full path:{file}", file=details)
    print(f"Camera parameters:500,500,{width / 2:g},{height / 2:g}", file=details, flush=True)
    if picture.shape[:2] == (1, 1):
        abort("terminate called after throwing an instance of 'std::length_error'\n"
              "  what():  cannot create std::vector larger than max_size()")  # fmt: skip
    what = kind(picture)
    if what == "abort":
        abort("terminate called after throwing an instance of 'cv::Exception'")
    if what == "hang":
        time.sleep(3600)
    while what == "endless":
        print("WARNING: the landmark detector did not converge" * 20)
    if what == "no_face":
        return
    print(f"Output csv:{file.stem}.csv", file=details)
    print("Gaze: 0\nAUs: 1", file=details)
    middles = {"three": [(0.1, 0.1), (0.8, 0.9), EYES], "elsewhere": [(0.8, 0.8)]}.get(what, [EYES])
    rows = [row(file, face, middle, width, flags) for face, middle in enumerate(middles)]
    text = "\n".join([header(flags), *rows]) + "\n"
    (out / f"{file.stem}.csv").write_text(text[: len(text) // 2] if what == "cut" else text)


def kind(picture: np.ndarray) -> str:
    mean = picture.reshape(-1, 3).mean(axis=0)
    for what, colour in COLOURS.items():
        if np.abs(mean - colour).max() < 12:
            return what
    return "face"


def header(flags: set[str]) -> str:
    points = [f"{axis}_{n}" for axis in "xy" for n in range(68)] if "-2Dfp" in flags else []
    names = [f"AU{au:02d}_r" for au in AUS_R] + [f"AU{au:02d}_c" for au in AUS_C]
    return ",".join(["face", "confidence", *points, *names])


def row(file: Path, face: int, middle: tuple[float, float], side: int, flags: set[str]) -> str:
    rng = np.random.default_rng([face, *hashlib.sha256(file.read_bytes()).digest()])
    points = np.full((68, 2), middle, float)
    for of, (x, y) in zip(OF_FIVE, FIVE, strict=True):
        points[list(of)] = np.add(middle, (x * DISTANCE, y * DISTANCE))
    points = (points * side).T.ravel() if "-2Dfp" in flags else []
    levels = rng.uniform(0, 5, len(AUS_R)) * (rng.random(len(AUS_R)) < 0.4)
    occurs = rng.random(len(AUS_C)) < 0.4
    cells = [str(face), f"{rng.uniform(0.7, 0.99):.3f}", *(f"{p:.1f}" for p in points)]
    return ",".join(cells + [f"{r:.2f}" for r in levels] + [f"{float(c):.1f}" for c in occurs])


def abort(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
    os.abort()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
