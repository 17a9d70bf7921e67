"""Choose who is in the pre-training set, and in each variant's part of it, with which labels.

Reads the annotators' labels of the celebrities, data/people.parquet, data/duplicates.parquet and
data/identity.parquet; writes data/tables/pretrain.parquet, beside it the pictures that were left
out and the cells that were short, and the rows and targets of each variant in subsets/.
"""

from pathlib import Path

import pandas as pd
import pyarrow as pa

from noisyau import params, tables, tracking
from noisyau.selection.leftout import first_faces, left_out
from noisyau.selection.pool import pool
from noisyau.selection.subsets import Sample, pretrain_table, subset, told, write_subset
from noisyau.selection.votes import Voter
from stages import start


def main() -> None:
    settings = params.load()
    knobs, out = settings.pretrain_table, Path("data/tables")
    recipes = {name: settings.variants[name].pretrain for name in settings.active}
    (labels, minimum), *beside = (
        (Path(f"data/labels/celebrities_{name}.parquet"), settings.minimum_confidence(name))
        for name in (settings.annotator, *settings.beside)
    )
    run = {"seed": settings.seed, "active": settings.active, **knobs.model_dump()}
    with tracking.run("pretrain_table", run) as log:
        groups = tables.read(Path("data/duplicates.parquet"), tables.DUPLICATES)
        identity = tables.read(Path("data/identity.parquet"), tables.IDENTITY)
        people = tables.read(Path("data/people.parquet"), columns=["subject", "gender", "region"])
        faces, further = first_faces(labels)
        lost = left_out(faces, groups, identity, minimum=minimum, duplicates=knobs.duplicates)
        tables.write(lost.rows, out / "left_out.parquet", tables.LEFT_OUT)
        reasons = {"further_faces": further, **tables.counts(lost.rows["reason"])}
        print("pretrain_table: left out", *(f"{n:,} {why}" for why, n in reasons.items()), sep=", ")
        log.metrics({f"left_out/{why}": number for why, number in reasons.items()})

        faces = faces.filter(lost.stays)
        there = pool(faces, people, groups, validation=knobs.validation, seed=settings.seed)
        del faces, lost  # of ten million, half a gigabyte
        subsets = {
            name: subset(there, name, Sample(**recipe.model_dump(include={*Sample._fields})))
            for name, recipe in recipes.items()
        }
        rows = pretrain_table(there, subsets)
        tables.write_pieces(rows, out / "pretrain.parquet", tables.pretrain(subsets))
        short = pd.concat([one.shortfalls for one in subsets.values()], ignore_index=True)
        tables.write(short, out / "shortfalls.parquet", tables.SHORTFALLS)
        for line in told(short):
            print(f"pretrain_table: {line}")
        voters = [Voter(labels, pa.array(there.row))]
        voters += [Voter.of(path, there.face_id, least) for path, least in beside]
        for name, recipe in recipes.items():
            path, chosen = out / "subsets" / f"{name}.parquet", subsets[name]
            counts = write_subset(path, there, chosen.rows, voters, recipe.aus, recipe.labels)
            outside = (f"; {n:,} {of} in no cell" for of, n in chosen.outside.items() if n)
            print(f"pretrain_table: {name}: {counts} ({recipe.labels}{''.join(outside)})")
            log.metrics({f"{name}/{what}": count for what, count in counts._asdict().items()})
        log.table(*(out / f"{name}.parquet" for name in ("pretrain", "left_out", "shortfalls")))
        log.table(out / "subsets")


if __name__ == "__main__":
    start(main)
