"""Where the samples went: from raw items to scored frames, each loss with its reason.

Every step's losses and what is left add up to the step before; `Step` refuses anything else.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from noisyau.errors import TableError
from noisyau.selection.leftout import REASONS


@dataclass(frozen=True)
class Step:
    """What was left, and what was lost on the way to it, by reason."""

    name: str
    left: int
    lost: Mapping[str, int] = field(default_factory=dict)

    @property
    def before(self) -> int:
        return self.left + sum(self.lost.values())


def check(steps: list[Step]) -> list[Step]:
    """The steps, if each begins with what the one before left; else TableError."""
    for before, after in itertools.pairwise(steps):
        if after.before != before.left or min(after.lost.values(), default=0) < 0:
            raise TableError(
                f"the samples do not add up: {before.left} {before.name}, but {after.left} "
                f"{after.name} and losses {dict(after.lost)}; the tables are of different runs: "
                "run `dvc repro`"
            )
    return steps


def celebrities(
    faces: int,
    failures: Mapping[str, int],
    coded: int,
    label_failures: Mapping[str, int],
    left_out: Mapping[str, int],
    pretrain: pd.DataFrame,
) -> list[Step]:
    """From pictures to training faces.

    faces           first faces (`#0`) in the store; failures: items without one, by reason
    coded           of these, how many the annotator coded; label_failures: the others, by reason
    left_out        coded and not in the pre-training table, by reason
    pretrain        `tables.pretrain`
    """
    held_out = int((pretrain["split"] == "validation").sum())
    used = len(pretrain)
    told = {REASONS.get(reason, reason): lost for reason, lost in left_out.items()}
    return check(
        [
            Step("pictures in the corpus", faces + sum(failures.values())),
            Step("with an aligned face", faces, failures),
            Step("coded by the annotator", coded, label_failures),
            Step("in the pre-training table", used, told),
            Step("to train on", used - held_out, _lost(held_out_to_watch_training=held_out)),
        ]
    )


def coded_frames(
    faces: int,
    failures: Mapping[str, int],
    left_out: Mapping[str, int],
    folds: pd.DataFrame,
    scored: int,
) -> list[Step]:
    """From frames of videos to frames with a score.

    left_out  faces that stay out of the folds, by reason
    scored    as metrics.json has it
    """
    tested = int((folds["role"] == "test").sum())
    told = {REASONS.get(reason, reason): lost for reason, lost in left_out.items()}
    uncoded = _lost(no_human_code=faces - tested - sum(told.values()))
    return check(
        [
            Step("frames in the corpus", faces + sum(failures.values())),
            Step("with an aligned face", faces, failures),
            Step("coded by people, in the folds", tested, {**told, **uncoded}),
            Step("tested and scored", scored, _lost(every_action_unit_missing=tested - scored)),
        ]
    )


def annotated_frames(
    tested: pd.Series, coded: pd.Series, label_failures: pd.DataFrame
) -> list[Step]:
    """The tested frames that the annotator coded too; all by face_id."""
    frames = set(tested)
    lost = frames - set(coded)
    told = reasons(label_failures[label_failures["face_id"].isin(lost)])
    return check(
        [
            Step("tested frames", len(frames)),
            Step("coded by the annotator too", len(frames) - len(lost), told),
        ]
    )


def reasons(failures: pd.DataFrame) -> dict[str, int]:
    """Reason -> rows, the most frequent first."""
    counts = [(-int(n), str(reason)) for reason, n in failures["reason"].value_counts().items()]
    return {reason: -n for n, reason in sorted(counts)}


def _lost(**losses: int) -> dict[str, int]:
    return {reason: lost for reason, lost in losses.items() if lost}
