"""DISFA's labels: how strongly people saw each of twelve AUs in each frame (Mavadati et al. 2013).

    ActionUnit_Labels/SN001/SN001_au1.txt    one file for each of AU 1 2 4 5 6 9 12 15 17 20 25 26
    1,0                                      frame,intensity; no header; frames from 1
    2,0

Intensity is 0 (absent) to 5. Files of one subject can differ in length (SN010 has a line less in
the published set): a frame without a line is missing in that AU, never 0.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from noisyau import aus
from noisyau.errors import CorpusError
from noisyau.items import Lost

FOLDER = "ActionUnit_Labels"
_SUBJECT = re.compile(r"SN\d{3}")
_FILE = re.compile(r"SN\d{3}_au(\d+)\.txt", re.IGNORECASE)
_LINE = re.compile(r"\s*(\d{1,9})\s*,\s*([+-]?\d{1,9})\s*")


def read_labels(
    path: Path, threshold: int, missing: Collection[int] = ()
) -> tuple[pd.DataFrame, list[Lost]]:
    """Every subject's labels, by frame, and the frames that lack some.

    path       DISFA's root, with ActionUnit_Labels
    threshold  an AU occurs from this intensity on, 1 to 5; published work takes 2
    missing    intensities that mean "not coded" in this copy

    Returns a frame as `tables.coded(aus.DISFA_12)` has it, by subject and frame: item, subject,
    frame, threshold, AUnn_c (Int8: 0, 1, NA) and AUnn_r (float32, 0 to 5, NaN), with NA and NaN
    for a missing line or a value in `missing`; and for each frame without a line in some file a
    Lost with the reason `label_missing` and the files' names. Such a frame is in both.

    Raises CorpusError: no subject, a missing or empty file, a line that is not two whole numbers,
    a frame below 1 or twice, an intensity that is neither 0 to 5 nor in `missing`.
    """
    if threshold not in range(1, 6):
        raise CorpusError(f"occurrence_threshold: {threshold}; expected 1 to 5, as published 2")
    for value in missing:
        if 0 <= value <= 5:
            raise CorpusError(
                f"corpora.coded.missing: {value} is an intensity of DISFA's scale, 0 to 5; "
                "expected marks outside it, such as 9"
            )
    lost: list[Lost] = []
    tables = []
    for subject in subjects(path):
        intensities = _read_subject(path, subject, missing)
        lost += _without_line(subject, intensities)
        tables.append(_table(subject, intensities, threshold))
    return pd.concat(tables, ignore_index=True), lost


def subjects(path: Path) -> list[str]:
    """The coded subjects, sorted; CorpusError where there is none."""
    folder = path / FOLDER
    if not folder.is_dir():
        inside = sorted(entry.name for entry in path.iterdir()) if path.is_dir() else []
        raise CorpusError(
            f"{path}: no folder {FOLDER}; found {inside or 'nothing'}. Set corpora.coded.path to "
            f"DISFA's root, the folder that holds {FOLDER} and Videos_LeftCamera."
        )
    found = sorted(e.name for e in folder.iterdir() if e.is_dir() and not e.name.startswith("."))
    strange = [name for name in found if not _SUBJECT.fullmatch(name)]
    if strange:
        raise CorpusError(
            f"{folder}: {', '.join(strange)} is not a subject's folder such as SN001; move it out"
        )
    if not found:
        raise CorpusError(f"{folder}: no subject; expected folders SN001, SN002, ...")
    return found


def label_files(path: Path, subject: str) -> dict[int, Path]:
    """AU to file, all twelve; CorpusError that names a missing or a strange one."""
    folder = path / FOLDER / subject
    wanted = {au: folder / f"{subject}_au{au}.txt" for au in aus.DISFA_12}
    for file in sorted(folder.iterdir()):
        match = _FILE.fullmatch(file.name)
        if match and file not in wanted.values():
            raise CorpusError(
                f"{file}: not one of {subject}'s twelve files, {subject}_au1.txt to "
                f"{subject}_au26.txt; move it out"
            )
    absent = [file.name for file in wanted.values() if not file.is_file()]
    if absent:
        raise CorpusError(
            f"{folder}: no {', '.join(absent)}. DISFA codes twelve AUs of every subject; copy the "
            "folder again from the archive, or move it out to leave the subject out."
        )
    return wanted


def read_intensities(file: Path, missing: Collection[int] = ()) -> Iterator[tuple[int, int | None]]:
    """Frame and intensity of each line; None for a value in `missing`."""
    for line, frame, text in read_lines(file):
        value = int(text)
        if value in missing:
            yield frame, None
        elif 0 <= value <= 5:
            yield frame, value
        else:
            raise CorpusError(
                f"{file.name}:{line}: intensity {text!r} is not 0 to 5. If your copy marks "
                "uncodable frames so, add the mark to corpora.coded.missing in params.yaml."
            )


def read_lines(file: Path) -> Iterator[tuple[int, int, str]]:
    """Line number, frame and intensity as it is written; blank lines are passed over."""
    seen: dict[int, int] = {}
    text = file.read_bytes().decode("utf-8-sig", "backslashreplace")
    for line, content in enumerate(text.splitlines(), start=1):
        if not content.strip():
            continue
        match = _LINE.fullmatch(content)
        if not match:
            raise CorpusError(
                f"{file.name}:{line}: {content[:60]!r}; expected two whole numbers, "
                "frame,intensity, such as 17,2"
            )
        frame = int(match[1])
        if frame < 1:
            raise CorpusError(f"{file.name}:{line}: frame {frame}; DISFA counts frames from 1")
        if frame in seen:
            raise CorpusError(
                f"{file.name}:{line}: frame {frame} is there already, in line {seen[frame]}; "
                "leave one of the two"
            )
        seen[frame] = line
        yield line, frame, match[2]
    if not seen:
        raise CorpusError(f"{file}: empty; expected a line frame,intensity for each frame")


Intensities = dict[int, dict[int, int | None]]
"""AU -> frame -> intensity; None where it is not coded."""


def _read_subject(path: Path, subject: str, missing: Collection[int]) -> Intensities:
    return {
        au: dict(read_intensities(file, missing)) for au, file in label_files(path, subject).items()
    }


def _frames(intensities: Intensities) -> list[int]:
    return sorted(set().union(*intensities.values()))


def _without_line(subject: str, intensities: Intensities) -> list[Lost]:
    lost = []
    for frame in _frames(intensities):
        absent = [
            f"{subject}_au{au}.txt" for au, codes in intensities.items() if frame not in codes
        ]
        if absent:
            detail = f"no line for frame {frame} in {', '.join(absent)}"
            lost.append(Lost(f"{subject}/{frame}", subject, frame, "label_missing", detail))
    return lost


def _table(subject: str, intensities: Intensities, threshold: int) -> pd.DataFrame:
    frames = _frames(intensities)
    columns: dict[str, object] = {
        "item": [f"{subject}/{frame}" for frame in frames],
        "subject": subject,
        "frame": pd.array(frames, dtype="Int32"),
        "threshold": np.float32(threshold),
    }
    strengths = {
        au: np.array([_number(codes.get(frame)) for frame in frames], np.float32)
        for au, codes in intensities.items()
    }
    for au, strength in strengths.items():
        occurs = pd.array((strength >= threshold).astype(np.int8), dtype="Int8")
        occurs[np.isnan(strength)] = pd.NA
        columns[aus.occurrence(au)] = occurs
    for au, strength in strengths.items():
        columns[aus.intensity(au)] = strength
    return pd.DataFrame(columns, index=range(len(frames)))


def _number(intensity: int | None) -> float:
    return float("nan") if intensity is None else intensity
