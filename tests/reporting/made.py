"""A small project's tables and face stores, made up from a seed, ready for the report."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from noisyau import facestore, tables
from noisyau.evaluation.audit import audit
from noisyau.evaluation.evaluate import evaluate
from noisyau.reporting import page
from tests.evaluation import made

AUS = [1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26]
SUBJECTS = [f"SN{number:03d}" for number in (1, 2, 9, 10, 6, 11, 12, 13, 3, 4, 5, 7)]
FRAMES = 60


def picture(seed: int) -> bytes:
    """A drawn face: an oval, eyes, a mouth."""
    rng = np.random.default_rng(seed)
    image = np.full((224, 224, 3), rng.integers(40, 200, 3), np.uint8)
    skin = tuple(int(v) for v in np.array([120, 160, 210]) + rng.integers(-50, 30, 3))
    cv2.ellipse(image, (112, 118), (72, 94), 0, 0, 360, skin, -1, cv2.LINE_AA)
    for x in (84, 140):
        cv2.ellipse(image, (x, 96), (13, 7), 0, 0, 360, (250, 250, 250), -1, cv2.LINE_AA)
        cv2.circle(image, (x, 96), 6, (60, 40, 30), -1, cv2.LINE_AA)
        cv2.line(image, (x - 16, 78), (x + 16, 76), (40, 30, 30), 4, cv2.LINE_AA)
    curve = int(rng.integers(2, 22))
    cv2.ellipse(image, (112, 158), (28, curve), 0, 0, 180, (70, 60, 150), 4, cv2.LINE_AA)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


def store(folder: Path, faces: pd.DataFrame, failures: pd.DataFrame) -> None:
    rows = faces.assign(
        image=[picture(seed) for seed in range(len(faces))],
        box=[[10.0, 10.0, 100.0, 120.0]] * len(faces),
        score=0.9,
        landmarks=[[[0.0, 0.0]] * 5] * len(faces),
        transform=[[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]] * len(faces),
    )
    folder.mkdir(parents=True)
    pq.write_table(
        tables.to_arrow(rows, tables.FACES),
        folder / facestore.file_name(0),
        row_group_size=facestore.FACES_PER_GROUP,
    )
    tables.write(failures, folder / facestore.FAILURES, tables.FAILURES)


def lost(*rows: tuple[str, str]) -> pd.DataFrame:
    table = pd.DataFrame(
        [{"item": item, "reason": reason, "detail": "made up"} for item, reason in rows],
        columns=["item", "subject", "frame", "reason", "detail"],
    )
    return table.astype({"frame": "Int32", "subject": "object"})


def noisy_labels(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(
        annotator="blendshapes", annotator_version="1", mode="static", confidence=0.9
    )


def unlabelled(*rows: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"face_id": face, "subject": face.split("/")[0], "reason": reason, "detail": "made up"}
            for face, reason in rows
        ],
        columns=tables.LABEL_FAILURES.names,
    ).astype(object)


def celebrities(root: Path) -> tuple[page.Corpus, pd.DataFrame]:
    """60 people, 3 pictures each; failures of every kind, bystanders, one face without a code."""
    rng = np.random.default_rng(2)
    items = [f"m.{person:03d}_{rank}-FaceId-0" for person in range(60) for rank in range(3)]
    faces = pd.DataFrame({"item": items, "frame": pd.array([None] * len(items), "Int32")})
    faces["subject"] = faces["item"].str.split("_").str[0]
    faces["face_id"] = faces["item"] + "#0"
    bystanders = faces.iloc[::50].assign(face_id=faces["item"].iloc[::50] + "#1")
    everyone = pd.concat([faces, bystanders], ignore_index=True)
    store(
        root / "faces/celebrities",
        everyone,
        lost(("a", "no_face"), ("b", "no_face"), ("c", "unreadable"), ("d", "too_small")),
    )
    names = pd.DataFrame({"item": everyone["face_id"].str[:-2], "subject": everyone["subject"]})
    codes = made.coded(["x"], len(everyone), AUS, seed=3).drop(columns=["item", "subject"])
    labels = made.annotator(pd.concat([names, codes], axis=1), AUS, blind=(6, 9), seed=4)
    labels["face_id"] = everyone["face_id"]
    labels = noisy_labels(labels).iloc[1:]
    tables.write(labels, root / "labels/celebrities.parquet", tables.labels(AUS))
    tables.write(
        unlabelled((everyone["face_id"].iloc[0], "no_mesh")),
        root / "labels/celebrities_failures.parquet",
        tables.LABEL_FAILURES,
    )
    used = labels[labels["face_id"].str.endswith("#0")]
    pretrain = pd.DataFrame({"face_id": used["face_id"], "subject": used["subject"]})
    people = pretrain["subject"].drop_duplicates().sort_values()
    gender = pd.Series(rng.choice(["female", "male", None], len(people), p=[0.45, 0.5, 0.05]))
    regions = ["north_america_europe", "south_asia", "north_east_asia", None]
    region = pd.Series(rng.choice(regions, len(people), p=[0.7, 0.1, 0.15, 0.05]))
    pretrain["gender"] = pretrain["subject"].map(dict(zip(people, gender, strict=True)))
    pretrain["region"] = pretrain["subject"].map(dict(zip(people, region, strict=True)))
    held_out = pretrain["subject"].isin(people.iloc[:3])
    pretrain["split"] = np.where(held_out, "validation", "train")
    pretrain["scratch"] = False
    pretrain["noisy_all"] = True
    corpus = page.Corpus(
        root / "faces/celebrities",
        root / "labels/celebrities.parquet",
        root / "labels/celebrities_failures.parquet",
    )
    return corpus, pretrain.reset_index(drop=True)


SHORTFALLS = pd.DataFrame(
    [
        ("noisy_all", "images", "south_asia", 0.25, 40, 12, 12),
        ("noisy_all", "images", "north_east_asia", 0.75, 120, 300, 148),
    ],
    columns=["variant", "of", "cell", "share", "wanted", "available", "taken"],
)

DUPLICATES = pd.DataFrame(
    [
        (0, "celebrities", "m.001_0-FaceId-0#0", "m.001"),
        (0, "celebrities", "m.001_1-FaceId-0#0", "m.001"),
        (1, "celebrities", "m.002_0-FaceId-0#0", "m.002"),
        (1, "celebrities", "m.003_2-FaceId-0#0", "m.003"),
        (2, "celebrities", "m.004_0-FaceId-0#0", "m.004"),
        (2, "coded", "SN001/7#0", "SN001"),
    ],
    columns=["group", "corpus", "face_id", "subject"],
)


def people(pretrain: pd.DataFrame) -> pd.DataFrame:
    """The people of the pre-training table; the first of them is overruled."""
    rows = pretrain.drop_duplicates("subject")[["subject", "gender", "region"]].copy()
    rows["name"] = "Jo " + rows["subject"]
    rows["gender_evidence"] = [None if pd.isna(v) else "she 3; he 0" for v in rows["gender"]]
    rows["region_evidence"] = [None if pd.isna(v) else "of X" for v in rows["region"]]
    rows["nationality_evidence"] = rows["region_evidence"]
    rows["overridden"] = [["gender"]] + [[]] * (len(rows) - 1)
    return rows.reset_index(drop=True)


def rendered(labels: pd.DataFrame) -> pd.DataFrame:
    """The truth of each item, of which the labels are right in nine of ten."""
    first = labels[labels["face_id"].str.endswith("#0")]
    rng = np.random.default_rng(8)
    truth = pd.DataFrame({"item": first["face_id"].str[:-2]})
    for au in AUS:
        said = first[f"AU{au:02d}_c"].to_numpy("float64", na_value=0)
        wrong = rng.random(len(first)) < 0.1
        truth[f"AU{au:02d}_c"] = pd.array(np.where(wrong, 1 - said, said).astype(int), "Int8")
    return truth


def history(epochs: int, start: float, gain: float, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    epoch = np.arange(1, epochs + 1)
    loss = start * (0.4 + 0.6 * np.exp(-epoch / 3)) + rng.normal(0, 0.004, epochs)
    return pd.DataFrame(
        {
            "epoch": epoch,
            "train_loss": loss,
            "val_loss": loss * 1.15 + rng.normal(0, 0.004, epochs),
            "val_ap": gain * (1 - np.exp(-epoch / 3)) + rng.normal(0, 0.01, epochs),
        }
    )


def inputs(root: Path, *, skill: float = 1.0, frames: int = FRAMES) -> dict[str, Any]:
    """What `report` takes; noisy_all is better than scratch where `skill` is above 0.6."""
    corpus, pretrain = celebrities(root)
    labels = made.coded(SUBJECTS, frames, AUS)
    faces = made.faces(labels)
    store(
        root / "faces/coded",
        faces,
        lost(("SN001/900", "no_face"), ("SN002/901", "corrupt_frame")),
    )
    folds = made.folds(labels)
    noisy = noisy_labels(made.annotator(labels, AUS, blind=(6, 9)))
    missed = noisy["face_id"].iloc[:5].tolist()
    noisy = noisy.iloc[5:]
    tables.write(noisy, root / "labels/coded.parquet", tables.labels(AUS))
    tables.write(
        unlabelled(*((face, "no_mesh") for face in missed)),
        root / "labels/coded_failures.parquet",
        tables.LABEL_FAILURES,
    )
    scores, metrics = evaluate(
        {
            "scratch": made.predictions(labels, folds, AUS, 0.6, seed=1),
            "noisy_all": made.predictions(labels, folds, AUS, skill, seed=2),
        },
        folds,
        labels,
        noisy,
        reference="scratch",
        bootstrap=300,
        confidence=0.95,
        seed=1,
    )
    celebrity_labels = tables.read(corpus.labels)
    compared = {
        ("coded", "people"): (noisy, labels),
        ("celebrities", "rendered"): (celebrity_labels, rendered(celebrity_labels)),
    }
    knobs: dict[str, Any] = {"bootstrap": 300, "confidence": 0.95, "seed": 1}
    audited = [
        audit(rows, truth, lost=rows.iloc[:0], minimum_confidence=0.5, **knobs).assign(
            corpus=name, truth=kind, annotator="blendshapes"
        )
        for (name, kind), (rows, truth) in compared.items()
    ]
    histories: dict[tuple[str, int | None], pd.DataFrame] = {
        ("noisy_all", None): history(8, 0.5, 0.6, 0)
    }
    for fold in (1, 2, 3):
        histories["scratch", fold] = history(10, 0.5, 0.5, fold)
        histories["noisy_all", fold] = history(10, 0.35, 0.7, 10 + fold)
    return {
        "scores": scores,
        "metrics": metrics,
        "audit": pd.concat(audited, ignore_index=True),
        "folds": folds,
        "coded_labels": labels,
        "pretrain": pretrain,
        "people": people(pretrain),
        "left_out": pd.DataFrame({"reason": pd.Series([], dtype=str)}),
        "folds_left_out": pd.DataFrame({"reason": pd.Series([], dtype=str)}),
        "shortfalls": SHORTFALLS,
        "duplicates": DUPLICATES,
        "agreement": tables.AGREEMENT.empty_table().to_pandas(),
        "labels": {"scratch": "annotator", "noisy_all": "annotator"},
        "celebrities": corpus,
        "coded": page.Corpus(
            root / "faces/coded", root / "labels/coded.parquet",
            root / "labels/coded_failures.parquet",
        ),
        "histories": histories,
        "reference": "scratch",
        "annotator": "blendshapes",
        "confidence": 0.95,
        "settings": "seed: 1  # start of every random choice\ndevice: auto\n",
        "digests": {"data/tables/folds.parquet": "0" * 64, "reports/scores.parquet": "a" * 64},
        "synthetic": True,
    }  # fmt: skip
