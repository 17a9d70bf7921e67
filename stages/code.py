"""Read what people coded.

Reads the coded corpus; writes data/labels/coded.parquet and coded_failures.parquet.
"""

from pathlib import Path

from noisyau import aus, corpora, params, tables, tracking
from stages import start


def main() -> None:
    coded = params.load().corpora.coded
    out = Path("data/labels/coded.parquet")
    with tracking.run("code", coded.model_dump(mode="json")) as log:
        labels, lost = corpora.disfa.read_labels(
            coded.path, coded.occurrence_threshold, coded.missing
        )
        tables.write(labels, out, tables.coded(aus.DISFA_12))
        failures = out.with_name("coded_failures.parquet")
        tables.write(tables.failures(lost), failures, tables.FAILURES)
        subjects = labels["subject"].nunique()
        print(f"code: {len(labels):,} frames of {subjects} subjects; {len(lost):,} lack a label")
        log.metrics({"frames": len(labels), "subjects": subjects, "incomplete": len(lost)})
        log.table(out, failures)


if __name__ == "__main__":
    start(main)
