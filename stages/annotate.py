"""Let a program code the AUs of each face of a corpus.

Reads data/faces/<corpus>/, data/faces/celebrities/ (whose faces set the thresholds, for both),
the corpus itself where the program sees more than the stored crops, and models/assets; writes
data/labels/<corpus>_<annotator>.parquet and the same with _failures.
"""

from pathlib import Path

from noisyau import assets, corpora, facestore, jobs, params, tables, tracking
from noisyau.annotators import base, coding
from noisyau.annotators.known import open_annotator
from stages import CORPORA, start


def main(corpus: str) -> None:
    settings = params.load()
    faces = Path("data/faces", corpus)
    out = Path("data/labels", f"{corpus}_{settings.annotator}.parquet")
    knobs = getattr(settings.annotators, settings.annotator).model_dump()
    told = {"annotator": settings.annotator, "annotators": {settings.annotator: knobs}}
    source = corpora.open_corpus(**getattr(settings.corpora, corpus).reader())
    annotator = open_annotator(
        settings.annotator,
        assets.path(Path("models/assets"), "face_landmarker"),
        videos=bool(source.videos()),
        **knobs,
    )
    fit_on = Path("data/faces/celebrities")
    made_from = [tables.digest(*facestore.files(folder)) for folder in (faces, fit_on)]
    if annotator.sees != "crop":
        made_from.append(source.fingerprint())
    with tracking.run("annotate", told, corpus=corpus) as log:
        counts = coding.annotate(
            faces,
            out,
            annotator,
            corpus=source,
            fit_on=fit_on,
            workers=jobs.workers(settings.workers),
            parts=jobs.parts(f"annotate-{corpus}", told, annotator.version, *made_from),
        )
        print(f"annotate {corpus}: {counts}")
        log.metrics(counts.metrics())
        log.table(out, base.failures_path(out))


if __name__ == "__main__":
    start(main, corpus=CORPORA)
