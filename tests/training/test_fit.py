import numpy as np
import pytest
import torch

from noisyau import nets, tables
from noisyau.errors import TrainingError
from noisyau.training import fit
from noisyau.training.device import choose
from noisyau.training.faces import Faces
from tests.training import made

CPU = choose("cpu", "float32")


def finetune(start, state, train=None, aus=made.AUS, **changed):
    return fit.finetune(
        start, made.faces() if train is None else train, made.faces(60, seed=1), aus,
        made.recipe(**changed), device=CPU, seed=2, state=state, provenance={},
    )  # fmt: skip


def test_without_faces_pretraining_gives_the_random_weights_of_the_seed(tmp_path):
    nobody = made.faces().take(np.zeros(160, bool))
    fitted = made.pretrain(tmp_path / "state.pt", train=nobody, validation=nobody, seed=7)
    fresh = nets.build("cnn2", channels=1, size=made.SIZE, outputs=3, seed=7).state_dict()
    assert all(torch.equal(one, fresh[key]) for key, one in fitted.checkpoint.weights.items())
    assert fitted.history.empty
    assert "random weights" in str(fitted)


def test_a_net_begins_at_the_base_rates(tmp_path):
    rare = made.faces()
    rare.labels[:, 0] = np.arange(160) < 8
    fitted = made.pretrain(tmp_path / "state.pt", train=rare, epochs=1, learning_rate=1e-12)
    found = fit.predict(fitted.checkpoint, made.faces(60, seed=1), CPU)
    assert found["AU01_p"].mean() == pytest.approx(8 / 160, rel=0.2)


def test_a_net_learns_soft_labels_as_they_are(tmp_path):
    """One of 0.5 on every face is learned as 0.5, not as either class."""
    soft = made.faces()
    labels = soft.labels.astype(np.float16)
    labels[:, 1] = 0.5
    labels[::5, 1] = 255
    soft = Faces(soft.pictures, soft.rows, labels, soft.face_ids)
    fitted = made.pretrain(tmp_path / "state.pt", train=soft, epochs=12, learning_rate=0.01)
    assert fitted.untrained == ()
    found = fit.predict(fitted.checkpoint, made.faces(60, seed=1), CPU)
    assert found["AU12_p"].to_numpy() == pytest.approx(0.5, abs=0.1)
    assert fitted.history["val_auc"].iloc[-1] > 0.6


def test_finetuning_keeps_the_pretrained_layers_and_asks_new_aus(tmp_path):
    start = made.pretrain(tmp_path / "state.pt").checkpoint
    two = made.faces(aus=(4, 6))
    fitted = fit.finetune(
        start, two, two, (4, 6), made.recipe(learning_rate=1e-12, epochs=1),
        device=CPU, seed=2, state=tmp_path / "other.pt", provenance={},
    )  # fmt: skip
    made_from = fitted.checkpoint
    assert (made_from.aus, made_from.weights["output.weight"].shape[0]) == ((4, 6), 2)
    for key, weight in start.weights.items():
        if not key.startswith("output"):
            torch.testing.assert_close(made_from.weights[key], weight, atol=1e-6, rtol=0)


def test_an_au_without_a_positive_label_is_told_and_predicted_at_its_rate_for_every_face(tmp_path):
    bare = made.faces()
    bare.labels[:, 1] = 0
    start = made.pretrain(tmp_path / "state.pt", train=bare, epochs=1)
    assert start.untrained == (12,)
    assert "not trained: AU12" in str(start)
    short, long = (
        finetune(start.checkpoint, tmp_path / f"{epochs}.pt", bare, epochs=epochs)
        for epochs in (1, 3)
    )
    rows = [one.checkpoint.weights["output.weight"] for one in (short, long)]
    assert not torch.equal(rows[0][0], rows[1][0])
    found = fit.predict(long.checkpoint, bare, CPU)
    assert found["AU12_p"].to_numpy() == pytest.approx(0.5 / 161)
    assert found["AU01_p"].nunique() > 100


def test_an_au_that_nobody_coded_cannot_be_finetuned(tmp_path):
    bare = made.faces()
    bare.labels[:, 1] = 255
    start = made.pretrain(tmp_path / "state.pt", train=bare, epochs=1)  # noise may lack it
    with pytest.raises(TrainingError, match=r"AU12: no training face has a label.*finetune.aus"):
        finetune(start.checkpoint, tmp_path / "other.pt", bare, epochs=1)


def test_validation_frames_without_a_label_choose_no_epoch(tmp_path):
    blind = made.faces(40, seed=3)
    blind.labels[:] = 255
    fitted = made.pretrain(tmp_path / "state.pt", validation=blind, epochs=3)
    assert "val_loss" not in fitted.history
    assert fitted.history["best"].tolist() == [0, 0, 1]


def test_predictions_are_the_net_s_probabilities_in_the_order_asked(tmp_path):
    made_from = made.pretrain(tmp_path / "state.pt").checkpoint
    faces = made.faces(600, seed=9)
    order = np.random.default_rng(1).permutation(600)
    asked = Faces(faces.pictures, order, faces.labels[order], [f"f{n}#0" for n in order])
    found = fit.predict(made_from, asked, CPU)
    assert found["face_id"].tolist() == [f"f{n}#0" for n in order]
    mean, std = made_from.scaling.mean[0], made_from.scaling.std[0]
    scaled = (torch.from_numpy(faces.pictures[order]).float() - mean) / std
    with torch.no_grad():
        expected = torch.sigmoid(made_from.build().eval()(scaled))
    columns = ["AU01_p", "AU12_p", "AU25_p"]
    np.testing.assert_allclose(found[columns].to_numpy(), expected, atol=1e-5)
    rows = found.assign(subject="s", frame=1, fold=1)
    tables.write(rows, tmp_path / "predictions.parquet", tables.predictions(made.AUS))


def test_pictures_of_another_size_are_refused(tmp_path):
    made_from = made.pretrain(tmp_path / "state.pt", epochs=1).checkpoint
    wide = Faces(np.zeros((1, 3, 32, 32), np.uint8), np.arange(1), np.zeros((1, 3), np.uint8), "a")
    with pytest.raises(TrainingError, match=r"\(3, 32, 32\), the net takes \(1, 16, 16\)"):
        fit.predict(made_from, wide, CPU)
