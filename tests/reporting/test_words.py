import re

import pytest

from noisyau import aus
from noisyau.reporting import words

SEEN = {"scratch": (0, 0), "noisy_all": (5_700, 1_425)}


def _metrics(difference, low, high, methods=("scratch", "noisy_all"), floor=0.3):
    comparison = {
        "difference": difference, "low": low, "high": high,
        "values": {"noisy_all": 0.5, "scratch": 0.4},
    }  # fmt: skip
    f1 = {"value": 0.4, "low": 0.35, "high": 0.45}
    return {
        "coded": {"frames": 2160, "subjects": 27, "folds": 3, "aus": ["AU01", "AU12"]},
        "methods": {name: {"f1": f1} for name in (*methods, "annotator")}
        | {"always_positive": {"f1": {**f1, "value": floor}}},
        "comparisons": {
            "noisy_all-scratch": {"f1": comparison},
            "noisy_all-annotator": {"f1": {
                **comparison, "values": {"noisy_all": 0.5, "annotator": 0.45}}, "aus": ["AU12"]},
        },
    }  # fmt: skip


def _answer(difference, low, high):
    return words.answer(_metrics(difference, low, high), "scratch", 0.95, SEEN)


def test_a_gain_whose_interval_excludes_zero_helped():
    told = _answer(0.1, 0.06, 0.13)
    assert told.kind == "helped"
    assert told.sentence == (
        "Pre-training on 5,700 automatically coded faces of 1,425 people helped: mean F1 rose by "
        "0.10, from 0.40 to 0.50 (95 % interval 0.06 to 0.13)."
    )
    assert "2,160 frames of 27 people" in told.basis


def test_a_loss_whose_interval_excludes_zero_did_not_help():
    told = _answer(-0.1, -0.13, -0.06)
    assert told.kind == "hurt"
    assert "did not help: mean F1 fell by 0.10" in told.sentence
    assert "−0.13 to −0.06" in told.sentence


@pytest.mark.parametrize("interval", [(-0.02, 0.13), (-0.1, 0.0), (0.0, 0.1)])
def test_an_interval_that_touches_zero_cannot_tell(interval):
    told = _answer(0.03, *interval)
    assert told.kind == "unclear"
    assert told.sentence.startswith("We cannot tell whether pre-training on 5,700 automatically")
    assert "includes zero" in told.sentence


def test_a_change_too_small_for_two_digits_gets_three():
    assert "from 0.400 to 0.500" in _answer(0.004, -0.002, 0.009).sentence


def test_what_could_not_be_scored_claims_nothing():
    assert _answer(None, None, None).kind == "unclear"
    assert "could not be scored" in _answer(None, None, None).sentence


def test_one_variant_alone_is_not_compared():
    metrics = _metrics(0.1, 0.06, 0.13, methods=("scratch",))
    told = words.answer(metrics, "scratch", 0.95, SEEN)
    assert told.kind == "alone"
    assert "only scratch ran, with a mean F1 of 0.40" in told.sentence


def test_variants_that_both_pre_trained_are_called_by_name():
    told = words.answer(
        _metrics(0.1, 0.06, 0.13), "scratch", 0.95, {"scratch": (9, 3), "noisy_all": (90, 30)}
    )
    assert told.sentence.startswith("The variant noisy_all, compared with scratch, helped:")


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (
            0.01,
            0.09,
            "The finetuned noisy_all beats the automatic annotator",
        ),
        (-0.09, -0.01, "noisy_all does not reach the automatic"),
        (-0.01, 0.09, "cannot be told"),
    ],
)
def test_the_net_is_held_against_its_teacher(low, high, text):
    told = words.against_annotator(_metrics(0.05, low, high), "noisy_all", 0.95)
    assert text in told
    assert "1 action unit that" in told


def test_numbers_read_as_people_write_them():
    assert words.number(None) == "–"
    assert words.number(-0.0004) == "0.000"
    assert words.number(-0.25, 2) == "−0.25"
    assert [words.signed(value, 2) for value in (0.5, -0.5, 0.0, None)] == [
        "+0.50", "−0.50", "0.00", "–",
    ]  # fmt: skip
    assert [words.p_value(value) for value in (0.0004, 0.04, None)] == ["< 0.001", "0.040", "–"]
    assert words.percent(0, 0) == "–"


def test_every_au_that_can_be_trained_on_has_a_name():
    for au in {*aus.OPENFACE_17, *aus.DISFA_12}:
        assert re.fullmatch(r"[a-z ]+", words.au_name(aus.name(au)))


def test_a_reference_that_has_learned_nothing_is_told_beside_the_answer():
    for floor, told in ((0.39, False), (0.4, True), (0.41, True)):
        answer = words.answer(_metrics(0.1, 0.06, 0.13, floor=floor), "scratch", 0.95, SEEN)
        assert ("scratch scores no more than calling every action unit" in answer.basis) is told
