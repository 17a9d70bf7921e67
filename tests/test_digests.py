import hashlib
import os
import time
from pathlib import Path

import pytest

from noisyau import digests


def settle(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written until now lies back as far as a digest has to."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 3 * 10**9)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of files that are read, as they are."""
    read: list[str] = []
    digest = hashlib.file_digest

    def count(stream: object, how: str) -> object:
        read.append(Path(stream.name).name)  # type: ignore[attr-defined]
        return digest(stream, how)  # type: ignore[arg-type]

    monkeypatch.setattr(hashlib, "file_digest", count)
    return read


def test_a_file_that_has_not_changed_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = counted(monkeypatch)
    files = [tmp_path / name for name in "ab"]
    for file in files:
        file.write_text(file.name)
    settle(monkeypatch)
    expected = [sha256(b"a"), sha256(b"b")]
    for workers in (1, 2, 2):
        assert digests.remembered(files, tmp_path / "notes", workers) == expected
    assert sorted(read) == ["a", "b"]


def test_a_file_that_was_written_in_place_and_dated_back_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a"
    file.write_text("one")
    before = file.stat()
    settle(monkeypatch)
    digests.remembered([file], tmp_path / "notes")
    file.write_text("two")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    now = file.stat()
    assert (now.st_size, now.st_ino, now.st_mtime_ns) == (3, before.st_ino, before.st_mtime_ns)
    assert digests.remembered([file], tmp_path / "notes") == [sha256(b"two")]


def test_a_file_that_was_just_written_is_not_believed_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = counted(monkeypatch)
    (tmp_path / "a").write_text("one")
    for _ in range(2):
        digests.remembered([tmp_path / "a"], tmp_path / "notes")
    assert read == ["a", "a"]


@pytest.mark.parametrize("text", ["", '{"a": [[1, 2'])
def test_notes_that_are_damaged_are_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "a").write_text("one")
    (tmp_path / "notes").write_text(text)
    settle(monkeypatch)
    assert digests.remembered([tmp_path / "a"], tmp_path / "notes") == [sha256(b"one")]
    read = counted(monkeypatch)
    digests.remembered([tmp_path / "a"], tmp_path / "notes")
    assert read == []
