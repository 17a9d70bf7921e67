"""Work on Dask clusters of real processes: a local one, and a scheduler with workers by address."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from noisyau import errors, jobs
from noisyau.errors import JobError, TableError

ROOT = Path(__file__).parents[1]
TASKS = {f"{number:02d}": number for number in range(6)}


def square(task: int, out: Path) -> int:
    """A folder as a part, and a file for every time that it is begun."""
    begun = out.parent.parent / "begun"
    begun.mkdir(exist_ok=True)
    (begun / f"{task:02d}-{os.getpid()}-{time.monotonic_ns()}").touch()
    out.mkdir()
    (out / "first").write_text("half")
    time.sleep(0.2)
    (out / "second").write_text(str(task**2))
    return 1


def square_and_die_once(task: int, out: Path) -> int:
    """The worker of task 3 is killed in the middle of it, the first time."""
    if task == 3 and not list((out.parent.parent / "begun").glob("03-*")):
        (out.parent.parent / "begun" / "03-killed").touch()
        out.mkdir()
        (out / "first").write_text("half")
        os.kill(os.getpid(), signal.SIGKILL)
    return square(task, out)


def die(task: int, out: Path) -> int:
    if task == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return square(task, out)


def fail_on_three(task: int, out: Path) -> int:
    square(task, out)
    if task == 3:
        raise TableError("row 3 is bad")
    return 1


def run(work: jobs.Work[int], folder: Path, cluster: str | None = "local") -> list[Path]:
    return jobs.run(
        work, TASKS, folder, workers=2, cluster=cluster, label="test", unit="row", total=6
    )


def content(parts: list[Path]) -> list[dict[str, bytes]]:
    return [{file.name: file.read_bytes() for file in part.iterdir()} for part in parts]


def begun(folder: Path) -> list[str]:
    """The tasks, as often as they were begun."""
    return sorted(path.name[:2] for path in (folder / "begun").iterdir())


def test_a_killed_worker_loses_nothing_repeats_its_task_alone_and_the_bytes_are_the_same(
    tmp_path: Path,
) -> None:
    expected = content(run(square, tmp_path / "a" / "parts", cluster=None))
    found = content(run(square_and_die_once, tmp_path / "b" / "parts"))
    assert found == expected
    assert begun(tmp_path / "b") == sorted([*TASKS, "03"])


def test_what_processes_began_a_cluster_ends(tmp_path: Path) -> None:
    expected = content(run(square, tmp_path / "a" / "parts", cluster=None))
    with pytest.raises(JobError, match="03"):
        run(die, tmp_path / "b" / "parts", cluster=None)
    done = {path.name for path in (tmp_path / "b" / "parts").glob("??")}
    assert done
    shutil.rmtree(tmp_path / "b" / "begun")
    assert content(run(square, tmp_path / "b" / "parts")) == expected
    assert begun(tmp_path / "b") == sorted({*TASKS} - done)


def test_a_task_that_kills_its_worker_every_time_is_named(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="killed while 03 was in hand"):
        run(die, tmp_path / "parts")
    assert not (tmp_path / "parts" / "03").exists()


def test_a_cluster_without_workers_is_told_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import distributed

    from noisyau import cluster

    async def leave_it_dead(*_: object) -> None:
        pass

    monkeypatch.setattr(distributed.Nanny, "_on_worker_exit", leave_it_dead)
    monkeypatch.setitem(cluster._LOCAL, "distributed.scheduler.no-workers-timeout", "500 ms")
    with pytest.raises(JobError, match=r"killed while .*03.* was in hand"):
        run(die, tmp_path / "parts")


def test_an_error_of_a_task_comes_with_its_type_and_text_and_what_was_in_hand_is_kept(
    tmp_path: Path,
) -> None:
    with pytest.raises(TableError, match=r"^row 3 is bad$"):
        run(fail_on_three, tmp_path / "parts")
    kept = {path.name for path in (tmp_path / "parts").glob("??")}
    assert set(begun(tmp_path)) == {*kept, "03"}
    assert not list((tmp_path / "parts").glob("*.part"))


@pytest.mark.parametrize(
    "kind", [kind for kind in vars(errors).values() if isinstance(kind, type)], ids=str
)
def test_every_error_survives_the_way_between_processes(kind: type[Exception]) -> None:
    import pickle

    again = pickle.loads(pickle.dumps(kind("what is wrong")))
    assert (type(again), str(again)) == (kind, "what is wrong")


@contextmanager
def running(*command: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that is killed, with all that it started, at the end."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):  # all of it has ended
                os.killpg(process.pid, signal.SIGKILL)


def line_with(text: str, process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return line
    raise AssertionError("".join(lines))


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler that runs somewhere else."""
    folder = tmp_path_factory.mktemp("elsewhere")
    command = ["-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    with running(*command, folder=folder) as process:
        yield line_with("Scheduler at:", process).split()[-1]


@contextmanager
def worker(scheduler: str, folder: Path, *options: str) -> Iterator[None]:
    command = ["-m", "dask", "worker", scheduler, "--no-dashboard", *options]
    with running(*command, folder=folder) as process:
        line_with("Registered to:", process)
        yield


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This process runs in a folder of a project, as stages do."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_a_scheduler_by_address_is_used_and_needs_nothing_of_the_project(
    scheduler: str, project: Path
) -> None:
    with worker(scheduler, project, "--nthreads", "1", "--no-nanny"):
        parts = run(square, Path("work/parts"), cluster=scheduler)
        assert [(part / "second").read_text() for part in parts] == ["0", "1", "4", "9", "16", "25"]
        with pytest.raises(TableError, match="row 3 is bad"):
            run(fail_on_three, Path("again/parts"), cluster=scheduler)


def test_workers_that_cannot_work_on_the_project_are_refused_before_any_work(
    scheduler: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusal() -> str:
        with pytest.raises(JobError) as error:
            run(square, Path("work/parts"), cluster=scheduler)
        assert f"python -m dask worker {scheduler} --nthreads 1" in str(error.value)
        return str(error.value)

    assert "it has no worker" in refusal()
    with worker(scheduler, tmp_path, "--nthreads", "1", "--no-nanny"):
        text = refusal()
        assert f"runs in {tmp_path}, which is not the project's folder {project}" in text
        assert "work/parts/.project" in text
    with worker(scheduler, project, "--nthreads", "2", "--no-nanny"):
        assert "has 2 threads" in refusal()
    with worker(scheduler, project, "--nthreads", "1", "--no-nanny"):
        monkeypatch.setattr(jobs, "code", lambda: "edited")
        assert "another version of noisyau's code" in refusal()
    assert not Path("work/begun").exists()


def test_a_scheduler_that_is_not_there_is_told(tmp_path: Path, monkeypatch) -> None:
    from noisyau import cluster

    monkeypatch.setattr(cluster, "_PATIENCE", 0.5)
    with pytest.raises(JobError, match=r"tcp://127.0.0.1:9: it does not answer"):
        run(square, tmp_path / "parts", cluster="tcp://127.0.0.1:9")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=str)
def test_no_worker_outlives_its_parent_and_finished_parts_are_whole(
    tmp_path: Path, how: signal.Signals
) -> None:
    script = tmp_path / "slow.py"
    script.write_text(
        f"""
from pathlib import Path
from noisyau import jobs
from tests.test_jobs_dask import square

if __name__ == "__main__":
    tasks = {{f"{{n:02d}}": n for n in range(99)}}
    folder = Path({str(tmp_path / "parts")!r})
    jobs.run(square, tasks, folder, workers=2, cluster="local", label="slow", unit="row")
"""
    )
    parts, starts = tmp_path / "parts", tmp_path / "begun"
    with running(str(script), folder=tmp_path) as parent:
        until(lambda: len(list(parts.glob("??"))) >= 3)
        (os.killpg if how == signal.SIGINT else os.kill)(parent.pid, how)  # as a terminal does
        parent.wait(20)
        pids = {int(path.name.split("-")[1]) for path in starts.iterdir()}
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
    finished = list(parts.glob("??"))
    assert 3 <= len(finished) < 99
    assert all((part / "second").exists() for part in finished)
    if how == signal.SIGINT:  # the tasks in hand have ended
        assert len(list(starts.iterdir())) == len(finished)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_dask_is_not_imported_unless_it_is_asked_for(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from noisyau import jobs
from tests.test_jobs_dask import square
jobs.run(square, {{"00": 0}}, Path({str(tmp_path / "parts")!r}), workers=1, label="", unit="")
assert not {{"dask", "distributed", "tornado"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
