"""Write the celebrities' labels as a folder that can be published, with its dataset card.

Reads the labels of the celebrities, data/people.parquet, reports/audit.parquet and the tables of
what was left out; writes reports/dataset/: README.md and labels.parquet.
"""

from pathlib import Path

from noisyau import facestore, params, tracking
from noisyau.annotators import base
from noisyau.reporting import card
from stages import start


def main() -> None:
    settings = params.load()
    corpora, annotator = settings.corpora, settings.annotator
    labels = Path("data/labels", f"celebrities_{annotator}.parquet")
    out = Path("reports/dataset")
    lost = {
        "Pictures without a face in the store": Path("data/faces/celebrities", facestore.FAILURES),
        "Faces that the annotator did not code": base.failures_path(labels),
        "Labels that stay out of pre-training": Path("data/tables/left_out.parquet"),
    }
    with tracking.run("card", {"annotator": annotator}) as log:
        found = card.write(
            out,
            labels=labels,
            people=Path("data/people.parquet"),
            audit=Path("reports/audit.parquet"),
            lost=lost,
            annotator=annotator,
            minimum=settings.minimum_confidence(annotator),
            confidence=settings.evaluation.confidence,
            threshold=corpora.coded.occurrence_threshold,
            source=corpora.celebrities.source,
            biographies=corpora.celebrities.biographies,
            clean_list=bool(corpora.celebrities.clean_list),
            synthetic=corpora.celebrities.synthetic,
            coded_synthetic=corpora.coded.synthetic,
        )
        print(f"card: {found.rows:,} labels of {len(found.pictures):,} people: {out}/README.md")
        log.table(labels, out)
        log.artifact(out / "README.md")


if __name__ == "__main__":
    start(main)
