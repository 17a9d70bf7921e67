"""Small coded sets, made up from a seed."""

import numpy as np
import pandas as pd

from noisyau import aus as au_names
from noisyau.evaluation import folds as fold_tables


def coded(subjects: list[str], frames: int, aus: list[int], seed: int = 0) -> pd.DataFrame:
    """`tables.coded`, a fifth of it positive, with a few codes missing."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        [
            {"item": f"{subject}/{frame}", "subject": subject, "frame": frame, "threshold": 2.0}
            for subject in subjects
            for frame in range(1, frames + 1)
        ]
    )
    rows["frame"] = rows["frame"].astype("Int32")
    for au in aus:
        occurs = rng.random(len(rows)) < 0.2
        codes = pd.array(occurs.astype("int8"), dtype="Int8")
        codes[rng.random(len(rows)) < 0.02] = pd.NA
        rows[au_names.occurrence(au)] = codes
    for au in aus:
        rows[au_names.intensity(au)] = (rows[au_names.occurrence(au)] * 2).astype("Float32")
    return rows


def faces(labels: pd.DataFrame) -> pd.DataFrame:
    rows = labels[["item", "subject", "frame"]].copy()
    rows.insert(0, "face_id", rows["item"] + "#0")
    return rows


def folds(labels: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    return fold_tables.make(faces(labels), labels, folds=3, validation=0.25, seed=seed)


def predictions(
    labels: pd.DataFrame, table: pd.DataFrame, aus: list[int], skill: float, seed: int = 5
) -> pd.DataFrame:
    """`tables.predictions` of every fold; the higher the skill, the better."""
    rng = np.random.default_rng(seed)
    rows = table[table["role"] == "test"][["face_id", "subject", "frame", "fold"]].reset_index(
        drop=True
    )
    truth = labels.set_index(labels["item"] + "#0").loc[rows["face_id"]]
    for au in aus:
        occurs = truth[au_names.occurrence(au)].to_numpy("float64", na_value=0)
        logit = rng.normal(size=len(rows)) + skill * (2 * occurs - 1)
        rows[au_names.probability(au)] = (1 / (1 + np.exp(-logit))).astype("float32")
    return rows


def annotator(
    labels: pd.DataFrame, aus: list[int], blind: tuple[int, ...] = (), seed: int = 9
) -> pd.DataFrame:
    """`tables.labels` of every face; nothing for the AUs that it cannot see."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame({"face_id": labels["item"] + "#0", "subject": labels["subject"]})
    for au in aus:
        occurs = labels[au_names.occurrence(au)].to_numpy("float64", na_value=0)
        level = np.clip(occurs * 1.5 + rng.normal(size=len(rows)), 0, 5).astype("float32")
        seen = au not in blind
        rows[au_names.occurrence(au)] = pd.array(
            (level > 1).astype("int8") if seen else [pd.NA] * len(rows), dtype="Int8"
        )
        rows[au_names.intensity(au)] = level if seen else np.float32(np.nan)
    return rows
