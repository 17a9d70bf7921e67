"""Digests of files that are too large to be read each time: 150 GB of faces take minutes.

A file is read once, and again only where its stamp has changed: size, inode, device, and the
times of its last writing and of its last change. A program can put the first time back, as `cp -p`
and `rsync -t` do. It cannot put back the second, which the kernel moves at whatever is done to the
file; DVC, which goes by the first, can be fooled where this is not. Nor is a file believed that
changed less than two seconds before it was read, since two changes in one tick of the disk's
clock look like one (as git does with its index).

What a disk loses by itself leaves the stamp as it is. The pages of the Parquet files carry
checksums for that, which `tables.opened` looks at when they are read.
"""

import hashlib
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from noisyau import outputs

_SETTLED = 2 * 10**9  # nanoseconds; the coarsest clock is FAT's

_Note = tuple[list[int], str]  # a file's stamp and its digest


def remembered(files: Sequence[Path], notes: Path, workers: int = 1) -> list[str]:
    """SHA-256 of each file's content.

    notes    where stamps and digests are kept, a JSON file; may be removed at any time
    workers  files that are read at once
    """
    known = _read(notes)

    def note(file: Path) -> tuple[_Note, bool]:
        """And whether it may be believed next time."""
        stamp = _stamp(file)  # before it is read: a change while it is read shows next time
        noted = known.get(str(file.resolve()))
        if noted and noted[0] == stamp:
            return noted, True
        settled = time.time_ns() - stamp[-1] > _SETTLED
        with file.open("rb") as stream:
            return (stamp, hashlib.file_digest(stream, "sha256").hexdigest()), settled

    with ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(note, files))
    kept = {
        str(file.resolve()): note
        for file, (note, settled) in zip(files, found, strict=True)
        if settled
    }
    if kept != known:
        outputs.write_text(json.dumps(kept), notes)
    return [digest for (_, digest), _ in found]


def _stamp(file: Path) -> list[int]:
    found = file.stat()
    return [found.st_size, found.st_ino, found.st_dev, found.st_mtime_ns, found.st_ctime_ns]


def _read(notes: Path) -> dict[str, _Note]:
    try:
        read = json.loads(notes.read_text())
        return {file: (stamp, digest) for file, (stamp, digest) in read.items()}
    except (FileNotFoundError, ValueError):  # none yet, or damaged: all is read again
        return {}
