"""Files below a corpus's folder: finding them, naming them safely, and a digest of them.

Hidden files and folders (`.DS_Store`, `.gitignore`) are no part of a corpus. A link to a file is
followed as long as it stays inside the folder; a link to a folder never is.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from noisyau.items import Lost

_SAMPLE = 16 * 1024  # bytes

Thing = TypeVar("Thing")


def walk(root: Path) -> list[str | Lost]:
    """Every file below the folder, as a path with `/`, sorted; a Lost for what must not be read."""
    home = root.resolve()
    found: dict[str, str | Lost] = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in folders:
            if Path(folder, name).is_symlink():
                link = _below(root, folder, name)
                detail = "a link to a folder, which is not followed; copy the folder in its place"
                found[link] = Lost(printable(link), None, None, "outside_root", detail)
        for name in files:
            if not name.startswith("."):
                path = _below(root, folder, name)
                found[path] = _judge(home, path)
    return [found[path] for path in sorted(found)]


def _below(root: Path, folder: str, name: str) -> str:
    return Path(folder, name).relative_to(root).as_posix()


def _judge(home: Path, path: str) -> str | Lost:
    if path != printable(path):
        detail = "the name has control characters or is not UTF-8; rename the file"
        return Lost(printable(path), None, None, "bad_name", detail)
    try:
        if (home / path).is_symlink() and not inside(home, home / path):
            return Lost(path, None, None, "outside_root", leads_out(home / path))
        plain = stat.S_ISREG((home / path).stat().st_mode)
    except (OSError, RuntimeError) as error:  # pathlib's word for links in a circle
        return Lost(path, None, None, "unreadable", f"a broken link: {type(error).__name__}")
    if not plain:
        return Lost(path, None, None, "unreadable", "neither a file nor a link to one")
    return path


def inside(home: Path, path: Path) -> bool:
    """Whether the path, all links followed, lies below the folder, itself resolved."""
    return path.resolve().is_relative_to(home)


def leads_out(path: Path) -> str:
    """What to tell of a path that is not `inside`; not where it leads, which is the machine's."""
    return (
        f"{'a link' if path.is_symlink() else 'it'} leads out of the corpus's folder; "
        "copy the file into the folder"
    )


def printable(name: str) -> str:
    """The name with control characters and bytes that are not UTF-8 written as `\\x..`."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def fingerprint(files: Iterable[tuple[str, Path]], *facts: object) -> str:
    """A digest of files by name, size and content, and of facts that JSON can say.

    Files of up to 48 KiB count whole, of larger ones three blocks: start, middle and end. That
    tells apart pictures and videos, whose compressed bytes shift when anything in them changes,
    at a cost that does not grow with their length. Times are left out, since a checkout by DVC
    sets them anew.
    """
    total = hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode())
    for name, path in sorted(files):
        size = path.stat().st_size
        total.update(f"\n{name}\t{size}\t".encode())
        with path.open("rb") as stream:
            if size <= 3 * _SAMPLE:
                total.update(stream.read())
            else:
                for start in (0, (size - _SAMPLE) // 2, size - _SAMPLE):
                    stream.seek(start)
                    total.update(stream.read(_SAMPLE))
    return total.hexdigest()


def split(things: Sequence[Thing], length: int) -> list[Sequence[Thing]]:
    """The things in runs of at most `length`."""
    return [things[start : start + length] for start in range(0, len(things), length)]
