"""Find and align the faces of a corpus.

Reads the corpus and models/assets;
writes data/faces/<corpus>/: faces-*.parquet and failures.parquet.
"""

from pathlib import Path

from noisyau import assets, corpora, jobs, params, tracking
from noisyau.faces import store
from stages import CORPORA, start


def main(corpus: str) -> None:
    settings = params.load()
    nets, out = Path("models/assets"), Path("data/faces", corpus)
    knobs = settings.faces.model_dump()
    reader = getattr(settings.corpora, corpus).reader()
    with tracking.run("detect", {"faces": knobs, "reader": reader}, corpus=corpus) as log:
        source = corpora.open_corpus(**reader)
        counts = store.detect(
            source.shards(),
            out,
            yunet=assets.path(nets, "yunet"),
            landmarker=assets.path(nets, "face_landmarker"),
            workers=jobs.workers(settings.workers),
            cluster=settings.cluster(),
            parts=jobs.parts(f"detect-{corpus}", reader, knobs, source.fingerprint()),
            total=source.size(),
            **knobs,
        )
        print(f"detect {corpus}: {counts}")
        log.metrics(counts.metrics())
        log.table(out)


if __name__ == "__main__":
    start(main, corpus=CORPORA)
