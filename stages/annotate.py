"""Let a program code the AUs of each face of a corpus.

Reads data/faces/<corpus>/, data/faces/celebrities/ (whose faces set the thresholds, for both) and
models/assets; writes data/labels/<corpus>_<annotator>.parquet
and the same with _failures.
"""

from pathlib import Path

from noisyau import assets, facestore, jobs, params, tables, tracking
from noisyau.annotators import base, blendshapes
from stages import CORPORA, start


def main(corpus: str) -> None:
    settings = params.load()
    faces = Path("data/faces", corpus)
    out = Path("data/labels", f"{corpus}_{settings.annotator}.parquet")
    annotator = blendshapes.Blendshapes(assets.path(Path("models/assets"), "face_landmarker"))
    fit_on = Path("data/faces/celebrities")
    made_from = [tables.digest(*facestore.files(folder)) for folder in (faces, fit_on)]
    with tracking.run("annotate", {"annotator": settings.annotator}, corpus=corpus) as log:
        counts = base.annotate(
            faces,
            out,
            annotator,
            fit_on=fit_on,
            workers=jobs.workers(settings.workers),
            parts=jobs.parts(f"annotate-{corpus}", *made_from),
        )
        print(f"annotate {corpus}: {counts}")
        log.metrics(counts.metrics())
        log.table(out, base.failures_path(out))


if __name__ == "__main__":
    start(main, corpus=CORPORA)
