"""A copy of the project that a benchmark or a test may run, change and throw away."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]


class Project:
    """A copy of the checkout's own files, in a git repository of its own."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        """Copy them into `folder`, with these settings over params.yaml's."""
        self.folder = folder
        names = subprocess.check_output(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT
        )
        for name in filter(None, names.decode().split("\0")):
            if (ROOT / name).is_file() and name != "dvc.lock":
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        self.change(settings)
        for command in ("init -q", "add -A", "-c user.name=n -c user.email=n@n commit -qm start"):
            subprocess.run(["git", *command.split()], cwd=folder, check=True)

    def change(self, settings: dict[str, Any]) -> None:
        """Write settings over params.yaml, key by key."""
        file = self.folder / "params.yaml"
        file.write_text(yaml.safe_dump(_merged(yaml.safe_load(file.read_text()), settings)))

    def environment(self) -> dict[str, str]:
        """This Python first on the path, and no settings of DVC or MLflow from outside."""
        own = {key: text for key, text in os.environ.items() if not key.startswith(("DVC", "ML"))}
        return {**own, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"}

    def run(self, *command: str, fails: bool = False, **environment: str) -> str:
        """What a command prints. It has to end well, or badly if it `fails`; else RuntimeError."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment(), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if bool(done.returncode) != fails:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def start(self, *command: str) -> "subprocess.Popen[bytes]":
        """A command left running, in a process group of its own."""
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            command, cwd=self.folder, env=self.environment(), stdout=quiet, stderr=quiet,
            start_new_session=True,
        )  # fmt: skip

    def remove(self, path: str) -> None:
        """Remove a file or folder, as DVC does before a stage runs."""
        found = self.folder / path
        shutil.rmtree(found) if found.is_dir() else found.unlink()

    def seconds(self, *command: str) -> float:
        """How long a command takes."""
        began = time.monotonic()
        self.run(*command)
        return time.monotonic() - began

    def repro(self, *arguments: str, **environment: str) -> list[str]:
        """The stages that `dvc repro` ran, in order."""
        told = self.run("dvc", "repro", *arguments, **environment)
        return re.findall(r"Running stage '(?:[^:']*dvc\.yaml:)?([^']+)'", told)

    def measured(self) -> dict[str, dict[str, float]]:
        """Run name -> seconds and peak memory, as MLflow has them."""
        query = """
            select runs.name, metrics.key, metrics.value from metrics
            join runs on runs.run_uuid = metrics.run_uuid where metrics.key like 'stage/%'
            order by runs.start_time"""
        found: dict[str, dict[str, float]] = {}
        database = sqlite3.connect(self.folder / "mlflow.db")
        for name, key, value in database.execute(query):
            found.setdefault(name, {})[key.removeprefix("stage/")] = round(value, 1)
        database.close()
        return found


@contextmanager
def copy(settings: dict[str, Any]) -> Iterator[Project]:
    """A copy that is gone afterwards."""
    with TemporaryDirectory(prefix="noisyau-") as folder:
        yield Project(Path(folder), settings)


def _merged(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}
