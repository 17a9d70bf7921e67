import itertools

import pandas as pd
import pytest

from noisyau.errors import TableError
from noisyau.reporting import flow

PRETRAIN = pd.DataFrame({"split": ["train"] * 90 + ["validation"] * 5})


def test_every_step_and_its_losses_add_up():
    failures = {"no_face": 7, "unreadable": 1}
    left_out = {"unsure": 1, "two_people": 1}
    steps = flow.celebrities(100, failures, 97, {"no_mesh": 3}, left_out, PRETRAIN)
    assert [step.left for step in steps] == [108, 100, 97, 95, 90]
    assert [dict(step.lost) for step in steps[3:]] == [
        {"under the minimum confidence": 1, "looks like another person's picture": 1},
        {"held_out_to_watch_training": 5},
    ]  # fmt: skip
    for before, after in itertools.pairwise(steps):
        assert before.left == after.left + sum(after.lost.values())


def test_tables_of_different_runs_are_refused():
    with pytest.raises(TableError, match=r"do not add up: 100 with an aligned face, but 97 .*4"):
        flow.celebrities(100, {}, 97, {"no_mesh": 4}, {}, PRETRAIN)
    with pytest.raises(TableError, match="do not add up"):
        flow.celebrities(100, {}, 90, {"no_mesh": 10}, {}, PRETRAIN)  # more in the table than coded


def test_frames_without_a_human_code_are_counted():
    folds = pd.DataFrame({"role": ["test"] * 40 + ["train"] * 80, "face_id": range(120)})
    steps = flow.coded_frames(50, {"no_face": 2}, {"two_people": 3}, folds, 39)
    assert [(step.left, dict(step.lost)) for step in steps] == [
        (52, {}), (50, {"no_face": 2}),
        (40, {"looks like another person's picture": 3, "no_human_code": 7}),
        (39, {"every_action_unit_missing": 1}),
    ]  # fmt: skip


def test_the_annotator_s_losses_are_those_of_the_tested_frames():
    tested = pd.Series(["a#0", "b#0", "c#0"])
    failures = pd.DataFrame({"face_id": ["b#0", "z#1"], "reason": ["no_mesh", "no_mesh"]})
    steps = flow.annotated_frames(tested, pd.Series(["a#0", "c#0", "y#0"]), failures)
    assert (steps[1].left, dict(steps[1].lost)) == (2, {"no_mesh": 1})


def test_a_frame_neither_coded_nor_failed_is_refused():
    with pytest.raises(TableError, match="do not add up"):
        flow.annotated_frames(
            pd.Series(["a#0", "b#0"]),
            pd.Series(["a#0"]),
            pd.DataFrame({"face_id": [], "reason": []}),
        )


def test_reasons_are_counted_most_frequent_first():
    table = pd.DataFrame({"reason": ["b", "a", "c", "c"]})
    assert list(flow.reasons(table).items()) == [("c", 2), ("a", 1), ("b", 1)]
