"""Measure how far the annotators agree with each other.

Reads the labels of each corpus by `annotator` and by those `beside` it; writes
reports/agreement.parquet, which is empty where there is nobody beside.
"""

import itertools
from pathlib import Path

import pandas as pd

from noisyau import params, tables, tracking
from noisyau.evaluation.agreement import agreement
from stages import CORPORA, start


def main() -> None:
    settings = params.load()
    annotator, scored = settings.annotator, settings.evaluation
    out = Path("reports/agreement.parquet")
    told = {"annotator": annotator, "beside": settings.beside, "bootstrap": scored.bootstrap}
    found = [tables.AGREEMENT.empty_table().to_pandas()]
    with tracking.run("agreement", told) as log:
        for corpus, beside in itertools.product(CORPORA, settings.beside):
            minima = {
                Path(f"data/labels/{corpus}_{name}.parquet"): settings.minimum_confidence(name)
                for name in (annotator, beside)
            }
            rows = agreement(
                minima,
                bootstrap=scored.bootstrap,
                confidence=scored.confidence,
                seed=settings.seed,
            )
            found.append(rows.assign(corpus=corpus, annotator=annotator, beside=beside))
            kappa = rows.loc[rows["metric"] == "kappa", "value"]
            print(
                f"agreement {corpus}: {annotator} and {beside}: mean kappa {kappa.mean():.3f} over "
                f"{kappa.count()} of {len(kappa)} AUs"
            )
            log.table(*minima)
        tables.write(pd.concat(found, ignore_index=True), out, tables.AGREEMENT)
        log.table(out)


if __name__ == "__main__":
    start(main)
