"""The dataset card: what whoever publishes the celebrities' labels has to say of them.

A folder that can be uploaded as it is: README.md, Markdown with the front matter that Hugging Face
reads, and labels.parquet, the bytes of the label table. Gender and region are of people and not of
labels: the card counts them and the folder has them of nobody. Names of people are nowhere in it.
"""

import hashlib
import re
import shutil
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import yaml

from noisyau import aus as au_names
from noisyau import outputs, tables
from noisyau.reporting import who, words
from noisyau.selection.leftout import REASONS, unsure

PROGRAMS = {
    "blendshapes": "MediaPipe blendshapes",
    "openface": "OpenFace 2",
    "table": "labels made elsewhere",
}
BIOGRAPHIES = {
    "": "search results of Google's Knowledge Graph",
    ".jsonl": "a file of JSON lines",
    ".csv": "a CSV file",
}
_DTYPES = {"string": "string", "int8": "int8", "float": "float32"}  # Arrow's names to the hub's
_BATCH = 65536
_OF_PEOPLE = ["subject", "name", "gender", "gender_evidence", "region"]


@dataclass
class Labels:
    """What a label table holds, counted in one pass; all but `rows` of pictures' first faces.

    pictures  of each subject; example, the name of one of them
    unsure    whose confidence is under the minimum
    aus       AU12 -> (pictures that are coded, of these the ones that have the AU)
    made      versions and modes, as they come
    """

    rows: int = 0
    pictures: Counter[str] = field(default_factory=Counter)
    example: dict[str, str] = field(default_factory=dict)
    unsure: int = 0
    aus: dict[str, tuple[int, int]] = field(default_factory=dict)
    made: dict[tuple[str, str], None] = field(default_factory=dict)

    def add(self, batch: pa.RecordBatch, aus: Sequence[int], minimum: float) -> None:
        self.rows += len(batch)
        how = pa.Table.from_batches([batch.select(["annotator_version", "mode"])])
        for row in how.group_by(how.column_names, use_threads=False).aggregate([]).to_pylist():
            self.made[row["annotator_version"], row["mode"]] = None
        first = batch.filter(pc.ends_with(batch["face_id"], "#0"))
        self.pictures.update(_counted(first["subject"]))
        new = pa.Table.from_batches([first.select(["subject", "face_id"])])
        new = new.group_by("subject", use_threads=False).aggregate([("face_id", "first")])
        for row in new.to_pylist():
            self.example.setdefault(row["subject"], row["face_id_first"])
        sure = pa.Table.from_batches([first.select(["confidence"])]).to_pandas()
        self.unsure += int(unsure(sure, minimum).sum())
        for au in aus:
            codes = first[au_names.occurrence(au)]
            known, present = self.aus.get(au_names.name(au), (0, 0))
            known += len(codes) - codes.null_count
            self.aus[au_names.name(au)] = known, present + (pc.sum(codes).as_py() or 0)


def write(
    out: Path,
    *,
    labels: Path,
    people: Path,
    audit: Path,
    lost: Mapping[str, Path],
    annotator: str,
    minimum: float,
    confidence: float,
    threshold: float,
    source: str,
    biographies: Path,
    clean_list: bool,
    synthetic: bool,
    coded_synthetic: bool,
) -> Labels:
    """Write the folder and return what its labels are.

    labels, people, audit  `tables.labels`, `tables.PEOPLE`, `tables.AUDIT`
    lost       a step in words -> a table with a `reason` of each picture that it left out
    annotator  the program's name, as users know it
    minimum    confidence under which a label stays out of pre-training
    confidence, threshold  coverage of the audit's intervals; intensity from which an AU occurs
    source     the celebrities' reader, as in params.yaml
    biographies  where the biographies lie
    clean_list   whether only the pictures of C-MS-Celeb's list were read
    synthetic, coded_synthetic  whether the celebrities, the coded people are rendered

    The same inputs give the same bytes.
    """
    schema, found = _count(labels, minimum)
    persons = tables.read(people, columns=_OF_PEOPLE)
    persons = persons[persons["subject"].isin(found.pictures)]
    named = zip(persons["subject"], persons["name"], strict=True)
    title = f"Action units of {'rendered' if synthetic else 'celebrity'} faces"
    title += f", coded by {PROGRAMS[annotator]}" if annotator != "table" else ""
    measured = tables.read(audit, tables.AUDIT)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown: what comes from data goes through `cell`
    )
    environment.filters.update(cell=cell, count=words.count, percent=words.percent,
                               number=words.number, au_name=words.au_name)  # fmt: skip
    text = environment.get_template("card.md.j2").render(
        title=title,
        labels=found,
        first=found.pictures.total(),
        digest=_sha256(labels),
        biographies=BIOGRAPHIES[biographies.suffix.lower()],
        neither=who.neither(persons),
        clean_list=clean_list,
        groups={
            "Gender": _groups(found, persons, "gender", who.GENDERS),
            "Region": _groups(found, persons, "region", who.REGIONS),
        },
        noise=_noise(measured, coded_synthetic),
        lost={step: _reasons(path) for step, path in lost.items()},
        named=sum(_is_named(f"{who_} {found.example[who_]}", name) for who_, name in named),
        annotator=annotator,
        program=PROGRAMS[annotator],
        minimum=minimum,
        level=f"{100 * confidence:g} %",
        threshold=threshold,
        source=source,
        synthetic=synthetic,
        coded_synthetic=coded_synthetic,
    )
    matter = front_matter(schema, found, title, annotator, synthetic)
    outputs.write_text(f"---\n{_yaml(matter)}---\n\n{text}", out / "README.md")
    with outputs.whole(out / "labels.parquet") as scratch:
        shutil.copyfile(labels, scratch)
    return found


def front_matter(
    schema: pa.Schema, labels: Labels, title: str, annotator: str, synthetic: bool
) -> dict[str, Any]:
    """What the hub reads; the licence is for whoever publishes to choose."""
    features = [{"name": one.name, "dtype": _DTYPES[str(one.type)]} for one in schema]
    kinds = ["synthetic"] if synthetic else []
    return {
        "license": "other",
        "license_name": "not-yet-chosen",
        "license_link": "README.md",
        "language": ["en"],
        "pretty_name": title,
        "tags": ["facial-action-units", "facs", "noisy-labels", annotator, *kinds],
        "task_categories": ["image-classification"],
        "annotations_creators": ["machine-generated"],
        "size_categories": [size_category(labels.rows)],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": "train", "path": "labels.parquet"}],
            }
        ],
        "dataset_info": {"config_name": "default", "features": features},
    }


def size_category(rows: int) -> str:
    """5582 -> '1K<n<10K', as the hub has it."""
    ends = ["1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B"]
    place = sum(rows >= 10**power for power in range(3, 10))
    return f"{ends[place - 1]}<n<{ends[place]}" if place else "n<1K"


def cell(value: object) -> str:
    """Text of data in a Markdown table: nothing in it is markup, and it is on one line."""
    text = re.sub(r"\s+", " ", str(value)).strip()
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]()#+!|~$:@])", r"\\\1", text)


def _yaml(matter: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(matter), sort_keys=False, allow_unicode=True, width=100)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _count(path: Path, minimum: float) -> tuple[pa.Schema, Labels]:
    found = Labels()
    with tables.opened(path) as file:
        schema = file.schema_arrow
        aus = au_names.in_columns(schema.names, "c")
        columns = ["face_id", "subject", "annotator_version", "mode", "confidence"]
        columns += [au_names.occurrence(au) for au in aus]
        for batch in file.iter_batches(_BATCH, columns=columns):
            found.add(batch, aus, minimum)
    return schema, found


def _counted(column: pa.Array) -> dict[str, int]:
    return {row["values"]: row["counts"] for row in pc.value_counts(column).to_pylist()}


def _reasons(path: Path) -> list[tuple[str, int]]:
    """Each reason of a table, in words, and its rows, the most frequent first."""
    found: Counter[str] = Counter()
    with tables.opened(path) as file:
        for batch in file.iter_batches(_BATCH, columns=["reason"]):
            found.update(_counted(batch.column(0)))
    told = {REASONS.get(reason, reason.replace("_", " ")): n for reason, n in found.items()}
    return sorted(told.items(), key=lambda pair: (-pair[1], pair[0]))


def _groups(
    labels: Labels, people: pd.DataFrame, column: str, names: Mapping[str, str]
) -> list[tuple[str, int, int]]:
    """Name, people and pictures of each group, the unknown last; who has no biography is one."""
    group = dict(zip(people["subject"], people[column], strict=True))
    persons: Counter[str] = Counter()
    pictures: Counter[str] = Counter()
    for subject, number in labels.pictures.items():
        name = names.get(group.get(subject, ""), "Unknown")
        persons[name] += 1
        pictures[name] += number
    return [(name, persons[name], pictures[name]) for name in [*names.values(), "Unknown"]]


def _is_named(subject: str, name: str | None) -> bool:
    """Whether an id is made of the person's name: `jane_doe`, `Doe, Jane`, `JaneDoe`, `zoe` of
    Zoë."""
    parts, words_ = (
        re.findall(r"[^\W_]+", _plain(text) if isinstance(text, str) else "")
        for text in (subject, name)
    )
    together = len(words_) > 1 and "".join(words_) in "".join(parts)
    return bool(words_) and (together or set(words_) <= set(parts))


def _noise(audit: pd.DataFrame, coded_synthetic: bool) -> list[dict[str, Any]]:
    """Of each comparison of the audit: on whom, and sensitivity and specificity of each AU."""
    found = []
    for (corpus, truth), part in audit.groupby(["corpus", "truth"], sort=False):
        rows = {}
        for au, some in part.groupby("au", sort=False):
            lines = some.set_index("metric")
            ends = lines[["value", "low", "high"]].astype(object)
            told = ends.where(ends.notna(), None).to_dict("index")
            basis = lines.loc["sensitivity", ["positives", "faces", "subjects"]].astype(int)
            rows[str(au)] = (told["sensitivity"], told["specificity"], *basis)
        rendered = truth == "rendered" or (corpus == "coded" and coded_synthetic)
        found.append({"corpus": corpus, "truth": truth, "rendered": rendered, "aus": rows})
    return found


def _plain(text: str) -> str:
    """Without accents and capitals."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()
