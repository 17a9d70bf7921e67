#!/usr/bin/env python3
"""A program that behaves as OpenFace 2.2 was recorded to, without its models.

It is FaceLandmarkImg or, by its name, FeatureExtraction: it reads the same flags, writes the
same files, prints the same texts and ends in the same ways. What happens to a picture, or to a
frame of a video, is decided by its mean colour:

    grey and anything else   one face, in the middle, as a crop of the face store has it
    green                    no face
    yellow                   three faces; the one in the middle is the last
    magenta                  one face, elsewhere
    red                      aborts (SIGABRT) after the details are begun
    blue                     hangs
    cyan                     prints without end
    white                    a CSV that is cut in the middle of a line, exit code 0
    black                    a frame at which reading ends as if the video did
    one pixel                aborts, as OpenFace does

With STANDIN_YUNET, the path of a YuNet model, faces are where that net sees them instead.
STANDIN_LOADS and STANDIN_TAKES are the seconds that loading and a picture take.
STANDIN_BREAKS_AFTER ends it with exit code 1 before that picture, in every call.
STANDIN_BACKWARDS takes the pictures of a folder in the other order.
STANDIN_DISK_FULL writes empty files, as a C++ stream does on a full disk, and says nothing.
"""

import hashlib
import os
import signal
import sys
import time
from collections.abc import Iterator
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
    "stop": (0, 0, 0),
}  # fmt: skip
SIGNS = "-fdir", "-f", "-out_dir", "-of", "-mloc", "-multi_view"
VIDEOS = "FeatureExtraction"


def install(folder: Path) -> Path:
    """This file as both programs in a folder, with the model beside them; FaceLandmarkImg."""
    text = Path(__file__).read_text().replace("/usr/bin/env python3", sys.executable, 1)
    for name in ("FaceLandmarkImg", VIDEOS):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (folder / "model").mkdir()
    (folder / "model/main_ceclm_general.txt").write_text("")
    return folder / "FaceLandmarkImg"


def main(words: list[str]) -> int:
    given: dict[str, list[str]] = {sign: [] for sign in SIGNS}
    flags = set()
    todo = list(words)
    while todo:
        word = todo.pop(0)
        if word not in given:
            flags.add(word)
        elif todo:
            given[word].append(todo.pop(0))
        else:
            abort("terminate called after throwing an instance of 'std::out_of_range'")
    video = Path(sys.argv[0]).name == VIDEOS
    if (found := load(given)) is not None:
        return found
    out = Path(given["-out_dir"][0] if given["-out_dir"] else "processed")
    return videos(given, out, flags) if video else pictures(given, out, flags)


def load(given: dict[str, list[str]]) -> int | None:
    """The models, from the places where OpenFace seeks them."""
    name = "model/main_ceclm_general.txt"
    beside = [Path.cwd(), Path(sys.argv[0]).parent, Path("/usr/local/etc/OpenFace")]
    if not given["-mloc"] and not any((place / name).exists() for place in beside):
        print("Could not find the landmark detector model to load")
        print("ERROR: Could not load the landmark detector", flush=True)
        return 1
    print(f"Reading the landmark detector/tracker from: {beside[1] / name}")
    time.sleep(float(os.environ.get("STANDIN_LOADS", 0)))
    return None


def pictures(given: dict[str, list[str]], out: Path, flags: set[str]) -> int:
    files = [Path(file) for file in given["-f"]]
    for folder in given["-fdir"]:
        print(f"Attempting to read from directory: {folder}")
        if not Path(folder).is_dir():
            abort("terminate called after throwing 'boost::filesystem::filesystem_error'")
        found = sorted(
            (path for path in Path(folder).iterdir()
             if path.suffix in (".jpg", ".jpeg", ".png", ".bmp")),
            reverse="STANDIN_BACKWARDS" in os.environ,
        )  # fmt: skip
        if not found:
            print(f"No images found in the directory: {folder}")
        files += found
    if not files:
        print("Could not open any images", flush=True)
        return 1
    print("Starting tracking", flush=True)
    for number, file in enumerate(files):
        if str(number) == os.environ.get("STANDIN_BREAKS_AFTER"):
            return 1
        picture = cv2.imread(str(file))
        if picture is None:
            print(f"Error: Could not open the image: {file}", flush=True)
            return 1
        time.sleep(float(os.environ.get("STANDIN_TAKES", 0)))
        stem = Path(given["-of"][0]).stem if given["-of"] and number == 0 else file.stem
        begin(file, stem, picture, out)
        if picture.shape[:2] == (1, 1):
            abort("terminate called after throwing an instance of 'std::length_error'\n"
                  "  what():  cannot create std::vector larger than max_size()")  # fmt: skip
        what = suffer(picture)
        rows = [row(file, face, points, flags) for face, points in enumerate(faces(picture, what))]
        if rows:
            finish(stem, out)
            write("\n".join([header(flags), *rows]) + "\n", out / f"{stem}.csv", what == "cut")
    return 0


def videos(given: dict[str, list[str]], out: Path, flags: set[str]) -> int:
    for name in [*given["-f"], *given["-fdir"]]:
        file = Path(name)
        what = "directory" if file.is_dir() else "file"
        print(f"Attempting to read from {what}: {name}", flush=True)
        if file.is_dir() and not any(file.iterdir()):
            print(f"No images found in the directory: {name}", flush=True)
            return 0
        if file.suffix == ".jpg":
            os.kill(os.getpid(), signal.SIGFPE)
        shown = list(frames(file))
        if not shown:
            print(f"Failed to open the video file at location: {name}", flush=True)
            return 0
        print("Device or file opened\nStarting tracking", flush=True)
        begin(file, file.stem, shown[0], out)
        finish(file.stem, out)
        (out / f"{file.stem}.csv").write_text("")
        text = header({*flags, "video"}) + "\n"
        for number, frame in enumerate(shown, 1):
            time.sleep(float(os.environ.get("STANDIN_TAKES", 0)))
            what = suffer(frame)
            if what == "stop":
                break
            found = faces(frame, what)[:1]  # it tracks one
            text += row(file, number, found[0] if found else None, {*flags, "video"}) + "\n"
            write(text, out / f"{file.stem}.csv", what == "cut")
            if what == "cut":
                return 0
        print("Closing output recorder\nClosing input reader\nClosed successfully")
        print("Postprocessing the Action Unit predictions", flush=True)
    return 0


def frames(file: Path) -> Iterator[np.ndarray]:
    if file.is_dir():
        yield from (cv2.imread(str(picture)) for picture in sorted(file.iterdir()))
        return
    video = cv2.VideoCapture(str(file))
    while True:
        found, frame = video.read()
        if not found:
            return
        yield frame


def begin(file: Path, stem: str, picture: np.ndarray, out: Path) -> None:
    """The details, which are written before anything is looked at."""
    height, width = picture.shape[:2]
    text = f"Input:{file}\nInput full path:{file}\nCamera parameters:500,500,{width / 2:g},"
    try:
        out.mkdir(parents=True, exist_ok=True)
        write(f"{text}{height / 2:g}\n", out / f"{stem}_of_details.txt")
    except OSError:
        what = f"filesystem_error'\n  what():  boost::filesystem::create_directory: {out}"
        abort("terminate called after throwing an instance of 'boost::filesystem::" + what)


def finish(stem: str, out: Path) -> None:
    details = out / f"{stem}_of_details.txt"
    write(f"{details.read_text()}Output csv:{stem}.csv\nGaze: 0\nAUs: 1\n", details)


def write(text: str, path: Path, cut: bool = False) -> None:
    if "STANDIN_DISK_FULL" in os.environ:
        text = ""
    path.write_text(text[: len(text) // 2] if cut else text)


def suffer(picture: np.ndarray) -> str:
    """What happens to a picture, if the program outlives it."""
    mean = picture.reshape(-1, 3).mean(axis=0)
    near = [what for what, colour in COLOURS.items() if np.abs(mean - colour).max() < 12]
    what = near[0] if near else "face"
    if what == "abort":
        abort("terminate called after throwing an instance of 'cv::Exception'")
    if what == "hang":
        time.sleep(3600)
    while what == "endless":
        print("WARNING: the landmark detector did not converge" * 20)
    return what


def faces(picture: np.ndarray, what: str) -> list[np.ndarray]:
    """The (68, 2) landmarks of each face; of the 68 only those that tell the five points."""
    height, width = picture.shape[:2]
    if net := os.environ.get("STANDIN_YUNET"):
        detector = cv2.FaceDetectorYN.create(net, "", (width, height), 0.6)
        found = detector.detect(picture)[1]
        fives = [] if found is None else [face[4:14].reshape(5, 2) for face in found]
    else:
        middles = {"three": [(0.1, 0.1), (0.8, 0.9), EYES], "elsewhere": [(0.8, 0.8)]}
        middles |= {"no_face": []}
        fives = [
            np.add(middle, np.multiply(FIVE, DISTANCE)) * width
            for middle in middles.get(what, [EYES])
        ]
    every = []
    for five in fives:
        points = np.repeat(five[2:3], 68, axis=0)
        for of, point in zip(OF_FIVE, five, strict=True):
            points[list(of)] = point
        every.append(points)
    return every


def header(flags: set[str]) -> str:
    points = [f"{axis}_{n}" for axis in "xy" for n in range(68)] if "-2Dfp" in flags else []
    names = [f"AU{au:02d}_r" for au in AUS_R] + [f"AU{au:02d}_c" for au in AUS_C]
    video = "video" in flags
    start = ["frame", "face_id", "timestamp", "confidence", "success"] if video else []
    return ",".join([*(start or ["face", "confidence"]), *points, *names])


def row(file: Path, number: int, points: np.ndarray | None, flags: set[str]) -> str:
    """A row of a picture's face, or of a video's frame; AUs depend on the bytes and the mode."""
    video = "video" in flags
    content = b"" if file.is_dir() else file.read_bytes()
    seed = [number, "-au_static" in flags, *hashlib.sha256(content).digest()]
    rng = np.random.default_rng(seed)
    levels = rng.uniform(0, 5, len(AUS_R)) * (rng.random(len(AUS_R)) < 0.4)
    occurs = rng.random(len(AUS_C)) < 0.4
    sure = rng.uniform(0.7, 0.99) if points is not None else 0.02
    start = [str(number), f"{sure:.3f}"]
    if video:
        seen = int(points is not None)
        start = [str(number), "0", f"{(number - 1) / 30:.3f}", f"{sure:.2f}", str(seen)]
    if "-2Dfp" in flags:
        start += [f"{p:.1f}" for p in (np.zeros((68, 2)) if points is None else points).T.ravel()]
    digits = 2 if video else 1
    return ",".join(
        [*start, *(f"{r:.2f}" for r in levels), *(f"{float(c):.{digits}f}" for c in occurs)]
    )


def abort(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
    os.abort()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
