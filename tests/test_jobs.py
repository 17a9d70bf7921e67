import os
import platform
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from noisyau import jobs
from noisyau.errors import JobError, NoisyauError


def square(task: int, out: Path) -> int:
    out.write_text(str(task**2))
    return 1


def fail_on_three(task: int, out: Path) -> int:
    out.write_text("half")
    if task == 3:
        raise NoisyauError("row 3 is bad")
    return 1


def die(task: int, out: Path) -> int:
    if task == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return square(task, out)


def fill_the_disk(task: int, _: Path) -> int:
    with Path("/dev/full").open("w") as full:
        full.write(str(task) * 10000)
    return 1


TASKS = {f"{number:02d}": number for number in range(6)}


def run(work: jobs.Work[int], folder: Path, workers: int, threads: bool = False) -> list[Path]:
    return jobs.run(
        work, TASKS, folder, workers=workers, threads=threads, label="test", unit="row", total=6
    )


@pytest.mark.parametrize("threads", [False, True])
@pytest.mark.parametrize("workers", [1, 2])
def test_parts_come_in_the_order_of_the_tasks_whoever_did_them(
    tmp_path: Path, workers: int, threads: bool
) -> None:
    texts = [path.read_text() for path in run(square, tmp_path, workers, threads)]
    assert texts == ["0", "1", "4", "9", "16", "25"]


def test_a_finished_part_is_not_done_again(tmp_path: Path) -> None:
    (tmp_path / "02").write_text("done before")
    assert run(square, tmp_path, 1)[2].read_text() == "done before"


@pytest.mark.parametrize(("workers", "threads"), [(1, False), (2, False), (2, True)])
def test_an_error_reaches_the_caller_and_leaves_no_half_part(
    tmp_path: Path, workers: int, threads: bool
) -> None:
    with pytest.raises(NoisyauError, match="row 3 is bad"):
        run(fail_on_three, tmp_path, workers, threads)
    assert "03" not in {path.name for path in tmp_path.iterdir()}
    assert not list(tmp_path.glob("*.part"))


def test_a_killed_worker_is_told_with_what_to_do_and_the_rest_is_done_next_time(
    tmp_path: Path,
) -> None:
    with pytest.raises(JobError, match=r"03.*fewer `workers`"):
        run(die, tmp_path, 2)
    assert len(run(square, tmp_path, 2)) == 6


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_is_named_and_nothing_half_written_stays(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="the disk is full"):
        run(fill_the_disk, tmp_path, 1)
    assert not list(tmp_path.iterdir())


def test_what_dead_processes_of_this_machine_left_goes_and_what_others_write_stays(
    tmp_path: Path,
) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    here, elsewhere = f"03.{platform.node()}", "03.another.machine"
    left = [f"{here}.{ended.pid}.part", f"{elsewhere}.{ended.pid}.part"]
    for name in left:
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").touch()
    run(square, tmp_path, 1)
    assert [path.name for path in tmp_path.glob("*.part")] == left[1:]


def overtaken(task: int, out: Path) -> int:
    """A worker that was taken for lost made the same part in the meantime."""
    out.mkdir()
    part = out.with_name(f"{task:02d}")
    part.mkdir()
    (part / "by").write_text("the other")
    return 1


def test_a_part_that_another_worker_has_made_meanwhile_is_kept(tmp_path: Path) -> None:
    parts = run(overtaken, tmp_path, 1)
    assert {(part / "by").read_text() for part in parts} == {"the other"}
    assert not list(tmp_path.glob("*.part"))


def test_other_parameters_have_other_parts() -> None:
    one = jobs.parts("detect", {"crop": 224}, "digest")
    assert one == jobs.parts("detect", {"crop": 224}, "digest")
    assert one != jobs.parts("detect", {"crop": 192}, "digest")
    assert one.parent == Path(".parts")


@pytest.mark.skipif(sys.platform != "linux", reason="workers die with their parent on Linux alone")
def test_workers_do_not_outlive_a_killed_parent_and_its_parts_are_whole(tmp_path: Path) -> None:
    script = tmp_path / "slow.py"
    script.write_text(
        textwrap.dedent(
            """
            import os, sys, time
            from pathlib import Path
            from noisyau import jobs

            def slow(task, out):
                Path(sys.argv[1], f"pid-{os.getpid()}").touch()
                with out.open("w") as file:
                    for _ in range(20):
                        file.write("x")
                        file.flush()
                        time.sleep(0.02)
                return 1

            if __name__ == "__main__":
                tasks = {f"{n:03d}": n for n in range(200)}
                folder = Path(sys.argv[1], "parts")
                jobs.run(slow, tasks, folder, workers=2, label="slow", unit="row")
            """
        )
    )
    command = [sys.executable, str(script), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    parent = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    parts = tmp_path / "parts"
    deadline = time.monotonic() + 60
    while len(list(parts.glob("???"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    pids = [int(path.name.removeprefix("pid-")) for path in tmp_path.glob("pid-*")]
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert pids
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    finished = list(parts.glob("???"))
    assert len(finished) >= 3
    assert {path.read_text() for path in finished} == {"x" * 20}


def test_a_stage_that_runs_already_is_refused_or_waited_for_until_it_ends(tmp_path: Path) -> None:
    hold = f"""
        import time
        from pathlib import Path
        from noisyau import jobs
        with jobs.alone("detect-coded", Path({str(tmp_path)!r})):
            print("in", flush=True)
            time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(hold)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "in\n"
        with (
            pytest.raises(JobError, match="detect-coded: another process is running this"),
            jobs.alone("detect-coded", tmp_path),
        ):
            pass
        with jobs.alone("detect-celebrities", tmp_path):
            threading.Timer(0.2, other.kill).start()
        with jobs.alone("detect-coded", tmp_path, waits=True):
            assert other.wait() == -signal.SIGKILL
    with jobs.alone("detect-coded", tmp_path):
        assert other.returncode == -signal.SIGKILL
