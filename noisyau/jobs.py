"""Long work in other processes: finished parts are kept, so a killed run goes on where it was.

    parts = jobs.parts("detect", params, inputs)         # .parts/detect-3f2a.../
    files = jobs.run(find_faces, shards, parts, workers=2, label="detect", unit="face")
    ...merge the files, in order, into the stage's output...
    jobs.clear(parts)                                    # a finished stage clears its parts

`work(task, out)` runs in a process of its own, writes the file or folder `out` and returns how
many units it has done. `out` is a scratch name: it is renamed to the part's own name only when
`work` has returned, so whatever lies in the folder under a part's name is whole. Parts depend
on their task alone, never on who did it or when: what processes of this machine began, a Dask
cluster (`noisyau.cluster`) ends.
"""

import ctypes
import fcntl
import functools
import glob
import hashlib
import json
import multiprocessing
import os
import platform
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from tqdm import tqdm

from noisyau import outputs
from noisyau.errors import JobError

Task = TypeVar("Task")
Work = Callable[[Task, Path], int]

_AHEAD = 3  # tasks handed out per worker: enough that none waits, few enough to stay in memory


class Pool(NamedTuple):
    """Workers that tasks can be handed to.

    submit  takes a task and its part's path; the future's result is the units done
    ahead   how many tasks may be handed out and not done, at this moment
    deaths  what a future raises when a worker was killed at its task
    """

    submit: Callable[[Any, Path], Future[int]]
    ahead: Callable[[], int]
    deaths: tuple[type[Exception], ...]


def parts(stage: str, *made_from: object, root: Path = Path(".parts")) -> Path:
    """The folder for this stage's finished parts, named by what they are made from.

    `made_from` is anything JSON can say: parameters, digests of inputs, versions. Other
    parameters, or another version of this package's code, mean another folder, so old parts are
    never mistaken for new ones.
    """
    text = json.dumps([*made_from, code()], sort_keys=True, default=str)
    return root / f"{stage}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


@functools.cache
def code() -> str:
    """A digest of noisyau's own source, as it was when this process first asked."""
    total = hashlib.sha256()
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        total.update(file.read_bytes())
    return total.hexdigest()


@contextmanager
def alone(name: str, root: Path = Path(".parts/locks"), *, waits: bool = False) -> Iterator[None]:
    """Work that only one process may do at a time, such as a stage and all that it writes.

    Where another process is at it, this one waits until it ends, or raises JobError at once. The
    lock ends with the process, however it ends.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / name).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if not waits:
                raise JobError(
                    f"{name}: another process is running this stage here; wait until it ends, or "
                    "stop it, and run the same command again"
                ) from error
            print(f"{name}: another process is at it; waiting until it ends", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def clear(folder: Path) -> None:
    """Remove a finished stage's parts."""
    shutil.rmtree(folder, ignore_errors=True)


def workers(wanted: int | str) -> int:
    """The number of processes: `auto` is every core that this process may use."""
    if wanted != "auto":
        return int(wanted)
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def run(
    work: Work[Task],
    tasks: Mapping[str, Task],
    folder: Path,
    *,
    workers: int,
    cluster: str | None = None,
    threads: bool = False,
    label: str,
    unit: str,
    total: int | None = None,
) -> list[Path]:
    """Do every task once and return the parts in the order of the tasks.

    work     a picklable function; see the module's text
    tasks    names, which become file names, to picklable tasks; finished ones are not done again
    folder   where parts lie, from `parts`
    workers  processes, each with one thread
    cluster  who does the work: None, processes here; `local`, a Dask cluster of processes here;
             else the address of a Dask scheduler, whose workers there are as many as there are
    threads  workers are threads of this process: for short work that leaves Python's lock alone,
             in a process whose modules take long to import
    total    units in all, where known, so that the bar can tell the time left

    An error of a task stops the work after the tasks in hand have ended; their parts are kept.
    Raises JobError when a worker process was killed (out of memory, most often); a Dask cluster
    first gives its task to other workers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    there = {path.name for path in folder.iterdir()}
    paths = {name: folder / name for name in tasks}
    todo = [name for name in tasks if name not in there]
    if len(todo) < len(tasks):
        print(
            f"{label}: {len(tasks) - len(todo)} of {len(tasks)} parts were done before", flush=True
        )
    known = None if len(todo) < len(tasks) else total
    bar = tqdm(
        total=known,
        desc=label,
        unit=f" {unit}",
        smoothing=0.1,
        file=sys.stderr,
        mininterval=0.5 if sys.stderr.isatty() else 10,
    )
    with bar:
        if cluster and todo:
            from noisyau.cluster import dask  # its packages take a second to import

            _hand_out(dask(work, cluster, workers, folder), tasks, paths, todo, bar)
        elif workers > 1:
            pool = _threads(work, workers) if threads else _processes(work, workers)
            _hand_out(pool, tasks, paths, todo, bar)
        else:
            for name in todo:
                bar.update(do(work, tasks[name], paths[name]))
    return list(paths.values())


def _hand_out(
    opening: AbstractContextManager[Pool],
    tasks: Mapping[str, Any],
    paths: Mapping[str, Path],
    todo: list[str],
    bar: "tqdm[Any]",
) -> None:
    queue = iter(todo)
    waiting: dict[Future[int], str] = {}
    with opening as pool:  # which, left on an error, waits for the tasks in hand
        try:
            while True:
                for name in islice(queue, max(0, pool.ahead() - len(waiting))):
                    waiting[pool.submit(tasks[name], paths[name])] = name
                if not waiting:
                    return
                for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                    bar.update(done.result())
                    del waiting[done]
        except pool.deaths as error:
            wait(waiting)
            killed = [
                name
                for future, name in waiting.items()
                if isinstance(future.exception(), pool.deaths)
            ]
            raise JobError(
                f"{bar.desc}: a worker process was killed while {', '.join(killed)} was in hand, "
                "often because memory ran out. Finished parts are kept: run the same command "
                "again, with fewer `workers` on a machine if it is memory."
            ) from error


@contextmanager
def _processes(work: Work[Any], workers: int) -> Iterator[Pool]:
    context = multiprocessing.get_context("spawn")  # fork is not safe beside OpenCV's threads
    pool = ProcessPoolExecutor(workers, context, _start_worker, (os.getpid(),))

    def submit(task: Any, path: Path) -> Future[int]:
        return pool.submit(do, work, task, path)

    try:
        yield Pool(submit, lambda: _AHEAD * workers, (BrokenProcessPool,))
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _threads(work: Work[Any], workers: int) -> Iterator[Pool]:
    pool = ThreadPoolExecutor(workers)
    try:
        yield Pool(
            lambda task, path: pool.submit(do, work, task, path), lambda: _AHEAD * workers, ()
        )
    finally:
        pool.shutdown(cancel_futures=True)


def do(work: Work[Task], task: Task, path: Path) -> int:
    """Make one part, in this process, and return its units."""
    scratch = path.with_name(f"{path.name}.{platform.node()}.{os.getpid()}.part")
    _remove(scratch)  # of a process that had this one's number
    try:
        units = work(task, scratch)
        _rename(scratch, path)
    except OSError as error:
        _remove(scratch)
        raise outputs.disk_error(error, path) from error
    except BaseException:
        _remove(scratch)
        raise
    return units


def _rename(scratch: Path, path: Path) -> None:
    try:
        scratch.replace(path)
    except OSError:
        if not path.exists():
            raise
        _remove(scratch)  # a worker that was taken for lost has made this part


def _sweep(folder: Path) -> None:
    """Remove what dead processes of this machine left; of others, nobody knows whether they live.

    A worker of a Dask cluster may still be at the task of a run that has ended.
    """
    for left in folder.glob(f"*.{glob.escape(platform.node())}.*.part"):
        if not outputs.runs(int(left.name.split(".")[-2])):
            _remove(left)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _start_worker(parent: int) -> None:
    """One thread a process, deaf to Ctrl-C (the parent decides), dead when the parent is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)
    one_thread()


@functools.cache
def one_thread() -> None:
    """From now on libraries use one thread in this process: there is a process for each core."""
    for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    os.environ["OPENCV_FOR_THREADS_NUM"] = "1"
    if "cv2" in sys.modules:  # loaded with the main script, before the environment was set
        sys.modules["cv2"].setNumThreads(1)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
