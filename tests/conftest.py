"""Fixtures that several packages' tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data for development; NOISYAU_SHARED, by default ../shared."""
    root = Path(__file__).parents[1]
    folder = (root / os.environ.get("NOISYAU_SHARED", "../shared")).resolve()
    if not (folder / "data").is_dir():
        pytest.skip(f"no real data at {folder}: set NOISYAU_SHARED to a folder that has data/")
    return folder
