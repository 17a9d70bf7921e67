"""A project of its own for tests that run DVC: the checkout's files, with small numbers."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from bench.project import Project

QUICK = {"epochs": 1, "batch": 16}
SMALL: dict[str, Any] = {
    "synthesis": {"people": 40, "pictures": 2, "subjects": 9, "frames": 12},
    "workers": 2,
    "evaluation": {"bootstrap": 200},
    "defaults": {"pretrain": QUICK, "finetune": QUICK},
}


def new_project(folder: Path, assets: Path) -> Project:
    """The small pipeline, not run yet; the third-party files are there, as if fetched."""
    project = Project(folder, SMALL)
    shutil.copytree(assets, folder / "models/assets")
    project.run("dvc", "commit", "--force", "--quiet", "assets")
    return project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, assets: Path) -> Project:
    """One project a module: its tests build on each other's runs, from top to bottom."""
    return new_project(tmp_path_factory.mktemp("project"), assets)
