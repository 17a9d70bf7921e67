"""Who is in the pre-training set, and in which variant's part of it.

A share of the people is held out to watch pre-training; every variant is watched on these same
people. Each variant then takes its pictures from the others: all of them, or a number or share of
people or pictures, balanced over cells (Fung & McDuff 2020, III-A and IV-E: as many women as men).
People of whom the balance needs something that is unknown are in `all` and in no balanced subset.
`all` is everybody as they are: it has nothing to choose, and so nothing to balance.

People come in one order, and so do the pictures of each person, so that fewer people are among
more, and of each person fewer pictures are among more. Pictures of several people are drawn by
systematic sampling: each picture has the same chance, and each person as many as is in proportion
to the pictures there are of the person, rounded up or down (Bishay et al. 2023, V). The paper
drew pictures regardless of the person; spread over people, the number of pictures changes and
that of the people does not.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from noisyau import tables
from noisyau.errors import TableError
from noisyau.selection import sampling
from noisyau.selection.balance import Balance, cells, shares, strata
from noisyau.selection.pool import Pool
from noisyau.selection.votes import Floats, How, Voter, targets

Amount = int | str  # 1000, all, or a share such as 20%


class Sample(NamedTuple):
    """What a variant is pre-trained on: of the training pictures and people, how much.

    A share is of all training people, or of all their pictures (at most `per_person` of each),
    those of unknown gender too: 20% of the pictures with 40% of the people are as many pictures
    as 20% with all people, and two and a half times as many of each person. 20% of the people may
    happen to have a few less than 20% of the pictures: then all are taken, and it is a shortfall;
    where genders are to be even it is refused, as any other lack of one of them.
    """

    images: Amount
    people: Amount
    balance: Balance = "gender"
    per_person: int | Literal["all"] = "all"


class Subset(NamedTuple):
    """A variant's rows of the pool, where cells were short, and who could not be drawn.

    rows        (faces,)
    shortfalls  `tables.SHORTFALLS`
    outside     images or people, where drawn -> how many are in no cell
    """

    rows: NDArray[np.bool_]
    shortfalls: pd.DataFrame
    outside: dict[str, int]


def subset(pool: Pool, variant: str, sample: Sample) -> Subset:
    """The training rows that a variant takes, and all validation rows; none where it takes 0.

    Raises TableError where there are too few, with the numbers: fewer than asked for in all, or
    of one gender where the balance is of genders, alone or within regions.
    """
    short = [tables.SHORTFALLS.empty_table().to_pandas()]
    outside: dict[str, int] = {}
    if 0 in sample[:2]:
        return Subset(np.zeros(len(pool.face_id), dtype=bool), short[0], outside)
    names = shares(sample.balance)
    cell = cells(pool.people, names)
    most = None if sample.per_person == "all" else sample.per_person
    pictures = pool.people["pictures"].clip(upper=most).to_numpy()
    train = (pool.people["split"] == "train").to_numpy()

    def draw(of: str, everything: int, place: NDArray[Any], cell: NDArray[np.int8]) -> Any:
        outside[of] = int((cell < 0).sum())
        amount = getattr(sample, of)
        total = _number(amount, everything)
        kinds = strata(names)
        found = sampling.draw(total, place, cell, np.array([*names.values()]), kinds)
        rows = _rows(variant, of, names, found)
        few = any(found.taken[kind].sum() < found.wanted[kind].sum() for kind in kinds)
        excused = of == "images" and _nearly(sample) and len(kinds) == 1
        if total == 0 or (few and not excused):
            meant = f"{amount} of {everything:,}" if isinstance(amount, str) else f"{amount:,}"
            drawn = of == "images" and sample.people != "all"
            whose = f"the {int(persons.sum()):,} people drawn have" if drawn else None
            raise TableError(_refusal(variant, of, meant, rows, outside[of], whose))
        if (rows["taken"] < rows["wanted"]).any():
            short.append(rows)
        return found.chosen

    persons = train
    if sample.people != "all":
        at = np.flatnonzero(train)
        taken = draw("people", len(at), pool.people["turn"].to_numpy()[at], cell[at])
        persons = np.zeros_like(train)
        persons[at[taken]] = True
    rows = persons[pool.person]
    if most:
        rows &= pool.place < most
    if sample.images != "all":
        at = np.flatnonzero(rows)
        who = pool.person[at]
        place = (pool.place[at] + pool.people["start"].to_numpy()[who]) / pictures[who]
        taken = draw("images", int(pictures[train].sum()), place, cell[who])
        rows[at[~taken]] = False
    return Subset(rows | pool.held_out(), pd.concat(short, ignore_index=True), outside)


def told(shortfalls: pd.DataFrame) -> list[str]:
    """A line for each cell of `tables.SHORTFALLS` that is short."""
    short = shortfalls[shortfalls["taken"] < shortfalls["wanted"]]
    return [
        f"{cell.variant}: {cell.taken:,} {cell.of} of {cell.cell} instead of {cell.wanted:,}; "
        "there are no more"
        for cell in short.itertuples()
    ]


def pretrain_table(pool: Pool, subsets: Mapping[str, Subset]) -> Iterator[pa.Table]:
    """`tables.pretrain` in pieces: every row of the pool, and whether each variant has it."""
    first = 0
    schema = tables.pretrain(subsets)
    for piece in pool.pieces(np.arange(len(pool.face_id))):
        these = slice(first, first := first + len(piece))
        for variant, subset in subsets.items():
            piece = piece.append_column(variant, pa.array(subset.rows[these]))
        yield piece.cast(schema)


class Written(NamedTuple):
    """A variant's subset: pictures to train and to validate, and the targets that they have."""

    train: int
    validation: int
    labels: int

    def __str__(self) -> str:
        return (
            f"{self.train:,} pictures to train, {self.validation:,} to validate, {self.labels:,} "
            "labels"
        )


def write_subset(
    path: Path,
    pool: Pool,
    rows: NDArray[np.bool_],
    voters: Sequence[Voter],
    aus: Sequence[int],
    how: How,
) -> Written:
    """Write `tables.subset`: some rows of the pool with their targets.

    rows    (faces,) which
    voters  the annotators, asked about all faces of the pool
    """
    at, schema = np.flatnonzero(rows), tables.subset(aus)
    asked = targets([voter.at(at) for voter in voters], aus, how)
    pieces = zip(pool.pieces(at), asked, strict=True)
    tables.write_pieces((_joined(piece, some, schema) for piece, some in pieces), path, schema)
    watched = int(pool.held_out()[at].sum())
    return Written(len(at) - watched, watched, tables.known(path, schema.names[3:]))


def _joined(piece: pa.Table, asked: Mapping[str, Floats], schema: pa.Schema) -> pa.Table:
    columns = [piece[name] for name in schema.names[:3]]
    columns += [pa.array(asked[name], from_pandas=True) for name in schema.names[3:]]
    return pa.Table.from_arrays(columns, schema=schema)


def _number(amount: Amount, of: int) -> int:
    """What an amount is, given how much there is in all; halves are rounded to even."""
    return round(_share(amount) * of) if isinstance(amount, str) else amount


def _share(amount: str) -> Fraction:
    return Fraction(amount.removesuffix("%")) / 100


def _nearly(sample: Sample) -> bool:
    """Whether the pictures of the people are as many as asked for but for the luck of the draw."""
    shares = [amount for amount in sample[:2] if isinstance(amount, str) and amount != "all"]
    return len(shares) == 2 and _share(shares[0]) <= _share(shares[1])


def _rows(variant: str, of: str, names: Mapping[str, float], drawn: sampling.Drawn) -> pd.DataFrame:
    """A row a cell, as `tables.SHORTFALLS` has them."""
    return pd.DataFrame(
        {
            "variant": variant,
            "of": of,
            "cell": list(names),
            "share": list(names.values()),
            "wanted": drawn.wanted,
            "available": drawn.available,
            "taken": drawn.taken,
        }
    )


def _refusal(
    variant: str, of: str, amount: str, rows: pd.DataFrame, outside: int, whose: str | None
) -> str:
    def told(column: str) -> str:
        return ", ".join(
            f"{number:,} {cell}" for number, cell in zip(rows[column], rows["cell"], strict=True)
        )

    return (
        f"params.yaml: variants.{variant}.pretrain.{of}: {amount} asks for {told('wanted')}; "
        f"{whose or 'the training part has'} {told('available')} ({outside:,} are in none of these "
        "and not sampled). Ask for another number, another `balance`, or for `all`."
    )
