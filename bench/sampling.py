"""Samples from 10 million labelled faces of 100,000 people: seconds, and peak memory.

The target is under 30 s and 2 GB for the sampling: the table of labels read, what stays out left
out, and six variants drawn. The whole stage, which then writes every table, 17 labels of each of
10 million faces among them, is measured beside it.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from bench import project
from noisyau import aus, tables
from noisyau.demographics import GENDERS, REGIONS
from noisyau.selection.leftout import first_faces, left_out
from noisyau.selection.pool import pool
from noisyau.selection.subsets import Sample, subset

FACES, PEOPLE = 10_000_000, 100_000
SAMPLES = {
    "noisy_all": Sample("all", "all"),
    "noisy_10000": Sample(10_000, "all"),
    "noisy_1000_people": Sample("all", 1000),
    "frames_20": Sample("20%", "all", "none"),
    "subjects_60": Sample("20%", "60%", "none"),
    "noisy_by_region": Sample(1_000_000, "all", "region_gender", 100),
}
LABELS = Path("data/labels/celebrities_blendshapes.parquet")


def run() -> dict[str, Any]:
    settings = {
        "active": ["scratch", *SAMPLES],
        "variants": {
            name: {"net": {}, "finetune": {}, "pretrain": _asked(sample)}
            for name, sample in SAMPLES.items()
        },
    }
    with project.copy(settings) as copy:
        _make(copy.folder)
        sampled = copy.run(sys.executable, "-m", "bench.sampling").splitlines()[-1]
        copy.run(sys.executable, "-m", "stages.pretrain_table")
        stage = copy.measured()["pretrain_table"]
    return {
        "faces": FACES,
        "people": PEOPLE,
        "sampling": json.loads(sampled),
        "stage": {"seconds": stage["seconds"], "peak_memory_mb": stage["peak_memory_mb_own"]},
    }


def _asked(sample: Sample) -> dict[str, Any]:
    """As params.yaml has it, where nothing is to be balanced if everything is taken."""
    drawn = {*sample[:2]} != {"all"}
    return {name: told for name, told in sample._asdict().items() if drawn or name != "balance"}


def sample() -> dict[str, float]:
    """Seconds, on the clock and of a core, and peak memory, where the tables of `_make` lie."""
    began = time.monotonic()
    people = tables.read(Path("data/people.parquet"))
    groups = tables.read(Path("data/duplicates.parquet"), tables.DUPLICATES)
    identity = tables.read(Path("data/identity.parquet"), tables.IDENTITY)
    faces, _ = first_faces(LABELS)
    lost = left_out(faces, groups, identity, minimum=0.5, duplicates="one")
    faces = faces.filter(lost.stays)
    everyone = pool(faces, people, groups, validation=0.05, seed=1)
    del faces
    for name, wanted in SAMPLES.items():
        subset(everyone, name, wanted)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "seconds": round(time.monotonic() - began, 1),
        "cpu_seconds": round(time.process_time(), 1),
        "peak_memory_mb": round(peak),
    }


def _make(folder: Path) -> None:
    """Labels in no order, people, groups of two pictures of a person, and no identity filter."""
    random = np.random.default_rng(1)
    subjects = np.array([f"m.0{number:06x}" for number in range(PEOPLE)], dtype=object)
    columns = {"gender": random.choice([*GENDERS, None], PEOPLE, p=[0.48, 0.48, 0.04])}
    columns["region"] = random.choice(REGIONS, PEOPLE)
    people = pd.DataFrame({"subject": subjects, **columns})
    for field in tables.PEOPLE:
        if field.name not in people:
            people[field.name] = [[]] * PEOPLE if pa.types.is_list(field.type) else None
    tables.write(people[tables.PEOPLE.names], folder / "data/people.parquet", tables.PEOPLE)
    schema = tables.labels(aus.OPENFACE_17)
    alike: list[pd.DataFrame] = []

    def pieces() -> Any:
        for first in range(0, FACES, tables.PIECE):
            number = np.arange(first, min(first + tables.PIECE, FACES))
            owner = subjects[number * 7919 % PEOPLE]  # 7919 is prime, so nobody is left out
            rows = {
                "face_id": [
                    f"{of}_{n // PEOPLE}-FaceId-0#0" for of, n in zip(owner, number, strict=True)
                ],
                "subject": owner,
                "annotator": np.full(len(number), "blendshapes"),
                "annotator_version": np.full(len(number), "1"),
                "mode": np.full(len(number), "static"),
                "confidence": random.choice(
                    np.float32([np.nan, 0.4, 0.9]), len(number), p=[0.1, 0.05, 0.85]
                ),
            }
            for name in schema.names[len(rows) :]:
                codes = random.integers(0, 2, len(number)).astype(np.int8)
                rows[name] = codes if name.endswith("_c") else codes.astype(np.float32)
            table = pa.table([pa.array(rows[name]) for name in schema.names], schema=schema)
            same = table.select(["face_id", "subject"]).slice(0, 200_000).to_pandas()
            same = same.sort_values("subject")
            same.insert(0, "corpus", "celebrities")
            same.insert(0, "group", pd.factorize(same["subject"])[0] + first)
            alike.append(same[same.duplicated("group", keep=False)])
            yield table

    tables.write_pieces(pieces(), folder / LABELS, schema)
    groups = pd.concat(alike).sort_values(["group", "corpus", "face_id"])
    tables.write(groups, folder / "data/duplicates.parquet", tables.DUPLICATES)
    tables.write(tables.IDENTITY.empty_table(), folder / "data/identity.parquet", tables.IDENTITY)


if __name__ == "__main__":
    print(json.dumps(sample()))
