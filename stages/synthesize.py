"""Render the embedded default data.

Reads models/assets/head.zip; writes data/raw/synthetic/: celebrities/ (MS-Celeb-1M's form),
biographies/ and disfa/ (DISFA's form), with what was rendered in each corpus's truth.parquet.
"""

from pathlib import Path

from noisyau import assets, jobs, params, tables, tracking
from noisyau.synthesis import synthesize
from stages import start


def main() -> None:
    settings = params.load()
    knobs = settings.synthesis.model_dump()
    out = Path("data/raw/synthetic")
    head = assets.path(Path("models/assets"), "head")
    parts = jobs.parts("synthesize", settings.seed, knobs, tables.digest(head))
    with tracking.run("synthesize", {"seed": settings.seed, "synthesis": knobs}) as log:
        synthesize(
            out,
            head,
            seed=settings.seed,
            workers=jobs.workers(settings.workers),
            parts=parts,
            **knobs,
        )
        jobs.clear(parts)
        log.table(out / "celebrities/truth.parquet", out / "disfa/truth.parquet")


if __name__ == "__main__":
    start(main)
