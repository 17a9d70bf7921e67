"""Work on a Dask cluster: one of processes here, or one whose workers other machines run too.

Workers share the project's folder and run one thread each; tasks and parts are those of
`noisyau.jobs`. When a worker is killed, Dask gives its task to another one, as often as
`distributed.scheduler.allowed-failures` says (3); what it left of its part lies under a name
that no other process uses.
"""

import functools
import logging
import pickle
import signal
import uuid
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dask import config
from distributed import Client, LocalCluster, Worker, WorkerPlugin, get_worker
from distributed.scheduler import KilledWorker, NoValidWorkerError, NoWorkerError

from noisyau import jobs
from noisyau.errors import JobError

_PATIENCE = 30  # seconds for a scheduler to answer
_WAITERS = 1000  # threads at most that wait for a worker each
_LOCAL = {
    # Nobody looks at it, and its pages would answer whoever asks.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    # A worker that is slow to come back, on a machine that is out of breath, is still one.
    "distributed.deploy.lost-worker-timeout": "1 day",
    # Where none comes back, tasks end with an error instead of waiting for ever.
    "distributed.scheduler.no-workers-timeout": "2 minutes",
}
_DEATHS = KilledWorker, NoWorkerError, NoValidWorkerError


@contextmanager
def dask(work: jobs.Work[Any], address: str, workers: int, folder: Path) -> Iterator[jobs.Pool]:
    """A Dask cluster to hand tasks to; `jobs.run` says what the arguments are.

    Raises JobError, before any work, where the scheduler does not answer or a worker is not in
    the project's folder with this code and one thread. A worker that joins later is held to the
    same at its tasks.
    """
    with _client(address, workers) as client, ThreadPoolExecutor(_WAITERS) as waiters:
        project = _Project.noted(folder, address)
        _check(client, project)

        def unpack(packed: bytes) -> int:  # sent by value: the scheduler needs no noisyau
            units: int = pickle.loads(packed)()
            return units

        def send(task: Any, path: Path) -> int:
            call = pickle.dumps(functools.partial(_do, project, work, task, path))
            key = folder.name, path.name, uuid.uuid4().hex  # for logs; a new one every time
            units: int = client.submit(unpack, call, key=key).result()
            return units

        def submit(task: Any, path: Path) -> Future[int]:
            # Not client.get_executor(): its futures never end where a worker is killed between
            # the end of its task and the fetching of the result.
            return waiters.submit(send, task, path)

        try:
            # No more than there are workers: where one is killed, what waits there is blamed too.
            yield jobs.Pool(submit, lambda: max(1, len(client.nthreads())), _DEATHS)
        except CancelledError as error:
            raise JobError(
                f"dask_scheduler {address}: it is gone. Finished parts are kept: start it and its "
                "workers, and run the same command again."
            ) from error


@contextmanager
def _client(address: str, workers: int) -> Iterator[Client]:
    if address == "local":
        with (
            config.set(_LOCAL),
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                host="127.0.0.1",
                security=True,  # else whoever is on this machine could run code as this user
                dashboard_address="127.0.0.1:0",
                memory_limit=None,
            ) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            client.register_plugin(_Quiet())
            yield client
        return
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise JobError(f"dask_scheduler {address}: it does not answer: {error}") from error
    with client:
        yield client


class _Quiet(WorkerPlugin):
    """The parent decides what Ctrl-C means, and tells of errors."""

    def setup(self, worker: Worker) -> None:  # noqa: ARG002
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        logging.getLogger("distributed.worker").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class _Project:
    """What a worker has to see of the project: a file that was just written, and the same code.

    note     the file, relative to the project's folder
    text     what it says
    root     the project's folder here
    code     `jobs.code()` here
    address  the scheduler's
    """

    note: Path
    text: str
    root: Path
    code: str
    address: str

    @classmethod
    def noted(cls, folder: Path, address: str) -> "_Project":
        """Write the note among the parts; it goes with them."""
        project = cls(folder / ".project", uuid.uuid4().hex, Path.cwd(), jobs.code(), address)
        project.note.write_text(project.text)
        return project

    def check(self, dask_worker: Worker) -> None:
        """JobError where this worker cannot work on the project."""
        wrong = self._wrong(dask_worker.state.nthreads)
        if wrong:
            raise self.error(f"worker {dask_worker.address} {wrong}")

    def error(self, what: str) -> JobError:
        """What is wrong with the cluster, and how workers are started."""
        return JobError(
            f"dask_scheduler {self.address}: {what}. Start workers in the project's folder, which "
            f"all machines share: python -m dask worker {self.address} --nthreads 1 "
            "--nworkers CORES"
        )

    def _wrong(self, threads: int) -> str | None:
        try:
            found = self.note.read_text()
        except OSError as error:
            found = str(error)
        if found != self.text:
            return (
                f"runs in {Path.cwd()}, which is not the project's folder {self.root}: of "
                f"{self.note}, just written there, it finds {found!r}"
            )
        if jobs.code() != self.code:
            return "runs another version of noisyau's code than is here now; start it anew"
        if threads != 1:
            return f"has {threads} threads, where 1 is expected"
        return None


def _check(client: Client, project: _Project) -> None:
    answers = client.run(project.check, on_error="return")
    if not answers:
        raise project.error("it has no worker")
    for worker, answer in answers.items():
        if isinstance(answer, JobError):
            raise answer
        if isinstance(answer, Exception):
            raise project.error(f"worker {worker} cannot run noisyau: {answer}") from answer


def _do(project: _Project, work: jobs.Work[Any], task: Any, path: Path) -> int:
    project.check(get_worker())
    if path.exists():  # made by a worker that was lost before it could say so
        return 0
    jobs.one_thread()
    return jobs.do(work, task, path)
