import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from noisyau.errors import TrainingError
from noisyau.training import loop
from noisyau.training.device import choose
from noisyau.training.faces import Faces
from tests.training import made


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state.pt"


def test_a_small_net_learns(state):
    fitted = made.pretrain(state, epochs=12, learning_rate=0.01)
    assert fitted.history["val_auc"].iloc[-1] > 0.95
    assert fitted.history["train_loss"].iloc[-1] < fitted.history["train_loss"].iloc[0]


def test_the_history_has_a_row_an_epoch_and_no_times(state):
    told = []
    fitted = made.pretrain(state, epochs=2, on_epoch=lambda *row: told.append(row))
    assert fitted.history["epoch"].tolist() == [1, 2]
    assert fitted.history["step"].tolist() == [5, 10]  # 160 faces in batches of 32
    assert {"train_loss", "val_loss", "val_f1", "val_auc", "val_ap", "val_f1_AU12",
            "learning_rate"} <= set(fitted.history)  # fmt: skip
    assert not [name for name in fitted.history if "second" in name or "time" in name]
    assert [epoch for epoch, _ in told] == [1, 2]
    assert told[1][1]["val_loss"] == pytest.approx(fitted.history["val_loss"][1], abs=1e-6)


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(tmp_path):
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        made.write(tmp_path / name, made.pretrain(tmp_path / f"{name}.pt", seed=seed, epochs=2))
    for file in ("model.pt", "history.csv"):
        first, again, other = (
            (tmp_path / run / file).read_bytes() for run in ("first", "again", "other")
        )
        assert first == again
        assert first != other


def test_balanced_sampling_is_another_run_and_goes_on_where_it_stopped(tmp_path):
    def stop(*_):
        raise KeyboardInterrupt

    uniform = made.pretrain(tmp_path / "uniform.pt")
    whole = made.pretrain(tmp_path / "whole.pt", sampling="balanced")
    with pytest.raises(KeyboardInterrupt):
        made.pretrain(tmp_path / "stopped.pt", sampling="balanced", on_epoch=stop)
    resumed = made.pretrain(tmp_path / "stopped.pt", sampling="balanced")
    assert whole.history["step"].tolist() == uniform.history["step"].tolist()
    assert whole.history["train_loss"][0] != uniform.history["train_loss"][0]
    assert resumed.history.equals(whole.history)
    for name, weights in whole.checkpoint.weights.items():
        assert torch.equal(resumed.checkpoint.weights[name], weights)


@pytest.mark.parametrize("stop_after", [1, 5])
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(tmp_path, stop_after):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    killed.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.training.made", str(killed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
        text=True,
    ) as process:
        for line in process.stdout:
            if int(line) == stop_after:
                os.kill(process.pid, signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    assert [path.name for path in killed.iterdir()] == ["state.pt"]
    epochs = []
    resumed = made.pretrain(
        killed / "state.pt", epochs=8, on_epoch=lambda epoch, _: epochs.append(epoch)
    )
    assert epochs == list(range(stop_after + 1, 9))
    made.write(killed, resumed)
    made.write(whole, made.pretrain(tmp_path / "state.pt", epochs=8))
    for file in ("model.pt", "history.csv"):
        assert (killed / file).read_bytes() == (whole / file).read_bytes()


def test_a_run_killed_after_its_last_epoch_has_nothing_to_train_again(state):
    first = made.pretrain(state)
    again = made.pretrain(state, on_epoch=lambda *_: pytest.fail("trained again"))
    assert again.history.equals(first.history)
    weights = again.checkpoint.weights
    assert all(torch.equal(weights[key], one) for key, one in first.checkpoint.weights.items())


def test_a_state_that_was_cut_short_is_named_with_the_remedy(state):
    state.write_bytes(b"half a state")
    with pytest.raises(TrainingError, match=r"state.pt: .*remove it"):
        made.pretrain(state)


def test_training_stops_when_validation_gets_no_better_and_keeps_the_best(state):
    train, against = made.faces(), made.faces(60, seed=1)
    opposite = Faces(against.pictures, against.rows, 1 - against.labels, against.face_ids)
    fitted = made.pretrain(
        state, train=train, validation=opposite, epochs=40, patience=2, learning_rate=0.01,
        schedule="constant",
    )  # fmt: skip
    best = fitted.history["val_loss"].idxmin()
    assert len(fitted.history) == best + 1 + 2 < 40
    assert fitted.history["best"].tolist() == [int(row == best) for row in fitted.history.index]
    kept = loop.validate(
        fitted.checkpoint.build(), fitted.checkpoint.scaling, opposite, made.AUS, choose("cpu")
    )
    assert kept["val_loss"] == pytest.approx(fitted.history["val_loss"][best], rel=1e-3)


def test_without_validation_faces_the_last_epoch_counts(state):
    nobody = made.faces().take(np.zeros(160, bool))
    fitted = made.pretrain(state, validation=nobody, epochs=3)
    assert fitted.history["best"].tolist() == [0, 0, 1]
    assert "val_loss" not in fitted.history


def test_an_infinite_loss_names_the_epoch_the_step_the_rate_and_the_faces(state):
    with pytest.raises(
        TrainingError, match=r"epoch \d+, step \d+, at learning rate 1e\+30.*m\.\d+#0.*lower"
    ):
        made.pretrain(state, learning_rate=1e30, schedule="constant")


def test_nobody_to_train_on_is_refused(state):
    nobody = made.faces().take(np.zeros(160, bool))
    device = choose("cpu")
    net = made.pretrain(state, epochs=1).checkpoint
    with pytest.raises(TrainingError, match="pretrain: no face to train on"):
        loop.train(
            net.build(), net.scaling, nobody, nobody, made.AUS, made.recipe(),
            device=device, seed=1, state=state, label="pretrain",
        )  # fmt: skip


def test_the_last_faces_that_fill_no_batch_are_trained_on_too(state):
    assert made.pretrain(state, epochs=1, batch=100).history["step"].tolist() == [2]


def test_scores_are_missing_where_an_au_has_one_class_only():
    faces = made.faces(40)
    labels = faces.labels.copy()
    labels[:, 1] = 0
    labels[::2, 2] = 255
    some = Faces(faces.pictures, faces.rows, labels, faces.face_ids)
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(made.SIZE**2, 3))
    found = loop.validate(
        net, made.fit.scaling(faces.pictures, faces.rows), some, made.AUS, choose("cpu")
    )
    assert {"val_f1_AU01", "val_f1_AU25"} <= set(found)
    assert "val_f1_AU12" not in found
    means = (found["val_f1_AU01"] + found["val_f1_AU25"]) / 2
    assert found["val_f1"] == pytest.approx(means)


def test_scores_leave_ties_out_and_take_a_soft_label_for_its_side():
    faces = made.faces(40)
    soft = faces.labels.astype(np.float16)
    soft[faces.labels == 1] = 0.75
    soft[::4] = 0.5
    tied = Faces(faces.pictures, faces.rows, soft, faces.face_ids)
    hard = faces.labels.copy()
    hard[::4] = 255
    known = Faces(faces.pictures, faces.rows, hard, faces.face_ids)
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(made.SIZE**2, 3))
    scales = made.fit.scaling(faces.pictures, faces.rows)
    one, other = (
        loop.validate(net, scales, some, made.AUS, choose("cpu")) for some in (tied, known)
    )
    assert one.pop("val_loss") != other.pop("val_loss")
    assert len(one) == 6
    assert one == other


def test_learning_rates_follow_their_schedule():
    def rates(schedule):
        rate = loop.Rate(made.recipe(schedule=schedule, epochs=4, learning_rate=1.0), 25)
        return np.array([rate(step) for step in range(100)])

    assert (rates("constant") == 1).all()
    cosine, one_cycle = rates("cosine"), rates("one_cycle")
    assert cosine[0] == 1
    assert (np.diff(cosine) < 0).all()
    assert one_cycle.argmax() in (9, 10)
    assert one_cycle[0] == pytest.approx(0.1)
    assert (np.diff(one_cycle[:10]) > 0).all()
    assert (np.diff(one_cycle[10:]) < 0).all()
    assert one_cycle[-1] < 0.01
