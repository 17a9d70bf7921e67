"""Divide the coded subjects into folds that share nobody.

Reads data/faces/coded/, data/labels/coded.parquet and data/duplicates.parquet; writes
data/tables/folds.parquet, and the frames that look like another subject's in
data/tables/folds_left_out.parquet.
"""

from pathlib import Path

from noisyau import facestore, params, tables, tracking
from noisyau.evaluation import folds
from stages import start


def main() -> None:
    settings = params.load()
    out = Path("data/tables/folds.parquet")
    left_out = out.with_name("folds_left_out.parquet")
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
        duplicates = tables.read(Path("data/duplicates.parquet"), tables.DUPLICATES)
        faces, alike = folds.leave_out(faces, coded, duplicates)
        tables.write(alike, left_out, tables.LABEL_FAILURES)
        print(f"folds: left out {len(alike):,} frames that look like another subject's")
        for subject, lost in alike["subject"].value_counts().sort_index().items():
            total = lost + (faces["subject"] == subject).sum()
            print(f"folds: left out {lost:,} of the {total:,} faces of {subject}")
        log.metrics({"left_out": len(alike)})
        rows = folds.make(faces, coded, **knobs)
        tables.write(rows, out, tables.FOLDS)
        for (fold, role), part in rows.groupby(["fold", "role"], sort=True):
            subjects = part["subject"].nunique()
            print(f"folds: fold {fold} {role}: {len(part):,} frames of {subjects} subjects")
            log.metrics(
                {f"{role}/frames": len(part), f"{role}/subjects": subjects}, step=int(str(fold))
            )
        log.table(out, left_out)


if __name__ == "__main__":
    start(main)
