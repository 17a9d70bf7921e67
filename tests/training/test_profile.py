import gzip
import json
import time

import pandas as pd
import pytest
import torch
from torch import nn

from noisyau import nets
from noisyau.training import profile
from noisyau.training.device import Device, choose
from noisyau.training.profile import Timer
from tests.training import made

CPU = choose("cpu")


def trained(tmp_path, **changed):
    """What a small training tells of each epoch, and its timer."""
    told = []
    timer = changed.pop("timer", None)
    made.pretrain(
        tmp_path / "state.pt", on_epoch=lambda _, numbers: told.append(numbers), timer=timer,
        **changed,
    )  # fmt: skip
    return told


def test_parts_are_timed_and_what_is_left_is_the_host():
    timer = Timer(CPU)
    with timer.epoch(10):
        with timer.part("input"):
            time.sleep(0.02)
        with timer.part("forward"):
            time.sleep(0.04)
        time.sleep(0.03)
        timer.step()
    table = timer.table().set_index("part")
    assert list(table.index) == ["input", "forward", "host"]
    assert table["seconds"].to_list() == pytest.approx([0.02, 0.04, 0.03], abs=0.02)
    assert table["share"].sum() == pytest.approx(1)
    assert table["ms_a_step"].to_list() == pytest.approx((1000 * table["seconds"]).to_list())


def test_waiting_for_a_batch_is_input():
    def slow():
        for number in range(3):
            time.sleep(0.02)
            yield number

    timer, seen = Timer(CPU), []
    with timer.epoch(3):
        for number in timer.each(slow()):
            seen.append(number)
            timer.step()
    assert seen == [0, 1, 2]
    assert timer.numbers()["speed/waiting"] > 0.8


def test_every_run_tells_its_speed_its_waiting_and_its_share_of_the_peak(tmp_path):
    for numbers in trained(tmp_path, epochs=2):
        assert numbers["speed/faces_per_s"] > 0
        assert 0 < numbers["speed/waiting"] < 1
        assert 0 < numbers["speed/mfu"] < 1


def test_the_share_of_the_peak_is_the_net_s_operations_over_the_device_s(monkeypatch):
    monkeypatch.setattr(profile, "peak", lambda _: 1e9)
    timer = Timer(CPU)
    timer.learn(nn.Sequential(nn.Flatten(), nn.Linear(4, 3)), (1, 2, 2))
    with timer.epoch(1000):
        timer.step()
    numbers = timer.numbers()
    # 12 multiply-adds forward and 12 for the weights' gradients, each two operations
    assert numbers["speed/mfu"] == pytest.approx(numbers["speed/faces_per_s"] * 48 / 1e9)


@pytest.mark.parametrize(("net", "side"), [("vgg13", 64), ("cnn2", 16)])
def test_operations_are_those_that_torch_counts(net, side):
    from torch.utils.flop_counter import FlopCounterMode

    built = nets.build(net, channels=1, size=side, outputs=17, seed=1).train()
    with FlopCounterMode(display=False) as counter:
        built(torch.zeros(1, 1, side, side)).sum().backward()
    assert profile.flops(built, (1, side, side), CPU) == counter.get_total_flops()
    assert built.training


@pytest.mark.parametrize(
    ("name", "peak"),
    [("NVIDIA H200", 989e12), ("NVIDIA A100-SXM4-40GB", 312e12), ("NVIDIA H100 PCIe", 756e12)],
)
def test_a_gpu_is_known_by_its_name(monkeypatch, name, peak):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: name)
    assert profile.peak(Device(torch.device("cuda"), bfloat16=True)) == peak


@pytest.mark.parametrize("name", ["NVIDIA GH200 480GB", "NVIDIA A10G", "NVIDIA L40"])
def test_a_gpu_with_a_name_like_another_s_is_measured(monkeypatch, name):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: name)
    monkeypatch.setattr(profile, "measured_peak", lambda _: 7.0)
    assert profile.peak(Device(torch.device("cuda"), bfloat16=True)) == 7.0


def test_a_profile_holds_a_table_and_a_trace_with_the_parts_names(tmp_path):
    timer = Timer(CPU, tracing=True)
    trained(tmp_path, timer=timer, batch=8)  # 20 steps an epoch
    table, trace = timer.write(tmp_path / "profile")
    parts = ["input", "forward", "backward", "optimiser", "host"]
    assert pd.read_csv(table)["part"].to_list() == parts
    events = json.loads(gzip.decompress(trace.read_bytes()))["traceEvents"]
    named = [event["name"] for event in events if event.get("cat") == "user_annotation"]
    assert {part: named.count(part) for part in parts} == {
        **dict.fromkeys(parts[:-1], 10),
        "host": 0,
    }


def test_an_epoch_too_short_for_a_trace_leaves_the_table(tmp_path):
    timer = Timer(CPU, tracing=True)
    trained(tmp_path, timer=timer, batch=160, epochs=2)
    assert [file.name for file in timer.write(tmp_path / "profile")] == ["profile.csv"]


def test_who_asked_for_no_profile_gets_no_file(tmp_path):
    timer = Timer(CPU)
    trained(tmp_path, timer=timer, epochs=1)
    assert timer.write(tmp_path / "profile") == []
    assert not (tmp_path / "profile").exists()
    assert "faces a second: input" in str(timer)


def test_watching_and_tracing_leave_the_weights_as_they_are(tmp_path):
    """Neither draws from a generator nor touches the net."""
    quiet = made.pretrain(tmp_path / "a.pt", batch=8)
    watched = made.pretrain(tmp_path / "b.pt", batch=8, timer=Timer(CPU, tracing=True))
    for name, weight in quiet.checkpoint.weights.items():
        assert torch.equal(weight, watched.checkpoint.weights[name]), name
