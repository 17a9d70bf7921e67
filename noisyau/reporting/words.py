"""What the page says in words: the answer, the AUs' names, numbers as people read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

AU_NAMES = {
    1: "inner brow raiser", 2: "outer brow raiser", 4: "brow lowerer", 5: "upper lid raiser",
    6: "cheek raiser", 7: "lid tightener", 9: "nose wrinkler", 10: "upper lip raiser",
    11: "nasolabial deepener", 12: "lip corner puller", 13: "cheek puffer", 14: "dimpler",
    15: "lip corner depressor", 16: "lower lip depressor", 17: "chin raiser", 18: "lip puckerer",
    20: "lip stretcher", 22: "lip funneler", 23: "lip tightener", 24: "lip pressor",
    25: "lips part", 26: "jaw drop", 27: "mouth stretch", 28: "lip suck", 45: "blink",
}  # fmt: skip
"""Ekman, Friesen & Hager 2002, Facial Action Coding System."""

FLOOR = "always_positive"
METHODS = {"annotator": "annotator", "always_positive": "always positive"}
"""Methods that are no variant, as the page calls them."""

Kind = Literal["helped", "hurt", "unclear", "alone"]


def au_name(column: str) -> str:
    """'AU12' -> 'lip corner puller'; '' for an AU that has no name here."""
    return AU_NAMES.get(int(column.removeprefix("AU")), "")


def method_name(method: str) -> str:
    return METHODS.get(method, method)


def number(value: float | None, digits: int = 3) -> str:
    """0.1234 -> '0.123'; missing -> a dash, never a zero."""
    if value is None:
        return "–"
    text = f"{abs(value):.{digits}f}"
    return f"−{text}" if value < 0 and float(text) else text


def signed(value: float | None, digits: int = 3) -> str:
    """0.05 -> '+0.050'; -0.05 -> '−0.050'."""
    text = number(value, digits)
    return text if value is None or text[0] == "−" or not float(text) else f"+{text}"


def span(low: float | None, high: float | None, digits: int = 3) -> str:
    """The interval as words: '0.41 to 0.52'."""
    if low is None or high is None:
        return "no interval"
    return f"{number(low, digits)} to {number(high, digits)}"


def p_value(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def count(value: int) -> str:
    """12345 -> '12,345'."""
    return f"{value:,}"


def percent(part: float, whole: float, digits: int = 1) -> str:
    return f"{100 * part / whole:.{digits}f} %" if whole else "–"


def plural(value: int, one: str, many: str) -> str:
    return f"{count(value)} {one if value == 1 else many}"


@dataclass(frozen=True)
class Answer:
    """The page's first sentence, and what it rests on."""

    kind: Kind
    sentence: str
    basis: str


def _unlearned(metrics: Mapping[str, Any], reference: str) -> str:
    """A warning where the reference is no better than no net at all."""
    value, floor = (metrics["methods"][name]["f1"]["value"] for name in (reference, FLOOR))
    if value is None or floor is None or value > floor:
        return ""
    return (
        f"Mind that {reference} scores no more than calling every action unit present in every "
        f"frame does ({number(floor, 2)}): in its few steps it has hardly learned. The difference "
        "is what pre-training brings at this number of finetuning steps, not over a net that was "
        "trained from random weights until it stopped improving. "
    )


def answer(
    metrics: Mapping[str, Any],
    reference: str,
    confidence: float,
    trained_on: Mapping[str, tuple[int, int]],
) -> Answer:
    """What the first variant after the reference says of the question.

    metrics     metrics.json
    trained_on  variant -> faces and people that it was pre-trained on

    It is the first one listed and not the best one, which would be the winner of a lottery.
    """
    coded = metrics["coded"]
    basis = (
        f"Scored on {plural(coded['frames'], 'frame', 'frames')} of "
        f"{plural(coded['subjects'], 'person', 'people')} coded by people, in {coded['folds']} "
        f"folds that share nobody. F1 is 0 at worst and 1 at best; here it is the mean over "
        f"{plural(len(coded['aus']), 'action unit', 'action units')} of the mean over folds."
    )
    others = [
        name for name in metrics["methods"] if name != reference and name not in METHODS
    ]  # fmt: skip
    if not others:
        f1 = metrics["methods"][reference]["f1"]
        return Answer(
            "alone",
            f"There is nothing to compare: only {reference} ran, with a mean F1 of "
            f"{number(f1['value'], 2)} ({_level(confidence)} interval "
            f"{span(f1['low'], f1['high'], 2)}).",
            basis,
        )
    variant = others[0]
    found = metrics["comparisons"][f"{variant}-{reference}"]["f1"]
    faces, people = trained_on[variant]
    subject = (
        f"Pre-training on {plural(faces, 'automatically coded face', 'automatically coded faces')}"
        f" of {plural(people, 'person', 'people')}"
        if faces and not trained_on[reference][0]
        else f"The variant {variant}, compared with {reference},"
    )
    change, low, high = found["difference"], found["low"], found["high"]
    if change is None or low is None:
        return Answer("unclear", f"{subject} could not be scored against {reference}.", basis)
    digits = 2 if abs(change) >= 0.01 and max(abs(low), abs(high)) >= 0.02 else 3
    old, new = (number(found["values"][name], digits) for name in (reference, variant))
    interval = f"{_level(confidence)} interval {span(low, high, digits)}"
    size = number(abs(change), digits)
    basis = _unlearned(metrics, reference) + basis
    if low > 0:
        text = f"{subject} helped: mean F1 rose by {size}, from {old} to {new} ({interval})."
        return Answer("helped", text, basis)
    if high < 0:
        text = f"{subject} did not help: mean F1 fell by {size}, from {old} to {new} ({interval})."
        return Answer("hurt", text, basis)
    subject = subject[0].lower() + subject[1:]
    return Answer(
        "unclear",
        f"We cannot tell whether {subject} helped: mean F1 went from {old} to {new}, and the "
        f"{_level(confidence)} interval of the change, {span(low, high, digits)}, includes zero.",
        basis,
    )


def against_annotator(metrics: Mapping[str, Any], variant: str, confidence: float) -> str:
    """One sentence: is the net better than the program whose codes it was pre-trained on?"""
    found = metrics["comparisons"][f"{variant}-annotator"]
    f1, aus = found["f1"], plural(len(found["aus"]), "action unit", "action units")
    if f1["difference"] is None or f1["low"] is None:
        return "The automatic annotator could not be compared: it coded none of these frames."
    ours, theirs = (number(f1["values"][name], 2) for name in (variant, "annotator"))
    scores = (
        f"mean F1 {ours} against the annotator's {theirs} on the {aus} that both can be scored on "
        f"({_level(confidence)} interval of the difference {span(f1['low'], f1['high'], 2)})"
    )
    if f1["low"] > 0:
        return f"The finetuned {variant} beats the automatic annotator: {scores}."
    if f1["high"] < 0:
        return f"The finetuned {variant} does not reach the automatic annotator: {scores}."
    return f"Whether {variant} beats the automatic annotator cannot be told: {scores}."


LABELS = {
    "annotator": "the annotator's codes",
    "agreed": "the codes on which the annotators agree",
    "mean": "the mean of the annotators' codes",
}
"""`pretrain.labels` of params.yaml, as the page says it."""


def trained(faces: int, people: int, labels: str) -> str:
    """What a variant saw before the faces that people coded."""
    if not faces:
        return "no pre-training; learned from the faces coded by people alone"
    return (
        f"pre-trained on {plural(faces, 'face', 'faces')} of {plural(people, 'person', 'people')} "
        f"with {LABELS[labels]}, then finetuned on the faces coded by people"
    )


def _level(confidence: float) -> str:
    return f"{100 * confidence:g} %"
