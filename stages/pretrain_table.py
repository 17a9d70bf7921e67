"""Choose who is in the pre-training set, and in each variant's part of it, with which labels.

Reads the annotators' labels of the celebrities and data/people.parquet; writes
data/tables/pretrain.parquet, and the rows and targets of each variant in data/tables/subsets/.
"""

from pathlib import Path

import numpy as np

from noisyau import params, tables, tracking
from noisyau.subsets import Amounts, confident, pretrain_table
from noisyau.votes import targets
from stages import start


def main() -> None:
    settings = params.load()
    minima = {
        Path(f"data/labels/celebrities_{name}.parquet"): settings.minimum_confidence(name)
        for name in (settings.annotator, *settings.beside)
    }
    labels = next(iter(minima))
    out = Path("data/tables/pretrain.parquet")
    amounts = {
        name: Amounts(variant.pretrain.images, variant.pretrain.people)
        for name, variant in settings.variants.items()
        if name in settings.active
    }
    knobs = {"seed": settings.seed, **settings.pretrain_table.model_dump()}
    with tracking.run("pretrain_table", {**knobs, "active": settings.active}) as log:
        faces = tables.read(labels, columns=["face_id", "subject", "confidence"])
        first = faces[faces["face_id"].str.endswith("#0")]
        further = len(faces) - len(first)
        faces, unsure = confident(first, minima[labels])
        print(
            f"pretrain_table: left out {further:,} further faces of a picture and {unsure:,} "
            "whose confidence is under the minimum"
        )
        log.metrics({"further_faces": further, "under_minimum_confidence": unsure})
        people = tables.read(Path("data/people.parquet"), tables.PEOPLE)
        rows = pretrain_table(faces, people, amounts, **knobs)
        tables.write(rows, out, tables.pretrain(amounts))
        for variant in amounts:
            recipe = settings.variants[variant].pretrain
            subset = rows.loc[rows[variant], ["face_id", "subject", "split"]]
            asked = targets(minima, subset["face_id"], recipe.aus, recipe.labels)
            path, schema = out.parent / "subsets" / f"{variant}.parquet", tables.subset(recipe.aus)
            tables.write(subset.assign(**asked), path, schema)
            known = sum(int(np.isfinite(column).sum()) for column in asked.values())
            sizes = subset["split"].value_counts()
            train, watched = sizes.get("train", 0), sizes.get("validation", 0)
            print(
                f"pretrain_table: {variant}: {train:,} pictures to train, {watched:,} to validate, "
                f"{known:,} labels ({recipe.labels})"
            )
            counts = {"train": train, "validation": watched, "labels": known}
            log.metrics({f"{variant}/{name}": count for name, count in counts.items()})
        log.table(out, out.parent / "subsets")


if __name__ == "__main__":
    start(main)
