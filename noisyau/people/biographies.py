"""Readers of biographies, in three forms; the path tells which.

    a folder   Knowledge Graph search results (JSON-LD), one file a person, named by MID:
               `0120mb.json` is the person whom MS-Celeb-1M calls `m.0120mb`
    *.jsonl    one JSON object a line: `person_id` (or `usCongressBioId`), then any of `name`,
               `gender`, `nationality`, `text`; the Biographical Directory of the US Congress
               has `profileText`, `givenName` and `familyName` instead
    *.csv      a header with `person_id`, then any of `name`, `gender`, `nationality`, `text`

A record that names nobody, or somebody else, is Lost with a reason. What stops the reading is a
file as a whole that is not of its form, or a gender that a user wrote and that is not one of
those that the table knows.
"""

import html
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from noisyau import csvs
from noisyau.errors import CorpusError
from noisyau.people.gazetteer import country

Gender = Literal["female", "male", "unknown"]

GENDERS: dict[str, Gender] = {
    **{"f": "female", "female": "female", "m": "male", "male": "male"},
    "unknown": "unknown",
}
"""What a user may write, in small letters; `unknown` where no word of the text shall decide."""
_FIELDS = ("name", "gender", "nationality", "text")
_SEPARATORS = str.maketrans(",/|", ";;;")


@dataclass(frozen=True)
class Biography:
    """What is written about one person.

    source       the file, and the line where a file holds many people
    description  a few words (`American actress`); empty where there are none
    gender, nationality   as a user's own file states them; they win over the text
    """

    source: str
    subject: str
    name: str | None
    description: str
    text: str
    gender: Gender | None = None
    nationality: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lost:
    """A record that gives nobody's biography.

    reason  unreadable, no_result, other_id, several_results, not_a_person, no_id, repeated
    """

    source: str
    subject: str | None
    reason: str
    detail: str

    def writable(self) -> "Lost":
        """Without halves of characters, which file names and JSON may hold and no table can."""
        source, subject, detail = (
            text and text.encode("utf-8", "replace").decode()
            for text in (self.source, self.subject, self.detail)
        )
        return Lost(source or "", subject, self.reason, detail or "")


def read_biographies(path: Path) -> Iterator[Biography | Lost]:
    """Every record of the folder or file, in the order of file names or lines.

    Raises CorpusError where the path is absent, is of none of the three forms, or holds nothing.
    """
    path = Path(path)
    if path.is_dir():
        records = _graph_folder(path)
    elif not path.exists():
        raise CorpusError(
            f"{path}: no such file or folder; set corpora.celebrities.biographies in params.yaml"
        )
    elif path.suffix.lower() == ".jsonl":
        records = _json_lines(path)
    elif path.suffix.lower() == ".csv":
        records = _csv(path)
    else:
        raise CorpusError(
            f"{path}: not a form of biographies that is known; expected a folder of Knowledge "
            "Graph JSON files, a .jsonl or a .csv file"
        )
    empty = True
    for record in records:
        empty = False
        yield record if isinstance(record, Biography) else record.writable()
    if empty:
        raise CorpusError(f"{path}: holds no biography; check corpora.celebrities.biographies")


def _graph_folder(folder: Path) -> Iterator[Biography | Lost]:
    # names alone: a million take less memory than as many paths
    for name in sorted(entry.name for entry in os.scandir(folder)):
        if not name.endswith(".json"):
            continue
        yield _graph_file(folder / name, name.removesuffix(".json").removeprefix("m."))


def _graph_file(file: Path, mid: str) -> Biography | Lost:
    subject = f"m.{mid}"

    def lost(reason: str, detail: str) -> Lost:
        return Lost(file.name, subject, reason, detail)

    try:
        content = json.loads(file.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return lost("unreadable", f"not JSON: {error}")
    except OSError as error:
        return lost("unreadable", f"cannot be read: {error.strerror}")
    elements = content.get("itemListElement") if isinstance(content, dict) else None
    if not isinstance(elements, list):
        return lost("unreadable", "no list itemListElement: not a Knowledge Graph search result")
    results = [e["result"] for e in elements if isinstance(e, dict) and _is_object(e, "result")]
    if not results:
        return lost("no_result", "the search found nobody")
    own = [result for result in results if result.get("@id") == f"kg:/m/{mid}"]
    if not own:
        found = ", ".join(str(result.get("@id")) for result in results)
        return lost("other_id", f"expected kg:/m/{mid}; found {found}")
    if len(own) > 1:
        return lost("several_results", f"{len(own)} results with the id kg:/m/{mid}")
    types = own[0].get("@type", [])
    if "Person" not in (types if isinstance(types, list) else [types]):
        return lost("not_a_person", f"the result is {types}")
    body = own[0].get("detailedDescription")
    return Biography(
        source=file.name,
        subject=subject,
        name=_string(own[0], "name") or None,
        description=_string(own[0], "description"),
        text=_string(body, "articleBody") if isinstance(body, dict) else "",
    )


def _json_lines(file: Path) -> Iterator[Biography | Lost]:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            source = f"{file.name}:{number}"
            try:
                record = json.loads(line.decode("utf-8-sig"))
            except (ValueError, RecursionError) as error:
                yield Lost(source, None, "unreadable", f"not JSON: {error}")
                continue
            if not isinstance(record, dict):
                yield Lost(source, None, "unreadable", "not a JSON object")
                continue
            subject = _string(record, "person_id") or _string(record, "usCongressBioId")
            if not subject:
                yield Lost(source, None, "no_id", "neither person_id nor usCongressBioId")
                continue
            names = ("givenName", "middleName", "familyName")
            joined = " ".join(part for key in names if (part := _string(record, key)))
            yield Biography(
                source=source,
                subject=subject,
                name=_string(record, "name") or joined or None,
                description=_string(record, "description"),
                text=_string(record, "text") or _string(record, "profileText"),
                gender=_gender(_string(record, "gender"), source),
                nationality=parts(_string(record, "nationality")),
            )


def _csv(file: Path) -> Iterator[Biography | Lost]:
    for row in csvs.read(file, ["person_id"], f"Expected it, then any of {', '.join(_FIELDS)}."):
        source = f"{file.name}:{row.line}"
        if not row.whole:
            yield Lost(source, None, "unreadable", f"expected {len(row.cells)} fields")
            continue
        subject = clean(row.cells["person_id"])
        if not subject:
            yield Lost(source, None, "no_id", "person_id is empty")
            continue
        cells = {column: clean(row.cells.get(column, "")) for column in _FIELDS}
        yield Biography(
            source=source,
            subject=subject,
            name=cells["name"] or None,
            description="",
            text=cells["text"],
            gender=_gender(cells["gender"], source),
            nationality=parts(cells["nationality"]),
        )


_MARKUP = re.compile(
    r"</?[A-Za-z][^<>]{0,500}>|\[\[(?:[^\[\]|]{0,200}\|)?|\]\]|'{2,}|"
    # soft hyphens, zero-width characters, marks of direction
    r"[\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\0]"
)


_DEEPEST = 4  # templates within templates that are looked for
_TEMPLATE = re.compile(r"\{\{[^{}]*\}\}")
_ASIDE = re.compile(r"<(ref|script|style)\b[^<>]*(?<!/)>", re.IGNORECASE)


def clean(text: str) -> str:
    """The text without character references (`R&amp;B`), tags, notes and templates, links
    (`[[Cuba|Cuban]]` is `Cuban`), non-breaking spaces, characters that are not seen, and halves of
    characters, which JSON may hold and no file can."""
    whole = _without_asides(html.unescape(text).encode("utf-8", "replace").decode())
    return _MARKUP.sub("", whole).replace("\xa0", " ").strip()


def _without_asides(text: str) -> str:
    """Without what `<ref>`, `<script>`, `<style>` and `{{...}}` hold, which is not the text's."""
    for _ in range(_DEEPEST if "{{" in text else 0):
        text = _TEMPLATE.sub("", text)
    kept, start = [], 0
    while (opening := _ASIDE.search(text, start)) is not None:
        end = text.find(f"</{opening[1]}", opening.end())
        if end < 0:
            break
        kept.append(text[start : opening.start()])
        start = end
    return "".join([*kept, text[start:]])


def _string(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    return clean(value) if isinstance(value, str) else ""


def _is_object(record: dict[str, Any], key: str) -> bool:
    return isinstance(record.get(key), dict)


def _gender(value: str, source: str) -> Gender | None:
    if value and value.lower() not in GENDERS:
        raise CorpusError(
            f"{source}: gender {value!r} is not one that the table knows; expected female, male, "
            "f or m, unknown where it is neither or nobody knows, or an empty cell where the text "
            "shall tell"
        )
    return GENDERS.get(value.lower())


def parts(value: str) -> tuple[str, ...]:
    """What a user wrote in one cell, separated by semicolons, commas, slashes or bars; a name
    such as `Korea, Republic of` is one."""
    if country(value):
        return (value.strip(),)
    return tuple(filter(None, map(str.strip, value.translate(_SEPARATORS).split(";"))))
