"""The card as its readers see it: the hub's parser, and people."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from noisyau import tables
from noisyau.items import Lost
from noisyau.reporting import card

PEOPLE = {
    "m.01": ("Ann Smith", "female", "south_asia"),
    "m.02": ("Bob Jones", "male", None),
    "m.03": (None, None, "south_east_asia"),
    "m.99": ("Nobody Here", "female", "south_asia"),  # no picture of hers was coded
}
FACES = {
    "m.01_1#0": 1,
    "m.01_2#0": 0,
    "m.01_2#1": 1,
    "m.02_1#0": None,
    "m.03_1#0": 1,
    "m.04_1#0": 1,
}


def made(folder: Path, **changes: Any) -> dict[str, Any]:
    """What `card.write` takes: six faces of four people, of whom three have a biography."""
    folder.mkdir(parents=True, exist_ok=True)
    faces: dict[str, int | None] = changes.pop("faces", FACES)
    names: dict[str, tuple[Any, ...]] = changes.pop("names", PEOPLE)
    version = changes.pop("version", "landmarker 1")
    reasons = changes.pop("reasons", ["duplicate", "duplicate", "two_people"])
    labels = pd.DataFrame(
        {
            "face_id": list(faces),
            "subject": [face.split("_")[0] for face in faces],
            "annotator": "blendshapes",
            "annotator_version": version,
            "mode": "static",
            "confidence": np.linspace(0.4, 0.9, len(faces)),
            "AU06_c": pd.array([None] * len(faces), dtype="Int8"),
            "AU12_c": pd.array(list(faces.values()), dtype="Int8"),
            "AU06_r": np.nan,
            "AU12_r": 1.5,
        }
    )
    people = pd.DataFrame(
        [
            dict.fromkeys(tables.PEOPLE.names)
            | {one.name: [] for one in tables.PEOPLE if "list" in str(one.type)}
            | {"subject": subject, "name": name, "gender": gender, "region": region}
            for subject, (name, gender, region) in names.items()
        ]
    )
    measures = {"sensitivity": 0.8123, "specificity": 0.9, "auc": 0.7}
    audit = pd.DataFrame(
        {
            "corpus": corpus,
            "truth": truth,
            "annotator": "blendshapes",
            "au": au,
            "metric": metric,
            "value": np.nan if au == "AU06" else value,
            "low": np.nan if au == "AU06" else value - 0.1,
            "high": np.nan if au == "AU06" else value + 0.05,
            "positives": 40,
            "faces": 0 if au == "AU06" else 2_160,
            "subjects": 27,
            "unsure": 0,
        }
        for corpus, truth in changes.pop("compared", [("coded", "people")])
        for au in ("AU06", "AU12")
        for metric, value in measures.items()
    )
    out = pd.DataFrame({"face_id": "a", "subject": "a", "reason": reasons, "detail": ""})
    failures = tables.failures([Lost("x", None, None, "no_face", "")])
    tables.write(labels, folder / "labels.parquet", tables.labels([6, 12]))
    tables.write(people, folder / "people.parquet", tables.PEOPLE)
    tables.write(
        audit if len(audit) else tables.AUDIT.empty_table(), folder / "audit.parquet", tables.AUDIT
    )
    out.to_parquet(folder / "left_out.parquet")
    tables.write(failures, folder / "failures.parquet", tables.FAILURES)
    return {
        "labels": folder / "labels.parquet",
        "people": folder / "people.parquet",
        "audit": folder / "audit.parquet",
        "lost": {
            "Pictures without a face": folder / "failures.parquet",
            "Labels that stay out": folder / "left_out.parquet",
        },
        "annotator": "blendshapes",
        "minimum": 0.45,
        "confidence": 0.95,
        "threshold": 2,
        "source": "msceleb",
        "biographies": Path("bios"),
        "clean_list": False,
        "synthetic": False,
        "coded_synthetic": False,
        **changes,
    }


def text(folder: Path, **changes: Any) -> str:
    card.write(folder / "dataset", **made(folder / "made", **changes))
    return (folder / "dataset/README.md").read_text()


def matter(written: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(written.split("---\n")[1])
    return found


def rows(written: str, start: str) -> list[list[str]]:
    """The cells of the table whose header begins so."""
    lines = written[written.index(f"| {start} |") :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.usefixtures("hub")
def test_the_hub_s_own_parser_reads_the_front_matter(tmp_path: Path) -> None:
    from huggingface_hub import DatasetCard

    written = text(tmp_path)
    read = DatasetCard.load(tmp_path / "dataset/README.md")
    told = read.data.to_dict()
    assert told == matter(written)
    assert (told["license"], told["language"]) == ("other", ["en"])
    assert told["size_categories"] == ["n<1K"]
    assert told["configs"][0]["data_files"] == [{"split": "train", "path": "labels.parquet"}]
    assert read.text.strip().startswith("# Action units of celebrity faces, coded by MediaPipe")


def test_whoever_loads_the_folder_gets_the_labels(tmp_path: Path, hub: ModuleType) -> None:
    written = text(tmp_path)
    found = hub.load_dataset(
        str(tmp_path / "dataset"), split="train", cache_dir=str(tmp_path / "cache")
    )
    labels = tables.read_arrow(tmp_path / "made/labels.parquet")
    assert found.to_list() == labels.to_pylist()
    features = {one["name"]: one["dtype"] for one in matter(written)["dataset_info"]["features"]}
    assert {name: one.dtype for name, one in found.features.items()} == features


def test_the_published_table_is_the_label_table_and_names_nobody(tmp_path: Path) -> None:
    written = text(tmp_path)
    published = (tmp_path / "dataset/labels.parquet").read_bytes()
    assert published == (tmp_path / "made/labels.parquet").read_bytes()
    assert sorted(path.name for path in (tmp_path / "dataset").iterdir()) == [
        "README.md",
        "labels.parquet",
    ]
    for name in ("Smith", "Jones", "m.01", "m.02"):
        assert name not in written


def test_equal_inputs_are_equal_bytes(tmp_path: Path) -> None:
    assert text(tmp_path / "one") == text(tmp_path / "two")


def test_people_and_first_faces_are_counted_by_group_with_the_unknown(tmp_path: Path) -> None:
    written = text(tmp_path)
    assert rows(written, "Gender") == [
        ["Women", "1", "2", "40.0 %"],
        ["Men", "1", "1", "20.0 %"],
        ["Unknown", "2", "2", "40.0 %"],  # m.03, whose text does not say, and m.04 without one
    ]
    regions = {name: people for name, people, *_ in rows(written, "Region")}
    assert (regions["South Asia"], regions["South-East Asia"], regions["Unknown"]) == (
        "1",
        "1",
        "2",
    )
    assert sum(map(int, regions.values())) == 4


def test_how_often_an_au_is_called_is_of_the_pictures_that_are_coded(tmp_path: Path) -> None:
    written = text(tmp_path)
    assert rows(written, "AU | | pictures | called") == [
        ["AU06", "cheek raiser", "0", "0", "–", "5"],
        ["AU12", "lip corner puller", "4", "3", "75.0 %", "1"],
    ]
    assert "| Rows | 6: 5 first faces of pictures, 1 further faces |" in written
    assert "| First faces under the minimum | 1 |" in written


def test_the_noise_is_told_with_intervals_and_on_whom_it_was_measured(tmp_path: Path) -> None:
    written = text(tmp_path)
    assert "**Other people than those of this table" in written
    assert "against what people coded, up to\n2,160 faces of 27 people;" in written
    assert rows(written, "AU | sensitivity") == [
        ["AU06", "–", "–", "40", "0", "27"],
        ["AU12", "0.812 [0.712, 0.862]", "0.900 [0.800, 0.950]", "40", "2,160", "27"],
    ]
    assert "95 % intervals" in written
    assert "Rendered faces" not in written


def test_what_was_measured_on_rendered_faces_says_so(tmp_path: Path) -> None:
    compared = [("coded", "people"), ("celebrities", "rendered")]
    written = text(tmp_path, compared=compared, synthetic=True, coded_synthetic=True)
    noise = written.split("## Known noise")[1].split("\n## ")[0]
    assert noise.count("**Rendered faces**") == 2
    assert noise.count("The labels of people were written by the renderer too.") == 1
    assert "**The celebrities of this table**, against what was rendered" in noise


def test_noise_that_was_not_measured_is_not_left_out(tmp_path: Path) -> None:
    assert "It has not been measured" in text(tmp_path, compared=[])


def test_what_was_left_out_is_counted_by_reason(tmp_path: Path) -> None:
    written = text(tmp_path)
    assert "Pictures without a face: no face 1.\n" in written
    assert (
        "looks like another one of the person 2, looks like another person's picture 1.\n"
        in written
    )
    assert "Labels that stay out: nothing.\n" in text(tmp_path / "none", reasons=[])


def test_synthetic_data_is_said_to_be_synthetic_at_the_top(tmp_path: Path) -> None:
    written = text(tmp_path, synthetic=True)
    body = written.split("---\n", 2)[2].strip().splitlines()
    assert body[0].startswith("# Action units of rendered faces")
    assert body[2].startswith("> **These faces are synthetic.**")
    assert "synthetic" in matter(written)["tags"]
    assert "MS-Celeb-1M" not in written
    assert "not consent" not in written


def test_photographs_come_with_consent_and_the_withdrawal_of_ms_celeb(tmp_path: Path) -> None:
    written = text(tmp_path)
    assert "Microsoft withdrew MS-Celeb-1M in mid-2019" in written
    assert '**"Celebrity" is not consent.**' in written
    assert "synthetic" not in written.lower()
    other = text(tmp_path / "folder", source="folder")
    assert "MS-Celeb" not in other
    assert '**"Celebrity" is not consent.**' in other


@pytest.mark.parametrize(
    ("annotator", "told"),
    [
        ("openface", "academic, non-commercial use"),
        ("blendshapes", "Apache-2.0"),
        ("table", "The labels were made elsewhere"),
    ],
)
def test_the_licence_notes_are_the_annotator_s(tmp_path: Path, annotator: str, told: str) -> None:
    written = text(tmp_path, annotator=annotator)
    notes = written.split("## Licence")[1].split("\n## ")[0]
    assert told in notes
    assert ("OpenFace" in notes) == (annotator == "openface")


def test_labels_of_unknown_making_are_not_said_to_be_a_program_s(tmp_path: Path) -> None:
    written = text(tmp_path, annotator="table")
    assert "How they were made is\nnot known here" in written
    assert "no person looked" not in written


def test_where_the_counts_come_from_is_told_with_those_who_are_neither(tmp_path: Path) -> None:
    written = text(tmp_path, biographies=Path("bios.csv"), clean_list=True)
    assert "what biographies state (a CSV file), or from what whoever made" in written
    assert "0 of the people are told of as neither woman nor man" in written
    assert "C-MS-Celeb's list alone were read" in written


def test_ids_that_are_names_are_warned_of_before_anything_else(tmp_path: Path) -> None:
    names = {"m.01": ("M 01", None, None), "m.02": ("Bob Jones", None, None)}
    written = text(tmp_path, names=names, source="folder")
    assert "**Not fit to publish as it is:** the names of 1 of 4 people are in their ids" in written
    assert "Not fit" not in text(tmp_path / "other")


@pytest.mark.parametrize(
    ("subject", "name", "named"),
    [
        ("jane_doe", "Jane Doe", True),
        ("Doe, Jane", "Jane Doe", True),
        ("JaneDoe", "Jane Doe", True),
        ("m.0107_f", "F", True),
        ("m.0107_f", "Jane Doe", False),
        ("jane", "Jane Doe", False),
        ("A000360", None, False),
        ("x", "", False),
    ],
)
def test_an_id_is_a_name_where_all_words_of_the_name_are_in_it(
    subject: str, name: str | None, named: bool
) -> None:
    assert card._is_named(subject, name) == named


def test_text_of_data_is_no_markup(tmp_path: Path) -> None:
    version = "v1 | <b>x</b>\n# `y` [z](http://z)"
    written = text(tmp_path, version=version, reasons=["<script>|"])
    assert (
        r"| Version, mode | v1 \| &lt;b&gt;x&lt;/b&gt; \# \`y\` \[z\]\(http\://z\), static |"
        in (written)
    )
    assert r"&lt;script&gt;\| 1." in written


def test_labels_of_nobody_still_have_a_card(tmp_path: Path) -> None:
    written = text(tmp_path, faces={}, compared=[])
    assert "| Rows | 0: 0 first faces of pictures, 0 further faces |" in written


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0, "n<1K"), (999, "n<1K"), (1_000, "1K<n<10K"), (5_582, "1K<n<10K"),
        (10_000_000, "10M<n<100M"), (999_999_999, "100M<n<1B"), (10**9, "1B<n<10B"),
    ],
)  # fmt: skip
def test_sizes_are_named_as_the_hub_names_them(number: int, name: str) -> None:
    assert card.size_category(number) == name
