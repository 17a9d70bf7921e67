"""Identity noise: which of a person's pictures show somebody else, by face embeddings.

Pictures that search engines found for a name do not all show that person. Of each person the
largest set of pictures that look like each other is taken for the person, and the others are told
apart by `similarity`: the mean cosine between a picture and the set's others.

    begin with the picture that has most pictures at `minimum` or more, and those
    take out the one least like the others, until all are at `minimum` or more
    keep every picture of the person that is at `minimum` or more to this set

What is asked is whether pictures show the same person, and nothing about the person. It is wrong
for someone of whom most pictures show one other person.

Measured on generated embeddings (`person` in tests/selection/test_identity.py): 512 numbers, 200
people of 3 to 119 pictures, a tenth of the right ones bad, wrong ones of which half are one other
person's in every second person. Precision is the share of the left-out pictures that are wrong,
recall the share of the wrong ones that are left out; right pairs are at cosine 0.47 on average:

    wrong ones                            5 %            10 %           20 %           30 %
    wrong pairs at 0.02, minimum 0.15
        this                              1.000 / 1.000  1.000 / 1.000  1.000 / 1.000  1.000 / 1.000
        chains of pairs at 0.2            1.000 / 0.998  1.000 / 0.995  1.000 / 0.999  1.000 / 0.988
        cosine to the mean, 0.25          1.000 / 0.995  1.000 / 0.996  1.000 / 0.992  0.999 / 0.980
    wrong pairs at 0.13 (people look alike), minimum 0.2
        this                              0.743 / 0.940  0.860 / 0.922  0.929 / 0.913  0.955 / 0.879
        chains of pairs at 0.3            0.700 / 0.949  0.839 / 0.927  0.918 / 0.913  0.950 / 0.863
        cosine to the mean, 0.3           0.774 / 0.905  0.878 / 0.872  0.936 / 0.822  0.953 / 0.696

A minimum that is too high costs right pictures, and soon: at 0.2 in the first case a fourth of what
is left out at 5 % is right. Real embeddings have other cosines; look at their distribution first.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from noisyau import outputs, tables
from noisyau.annotators.table.names import strings
from noisyau.errors import TableError
from noisyau.selection import embeddings
from noisyau.selection.embeddings import REASONS, File, Floats, People

_BLOCK = 1024  # pictures that are compared with all of a person's at a time
_DIGITS = 4  # as written; the last bits of a sum differ between processors

Doubles = NDArray[np.float64]


def alike(vectors: Floats, minimum: float) -> Doubles:
    """(pictures,) how like the person's own pictures each is, -1..1; kept from `minimum` on.

    vectors  (pictures, dimension) of one person, of unit length

    NaN for a person of one picture, with which nothing can be compared. Where no two pictures are
    at `minimum`, nobody knows which is right: each has its highest cosine, which is below. Of two
    sets of a size the one whose pictures are more alike is the person.
    """
    if len(vectors) < 2:
        return np.full(len(vectors), np.nan)
    found = np.round(_alike(vectors.astype(np.float64), minimum), _DIGITS)
    return np.asarray(found + 0.0)


def _alike(vectors: Doubles, minimum: float) -> Doubles:
    seed, highest = _densest(vectors, minimum)
    if highest.max() < minimum:
        return highest
    inside = vectors @ vectors[seed] >= minimum
    inside[seed] = True
    own = (vectors**2).sum(axis=1)
    towards = vectors @ vectors[inside].sum(axis=0)
    while True:
        # mean cosine to the pictures inside, each one's own aside
        similarity: Doubles = (towards - np.where(inside, own, 0)) / (inside.sum() - inside)
        least = int(np.where(inside, similarity, np.inf).argmin())
        if similarity[least] >= minimum or inside.sum() == 2:  # the two that began it
            return similarity
        inside[least] = False
        towards -= vectors @ vectors[least]


def _densest(vectors: Doubles, minimum: float) -> tuple[int, Doubles]:
    """The picture that has most others at `minimum`, and each one's highest cosine to another."""
    count, total, highest = (np.zeros(len(vectors)) for _ in range(3))
    for start in range(0, len(vectors), _BLOCK):
        block = slice(start, start + _BLOCK)
        cosine = vectors[block] @ vectors.T
        rows = np.arange(len(cosine))
        cosine[rows, start + rows] = -np.inf
        near = cosine >= minimum
        count[block] = near.sum(axis=1)
        total[block] = np.where(near, cosine, 0).sum(axis=1)
        highest[block] = cosine.max(axis=1)
    return int(np.lexsort((-total, -count))[0]), highest


@dataclass(frozen=True)
class Counts:
    """What was found of the pictures with a stored face, and of the rows of the embeddings.

    alone    pictures with an embedding of a person who has no other: kept, nothing to compare
    unknown  people of whom no two pictures look alike: all of theirs are left out
    unused   reason -> rows that gave no vector
    """

    pictures: int
    without: int
    alone: int
    left_out: int
    unknown: int
    unused: Mapping[str, int]

    def metrics(self) -> dict[str, float]:
        """The same numbers, flat, for a tracker."""
        told = {name: value for name, value in vars(self).items() if name != "unused"}
        return told | {f"unused/{reason}": number for reason, number in self.unused.items()}

    def __str__(self) -> str:
        unused = ", ".join(f"{reason} {number:,}" for reason, number in self.unused.items())
        return (
            f"{self.left_out:,} of {self.pictures:,} pictures look like somebody else (all of "
            f"{self.unknown:,} people of whom no two are alike); {self.without:,} without an "
            f"embedding and {self.alone:,} with nothing to compare are kept; rows that gave no "
            f"vector: {unused or 'none'}"
        )


def identity(
    store: Path, path: Path, minimum: float, *, out: Path, unmatched: Path, scratch: Path
) -> Counts:
    """Write `tables.IDENTITY` of a face store and `tables.UNMATCHED` of the embeddings.

    store    the face store's folder
    path     a Parquet file of embeddings, or a folder of them
    minimum  similarity from which on a picture is kept
    scratch  a file for the vectors while this runs

    A picture without an embedding is kept and its similarity null. Raises TableError where the
    embeddings cannot be read (see `embeddings.find`), or none is of a stored face.
    """
    files = embeddings.find(path)
    people = embeddings.read_people(store)
    owner = embeddings.match(files, people)
    try:
        vectors, known = embeddings.lay_out(files, owner, people, scratch)
        if not known.any():
            raise TableError(f"{path}: {_none(files, owner, people)}")
        similarity = np.full(len(known), np.nan)
        unknown = 0
        with threadpool_limits(1, "blas"):  # one thread adds in one order
            for person in people.slices():
                at = person.start + np.flatnonzero(known[person])
                similarity[at] = found = alike(vectors[at], minimum)
                unknown += bool(len(found) > 1 and (found < minimum).all())
    finally:
        scratch.unlink(missing_ok=True)
    kept = ~(similarity < minimum)
    columns = [
        *people.faces.columns,
        pa.array(similarity, pa.float32(), from_pandas=True),
        pa.array(kept),
    ]
    tables.write(pa.Table.from_arrays(columns, schema=tables.IDENTITY), out, tables.IDENTITY)
    _write_unmatched(files, owner, unmatched)
    numbers, times = np.unique(owner[owner < 0], return_counts=True)
    return Counts(
        len(known),
        int((~known).sum()),
        int((known & np.isnan(similarity)).sum()),
        int((~kept).sum()),
        unknown,
        {REASONS[int(n)][0]: int(t) for n, t in zip(numbers[::-1], times[::-1], strict=True)},
    )


def _none(files: list[File], owner: NDArray[np.int64], people: People) -> str:
    """Why no stored face has an embedding, with a name of either side."""
    for reason in (embeddings.NO_VECTOR, embeddings.TWICE, embeddings.FURTHER):
        if (owner == reason).any():
            return f"no row can be used; {(owner == reason).sum():,} rows: {REASONS[reason][1]}"
    names = [name for file in files for name in _first_name(file)]
    return (
        f"none of {len(owner):,} rows is of a stored face: here pictures are called "
        f"{names[0] if names else 'nothing'!r}, in the corpus "
        f"{people.items[0].as_py() if len(people.items) else 'nothing'!r}. Name them alike."
    )


def _first_name(file: File) -> Iterator[str]:
    for _, batch in file.batches(file.name):
        yield str(batch.column(0)[0].as_py())
        return


def _write_unmatched(files: list[File], owner: NDArray[np.int64], out: Path) -> None:
    with (
        outputs.whole(out) as scratch,
        tables.writer(scratch, tables.UNMATCHED) as writer,
    ):
        start = 0
        for file in files:
            for first, batch in file.batches(file.name):
                fates = owner[start : start + len(batch)]
                start += len(batch)
                rows = np.flatnonzero(fates < 0)
                if not len(rows):
                    continue
                told = [REASONS[int(fate)] for fate in fates[rows]]
                places = [f"{file.place}: row {first + row}" for row in rows.tolist()]
                asked = strings(batch.column(0)).take(pa.array(rows))
                columns = [
                    pa.array(places),
                    asked.fill_null("").cast(pa.string()),
                    pa.array([reason for reason, _ in told]),
                    pa.array([detail for _, detail in told]),
                ]
                writer.write_table(pa.Table.from_arrays(columns, schema=tables.UNMATCHED))
