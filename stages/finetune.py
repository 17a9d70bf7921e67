"""Train a variant's net on a fold's human labels and predict the people who are not in them.

Reads models/pretrained/<variant>/, data/faces/coded/, its human labels and the folds; writes
models/finetuned/<variant>/fold<k>/: model.pt, history.csv and predictions.parquet. --profile also
keeps, in the MLflow run and in .parts/profiles/, where the time went and a trace of ten steps.
"""

from pathlib import Path

from noisyau import jobs, outputs, params, tables, tracking
from noisyau.evaluation.folds import check
from noisyau.faces import arrays
from noisyau.faces.crops import Form
from noisyau.training import checkpoint, device, fit
from noisyau.training.faces import Faces
from noisyau.training.loop import Recipe
from noisyau.training.profile import Timer
from stages import start


def main(variant: str, fold: int, profile: bool = False) -> None:
    settings = params.load()
    knobs = settings.variant(variant)
    settings.check_fold(fold)
    recipe = knobs.finetune.model_dump()
    coded, folds = Path("data/labels/coded.parquet"), Path("data/tables/folds.parquet")
    begin = Path("models/pretrained", variant, "model.pt")
    out = Path("models/finetuned", variant, f"fold{fold}")
    digests = {path.stem: tables.digest(path) for path in (coded, folds, begin)}
    told = {"seed": settings.seed, "fold": fold, "finetune": recipe}
    where = device.choose(settings.device, settings.precision)
    timer = Timer(where, tracing=profile)
    with tracking.run("finetune", told, variant=variant, fold=fold) as log:
        frames = tables.read(folds, tables.FOLDS)
        check(frames)
        frames = frames[frames["fold"] == fold].reset_index(drop=True)
        codes = tables.read_codes(coded, knobs.finetune.aus, "item")
        items = frames.assign(item=frames["face_id"].str.removesuffix("#0"))
        rows = tables.joined(items, codes, "item", (folds, coded))
        store, workers = Path("data/faces/coded"), jobs.workers(settings.workers)
        pictures = arrays.build(store, Form.of(knobs.net.model_dump()), workers=workers)
        at = pictures.rows(rows["face_id"])
        faces = Faces.of(pictures.pictures, at, rows, knobs.finetune.aus)
        roles = {role: (rows["role"] == role).to_numpy(bool) for role in rows["role"].unique()}
        parts = jobs.parts(f"finetune-{variant}-{fold}", told, digests, pictures.key, str(where))
        log.tag("device", str(where))
        fitted = fit.finetune(
            checkpoint.load(begin),
            faces.take(roles["train"]),
            faces.take(roles["validation"]),
            knobs.finetune.aus,
            Recipe.of(recipe),
            device=where,
            seed=settings.seed,
            state=parts / "state.pt",
            provenance={"variant": variant, **tracking.flatten(told), **digests},
            on_epoch=log.epoch,
            timer=timer,
        )
        tests = frames[roles["test"]].drop(columns="role")
        found = fit.predict(fitted.checkpoint, faces.take(roles["test"]), where)
        schema = tables.predictions(knobs.finetune.aus)
        tables.write(tests.merge(found, on="face_id"), out / "predictions.parquet", schema)
        checkpoint.save(fitted.checkpoint, out / "model.pt")
        outputs.write_text(fitted.history.to_csv(index=False), out / "history.csv")
        jobs.clear(parts)
        print(f"finetune {variant} fold {fold}: {fitted}; {timer}")
        log.artifact(out / "history.csv")
        for file in timer.write(Path(".parts/profiles", f"finetune-{variant}-{fold}")):
            log.artifact(file)
        log.table(folds, coded, out / "predictions.parquet")


if __name__ == "__main__":
    start(main, variant=str, fold=int, profile=bool)
