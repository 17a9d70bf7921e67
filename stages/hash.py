"""Hash the faces of a corpus, so that pictures that look the same can be found.

Reads data/faces/<corpus>/; writes data/hashes/<corpus>.parquet.
"""

from pathlib import Path

from noisyau import facestore, jobs, params, tables, tracking
from noisyau.likeness import hashes
from stages import CORPORA, start


def main(corpus: str) -> None:
    settings = params.load()
    faces, out = Path("data/faces", corpus), Path("data/hashes", f"{corpus}.parquet")
    with tracking.run("hash", {}, corpus=corpus) as log:
        made_from = tables.digest(*facestore.files(faces))
        rows = hashes.hash_faces(
            faces,
            out,
            workers=jobs.workers(settings.workers),
            cluster=settings.cluster(),
            parts=jobs.parts(f"hash-{corpus}", made_from),
        )
        print(f"hash {corpus}: {rows:,} pictures")
        log.metrics({"pictures": rows})
        log.table(out)


if __name__ == "__main__":
    start(main, corpus=CORPORA)
