"""Let a program code the AUs of each face of a corpus, or take the labels from a table.

Reads data/faces/<corpus>/, data/faces/celebrities/ (whose faces set the thresholds, for both),
the corpus itself where the program sees more than the stored crops, the table,
data/annotators/<corpus>_<annotator>.json and models/assets; writes
data/labels/<corpus>_<annotator>.parquet and the same with _failures and _unmatched.
"""

import json
from pathlib import Path

from noisyau import assets, corpora, facestore, jobs, params, tables, tracking
from noisyau.annotators import base, coding, table
from noisyau.annotators.known import open_annotator
from stages import CORPORA, start


def main(corpus: str, annotator: str | None) -> None:
    settings = params.load()
    name = annotator or settings.annotator
    knobs = settings.knobs(name)
    faces, fit_on = Path("data/faces", corpus), Path("data/faces/celebrities")
    out = Path("data/labels", f"{corpus}_{name}.parquet")
    shape = json.loads(Path("data/annotators", f"{corpus}_{name}.json").read_text(encoding="utf-8"))
    told = {"annotator": name, "annotators": {name: shape}}
    source = corpora.open_corpus(**getattr(settings.corpora, corpus).reader())
    videos = source.videos()
    with jobs.alone(out.stem), tracking.run("annotate", told, corpus=corpus) as log:
        if name == "table":
            files = {item: file.name for item, file in videos.items()}
            table_knobs = {key: knobs[key] for key in ("columns", "mode")}
            counts = table.annotate(
                faces, out, Path(knobs["path"]), videos=files, needed=corpus == CORPORA[0],
                **table_knobs,
            )  # fmt: skip
        else:
            landmarker = assets.path(Path("models/assets"), "face_landmarker")
            program = open_annotator(name, landmarker, of_videos=bool(videos), **knobs)
            made_from = [tables.digest(*facestore.files(folder)) for folder in (faces, fit_on)]
            if program.sees != "crop":
                made_from.append(source.fingerprint())
            counts = coding.annotate(
                faces,
                out,
                program,
                corpus=source,
                fit_on=fit_on,
                workers=jobs.workers(settings.workers),
                cluster=settings.cluster(),
                parts=jobs.parts(f"annotate-{corpus}", told, program.version, *made_from),
            )
        print(f"annotate {corpus} ({name}): {counts}")
        log.metrics(counts.metrics())
        log.table(out, base.failures_path(out), base.unmatched_path(out))


if __name__ == "__main__":
    start(main, corpus=CORPORA, annotator=None)
