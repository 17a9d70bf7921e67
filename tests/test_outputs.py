import errno
import subprocess
import sys
from pathlib import Path

import pytest

from noisyau import outputs
from noisyau.errors import JobError


def test_a_file_that_was_not_finished_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.csv"

    def stops() -> None:
        with outputs.whole(path) as scratch:
            scratch.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stops()
    assert not list(path.parent.iterdir())


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    outputs.write_text("old", path)
    with outputs.whole(path) as scratch:
        scratch.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not(
    tmp_path: Path,
) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for process in (dead.pid, 1):
        (tmp_path / f"x.npy.{process}.tmp").touch()
    (tmp_path / f"y.npy.{dead.pid}.tmp").touch()
    outputs.write_text("", tmp_path / "x.npy")
    assert {path.name for path in tmp_path.iterdir()} == {
        *("x.npy", "x.npy.1.tmp", f"y.npy.{dead.pid}.tmp")
    }


def test_a_full_disk_is_told_with_what_to_do(tmp_path: Path) -> None:
    with (
        pytest.raises(JobError, match=r"x.csv: the disk is full .*dvc gc"),
        outputs.whole(tmp_path / "x.csv"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
