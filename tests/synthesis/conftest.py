"""The head, built once a session; a small corpus, written once a session."""

from pathlib import Path

import pytest

from noisyau import assets
from noisyau.synthesis import atlas, mesh, synthesize
from noisyau.synthesis.render import Studio

ROOT = Path(__file__).parents[2]
SMALL = {"people": 12, "pictures": 2, "subjects": 3, "frames": 32, "seed": 3}


@pytest.fixture(scope="session")
def head_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`head.zip`: the project's own if it was fetched, else downloaded."""
    fetched = ROOT / "models" / "assets"
    if not (fetched / assets.ASSETS["head"].file).is_file():
        fetched = tmp_path_factory.mktemp("assets")
        assets.fetch(fetched, names=["head"], wheels=fetched / "wheels", report=lambda _: None)
    return assets.path(fetched, "head")


@pytest.fixture(scope="session")
def studio(head_zip: Path) -> Studio:
    head = mesh.read(head_zip)
    return Studio.of(head, atlas.build(head))


@pytest.fixture(scope="session")
def small() -> dict[str, int]:
    return SMALL


@pytest.fixture
def parts(studio: Studio, tmp_path: Path) -> Path:
    """A folder for parts in which the studio is ready, which takes seconds to make."""
    return _with_studio(studio, tmp_path / "parts")


def _with_studio(studio: Studio, parts: Path) -> Path:
    (parts / "studio").mkdir(parents=True)
    studio.head.save(parts / "studio" / "head.npz")
    studio.atlas.save(parts / "studio" / "atlas.npz")
    return parts


@pytest.fixture(scope="session")
def corpus(studio: Studio, head_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`celebrities/`, `biographies/` and `disfa/` of a small corpus, made by one process."""
    out = tmp_path_factory.mktemp("synthetic")
    parts = _with_studio(studio, tmp_path_factory.mktemp("made") / "parts")
    synthesize(out, head_zip, workers=1, parts=parts, **SMALL)
    return out
