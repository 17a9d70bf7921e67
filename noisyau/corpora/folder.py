"""A folder of pictures: `<root>/<subject>/*.jpg`, or any layout with an index of who is who.

An index is a CSV below the root with a header; its columns `file` (below the root, with `/`) and
`person_id` can have other names. With an index, its rows are the corpus and the subjects are its
people; pictures on disk that it does not name are lost as `not_in_index`, so that a stale index
shows. Without one the first folder below the root is the subject, however deep the picture lies.

A picture ends in .jpg, .jpeg, .png, .bmp, .webp, .tif or .tiff, in any case. Other picture forms
are lost as `unknown_form`; files that are no pictures (texts, tables) are no part of the corpus.
The item is the path below the root, with `/`.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path, PurePosixPath

from noisyau import csvs
from noisyau.corpora import files
from noisyau.errors import CorpusError
from noisyau.items import Item, Lost, Shard

SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"))
_OTHER_PICTURES = frozenset(
    (".gif", ".heic", ".heif", ".avif", ".jfif", ".jp2", ".jxl", ".pgm", ".ppm", ".svg")
)
_PICTURES = 64  # a shard; few, so that workers end together

Entry = tuple[str, str] | Lost
"""A picture's path below the root and its subject, or why there is none."""


@dataclass(frozen=True)
class Folder:
    """The folder; see noisyau.corpora.Corpus.

    index    CSV below the path, None where folders are the subjects
    columns  the index's own names: {"file": ..., "person_id": ...}
    """

    path: Path
    index: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    def shards(self) -> dict[str, Shard]:
        parts = files.split(self._entries, _PICTURES)
        return {
            f"pictures-{number * _PICTURES + 1:09d}": partial(_read, self.path, tuple(part))
            for number, part in enumerate(parts)
        }

    def size(self) -> int:
        return len(self._entries)

    def videos(self) -> dict[str, Path]:
        return {}

    def fingerprint(self) -> str:
        names = [found for found in self._files if isinstance(found, str)]
        lost = [found.name for found in self._files if isinstance(found, Lost)]
        return files.fingerprint(
            ((name, self.path / name) for name in names),
            "folder", self.index, lost, [repr(entry) for entry in self._entries],
        )  # fmt: skip

    @cached_property
    def _files(self) -> list[str | Lost]:
        """Pictures on disk, and files that look like one and cannot be used."""
        if not self.path.is_dir():
            raise CorpusError(f"{self.path}: not a folder; expected a folder of pictures")
        return [found for found in map(_judge, files.walk(self.path)) if found is not None]

    @cached_property
    def _entries(self) -> list[Entry]:
        if self.index is None:
            return self._by_folder()
        rows = _read_index(self.path, self.index, self.columns)
        named = {row[0] if isinstance(row, tuple) else row.name for row in rows}
        return rows + [
            found if isinstance(found, Lost) else _not_in_index(found)
            for found in self._files
            if (found.name if isinstance(found, Lost) else found) not in named
        ]

    def _by_folder(self) -> list[Entry]:
        entries: list[Entry] = []
        for found in self._files:
            if isinstance(found, Lost):
                entries.append(found)
            elif "/" in found:
                entries.append((found, found.split("/", 1)[0]))
            else:
                detail = f"lies in no subject's folder; expected <subject>/{found}, or an index"
                entries.append(Lost(found, None, None, "no_subject", detail))
        if not any(isinstance(entry, tuple) for entry in entries):
            flat = sum(isinstance(e, Lost) and e.reason == "no_subject" for e in entries)
            raise CorpusError(
                f"{self.path}: no picture in a subject's folder ({flat} without one). Expected "
                f"<subject>/<picture>, ending in {', '.join(sorted(SUFFIXES))}; for pictures in "
                "one folder set `index` to a CSV that says who is who."
            )
        return entries


def _judge(found: str | Lost) -> str | Lost | None:
    if isinstance(found, Lost):
        return found
    suffix = PurePosixPath(found).suffix.lower()
    if suffix in _OTHER_PICTURES:
        detail = f"{suffix} is not read; make it one of {', '.join(sorted(SUFFIXES))}"
        return Lost(found, None, None, "unknown_form", detail)
    return found if suffix in SUFFIXES else None


def _not_in_index(name: str) -> Lost:
    return Lost(name, None, None, "not_in_index", "on disk, but the index has no row for it")


def _read_index(root: Path, index: str, columns: Mapping[str, str]) -> list[Entry]:
    """The index's rows, in its order."""
    path = root / index
    if not files.inside(root.resolve(), path):
        raise CorpusError(f"{path}: leads out of the corpus's folder; expected a CSV below {root}")
    if not path.is_file():
        raise CorpusError(f"{path}: no such index; `index` is a CSV below the corpus's path")
    unknown = sorted(set(columns) - {"file", "person_id"})
    if unknown:
        raise CorpusError(f"columns: unknown {unknown}; known: file, person_id")
    file_column = columns.get("file", "file")
    person_column = columns.get("person_id", "person_id")
    otherwise = "Name the index's own columns in params.yaml, columns: {file: ..., person_id: ...}"
    rows = [
        (row.line, row.cells[file_column], row.cells[person_column], row.whole)
        for row in csvs.read(path, (file_column, person_column), otherwise)
    ]
    if not rows:
        raise CorpusError(f"{path}: the index has no rows; expected one for each picture")
    return _judge_rows(root, path.name, rows)


def _judge_rows(root: Path, index: str, rows: Sequence[tuple[int, str, str, bool]]) -> list[Entry]:
    home = root.resolve()
    people: dict[str, set[str]] = {}
    for _, file, person, whole in rows:
        if person and whole:
            people.setdefault(_normal(file), set()).add(person)
    entries: list[Entry] = []
    lines: dict[str, int] = {}
    for line, file, subject, whole in rows:
        name, place = _normal(file), f"{index}:{line}"
        if not whole:
            detail = "another number of cells than the header; is a comma not quoted?"
            entries.append(Lost(place, None, None, "bad_row", detail))
        elif not file or not subject or not subject.isprintable():
            detail = f"file {file!r}, person {subject!r}; expected both to be filled in"
            entries.append(Lost(place, None, None, "bad_row", detail))
        elif trouble := _trouble(file):
            entries.append(Lost(place, subject, None, "outside_root", trouble))
        elif name in lines:
            detail = f"{name} was named before, in line {lines[name]}"
            entries.append(Lost(place, subject, None, "duplicate", detail))
        else:
            lines[name] = line
            entries.append(_look(home, name, subject, people[name]))
    return entries


def _normal(file: str) -> str:
    return PurePosixPath(file).as_posix()


def _trouble(file: str) -> str:
    """Why a path in an index must not be followed; empty where it may."""
    if file.startswith("/") or "\\" in file or ":" in file[:2] or not file.isprintable():
        return f"file {file!r}; expected a path below the corpus's folder, with '/'"
    if ".." in PurePosixPath(file).parts:
        return f"file {file!r} climbs with '..'; expected a path below the corpus's folder"
    return ""


def _look(home: Path, name: str, subject: str, people: set[str]) -> Entry:
    path = home / name
    if len(people) > 1:
        detail = f"the index gives it to {' and '.join(sorted(people))}; leave one row"
        return Lost(name, None, None, "two_people", detail)
    try:
        if not files.inside(home, path):
            return Lost(name, subject, None, "outside_root", files.leads_out(path))
        there = path.is_file()
    except (OSError, RuntimeError) as error:  # links in a circle, a name too long
        return Lost(name, subject, None, "unreadable", f"cannot be opened: {error}"[:200])
    if not there:
        return Lost(name, subject, None, "missing_file", "the index names it; not on disk")
    if path.suffix.lower() not in SUFFIXES:
        detail = f"{path.suffix or 'no suffix'}; expected one of {', '.join(sorted(SUFFIXES))}"
        return Lost(name, subject, None, "unknown_form", detail)
    return name, subject


def _read(root: Path, entries: Sequence[Entry]) -> Iterator[Item | Lost]:
    for entry in entries:
        if isinstance(entry, Lost):
            yield entry
            continue
        name, subject = entry
        try:
            picture = Path(root, name).read_bytes()
        except OSError as error:
            detail = os.strerror(error.errno or 0)
            yield Lost(name, subject, None, "unreadable", f"cannot be opened: {detail}")
        else:
            yield Item(name, subject, None, picture)
