"""Choose who is in the pre-training set, and in each variant's part of it, with which labels.

Reads the annotators' labels of the celebrities, data/people.parquet, data/duplicates.parquet and
data/identity.parquet; writes data/tables/pretrain.parquet, beside it the pictures that were left
out and the cells that were short, and the rows and targets of each variant in subsets/.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from noisyau import params, tables, tracking
from noisyau.selection.leftout import first_faces, left_out
from noisyau.selection.pool import pool
from noisyau.selection.subsets import Sample, pretrain_table, subset
from noisyau.selection.votes import Voter, subset_table
from stages import start


def main() -> None:
    settings = params.load()
    knobs, out = settings.pretrain_table, Path("data/tables")
    recipes = {name: settings.variants[name].pretrain for name in settings.active}
    (labels, minimum), *beside = (
        (Path(f"data/labels/celebrities_{name}.parquet"), settings.minimum_confidence(name))
        for name in (settings.annotator, *settings.beside)
    )
    told = {"seed": settings.seed, "active": settings.active, **knobs.model_dump()}
    with tracking.run("pretrain_table", told) as log:
        groups = tables.read(Path("data/duplicates.parquet"), tables.DUPLICATES)
        identity = tables.read(Path("data/identity.parquet"), tables.IDENTITY)
        people = tables.read(Path("data/people.parquet"), tables.PEOPLE)
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
        for cell in short.itertuples():
            names = f"{cell.variant}: {cell.taken:,} {cell.of} of {cell.cell}"
            print(f"pretrain_table: {names} instead of {cell.wanted:,}; there are no more")
        voters = [Voter(labels, pa.array(there.row))]
        voters += [Voter.of(path, there.face_id, least) for path, least in beside]
        for name, recipe in recipes.items():
            at, outside = np.flatnonzero(subsets[name].rows), subsets[name].outside
            path, schema = out / "subsets" / f"{name}.parquet", tables.subset(recipe.aus)
            asked = [voter.at(at) for voter in voters]
            rows = subset_table(there.pieces(at), asked, recipe.aus, recipe.labels)
            tables.write_pieces(rows, path, schema)
            watched = int(there.held_out()[at].sum())
            counts = {"train": len(at) - watched, "validation": watched}
            counts["labels"] = tables.known(path, schema.names[3:])
            how = [recipe.labels, *(f"{n:,} {of} in no cell" for of, n in outside.items() if n)]
            print(
                f"pretrain_table: {name}: {counts['train']:,} pictures to train, {watched:,} to "
                f"validate, {counts['labels']:,} labels ({', '.join(how)})"
            )
            log.metrics({f"{name}/{what}": count for what, count in counts.items()})
        log.table(*(out / f"{name}.parquet" for name in ("pretrain", "left_out", "shortfalls")))
        log.table(out / "subsets")


if __name__ == "__main__":
    start(main)
