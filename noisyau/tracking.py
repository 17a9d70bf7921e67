"""One MLflow run per execution of a stage, in experiment `noisyau`.

The runs go to `MLFLOW_TRACKING_URI`, or to mlflow.db in the project's root. They are a view:
results live in DVC, so a server that cannot be reached gives one warning and costs nothing else.
Name, tags, parameters and metrics are as README.md's section on MLflow lists them.
"""

import os
import platform
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from noisyau import tables

EXPERIMENT = "noisyau"
_CODE = ("noisyau", "stages", "params.yaml", "dvc.yaml", "data/synthetic/dvc.yaml")
_VERSIONS = ("torch", "numpy", "pandas", "pyarrow", "scikit-learn", "opencv-python-headless")
_BATCH = 100  # MLflow takes so many parameters at once


def root() -> Path:
    """The project's root: DVC's where DVC runs the stage, else the working directory."""
    return Path(os.environ.get("DVC_ROOT", ".")).resolve()


def address() -> str:
    """Where the runs go."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{root() / 'mlflow.db'}"


class Log:
    """What a stage says of itself while it runs. Every call is safe without a server."""

    def __init__(self) -> None:
        self._client: Any = None
        self._run = ""
        self._began = time.monotonic()

    def open(self, name: str, tags: Mapping[str, str], params: Mapping[str, Any]) -> None:
        """Start the run; without a server, warn and log nothing from here on."""
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")

        def start() -> None:
            import mlflow  # slow to import, and of no use to worker processes
            from mlflow.entities import Param

            client = mlflow.MlflowClient(tracking_uri=address())
            experiment = client.get_experiment_by_name(EXPERIMENT)
            self._client = client
            self._run = client.create_run(
                experiment.experiment_id if experiment else self._create_experiment(),
                tags=dict(tags),
                run_name=name,
            ).info.run_id
            rows = [Param(key, str(value)[:6000]) for key, value in params.items()]
            for first in range(0, len(rows), _BATCH):
                client.log_batch(self._run, params=rows[first : first + _BATCH])

        self._client = True  # so that a failure to start is told like any other
        self._safely(start)

    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        """Numbers of this moment, `step` being the epoch."""

        def send() -> None:
            from mlflow.entities import Metric

            now = int(time.time() * 1000)
            rows = [Metric(key, float(value), now, step) for key, value in values.items()]
            self._client.log_batch(self._run, metrics=rows)

        self._safely(send)

    def epoch(self, epoch: int, numbers: Mapping[str, float]) -> None:
        """An epoch's numbers; a history's `val_f1_AU12` is MLflow's `val/f1/AU12`."""
        self.metrics({_slashed(name): value for name, value in numbers.items()}, step=epoch)

    def table(self, *paths: Path) -> None:
        """Rows and digest of each table, or folder of tables, that the stage reads or writes."""
        for path in paths:
            rows, digest = tables.count(path), tables.digest(path)
            print(f"{path}: {rows:,} rows, sha256 {digest[:16]}", flush=True)
            self.tag(f"digest.{Path(path).as_posix()}", digest)
            self.tag(f"rows.{Path(path).as_posix()}", str(rows))

    def tag(self, key: str, value: str) -> None:
        """One fact about the run."""
        self._safely(lambda: self._client.set_tag(self._run, key, value[:5000]))

    def artifact(self, path: Path) -> None:
        """A small file to keep with the run: a history, a figure, the report."""
        self._safely(lambda: self._client.log_artifact(self._run, str(path)))

    def close(self, status: str) -> None:
        """End the run: FINISHED, FAILED or KILLED; with the time and memory that it took."""
        self.metrics({"stage/seconds": time.monotonic() - self._began, **_peak_memory()})
        self._safely(lambda: self._client.set_terminated(self._run, status))

    def _create_experiment(self) -> str:
        own = address().startswith("sqlite:") and "MLFLOW_TRACKING_URI" not in os.environ
        artifacts = (root() / "mlartifacts").as_uri() if own else None
        return str(self._client.create_experiment(EXPERIMENT, artifact_location=artifacts))

    def _safely(self, send: Callable[[], object]) -> None:
        """Whatever goes wrong between here and the server must not cost the work."""
        if self._client is None:
            return
        try:
            send()
        except Exception as error:
            self._client = None
            text = (str(error).splitlines() or ["no message"])[0][:200]
            print(
                f"warning: MLflow at {address()} does not answer, so this run is not tracked; "
                f"the work goes on. ({type(error).__name__}: {text})",
                file=sys.stderr,
                flush=True,
            )


@contextmanager
def run(
    stage: str,
    settings: Mapping[str, Any],
    *,
    variant: str | None = None,
    fold: int | None = None,
    corpus: str | None = None,
) -> Iterator[Log]:
    """Track one execution of a stage.

    settings  the stage's parameters, nested; logged flat as `finetune.learning_rate`

    A stage that raises ends its run as FAILED, with the error; the error goes on.
    """
    at = "-".join(part for part in (variant, corpus, f"fold{fold}" if fold else None) if part)
    log = Log()
    log.open(
        f"{stage}@{at}" if at else stage,
        {**_tags(stage, variant, fold, corpus), **_environment()},
        flatten(settings),
    )
    try:
        yield log
    except Exception as error:
        log.tag("error", f"{type(error).__name__}: {error}")
        log.close("FAILED")
        raise
    except BaseException:
        log.close("KILLED")
        raise
    log.close("FINISHED")


def _slashed(name: str) -> str:
    return re.sub(r"^(train|val)_", r"\1/", name).replace("f1_", "f1/")


def flatten(settings: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """{'a': {'b': 1}} -> {'a.b': 1}."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        name = f"{above}{key}"
        flat |= flatten(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return flat


def _tags(stage: str, variant: str | None, fold: int | None, corpus: str | None) -> dict[str, str]:
    tags = {
        "stage": stage,
        "variant": variant,
        "fold": fold,
        "corpus": corpus,
        "git.rev": _git("rev-parse", "HEAD") or "not in a git repository",
        "git.dirty": str(bool(_git("status", "--porcelain", "--", *_CODE))).lower(),
        "dvc.exp": os.environ.get("DVC_EXP_NAME"),
    }
    return {key: str(value) for key, value in tags.items() if value is not None}


def _environment() -> dict[str, str]:
    versions = {f"version.{name}": _version(name) for name in _VERSIONS}
    return {"host": socket.gethostname(), "python": platform.python_version(), **versions}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed under this name"


def _peak_memory() -> dict[str, float]:
    """The largest resident memory so far, megabytes: of this process and of any one worker."""
    if sys.platform == "win32":
        return {}
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10
    whose = {"own": resource.RUSAGE_SELF, "worker": resource.RUSAGE_CHILDREN}
    return {
        f"stage/peak_memory_mb_{name}": resource.getrusage(who).ru_maxrss / unit
        for name, who in whose.items()
    }


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root()), *arguments], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip()
