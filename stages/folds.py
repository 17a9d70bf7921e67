"""Divide the coded subjects into folds that share nobody.

Reads data/faces/coded/ and data/labels/coded.parquet; writes data/tables/folds.parquet.
"""

from pathlib import Path

from noisyau import facestore, params, tables, tracking
from noisyau.evaluation import folds
from stages import start


def main() -> None:
    settings = params.load()
    out = Path("data/tables/folds.parquet")
    knobs = {
        "folds": len(settings.fold_names),
        "seed": settings.seed,
        **settings.folds.model_dump(),
    }
    with tracking.run("folds", knobs) as log:
        faces = facestore.read_table(
            Path("data/faces/coded"), ["face_id", "item", "subject", "frame"]
        )
        coded, _ = tables.read_labels(Path("data/labels/coded.parquet"))
        rows = folds.make(faces, coded, **knobs)
        tables.write(rows, out, tables.FOLDS)
        for (fold, role), part in rows.groupby(["fold", "role"], sort=True):
            subjects = part["subject"].nunique()
            print(f"folds: fold {fold} {role}: {len(part):,} frames of {subjects} subjects")
            log.metrics(
                {f"{role}/frames": len(part), f"{role}/subjects": subjects}, step=int(str(fold))
            )
        log.table(out)


if __name__ == "__main__":
    start(main)
