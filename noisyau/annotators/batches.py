"""What an annotator gets at a time: rows of a face store, with their pictures where it sees these.

The store says which of its rows came from which shard of the corpus, so a source picture is
found again by reading that shard anew; nothing is looked up by name in the corpus.
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from noisyau import facestore
from noisyau.annotators.base import Annotator, Face, Uncoded
from noisyau.errors import AnnotatorError
from noisyau.items import Lost, Shard

_SAMPLE = 64, 512  # fewest and most faces to fit an annotator to: that part has one process only
_COLUMNS = ["face_id", "item", "subject", "frame", "image", "box", "landmarks", "transform"]


class Sources(Protocol):
    """What is asked of a corpus (noisyau.corpora.Corpus)."""

    def shards(self) -> dict[str, Shard]: ...

    def videos(self) -> dict[str, Path]: ...


@dataclass(frozen=True)
class Batch:
    """Rows `first` up to `last` (exclusive) of a store, and where their sources are.

    shards  of the corpus, in order, that gave these rows; none where crops are enough
    video   the file that gave them all
    """

    store: Path
    first: int
    last: int
    shards: tuple[Shard, ...] = ()
    video: Path | None = None

    def subjects(self) -> dict[str, str]:
        """face_id -> subject, in the store's order."""
        rows = facestore.read_rows(self.store, self.first, self.last, ["face_id", "subject"])
        return dict(zip(*(column.to_pylist() for column in rows.columns), strict=True))

    def faces(self) -> Iterator[Face | Uncoded]:
        """The rows as faces; `source_lost` where a picture that was there no longer is."""
        if self.video is not None:
            for face in _faces(self.store, self.first, self.last, crops=False):
                yield replace(face, source=self.video)
        elif self.shards:
            yield from self._with_pictures()
        else:
            yield from _faces(self.store, self.first, self.last)

    def _with_pictures(self) -> Iterator[Face | Uncoded]:
        waiting: dict[str, list[Face]] = {}
        for face in _faces(self.store, self.first, self.last, crops=False):
            waiting.setdefault(face.item, []).append(face)
        now: dict[str, str] = {}
        for item in itertools.chain.from_iterable(shard() for shard in self.shards):
            if isinstance(item, Lost):
                now[item.name] = f"{item.reason}: {item.detail}"
                continue
            for face in waiting.pop(item.name, []):
                yield replace(face, source=item.picture)
        for face in itertools.chain.from_iterable(waiting.values()):
            yield _lost(face, now.get(face.item, "the corpus no longer has it"))


def _lost(face: Face, what: str) -> Uncoded:
    detail = f"its picture was there when the face was found, and now is not: {what}"
    return Uncoded(face.face_id, "source_lost", detail)


def batches(store: Path, annotator: Annotator, corpus: Sources | None) -> list[Batch]:
    """The whole store, in order.

    corpus  that the store was made from; needed where the annotator sees more than crops

    Raises AnnotatorError where the corpus is not the store's.
    """
    if annotator.sees == "crop":
        total, size = facestore.count(store), annotator.batch
        return [Batch(store, first, min(first + size, total)) for first in range(0, total, size)]
    if corpus is None:
        raise AnnotatorError(f"{annotator.name} sees the {annotator.sees}, so it needs the corpus")
    if annotator.sees == "video":
        return _videos(store, corpus.videos())
    return _shards(store, corpus.shards(), annotator.batch)


def _shards(store: Path, shards: Mapping[str, Shard], size: int) -> list[Batch]:
    found: list[Batch] = []
    together: list[Shard] = []
    first = 0
    rows = facestore.shards(store)
    for number, (name, begin, end) in enumerate(rows, 1):
        if begin < end:
            if name not in shards:
                raise _another_corpus(store, f"its part {name!r} is none of the corpus's")
            together.append(shards[name])
        if together and (end - first >= size or number == len(rows)):
            found.append(Batch(store, first, end, tuple(together)))
            together, first = [], end
    return found


def _videos(store: Path, videos: Mapping[str, Path]) -> list[Batch]:
    items = facestore.read_table(store, ["item"])["item"].str.rpartition("/")[0]
    starts = np.flatnonzero(items.ne(items.shift())).tolist()
    found = []
    for first, last in itertools.pairwise([*starts, len(items)]):
        if items[first] not in videos:
            raise _another_corpus(store, f"the corpus has no video of {items[first]!r}")
        found.append(Batch(store, first, last, video=videos[items[first]]))
    return found


def _another_corpus(store: Path, why: str) -> AnnotatorError:
    return AnnotatorError(
        f"{store}: made from another corpus, or another form of it: {why}. Run "
        f"`dvc repro detect@{store.name}`."
    )


def sample(store: Path) -> Iterator[Face]:
    """A tenth of the store's items within _SAMPLE, evenly spread; further faces are nobody's."""
    first = facestore.read_table(store, ["face_id"])["face_id"].str.endswith("#0")
    rows = np.flatnonzero(first.to_numpy(bool))
    size = min(max(len(rows) // 10, _SAMPLE[0]), _SAMPLE[1], len(rows))
    chosen = rows[np.arange(size) * len(rows) // max(size, 1)]
    for _, together in itertools.groupby(chosen, lambda row: row // facestore.FACES_PER_GROUP):
        near = list(together)  # in one row group, so that none is read twice
        group = _faces(store, near[0], near[-1] + 1)
        yield from (group[row - near[0]] for row in near)


def _faces(store: Path, first: int, last: int, *, crops: bool = True) -> list[Face]:
    columns = [name for name in _COLUMNS if crops or name != "image"]
    rows = facestore.read_rows(store, first, last, columns).to_pylist()
    return [_face(row) for row in rows]


def _face(row: dict[str, Any]) -> Face:
    row.setdefault("image", b"")
    row["landmarks"] = np.array(row["landmarks"], np.float64)
    row["transform"] = np.array(row["transform"], np.float64)
    row["box"] = tuple(row["box"])
    return Face(**row)
