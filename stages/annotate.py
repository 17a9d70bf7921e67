"""Let a program code the AUs of each face of a corpus.

Reads data/faces/<corpus>/, data/faces/celebrities/ (whose faces set the thresholds, for both) and
models/assets; writes data/labels/<corpus>_<annotator>.parquet
and the same with _failures.
"""

from pathlib import Path

from noisyau import assets, facestore, jobs, params, tables, tracking
from noisyau.annotators import base
from noisyau.annotators.known import open_annotator
from stages import CORPORA, start


def main(corpus: str) -> None:
    settings = params.load()
    faces = Path("data/faces", corpus)
    out = Path("data/labels", f"{corpus}_{settings.annotator}.parquet")
    knobs = getattr(settings.annotators, settings.annotator).model_dump()
    annotator = open_annotator(
        settings.annotator, assets.path(Path("models/assets"), "face_landmarker"), **knobs
    )
    fit_on = Path("data/faces/celebrities")
    made_from = [tables.digest(*facestore.files(folder)) for folder in (faces, fit_on)]
    told = {"annotator": settings.annotator, "annotators": {settings.annotator: knobs}}
    with tracking.run("annotate", told, corpus=corpus) as log:
        counts = base.annotate(
            faces,
            out,
            annotator,
            fit_on=fit_on,
            workers=jobs.workers(settings.workers),
            cluster=settings.cluster(),
            parts=jobs.parts(f"annotate-{corpus}", told, annotator.check(), *made_from),
        )
        print(f"annotate {corpus}: {counts}")
        log.metrics(counts.metrics())
        log.table(out, base.failures_path(out))


if __name__ == "__main__":
    start(main, corpus=CORPORA)
