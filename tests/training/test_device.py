import pytest
import torch

from noisyau.errors import TrainingError
from noisyau.training import device


def test_a_device_that_is_not_there_is_refused_with_what_is():
    with pytest.raises(TrainingError, match=r"'cuda:99': this machine has \d+ GPUs"):
        device.choose("cuda:99")


@pytest.mark.parametrize(("precision", "bfloat16"), [("float32", False), ("bfloat16", True)])
def test_a_precision_that_is_asked_for_is_taken(precision, bfloat16):
    where = device.choose("cpu", precision)
    with where.autocast():
        found = torch.nn.Linear(4, 4)(torch.rand(2, 4)).dtype
    assert found == (torch.bfloat16 if bfloat16 else torch.float32)


@pytest.mark.parametrize(
    ("flags", "bfloat16"), [("fpu avx2 avx512_bf16", True), ("amx_bf16", True), ("fpu avx2", False)]
)
def test_precision_auto_goes_by_the_processor_s_instructions(
    tmp_path, monkeypatch, flags, bfloat16
):
    (tmp_path / "cpuinfo").write_text(f"flags\t\t: {flags}\n")
    monkeypatch.setattr(device, "Path", lambda _: tmp_path / "cpuinfo")
    assert device.choose("cpu").bfloat16 is bfloat16


def test_where_processors_cannot_be_asked_precision_auto_is_float32(tmp_path, monkeypatch):
    monkeypatch.setattr(device, "Path", lambda _: tmp_path / "absent")
    assert device.choose("cpu").bfloat16 is False
