"""Outputs appear whole or not at all: written under another name, then renamed."""

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
        yield scratch
        scratch.replace(path)
    except OSError as error:
        raise disk_error(error, path) from error
    finally:
        scratch.unlink(missing_ok=True)


def write_text(text: str, path: Path) -> None:
    """A small text file in UTF-8: CSV, JSON, HTML."""
    with whole(path) as scratch:
        scratch.write_text(text, encoding="utf-8", newline="\n")


def disk_error(error: OSError, path: Path) -> OSError | NoisyauError:
    """A full disk told as something that the user can mend; other errors as they are."""
    if error.errno in (28, 122):  # ENOSPC, EDQUOT
        return JobError(
            f"{path}: the disk is full ({error.strerror}). Nothing half-written was left. Free "
            "some space (`dvc gc -w` drops old versions) and run the same command again."
        )
    return error
