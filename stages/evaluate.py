"""Score every variant, the annotator and the floor.

Reads the predictions, data/tables/folds.parquet and the labels of the coded corpus; writes
reports/scores.parquet, metrics.json, summary.json (its headlines, for
`dvc metrics`) and f1_by_au.csv.
"""

import itertools
import json
from pathlib import Path

import pandas as pd

from noisyau import outputs, params, tables, tracking
from noisyau.evaluation.evaluate import evaluate, f1_by_au, headline
from stages import start


def main() -> None:
    settings = params.load()
    folds = Path("data/tables/folds.parquet")
    coded = Path("data/labels/coded.parquet")
    annotator = Path(f"data/labels/coded_{settings.annotator}.parquet")
    knobs = {"seed": settings.seed, **settings.evaluation.model_dump()}
    files = {
        variant: [
            Path("models/finetuned", variant, f"fold{fold}", "predictions.parquet")
            for fold in settings.fold_names
        ]
        for variant in settings.active
    }
    with tracking.run("evaluate", knobs) as log:
        predictions = {
            variant: pd.concat(map(tables.read, folded), ignore_index=True)
            for variant, folded in files.items()
        }
        scores, summary = evaluate(
            predictions,
            tables.read(folds, tables.FOLDS),
            tables.read_labels(coded)[0],
            tables.read_labels(annotator)[0],
            **knobs,
        )
        tables.write(scores, Path("reports/scores.parquet"), tables.SCORES)
        outputs.write_text(f1_by_au(scores).to_csv(index=False), Path("reports/f1_by_au.csv"))
        for content, name in ((summary, "metrics.json"), (headline(summary), "summary.json")):
            text = json.dumps(content, indent=1, allow_nan=False) + "\n"
            outputs.write_text(text, Path("reports", name))
        for method, values in summary["methods"].items():
            print(f"evaluate: {method}: F1 {in_words(values['f1'])}")
            numbers = {name: values[name]["value"] for name in ("f1", "auc", "ap")}
            log.metrics({f"{method}/{k}": v for k, v in numbers.items() if v is not None})
        log.table(
            folds,
            coded,
            annotator,
            *itertools.chain(*files.values()),
            Path("reports/scores.parquet"),
        )
        log.artifact(Path("reports/metrics.json"))


def in_words(score: dict[str, float | None]) -> str:
    value, low, high = score["value"], score["low"], score["high"]
    if value is None or low is None or high is None:
        return "cannot be scored"
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


if __name__ == "__main__":
    start(main)
