"""Choose who is in the pre-training set, and in each variant's part of it.

Reads the labels of the celebrities and data/people.parquet; writes
data/tables/pretrain.parquet, and the rows of each variant in data/tables/subsets/.
"""

from pathlib import Path

from noisyau import params, tables, tracking
from noisyau.subsets import Amounts, confident, pretrain_table
from stages import start


def main() -> None:
    settings = params.load()
    labels = Path(f"data/labels/celebrities_{settings.annotator}.parquet")
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
        faces, unsure = confident(first, settings.minimum_confidence())
        print(
            f"pretrain_table: left out {further:,} further faces of a picture and {unsure:,} "
            "whose confidence is under the minimum"
        )
        log.metrics({"further_faces": further, "under_minimum_confidence": unsure})
        people = tables.read(Path("data/people.parquet"), tables.PEOPLE)
        rows = pretrain_table(faces, people, amounts, **knobs)
        tables.write(rows, out, tables.pretrain(amounts))
        for variant in amounts:
            subset = rows.loc[rows[variant], tables.SUBSET.names]
            tables.write(subset, out.parent / "subsets" / f"{variant}.parquet", tables.SUBSET)
            sizes = subset["split"].value_counts()
            train, watched = sizes.get("train", 0), sizes.get("validation", 0)
            print(
                f"pretrain_table: {variant}: {train:,} pictures to train, {watched:,} to validate"
            )
            log.metrics({f"{variant}/train": train, f"{variant}/validation": watched})
        log.table(out, out.parent / "subsets")


if __name__ == "__main__":
    start(main)
