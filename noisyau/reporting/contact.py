"""Faces to look at, with what people and the program said of them."""

import base64
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from noisyau import aus as au_names
from noisyau import facestore


@dataclass(frozen=True)
class Face:
    """One picture of the sheet; None where nobody coded the face at all."""

    face_id: str
    subject: str
    image: str  # a data URI
    human: tuple[int, ...] | None
    noisy: tuple[int, ...] | None


def most_active(coded: pd.DataFrame, frames: Collection[str], count: int) -> list[str]:
    """The face_ids of the frames with most AUs, one a subject, the subjects evenly spaced.

    coded   `tables.coded`
    frames  the face_ids to choose from
    """
    aus = au_names.in_columns(coded.columns, "c")
    rows = pd.DataFrame(
        {
            "face_id": coded["item"] + "#0",
            "subject": coded["subject"],
            "present": coded[[au_names.occurrence(au) for au in aus]]
            .fillna(0)
            .sum(axis=1)
            .astype(int),
        }
    )
    rows = rows[rows["face_id"].isin(set(frames))]
    rows = rows.sort_values(["subject", "present", "face_id"], ascending=[True, False, True])
    return _spaced(rows.drop_duplicates("subject")["face_id"].tolist(), count)


def spread(face_ids: pd.Series, count: int) -> list[str]:
    """First faces, evenly spaced in the order of their names."""
    return _spaced(sorted(face_ids[face_ids.str.endswith("#0")]), count)


def sheet(
    store: Path,
    chosen: Collection[str],
    *,
    human: pd.DataFrame | None,
    noisy: pd.DataFrame,
) -> list[Face]:
    """The chosen faces of a store, in the order chosen.

    human  `tables.coded` or None; noisy  `tables.labels`
    """
    pictures: dict[str, tuple[str, bytes]] = {}
    for row in _rows_of(store, chosen):
        face = facestore.read_rows(store, row, row + 1, ["face_id", "subject", "image"])
        name, subject, image = (column[0].as_py() for column in face.columns)
        pictures[name] = subject, image
    people = {} if human is None else _present(human, human["item"] + "#0", chosen)
    program = _present(noisy, noisy["face_id"], chosen)
    return [
        Face(name, pictures[name][0], _uri(pictures[name][1]), people.get(name), program.get(name))
        for name in chosen
        if name in pictures
    ]


def _rows_of(store: Path, chosen: Collection[str]) -> list[int]:
    """Where in the store the faces are; names are read without the pictures."""
    found, first = [], 0
    for batch in facestore.read_faces(store, ["face_id"], rows=65536):
        names = batch["face_id"].to_pylist()
        found += [first + row for row, name in enumerate(names) if name in chosen]
        first += len(names)
    return found


def _present(
    codes: pd.DataFrame, face_ids: pd.Series, chosen: Collection[str]
) -> dict[str, tuple[int, ...]]:
    """face_id -> the AUs that are there."""
    aus = au_names.in_columns(codes.columns, "c")
    kept = face_ids.isin(set(chosen)).to_numpy()
    rows = codes.loc[kept, [au_names.occurrence(au) for au in aus]].fillna(0).to_numpy(int)
    return {
        name: tuple(au for au, value in zip(aus, row, strict=True) if value)
        for name, row in zip(face_ids[kept], rows, strict=True)
    }


def _spaced(names: list[str], count: int) -> list[str]:
    if len(names) <= count:
        return names
    return [names[index * len(names) // count] for index in range(count)]


def _uri(image: bytes) -> str:
    kind = "png" if image.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(image).decode()}"
