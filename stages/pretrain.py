"""Train a variant's net on the noisy labels of its celebrities.

Reads data/faces/celebrities/ and the variant's rows and targets in data/tables/subsets/; writes
models/pretrained/<variant>/: model.pt and history.csv. --profile also keeps, in the MLflow run and
in .parts/profiles/, where the time went and a trace of ten steps.
"""

from pathlib import Path

from noisyau import aus, jobs, outputs, params, tables, tracking
from noisyau.faces import arrays
from noisyau.faces.crops import Form
from noisyau.training import checkpoint, device, fit
from noisyau.training.faces import Faces
from noisyau.training.loop import Recipe
from noisyau.training.profile import Timer
from stages import start


def main(variant: str, profile: bool = False) -> None:
    settings = params.load()
    knobs = settings.variant(variant)
    net, recipe = knobs.net.model_dump(), knobs.pretrain.model_dump()
    subset = Path("data/tables/subsets", f"{variant}.parquet")
    out = Path("models/pretrained", variant)
    told = {"seed": settings.seed, "net": net, "pretrain": recipe}
    where = device.choose(settings.device, settings.precision)
    timer = Timer(where, tracing=profile)
    with tracking.run("pretrain", told, variant=variant) as log:
        members = tables.read(subset, tables.subset(knobs.pretrain.aus))
        made_from: dict[str, object] = {"seed": settings.seed}
        faces, key = Faces.none(knobs.net.channels, knobs.net.side, knobs.pretrain.aus), ""
        if len(members):
            store, workers = Path("data/faces/celebrities"), jobs.workers(settings.workers)
            pictures = arrays.build(store, Form.of(net), workers=workers)
            at = pictures.rows(members["face_id"])
            wanted = knobs.pretrain.aus
            faces = Faces.of(pictures.pictures, at, members, wanted, aus.target)
            key = pictures.key
            made_from = {**tracking.flatten(told), "subset": tables.digest(subset)}
        trains = (members["split"] == "train").to_numpy(bool)
        parts = jobs.parts(f"pretrain-{variant}", made_from, key, str(where))
        log.tag("device", str(where))
        fitted = fit.pretrain(
            faces.take(trains),
            faces.take(~trains),
            knobs.pretrain.aus,
            Recipe.of(recipe),
            net=knobs.net.name,
            channels=knobs.net.channels,
            size=knobs.net.side,
            margin=knobs.net.margin,
            device=where,
            seed=settings.seed,
            state=parts / "state.pt",
            provenance={"variant": variant, **made_from},
            on_epoch=log.epoch,
            timer=timer,
        )
        checkpoint.save(fitted.checkpoint, out / "model.pt")
        outputs.write_text(fitted.history.to_csv(index=False), out / "history.csv")
        jobs.clear(parts)
        print(f"pretrain {variant}: {fitted}; {timer}")
        log.artifact(out / "history.csv")
        for file in timer.write(Path(".parts/profiles", f"pretrain-{variant}")):
            log.artifact(file)
        log.table(subset)


if __name__ == "__main__":
    start(main, variant=str, profile=bool)
