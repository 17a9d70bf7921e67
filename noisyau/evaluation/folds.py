"""Folds of the coded subjects: nobody is in two tests, or in two roles of one fold.

A subject's frames go together. Each fold tests its own subjects; of the others some are held
out (`validation`) to choose the epoch, the rest are trained on.
"""

from collections.abc import Sequence
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from noisyau import aus as au_names
from noisyau.errors import TableError
from noisyau.likeness.people import CODED, sharers

ROLES = ("train", "validation", "test")

SMALLEST_TEST = 2
"""Test subjects that a fold needs: an interval resamples them, and one alone cannot vary."""

LARGEST_LOSS = 0.5
"""Share of a subject's frames that may be left out for looking like another's; from there on the
subject would be gone from the test without a word."""

_STARTS = 8  # of the local search; the best of them counts


def make(
    faces: pd.DataFrame, coded: pd.DataFrame, *, folds: int, validation: float, seed: int
) -> pd.DataFrame:
    """Divide the coded subjects into folds.

    faces       of the coded corpus: face_id, item, subject, frame. The first face of an item
                (`#0`) is the subject's; others, and items that nobody coded, are left out
    coded       `tables.coded`: item, AUnn_c, ...
    folds       how many; each tests at least two subjects
    validation  share of a fold's training subjects that is held out, 0..1 exclusive
    seed        starts the search for balanced groups
    returns     `tables.FOLDS`: a row a frame and fold, by fold, subject, frame

    The tests are the published lists where there are three folds, all subjects are DISFA's and
    each list holds at least two of them. Otherwise, and for the validation subjects always,
    groups of even size are searched for in which every AU is as frequent as in the others.

    Raises TableError where the subjects are too few or none of the faces is coded.
    """
    frames = _coded_frames(faces, coded)
    aus = au_names.in_columns(coded.columns, "c")
    stats = _subject_stats(frames, aus)
    subjects = list(stats.index)
    if len(subjects) < folds * SMALLEST_TEST:
        raise TableError(
            f"{len(subjects)} coded subjects have a face ({', '.join(subjects)}); {folds} folds "
            f"need at least {folds * SMALLEST_TEST}, {SMALLEST_TEST} to test in each. "
            "Code more people, or shorten fold_names in params.yaml."
        )
    tests = _published_tests(subjects) if folds == len(au_names.DISFA_FOLDS) else None
    if tests is None:
        sizes = [len(part) for part in np.array_split(np.arange(len(subjects)), folds)]
        tests = _balanced_groups(stats, sizes, seed)
    parts = []
    for fold, test in enumerate(tests, start=1):
        others = [subject for subject in subjects if subject not in test]
        held_out = min(max(1, round(validation * len(others))), len(others) - 1)
        train, watched = _balanced_groups(
            stats.loc[others], [len(others) - held_out, held_out], seed + fold
        )
        role = {
            **dict.fromkeys(train, "train"),
            **dict.fromkeys(watched, "validation"),
            **dict.fromkeys(test, "test"),
        }
        part = frames[["face_id", "subject", "frame"]].copy()
        part["fold"] = fold
        part["role"] = part["subject"].map(role)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    table["fold"] = table["fold"].astype("Int8")
    check(table)
    return table


def leave_out(
    faces: pd.DataFrame, coded: pd.DataFrame, duplicates: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Frames that look like another coded subject's stay on no side of a split.

    faces       of the coded corpus: face_id, item, subject, ...
    coded       `tables.coded`: item, ...
    duplicates  `tables.DUPLICATES`; its groups that span several coded subjects count
    returns     the other faces; and those left out, `tables.LABEL_FAILURES` (`two_people`)

    Raises TableError where a subject would lose more than half of their coded frames.
    """
    people = sharers(duplicates, CODED)
    alike = duplicates[(duplicates["corpus"] == CODED) & duplicates["group"].isin(people.index)]
    out = alike[["face_id", "subject"]].assign(
        reason="two_people",
        detail=[f"in a group of frames of {', '.join(people[group])}" for group in alike["group"]],
    )
    first = faces[faces["item"].isin(coded["item"]) & faces["face_id"].str.endswith("#0")]
    lost = first["face_id"].isin(out["face_id"]).groupby(first["subject"]).agg(["sum", "size"])
    lost = lost[lost["sum"] > LARGEST_LOSS * lost["size"]]
    if len(lost):
        told = [f"{row.Index} {row.sum:,} of {row.size:,}" for row in lost.itertuples()]
        raise TableError(
            f"too many coded frames look like another subject's, and would be left out: of "
            f"{', '.join(told)}; at most {LARGEST_LOSS:.0%} may be. Look at the groups of these "
            "subjects in data/duplicates.parquet. Where they do not look the same, lower "
            "duplicates.fine in params.yaml; where they do, one person is coded under two names, "
            "or one's video holds the other: correct the corpus, or list the frames that show "
            "somebody else in corpora.coded.corrupt_frames."
        )
    kept = faces[~faces["face_id"].isin(out["face_id"])]
    return kept, out.sort_values("face_id", ignore_index=True)


def check(table: pd.DataFrame) -> None:
    """Refuse a folds table in which a subject crosses a split.

    Raises TableError, with the subject and the folds, where a subject is tested in two folds,
    has two roles in one fold, or is tested in none; where a frame comes twice in a fold; where
    a fold lacks a role; where a role is unknown.
    """
    for role in sorted(set(table["role"]) - set(ROLES)):
        raise TableError(f"folds: unknown role {role!r}; known: {', '.join(ROLES)}")
    if table.empty:
        raise TableError("folds: the table is empty; run `dvc repro folds`")
    twice = table[table.duplicated(["face_id", "fold"])]
    for row in twice.itertuples():
        raise TableError(f"folds: frame {row.face_id} comes twice in fold {row.fold}")
    owners = table.groupby("face_id", sort=True)["subject"].nunique()
    for face_id in owners.index[owners > 1]:
        raise TableError(f"folds: frame {face_id} belongs to two subjects")
    pairs = table[["subject", "fold", "role"]].drop_duplicates()
    for (subject, fold), roles in pairs.groupby(["subject", "fold"], sort=True)["role"]:
        if len(roles) > 1:
            raise TableError(
                f"folds: subject {subject} is both {' and '.join(sorted(roles))} in fold {fold}; "
                "a subject has one role in a fold"
            )
    tested = pairs[pairs["role"] == "test"].groupby("subject", sort=True)["fold"].apply(sorted)
    for subject, where in tested.items():
        if len(where) > 1:
            raise TableError(
                f"folds: subject {subject} is tested in folds {' and '.join(map(str, where))}; "
                "the tests of two folds share nobody"
            )
    for fold in sorted(set(pairs["fold"])):
        present = set(pairs["role"][pairs["fold"] == fold])
        for role in ROLES:
            if role not in present:
                raise TableError(f"folds: fold {fold} has no {role} subject")
    for subject in sorted(set(pairs["subject"]) - set(tested.index)):
        raise TableError(f"folds: subject {subject} is tested in no fold")


def _coded_frames(faces: pd.DataFrame, coded: pd.DataFrame) -> pd.DataFrame:
    """The first faces of the items that people coded, with the codes, by subject and frame."""
    aus = au_names.in_columns(coded.columns, "c")
    first = faces[faces["face_id"] == faces["item"] + "#0"]
    codes = coded[["item", *(au_names.occurrence(au) for au in aus)]]
    frames = first[["face_id", "item", "subject", "frame"]].merge(
        codes, on="item", validate="one_to_one"
    )
    if frames.empty:
        raise TableError(
            f"none of {len(first)} faces is among the {len(coded)} coded frames: the faces' items "
            f"are {_examples(first)}, the codes' {_examples(coded)}. Check corpora.coded in "
            "params.yaml: the camera and how the frames are numbered."
        )
    frames = frames.sort_values(["subject", "frame", "face_id"], kind="stable", ignore_index=True)
    frames["frame"] = frames["frame"].astype("Int32")
    return frames


def _examples(rows: pd.DataFrame) -> str:
    return ", ".join(rows["item"].head(2)) + ", ..." if len(rows) else "none"


def _subject_stats(frames: pd.DataFrame, aus: Sequence[int]) -> pd.DataFrame:
    """(subjects, 1 + aus): frames, and positive frames of each AU."""
    codes = frames[[au_names.occurrence(au) for au in aus]].astype("float64").eq(1)
    stats = codes.groupby(frames["subject"], sort=True).sum()
    stats.insert(0, "frames", frames.groupby("subject", sort=True).size())
    return stats


def _published_tests(subjects: Sequence[str]) -> list[list[str]] | None:
    """DISFA's lists, reduced to these subjects; None where they do not apply."""
    known = {subject for fold in au_names.DISFA_FOLDS for subject in fold}
    if not known.issuperset(subjects):
        return None
    tests = [[subject for subject in fold if subject in subjects] for fold in au_names.DISFA_FOLDS]
    return tests if min(map(len, tests)) >= SMALLEST_TEST else None


def _balanced_groups(stats: pd.DataFrame, sizes: Sequence[int], seed: int) -> list[list[str]]:
    """Groups of these sizes in which frames and AUs are spread in proportion.

    From several random starts, the best swap of two subjects between two groups is made until
    none helps; an AU that a group lacks altogether weighs more than any uneven spread.
    """
    values = stats.to_numpy("float64")
    totals = values.sum(axis=0)
    shares = values[:, totals > 0] / totals[totals > 0]  # (subjects, columns), columns sum to 1
    wanted = np.array(sizes)[:, None] / len(stats)  # (groups, 1)
    rng = np.random.default_rng(seed)
    best: tuple[float, NDArray[np.int64]] | None = None
    for _ in range(_STARTS):
        group = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
        cost = _search(group, shares, wanted)
        if best is None or cost < best[0] - 1e-12:
            best = cost, group.copy()
    assert best is not None
    names = np.array(stats.index, dtype=object)
    return [cast(list[str], names[best[1] == index].tolist()) for index in range(len(sizes))]


def _search(
    group: NDArray[np.int64], shares: NDArray[np.float64], wanted: NDArray[np.float64]
) -> float:
    """Improve `group` (subjects,) in place by swaps; the cost that is left."""
    sums = np.stack([shares[group == index].sum(axis=0) for index in range(len(wanted))])
    cost = float(_cost(sums, wanted).sum())
    while True:
        best = (cost - 1e-9, -1, -1)
        for i in range(len(group)):
            others = np.flatnonzero(group > group[i])
            if not len(others):
                continue
            moved = shares[others] - shares[i]  # what i's group gains
            here = _cost(sums[group[i]] + moved, wanted[group[i]])
            there = _cost(sums[group[others]] - moved, wanted[group[others]])
            before = _cost(sums, wanted)
            after = cost + here + there - before[group[i]] - before[group[others]]
            j = int(after.argmin())
            if after[j] < best[0]:
                best = float(after[j]), i, int(others[j])
        _, i, j = best
        if i < 0:
            return cost
        moved = shares[j] - shares[i]
        sums[group[i]] += moved
        sums[group[j]] -= moved
        group[[i, j]] = group[[j, i]]
        cost = float(_cost(sums, wanted).sum())


def _cost(sums: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """(groups, columns), (groups, 1) -> (groups,): squared distance, and 1 for a lack."""
    cost: NDArray[np.float64] = ((sums - wanted) ** 2 + (sums < 1e-12)).sum(axis=-1)
    return cost
