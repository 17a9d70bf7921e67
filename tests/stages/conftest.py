"""A project of its own for tests that run DVC: the tracked files, with small numbers."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]

SMALL: dict[str, Any] = {
    "synthesis": {"people": 40, "pictures": 2, "subjects": 9, "frames": 12},
    "workers": 2,
    "evaluation": {"bootstrap": 200, "confidence": 0.95, "reference": "scratch"},
}


@dataclass(frozen=True)
class Project:
    """A checkout that DVC runs in."""

    path: Path

    def run(self, *command: str, fails: bool = False, **environment: str) -> str:
        """What a command prints; it has to end well, or badly if it `fails`."""
        done = subprocess.run(
            command,
            cwd=self.path,
            env={**self.environment(), **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        told = done.stdout + done.stderr
        assert bool(done.returncode) == fails, told
        return told

    def environment(self) -> dict[str, str]:
        """This Python first on the path, and no DVC or MLflow settings from outside."""
        own = {key: value for key, value in os.environ.items() if not key.startswith(("DVC", "ML"))}
        return {**own, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"}

    def repro(self, *arguments: str) -> list[str]:
        """The stages that `dvc repro` ran, in order."""
        told = self.run("dvc", "repro", *arguments)
        return re.findall(r"Running stage '(?:[^:']*dvc\.yaml:)?([^']+)'", told)

    def change(self, settings: dict[str, Any]) -> None:
        """Write settings over params.yaml, key by key."""
        file = self.path / "params.yaml"
        file.write_text(yaml.safe_dump(merged(yaml.safe_load(file.read_text()), settings)))


def merged(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {**below, **{key: merged(below.get(key), value) for key, value in above.items()}}


def new_project(folder: Path, assets: Path) -> Project:
    """A copy of the checkout's own files in a git repository of its own, assets in place."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file() and name != "dvc.lock":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    project = Project(folder)
    for command in ("init -q", "add -A", "-c user.name=t -c user.email=t@t commit -qm start"):
        project.run("git", *command.split())
    shutil.copytree(assets, folder / "models/assets")
    project.run("dvc", "commit", "--force", "--quiet", "assets")
    return project


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, assets: Path) -> Project:
    """The small pipeline, not run yet; tests of one module build on each other's runs."""
    made = new_project(tmp_path_factory.mktemp("project"), assets)
    small = {"epochs": 1, "batch": 16}
    made.change({**SMALL, "defaults": {"pretrain": small, "finetune": small}})
    return made
