"""The embedded default data: rendered faces with known AUs, in the forms of real corpora.

    celebrities/FaceImageCroppedWithAlignment.tsv, biographies/<MID without m.>.json
    disfa/Videos_LeftCamera/LeftVideoSN001_comp.avi, disfa/ActionUnit_Labels/SN001/SN001_au1.txt
    celebrities/truth.parquet, disfa/truth.parquet    what only the noise audit may read

The labels are levels that we chose, not scores of FACS coders: they are for learning to use the
pipeline and for tests, never a measure of accuracy on real people.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from noisyau import jobs, tables
from noisyau.synthesis import atlas, celebrities, mesh, truth, videos

TSV = "FaceImageCroppedWithAlignment.tsv"


def synthesize(
    out: Path,
    head: Path,
    *,
    people: int,
    pictures: int,
    subjects: int,
    frames: int,
    seed: int,
    workers: int,
    parts: Path,
) -> None:
    """Write what this module's text lists below `out`, replacing what is there.

    head      `head.zip` (noisyau.assets)
    people    celebrities, each with this many `pictures`
    subjects  coded people, 6 to 27, each with a video of this many `frames`
    parts     where finished parts are kept until all is done (noisyau.jobs)

    The same seed gives the same bytes with any number of workers.
    """
    studio = parts / "studio"
    _prepare(head, studio)
    faces = celebrities.tasks(studio, people, pictures, seed)
    films = videos.tasks(studio, subjects, frames, seed)
    tasks: dict[str, celebrities.Task | videos.Task] = {**films, **faces}  # the longest first
    done = jobs.run(
        _work,
        tasks,
        parts / "pictures",
        workers=workers,
        label="synthesize",
        unit="picture",
        total=people * pictures + subjects * frames,
    )
    scratch = out.with_name(f"{out.name}.tmp")
    shutil.rmtree(scratch, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    try:
        _gather_celebrities(done[len(films) :], scratch)
        _gather_videos(done[: len(films)], scratch)
        for folder in ("celebrities", "biographies", "disfa"):
            shutil.rmtree(out / folder, ignore_errors=True)
            (scratch / folder).replace(out / folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _work(task: celebrities.Task | videos.Task, out: Path) -> int:
    if isinstance(task, celebrities.Task):
        return celebrities.work(task, out)
    return videos.work(task, out)


def _prepare(head: Path, studio: Path) -> None:
    """Subdivide the head and draw the atlas, once; compile the kernels before workers need them."""
    studio.mkdir(parents=True, exist_ok=True)
    if not (studio / "head.npz").exists():
        mesh.read(head).save(studio / "head.npz")
    if not (studio / "atlas.npz").exists():
        atlas.build(mesh.Head.load(studio / "head.npz")).save(studio / "atlas.npz")
    celebrities.proof(celebrities.studio(studio))


def _gather_celebrities(parts: Sequence[Path], out: Path) -> None:
    folder = out / "celebrities"
    folder.mkdir(parents=True)
    (out / "biographies").mkdir()
    with (folder / TSV).open("wb") as rows:
        for part in parts:
            with (part / "rows.tsv").open("rb") as some:
                shutil.copyfileobj(some, rows)
            for biography in sorted((part / "bios").iterdir()):
                shutil.copyfile(biography, out / "biographies" / biography.name)
    _gather_truth(parts, folder / "truth.parquet")


def _gather_videos(parts: Sequence[Path], out: Path) -> None:
    folder = out / "disfa"
    (folder / "Videos_LeftCamera").mkdir(parents=True)
    for part in parts:
        subject = part.name
        shutil.copyfile(
            part / "video.avi", folder / "Videos_LeftCamera" / f"LeftVideo{subject}_comp.avi"
        )
        (folder / "ActionUnit_Labels" / subject).mkdir(parents=True)
        for labels in sorted((part / "labels").iterdir()):  # copytree hides what went wrong
            shutil.copyfile(labels, folder / "ActionUnit_Labels" / subject / labels.name)
    _gather_truth(parts, folder / "truth.parquet")


def _gather_truth(parts: Sequence[Path], path: Path) -> None:
    rows = [pq.read_table(part / "truth.parquet") for part in parts]
    tables.write(pa.concat_tables(rows), path, truth.SCHEMA)
