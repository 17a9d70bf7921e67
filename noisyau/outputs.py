"""Outputs appear whole or not at all: written under another name, then renamed."""

import errno
import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from noisyau.errors import JobError, NoisyauError


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A name to write a file under; it becomes `path` when the block ends well, else it goes.

    Raises JobError where the disk is full.
    """
    path = Path(path)
    scratch = path.with_name(f"{path.name}.{os.getpid()}.tmp")  # others may be making it too
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        yield scratch
        scratch.replace(path)
    except OSError as error:
        raise disk_error(error, path) from error
    finally:
        scratch.unlink(missing_ok=True)


def _sweep(path: Path) -> None:
    """Remove what killed processes left of this file."""
    for left in path.parent.glob(f"{glob.escape(path.name)}.*.tmp"):
        process = left.name.removeprefix(f"{path.name}.").removesuffix(".tmp")
        if process.isdigit() and not runs(int(process)):
            left.unlink(missing_ok=True)


def runs(process: int) -> bool:
    """Whether this machine has a process of this number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def write_text(text: str, path: Path) -> None:
    """A small text file in UTF-8: CSV, JSON, HTML."""
    with whole(path) as scratch:
        scratch.write_text(text, encoding="utf-8", newline="\n")


def disk_error(error: OSError, path: Path) -> OSError | NoisyauError:
    """A full disk told as something that the user can mend; other errors as they are."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return JobError(
            f"{path}: the disk is full ({error.strerror}). Nothing half-written was left. Free "
            "some space (`dvc gc -w` drops old versions) and run the same command again."
        )
    return error
