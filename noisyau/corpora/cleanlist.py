"""C-MS-Celeb's clean list: which pictures of MS-Celeb-1M show whom (Jin et al. 2018,
doi:10.1155/2018/4512473; github.com/EB-Dodo/C-MS-Celeb).

It comes as two text files without a header, `clean_list_128Vec_WT051_P010.txt` and
`relabel_list_128Vec_T058.txt`. Each line is the person that the picture shows, a space, and the
picture as MS-Celeb-1M names it:

    m.0107_f m.0107_f/100-FaceId-0.jpg

In the second file the two MIDs differ: the picture was found under one person and shows another.
The person of the list is then the subject, or one person's pictures would end on both sides of a
split; the item keeps its maker's name.

The list names 6.5 million pictures. It is held as sorted 64-bit digests with the person's number,
12 bytes a picture. Two of the corpus's pictures have the same digest with a chance of about
0.000003.
"""

import hashlib
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from noisyau.errors import CorpusError
from noisyau.items import Item, Lost

_LINE = re.compile(r"(\S+)[ \t]+([^/\s]+)/([^/\s]+)\.jpg")
_DISPUTED = 2**32 - 1


@dataclass(frozen=True)
class CleanList:
    """The list's pictures and people.

    keys    (pictures,) uint64, sorted: digests of items
    owners  (pictures,) uint32: index into people; _DISPUTED where the list names two
    people  MIDs
    """

    keys: NDArray[np.uint64]
    owners: NDArray[np.uint32]
    people: tuple[str, ...]

    def judge(self, item: Item) -> Item | Lost:
        """The item with the list's person as its subject, or why it cannot be used."""
        key = digest(item.name.encode())
        place = int(np.searchsorted(self.keys, np.uint64(key)))
        if place == len(self.keys) or self.keys[place] != key:
            detail = "the clean list does not name this picture"
            return Lost(item.name, item.subject, None, "not_on_clean_list", detail)
        owner = int(self.owners[place])
        if owner == _DISPUTED:
            detail = "the clean list gives this picture to two people"
            return Lost(item.name, item.subject, None, "two_people", detail)
        return replace(item, subject=self.people[owner])


def digest(name: bytes) -> int:
    """64 bits that stand for a name."""
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "little")


def files(path: Path) -> list[Path]:
    """The list's text files: the file itself, or every `.txt` in the folder."""
    found = sorted(path.glob("*.txt")) if path.is_dir() else [path]
    if not found or not all(file.is_file() for file in found):
        raise CorpusError(
            f"{path}: no clean list there. corpora.celebrities.clean_list is a text file or a "
            "folder with C-MS-Celeb's two: clean_list_128Vec_WT051_P010.txt and "
            "relabel_list_128Vec_T058.txt"
        )
    return found


@lru_cache(maxsize=1)
def load(path: Path) -> CleanList:
    """Read the list, once a process."""
    keys, owners = array("Q"), array("I")
    numbers: dict[str, int] = {}
    for file in files(path):
        for person, item in _lines(file):
            keys.append(digest(item.encode()))
            owners.append(numbers.setdefault(person, len(numbers)))
    if not keys:
        raise CorpusError(f"{path}: the clean list is empty; leave clean_list empty to keep all")
    unique, order = np.unique(np.frombuffer(keys, np.uint64), return_inverse=True)
    lowest = np.full(len(unique), _DISPUTED, np.uint32)
    highest = np.zeros(len(unique), np.uint32)
    people = np.frombuffer(owners, np.uint32)
    np.minimum.at(lowest, order, people)
    np.maximum.at(highest, order, people)
    lowest[lowest != highest] = _DISPUTED
    return CleanList(unique, lowest, tuple(numbers))


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Person and item of each line."""
    with path.open(encoding="utf-8", errors="backslashreplace") as stream:
        for line, text in enumerate(stream, start=1):
            match = _LINE.fullmatch(text.strip())
            if match:
                yield match[1], f"{match[2]}_{match[3]}"
            elif text.strip():
                raise CorpusError(
                    f"{path.name}:{line}: {text.strip()[:80]!r} is not a line of C-MS-Celeb's "
                    "list, such as 'm.0107_f m.0107_f/100-FaceId-0.jpg'"
                )
