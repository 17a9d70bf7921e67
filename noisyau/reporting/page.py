"""The report: gathers what the stages made, and writes one page."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from noisyau import aus as au_names
from noisyau import facestore, outputs, tables
from noisyau.reporting import agreements, contact, figures, flow, noise, who, words
from noisyau.reporting.figures import Point

FACES_SHOWN = 12  # of each corpus


@dataclass(frozen=True)
class Corpus:
    """The files of one corpus: its face store, its noisy labels and their failures."""

    store: Path
    labels: Path
    label_failures: Path


def report(
    out: Path,
    *,
    scores: pd.DataFrame,
    metrics: Mapping[str, Any],
    audit: pd.DataFrame,
    folds: pd.DataFrame,
    coded_labels: pd.DataFrame,
    pretrain: pd.DataFrame,
    people: pd.DataFrame,
    left_out: pd.DataFrame,
    folds_left_out: pd.DataFrame,
    shortfalls: pd.DataFrame,
    duplicates: pd.DataFrame,
    agreement: pd.DataFrame,
    labels: Mapping[str, str],
    celebrities: Corpus,
    coded: Corpus,
    histories: Mapping[tuple[str, int | None], pd.DataFrame],
    reference: str,
    annotator: str,
    confidence: float,
    settings: str,
    digests: Mapping[str, str],
    synthetic: bool,
) -> None:
    """Write the page, one HTML file that loads nothing.

    scores        `tables.SCORES`; metrics: metrics.json
    audit         `tables.AUDIT`
    folds         `tables.FOLDS`
    coded_labels  `tables.coded`: what people said
    pretrain      `tables.pretrain`
    people        `tables.PEOPLE`
    left_out      `tables.LEFT_OUT`; its `reason` alone is read; folds_left_out: likewise
    shortfalls    `tables.SHORTFALLS`
    duplicates    `tables.DUPLICATES`
    agreement     `tables.AGREEMENT`; without rows, its section is left out
    labels        variant -> which labels it was pre-trained on: annotator, agreed, mean
    histories     (variant, fold) -> history.csv, fold None for pre-training; an `epoch` column
                  and numbers
    annotator     the program's name, as users know it
    settings      params.yaml as text
    digests       table -> SHA-256
    synthetic     whether the faces are rendered ones

    The same inputs give the same bytes. Raises TableError where the tables are of different
    runs, so that the samples do not add up.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=words.number, signed=words.signed, count=words.count, percent=words.percent,
        p_value=words.p_value, method=words.method_name, au_name=words.au_name,
        reason=lambda text: text.replace("_", " "),
    )  # fmt: skip
    variants = [name for name in metrics["methods"] if name not in words.METHODS]
    headline = next((name for name in variants if name != reference), reference)
    trained_on = _trained_on(pretrain, variants)
    pretrained = [name for name in variants if trained_on[name][0]]
    audited = noise.comparisons(audit, _rates(celebrities.labels), annotator)
    context = {
        "answer": words.answer(metrics, reference, confidence, trained_on),
        "against": words.against_annotator(metrics, headline, confidence),
        "trained": {name: words.trained(*seen, labels[name]) for name, seen in trained_on.items()},
        "synthetic": synthetic,
        "annotator": annotator,
        "reference": reference,
        "level": f"{100 * confidence:g} %",
        "metrics": metrics,
        "variants": variants,
        "aus": metrics["coded"]["aus"],
        "by_fold": _by_fold(scores),
        "best": _best(metrics, variants),
        **_figures(metrics, histories, reference, headline),
        "sheets": _sheets(celebrities, coded, coded_labels, folds),
        "groups": who.groups(pretrain),
        "pretrained": pretrained,
        "parts": who.parts(pretrain, pretrained),
        "shortfalls": who.shortfalls(shortfalls),
        "biographies": len(people),
        "untold": len(set(pretrain["subject"]) - set(people["subject"])),
        "neither": who.neither(people),
        "undecided": who.undecided(people),
        "overruled": who.overruled(people),
        "shown": who.SHOWN,
        "alike": who.alike(duplicates),
        "noise": audited,
        "coders": noise.two_coders(celebrities.labels, coded.labels),
        "noise_figure": noise.drawing(audited[0]) if audited else None,
        "agreements": agreements.agreements(agreement),
        "flows": _flows(
            celebrities,
            coded,
            pretrain,
            flow.reasons(left_out),
            flow.reasons(folds_left_out),
            folds,
            metrics["methods"][variants[0]]["frames_scored"],
        ),
        "settings": settings,
        "digests": digests,
        "paper_totals": (1_995, 162_070),
    }
    page = environment.get_template("template.html.j2").render(context)
    outputs.write_text(page, out)


def _trained_on(pretrain: pd.DataFrame, variants: list[str]) -> dict[str, tuple[int, int]]:
    """Variant -> training faces and people."""
    train = pretrain[pretrain["split"] == "train"]
    chosen = {name: train[train[name].astype(bool)] for name in variants}
    return {name: (len(rows), rows["subject"].nunique()) for name, rows in chosen.items()}


def _by_fold(scores: pd.DataFrame) -> dict[str, list[float | None]]:
    """Method -> mean F1 of each fold."""
    rows = scores[(scores["metric"] == "f1") & (scores["au"] == "mean") & scores["fold"].notna()]
    return {
        str(method): [None if pd.isna(value) else float(value) for value in part["value"]]
        for method, part in rows.sort_values("fold").groupby("method", sort=False)
    }


def _best(metrics: Mapping[str, Any], variants: list[str]) -> dict[str, str]:
    """AU -> the variant with the highest F1, which the table marks."""
    best = {}
    for au in metrics["coded"]["aus"]:
        values = {name: metrics["methods"][name]["per_au"][au]["f1"]["value"] for name in variants}
        known = {name: value for name, value in values.items() if value is not None}
        if len(known) > 1:
            best[au] = max(known, key=lambda name: known[name])
    return best


def _point(interval: Mapping[str, Any], value: str = "value") -> Point:
    return Point(interval[value], interval["low"], interval["high"])


def _label(au: str) -> str:
    return f"{au} {words.au_name(au)}".strip()


def _figures(
    metrics: Mapping[str, Any],
    histories: Mapping[tuple[str, int | None], pd.DataFrame],
    reference: str,
    headline: str,
) -> dict[str, Any]:
    """The figures; differences to the reference, and the headline's to the annotator."""
    methods = metrics["methods"]
    rows = {"Mean": {name: _point(told["f1"]) for name, told in methods.items()}}
    for au in metrics["coded"]["aus"]:
        rows[_label(au)] = {
            name: _point(told["per_au"][au]["f1"]) for name, told in methods.items()
        }
    gains = {}
    for name, told in metrics["comparisons"].items():
        first, second = told["f1"]["values"]
        if told["f1"]["difference"] is None or not (second == reference or first == headline):
            continue
        label = f"{first} minus {second}"
        points = {"Mean": _point(told["f1"], "difference")}
        points |= {
            _label(au): _point(found["f1"], "difference") for au, found in told["per_au"].items()
        }
        gains[name] = figures.differences(points, f"Difference in F1: {label}", f"F1 of {label}")
    return {
        "key": figures.legend(list(methods), list(methods), "key"),
        "f1": figures.by_au(rows, list(methods), "F1 of each method by action unit", "F1"),
        "gains": gains,
        "curves": _curves(histories, list(methods)),
    }


def _curves(
    histories: Mapping[tuple[str, int | None], pd.DataFrame], methods: list[str]
) -> dict[str, Any] | None:
    """The learning curves: a panel for each column that is drawn, before and after."""
    panels: dict[str, dict[str, list[pd.Series]]] = {}
    for stage in ("pre-training", "finetuning"):
        for (variant, fold), history in histories.items():
            if (fold is None) != (stage == "pre-training"):
                continue
            for column in history.columns:
                series = history.set_index("epoch")[column] if _drawn(column) else None
                if series is not None and series.notna().any():
                    panel = panels.setdefault(f"{stage}: {_curve_name(column)}", {})
                    panel.setdefault(variant, []).append(series.astype(float))
    if not panels:
        return None
    shown = {name for panel in panels.values() for name in panel}
    return {
        "figure": figures.curves(panels, methods, "Learning curves"),
        "key": figures.legend(methods, [name for name in methods if name in shown], "curves"),
    }


_MEASURES = {"loss": "loss", "f1": "F1", "ap": "average precision", "auc": "ROC AUC"}
_SPLITS = {"train": "training faces", "val": "held-out people"}


def _drawn(column: str) -> bool:
    """Whether a history's column, such as `val_loss`, is a curve; those of an AU are not."""
    words_ = column.split("_")
    return any(word in _MEASURES for word in words_) and not any("AU" in word for word in words_)


def _curve_name(column: str) -> str:
    """'val_loss' -> 'loss on held-out people'."""
    parts = column.split("_")
    measure = " ".join(_MEASURES.get(part, part) for part in parts if part not in _SPLITS)
    where = " ".join(_SPLITS[part] for part in parts if part in _SPLITS)
    return f"{measure} on {where}" if where else measure


def _rates(labels: Path) -> dict[int, float]:
    """AU -> how often the annotator calls it in an item's first face; a column at a time."""
    rates = {}
    first = tables.read(labels, columns=["face_id"])["face_id"].str.endswith("#0")
    for au in au_names.in_columns(pq.read_schema(labels).names, "c"):
        column = tables.read(labels, columns=[au_names.occurrence(au)])[au_names.occurrence(au)][
            first
        ]
        if column.notna().any():
            rates[au] = float(column.mean())
    return rates


def _sheets(
    celebrities: Corpus, coded: Corpus, coded_labels: pd.DataFrame, folds: pd.DataFrame
) -> dict[str, list[contact.Face]]:
    frames = contact.most_active(coded_labels, folds["face_id"].unique(), FACES_SHOWN)
    names = tables.read(celebrities.labels, columns=["face_id"])["face_id"]
    people = contact.spread(names, FACES_SHOWN)
    return {
        "coded": contact.sheet(
            coded.store, frames, human=coded_labels, noisy=_labels_of(coded, frames)
        ),
        "celebrities": contact.sheet(
            celebrities.store, people, human=None, noisy=_labels_of(celebrities, people)
        ),
    }


def _labels_of(corpus: Corpus, face_ids: list[str]) -> pd.DataFrame:
    table = pq.read_table(corpus.labels, filters=[("face_id", "in", face_ids)], partitioning=None)
    rows: pd.DataFrame = table.to_pandas()
    return rows


def _flows(
    celebrities: Corpus,
    coded: Corpus,
    pretrain: pd.DataFrame,
    left_out: Mapping[str, int],
    folds_left_out: Mapping[str, int],
    folds: pd.DataFrame,
    scored: int,
) -> list[tuple[str, list[flow.Step]]]:
    def lost(corpus: Corpus) -> dict[str, int]:
        path = corpus.store / facestore.FAILURES
        return flow.reasons(tables.read(path, tables.FAILURES, ["reason"]))

    unlabelled = tables.read(celebrities.label_failures, tables.LABEL_FAILURES)
    unlabelled = unlabelled[unlabelled["face_id"].str.endswith("#0")]
    tested = folds[folds["role"] == "test"]["face_id"]
    return [
        (
            "Celebrities: pictures to train on",
            flow.celebrities(
                _first_faces(facestore.files(celebrities.store)),
                lost(celebrities),
                _first_faces([celebrities.labels]),
                flow.reasons(unlabelled),
                left_out,
                pretrain,
            ),
        ),
        (
            "Coded people: frames to test on",
            flow.coded_frames(
                _first_faces(facestore.files(coded.store)),
                lost(coded),
                folds_left_out,
                folds,
                scored,
            ),
        ),
        (
            "The annotator on the same frames",
            flow.annotated_frames(
                tested,
                tables.read(coded.labels, columns=["face_id"])["face_id"],
                tables.read(coded.label_failures, tables.LABEL_FAILURES),
            ),
        ),
    ]


def _first_faces(paths: list[Path]) -> int:
    """How many rows are an item's first face; counted without holding the names."""
    total = 0
    for path in paths:
        with tables.opened(path) as file:
            for batch in file.iter_batches(65536, columns=["face_id"]):
                total += pc.sum(pc.ends_with(batch["face_id"], "#0")).as_py() or 0
    return total
