"""Write the page that says what was found.

Reads the scores, the audit, the tables, the face stores, the labels and the training histories;
writes reports/index.html.
"""

import json
from pathlib import Path

import pandas as pd
import yaml

from noisyau import params, tables, tracking
from noisyau.annotators import base
from noisyau.reporting import page, who
from stages import start

OF_THE_MACHINE = {"device", "precision", "workers", "backend", "dask_scheduler"}


def main() -> None:
    settings = params.load()
    told = settings.model_dump(mode="json", exclude=OF_THE_MACHINE)
    told["variants"] = {name: told["variants"][name] for name in settings.active}
    made = ("folds", "folds_left_out", "pretrain", "left_out", "shortfalls")
    inputs = {name: Path("data/tables", f"{name}.parquet") for name in made}
    inputs |= {name: Path("data", f"{name}.parquet") for name in ("people", "duplicates")}
    inputs["coded"] = Path("data/labels/coded.parquet")
    numbers = ("scores", "audit", "agreement")
    inputs |= {name: Path("reports", f"{name}.parquet") for name in numbers}
    some = {"left_out": ["reason"], "folds_left_out": ["reason"], "people": who.COLUMNS}
    rows = {name: tables.read(path, columns=some.get(name)) for name, path in inputs.items()}
    trained: dict[tuple[str, int | None], Path] = {}
    for name in settings.active:
        trained[name, None] = Path("models/pretrained", name)
        for fold in settings.fold_names:
            trained[name, fold] = Path("models/finetuned", name, f"fold{fold}")
    out = Path("reports/index.html")
    with tracking.run("report", {"active": settings.active}) as log:
        page.report(
            out,
            scores=rows["scores"],
            metrics=json.loads(Path("reports/metrics.json").read_text(encoding="utf-8")),
            audit=rows["audit"],
            folds=rows["folds"],
            coded_labels=rows["coded"],
            pretrain=rows["pretrain"],
            people=rows["people"],
            left_out=rows["left_out"],
            folds_left_out=rows["folds_left_out"],
            shortfalls=rows["shortfalls"],
            duplicates=rows["duplicates"],
            agreement=rows["agreement"],
            labels={name: settings.variants[name].pretrain.labels for name in settings.active},
            celebrities=corpus_files("celebrities", settings.annotator),
            coded=corpus_files("coded", settings.annotator),
            histories={key: pd.read_csv(folder / "history.csv") for key, folder in trained.items()},
            reference=settings.evaluation.reference,
            annotator=settings.annotator,
            confidence=settings.evaluation.confidence,
            settings=yaml.safe_dump(told, sort_keys=False, default_flow_style=None, width=100),
            digests={str(path): tables.digest(path) for path in inputs.values()},
            synthetic=settings.corpora.are_synthetic(),
        )
        log.artifact(out)
        print(f"report: {out}")


def corpus_files(corpus: str, annotator: str) -> page.Corpus:
    labels = Path("data/labels", f"{corpus}_{annotator}.parquet")
    return page.Corpus(Path("data/faces", corpus), labels, base.failures_path(labels))


if __name__ == "__main__":
    start(main)
