import re

import pytest
import torch

from noisyau import nets
from noisyau.errors import TrainingError
from noisyau.training import checkpoint
from noisyau.training.checkpoint import Checkpoint
from noisyau.training.faces import Scaling


def made(**changed):
    net = nets.build("cnn2", channels=1, size=16, outputs=2, seed=3)
    parts = {
        "weights": net.state_dict(), "net": "cnn2", "aus": (1, 12), "channels": 1, "size": 16,
        "margin": 0.1, "scaling": Scaling((90.5,), (40.25,)),
        "provenance": {"labels": "abc", "a": "b"},
    }  # fmt: skip
    return Checkpoint(**{**parts, **changed})


def test_what_is_saved_is_loaded(tmp_path):
    checkpoint.save(made(), tmp_path / "deep" / "model.pt")
    found = checkpoint.load(tmp_path / "deep" / "model.pt")
    faces = torch.rand(2, 1, 16, 16)
    with torch.no_grad():
        assert torch.equal(found.build().eval()(faces), made().build().eval()(faces))
    assert (found.aus, found.scaling) == ((1, 12), Scaling((90.5,), (40.25,)))
    assert found.provenance == {"labels": "abc", "a": "b"}
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["model.pt"]


def test_anyone_can_read_it_without_this_package(tmp_path):
    checkpoint.save(made(), tmp_path / "model.pt")
    content = torch.load(tmp_path / "model.pt", weights_only=True)
    assert (content["net"], content["aus"], content["size"]) == ("cnn2", ["AU01", "AU12"], 16)
    assert content["normalisation"] == {"mean": [90.5], "std": [40.25]}
    assert content["thresholds"] == [0.5, 0.5]
    assert {weight.dtype for weight in content["weights"].values()} == {torch.float32}


def test_equal_nets_are_equal_bytes_whatever_their_layout_and_file_name(tmp_path):
    net = made().build().to(memory_format=torch.channels_last)
    checkpoint.save(made(), tmp_path / "model.pt")
    checkpoint.save(
        made(weights=net.state_dict(), provenance={"a": "b", "labels": "abc"}),
        tmp_path / "other.pt",
    )
    assert (tmp_path / "model.pt").read_bytes() == (tmp_path / "other.pt").read_bytes()


def test_a_file_that_is_no_checkpoint_is_named(tmp_path):
    with pytest.raises(TrainingError, match=r"model.pt: no such checkpoint; run `dvc repro`"):
        checkpoint.load(tmp_path / "model.pt")
    checkpoint.save(made(), tmp_path / "model.pt")
    whole = (tmp_path / "model.pt").read_bytes()
    for content in (b"", b"no net", whole[: len(whole) // 2]):
        (tmp_path / "model.pt").write_bytes(content)
        with pytest.raises(TrainingError, match=r"model.pt: not a checkpoint.*run `dvc repro`"):
            checkpoint.load(tmp_path / "model.pt")
    torch.save({"weights": {}}, tmp_path / "model.pt")
    with pytest.raises(TrainingError, match=r"model.pt: not a checkpoint.*normalisation"):
        checkpoint.load(tmp_path / "model.pt")


def test_weights_of_another_net_are_refused_with_names_and_shapes():
    wider = nets.build("cnn2", channels=3, size=16, outputs=2, seed=3).state_dict()
    text = re.escape("conv1_1.weight: (8, 3, 3, 3), the net has (8, 1, 3, 3)")
    with pytest.raises(TrainingError, match=text):
        made(weights=wider).build()
    without = {key: one for key, one in made().weights.items() if key != "conv1_1.bias"}
    with pytest.raises(TrainingError, match=r"cnn2.*absent: conv1_1.bias"):
        made(weights=without).build()
