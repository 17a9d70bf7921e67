"""Tell which pictures of the celebrities show somebody else, by face embeddings on disk.

Reads data/faces/celebrities/ and the embeddings; writes data/identity.parquet, which is empty
where `identity.minimum_similarity` is, and data/identity_unmatched.parquet.
"""

from pathlib import Path

from noisyau import jobs, params, tables, tracking
from noisyau.selection.identity import identity
from stages import start


def main() -> None:
    settings = params.load()
    store, path = Path("data/faces/celebrities"), Path(settings.identity.embeddings)
    minimum = settings.identity.minimum_similarity
    out = Path("data/identity.parquet")
    unmatched = out.with_name("identity_unmatched.parquet")
    with tracking.run("identity", settings.identity.model_dump()) as log:
        if minimum is None:
            tables.write(tables.IDENTITY.empty_table(), out, tables.IDENTITY)
            tables.write(tables.UNMATCHED.empty_table(), unmatched, tables.UNMATCHED)
            print("identity: off, so that every picture is kept (identity.minimum_similarity)")
        else:
            parts = jobs.parts("identity")
            files = {"out": out, "unmatched": unmatched, "scratch": parts / "vectors.npy"}
            found = identity(store, path, minimum, **files)
            jobs.clear(parts)
            print(f"identity: {found}")
            log.metrics(found.metrics())
        log.table(out, unmatched)


if __name__ == "__main__":
    start(main)
