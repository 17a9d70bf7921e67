"""Hold the noisy labels against every truth that there is.

Reads the labels of both corpora, data/labels/coded.parquet and the truth.parquet in a corpus's
folder, where it has one; writes reports/audit.parquet.
"""

from pathlib import Path

import pandas as pd

from noisyau import params, tables, tracking
from noisyau.annotators import base
from noisyau.evaluation.audit import TRUTH, audit, read_truth
from stages import CORPORA, start


def main() -> None:
    settings = params.load()
    out = Path("reports/audit.parquet")
    threshold = settings.corpora.coded.occurrence_threshold
    knobs = {
        "seed": settings.seed,
        "minimum_confidence": settings.minimum_confidence(settings.annotator),
        **settings.evaluation.model_dump(include={"bootstrap", "confidence"}),
    }
    truths = {("coded", "people"): Path("data/labels/coded.parquet")}
    for corpus in CORPORA:
        path = getattr(settings.corpora, corpus).path / TRUTH
        if path.is_file():
            truths[corpus, "rendered" if settings.corpora.are_synthetic() else "known"] = path
    labels = {corpus: labels_of(corpus, settings.annotator) for corpus, _ in truths}
    for corpus in sorted(corpus for corpus, path in labels.items() if not tables.count(path)):
        print(f"audit: {settings.annotator} coded nobody of {corpus}, so nothing is held against")
        truths = {pair: path for pair, path in truths.items() if pair[0] != corpus}
    with tracking.run("audit", {**knobs, "threshold": threshold}) as log:
        found = [tables.AUDIT.empty_table().to_pandas()]
        for (corpus, truth), path in truths.items():
            known = tables.read(path) if truth == "people" else read_truth(path, threshold)
            lost = tables.read(base.failures_path(labels[corpus]), tables.LABEL_FAILURES)
            rows = audit(tables.read_labels(labels[corpus])[0], known, lost=lost, **knobs)
            compared = {"corpus": corpus, "truth": truth, "annotator": settings.annotator}
            found.append(rows.assign(**compared))
            means = rows.groupby("metric", sort=False)["value"].mean().dropna()
            told = ", ".join(f"{measure} {mean:.3f}" for measure, mean in means.items())
            print(f"audit: {corpus} against {truth}, means over AUs: {told or 'none'}")
            log.metrics({f"{corpus}/{truth}/{measure}": mean for measure, mean in means.items()})
        tables.write(pd.concat(found, ignore_index=True), out, tables.AUDIT)
        log.table(*labels.values(), *truths.values(), out)


def labels_of(corpus: str, annotator: str) -> Path:
    return Path("data/labels", f"{corpus}_{annotator}.parquet")


if __name__ == "__main__":
    start(main)
