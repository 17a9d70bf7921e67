"""What is scored: the tested frames with their human codes, and each method's codes of them.

Everything that a table could get wrong is refused here, before any number is made.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from noisyau import aus as au_names
from noisyau.errors import EvaluationError
from noisyau.evaluation import folds as fold_tables
from noisyau.evaluation.metrics import MISSING

THRESHOLD = 0.5
"""A probability from here on is a positive decision (Fung & McDuff 2020, IV-D)."""


@dataclass(frozen=True)
class Cohort:
    """The tested frames, each once, by fold, subject and frame.

    face_id   (frames,) index
    subject   (frames,) 0..S-1
    subjects  (S,) their names
    folds     the test subjects' indices of each fold
    names     the folds' numbers, as in the table
    aus       A AUs
    truth     (frames, A) uint8: 1, 0, 255 not coded
    """

    face_id: pd.Index
    subject: NDArray[np.intp]
    subjects: tuple[str, ...]
    folds: tuple[NDArray[np.intp], ...]
    names: tuple[int, ...]
    aus: tuple[int, ...]
    truth: NDArray[np.uint8]


@dataclass(frozen=True)
class Method:
    """One method's codes of the cohort's frames.

    decision  (frames, A) uint8: 1, 0, 255 none
    score     (frames, A) float32: higher is surer; NaN none
    """

    name: str
    decision: NDArray[np.uint8]
    score: NDArray[np.float32]

    def within(self, decided: NDArray[np.bool_], scored: NDArray[np.bool_]) -> "Method":
        """The same codes, missing outside these (frames, A) masks."""
        return Method(
            self.name,
            np.where(decided, self.decision, np.uint8(MISSING)),
            np.where(scored, self.score, np.float32(np.nan)),
        )


def cohort(folds: pd.DataFrame, coded: pd.DataFrame, aus: Sequence[int]) -> Cohort:
    """The frames that a fold tests, with their codes for these AUs.

    Raises TableError where the folds share subjects, EvaluationError where a frame or an AU
    was never coded, or where a fold tests fewer than two subjects.
    """
    if folds["subject"].nunique() == 1:
        raise EvaluationError(
            f"one subject, {folds['subject'].iloc[0]}: nobody is left to train on; code more people"
        )
    fold_tables.check(folds)
    tested = folds[folds["role"] == "test"].sort_values(
        ["fold", "subject", "frame", "face_id"], kind="stable", ignore_index=True
    )
    for fold, subjects in tested.groupby("fold", sort=True)["subject"].unique().items():
        if len(subjects) < fold_tables.SMALLEST_TEST:
            raise EvaluationError(
                f"fold {fold} tests one subject, {subjects[0]}; intervals resample the test "
                f"subjects of a fold, so it needs at least {fold_tables.SMALLEST_TEST}: "
                "code more people, or use fewer folds (fold_names in params.yaml)"
            )
    columns = [au_names.occurrence(au) for au in aus]
    absent = [column for column in columns if column not in coded.columns]
    if absent:
        known = [au_names.name(au) for au in au_names.in_columns(coded.columns, "c")]
        raise EvaluationError(
            f"the coded labels have no column {', '.join(absent)}; coded: {', '.join(known)}. "
            "Take these AUs out of finetune.aus in params.yaml."
        )
    refuse_twice(coded["item"], "the coded labels")
    items = tested["face_id"].str.rsplit("#", n=1).str[0]
    codes = coded.set_index("item").reindex(items)[columns]
    uncoded = ~items.isin(coded["item"]).to_numpy()
    if uncoded.any():
        raise EvaluationError(
            f"{uncoded.sum()} tested frames have no human code, the first is "
            f"{tested['face_id'][uncoded.argmax()]}; run `dvc repro folds`"
        )
    face_id = pd.Index(tested["face_id"])
    truth = occurrences(codes, face_id, "the coded labels")
    for au, column in zip(aus, truth.T, strict=True):
        if (column == MISSING).all():
            raise EvaluationError(
                f"{au_names.name(au)} was never coded by people: all {len(column)} tested "
                "frames miss it. Take it out of finetune.aus in params.yaml."
            )
    subjects = tuple(sorted(tested["subject"].unique()))
    subject = pd.Index(subjects).get_indexer(tested["subject"])
    names = tuple(int(fold) for fold in sorted(tested["fold"].unique()))
    of_fold = tuple(np.unique(subject[(tested["fold"] == fold).to_numpy()]) for fold in names)
    return Cohort(face_id, subject, subjects, of_fold, names, tuple(aus), truth)


def predicted(name: str, predictions: pd.DataFrame, frames: Cohort, folds: pd.DataFrame) -> Method:
    """A variant's predictions of all folds: face_id, fold, AUnn_p (0..1).

    Raises EvaluationError where a fold, a frame or an AU is missing, where a frame is not in
    the fold's test or comes twice, or where a probability is not one.
    """
    columns = [au_names.probability(au) for au in frames.aus]
    found = au_names.in_columns(predictions.columns, "p")
    if found != frames.aus:
        raise EvaluationError(
            f"{name}: predicts {_listed(found)}, but the other variants predict "
            f"{_listed(frames.aus)}; variants are compared on the same AUs"
        )
    for fold in frames.names:
        if fold not in set(predictions["fold"]):
            raise EvaluationError(
                f"{name}: no predictions for fold {fold}; run `dvc repro finetune@{name}-{fold}`"
            )
    refuse_twice(predictions["face_id"], name)
    tested = folds[folds["role"] == "test"].set_index("face_id")["fold"]
    expected = tested.reindex(predictions["face_id"])
    wrong = (expected.isna() | (expected.to_numpy() != predictions["fold"].to_numpy())).fillna(True)
    if wrong.any():
        row = int(wrong.to_numpy(dtype=bool).argmax())
        raise EvaluationError(
            f"{name}: frame {predictions['face_id'].iloc[row]} is predicted in fold "
            f"{predictions['fold'].iloc[row]}, which does not test it ({wrong.sum()} such frames); "
            f"run `dvc repro finetune@{name}-{predictions['fold'].iloc[row]}`"
        )
    rows = predictions.set_index("face_id")
    lost = frames.face_id.difference(rows.index)
    if len(lost):
        raise EvaluationError(
            f"{name}: {len(lost)} of {len(frames.face_id)} tested frames have no prediction, the "
            f"first is {lost[0]} (fold {tested[lost[0]]})"
        )
    score = rows.loc[frames.face_id, columns].to_numpy("float32", na_value=np.nan)
    bad = ~((score >= 0) & (score <= 1))  # NaN too
    if bad.any():
        row, au = np.argwhere(bad)[0]
        raise EvaluationError(
            f"{name}: {columns[au]} of {frames.face_id[row]} is {score[row, au]}; a probability "
            f"is 0 to 1 ({bad.sum()} bad values). The training diverged, or the file is not this "
            "program's: train it again."
        )
    return Method(name, (score >= THRESHOLD).astype(np.uint8), score)


def annotated(name: str, labels: pd.DataFrame, frames: Cohort) -> Method:
    """The automatic coder's own codes: AUnn_c decides, AUnn_r ranks.

    Frames and AUs that it did not code are missing; faces beyond the cohort's are left aside.
    """
    refuse_twice(labels["face_id"], name)
    rows = labels.set_index("face_id")
    codes = rows.reindex(
        index=frames.face_id, columns=[au_names.occurrence(au) for au in frames.aus]
    )
    levels = rows.reindex(
        index=frames.face_id, columns=[au_names.intensity(au) for au in frames.aus]
    )
    decision = occurrences(codes, frames.face_id, name)
    score = levels.to_numpy("float32", na_value=np.nan)
    return Method(name, decision, np.where(np.isfinite(score), score, np.float32(np.nan)))


def constant(name: str, frames: Cohort) -> Method:
    """The floor: every AU in every frame."""
    shape = frames.truth.shape
    return Method(name, np.ones(shape, np.uint8), np.ones(shape, np.float32))


def occurrences(codes: pd.DataFrame, face_id: pd.Index, source: str) -> NDArray[np.uint8]:
    """(frames, A): 1, 0, or 255 missing; EvaluationError where a code is neither."""
    values = codes.to_numpy("float64", na_value=np.nan)
    bad = ~(np.isnan(values) | (values == 0) | (values == 1))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise EvaluationError(
            f"{source}: {codes.columns[column]} of {face_id[row]} is {values[row, column]:g}; an "
            "occurrence is 0, 1 or missing"
        )
    return np.where(np.isnan(values), MISSING, values).astype(np.uint8)


def refuse_twice(names: pd.Series, source: str) -> None:
    """EvaluationError where a name comes twice."""
    twice = names[names.duplicated()]
    if len(twice):
        raise EvaluationError(
            f"{source}: {twice.iloc[0]} comes twice ({len(twice)} rows too many); a frame has one "
            "row"
        )


def _listed(aus: Sequence[int]) -> str:
    return ", ".join(au_names.name(au) for au in aus) or "no AU"
