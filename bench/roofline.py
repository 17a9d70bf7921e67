"""What bounds each layer of the VGG13 in training: on paper, and as measured here.

    python -m bench.roofline           # the tables of bench/README.md, in Markdown
    python -m bench.roofline 16        # of this batch alone

On paper a layer takes the longer of two times: its operations at the device's bfloat16 peak, and
the bytes that it has to move at the memory's speed. A multiply-add is two operations. Bytes count
each tensor once for each pass that reads or writes it, and no cache; activations are bfloat16,
weights float32 that are cast on the way in, and their gradients on the way out. "Here" is one
core of this processor, with its own peaks, the best that a matrix product and a copy come to just
before. Measured is the median of a layer's own core seconds, one layer after another on the batch
that the net has made by then; pooling and ReLU count with the convolution before them. Dropout is
left out, as the default run does.
"""

import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from bench import gpu, step
from noisyau.training import profile
from noisyau.training.device import Device, choose

H200_FLOPS = profile.PEAKS["H200"]
H200_BYTES = 4.8e12  # a second, NVIDIA's data sheet
BATCHES = (16, 128)
REPEATS = 5


class Cost(NamedTuple):
    """Operations and bytes of one pass over one batch."""

    flops: float
    bytes: float

    def __add__(self, other: "Cost") -> "Cost":  # type: ignore[override]
        return Cost(self.flops + other.flops, self.bytes + other.bytes)

    def seconds(self, flops: float, bytes_: float) -> float:
        """At a device's peaks."""
        return max(self.flops / flops, self.bytes / bytes_)


@dataclass
class Row:
    """A layer with what follows it up to the next: forward and backward, paper and clock."""

    name: str
    shape: str
    forward: Cost
    backward: Cost
    measured: tuple[float, float]  # seconds


def paper(layer: nn.Module, taken: Tensor, given: Tensor, first: bool) -> tuple[Cost, Cost]:
    """What a layer's forward and backward pass cost; `first` needs no gradient of its input."""
    inside, outside = taken.numel(), given.numel()
    if isinstance(layer, nn.Conv2d | nn.Linear):
        weights = layer.weight.numel()
        flops = 2.0 * weights * outside / len(layer.weight)
        entering = (4 if first else 2) * inside  # pictures are float32
        forward = Cost(flops, entering + 2 * outside + (4 + 2 + 2) * weights)
        backward = Cost(flops, 2 * outside + entering + (2 + 2 + 4) * weights)  # of the weights
        if not first:
            backward += Cost(flops, 2 * outside + 2 * inside + 2 * weights)  # of the input
        return forward, backward
    if isinstance(layer, nn.MaxPool2d):  # its indices are 8 bytes each
        return Cost(0, 2 * inside + 10 * outside), Cost(0, 10 * outside + 2 * 2 * inside)
    if isinstance(layer, nn.ReLU):
        return Cost(0, 2 * 2 * outside), Cost(0, 3 * 2 * outside)
    return Cost(0, 0), Cost(0, 0)  # flatten


def rows(batch: int, device: Device) -> Iterator[Row]:
    """The layers in order, then the optimiser."""
    net = device.place(step.net("vgg13")).train()
    taken = torch.randn(batch, 1, 64, 64).contiguous(memory_format=torch.channels_last)
    row: Row | None = None
    for name, layer in net.named_children():
        if isinstance(layer, nn.Dropout):
            continue
        given, ahead, back = clock(layer, taken, device, first=row is None)
        forward, backward = paper(layer, taken, given, first=row is None)
        if isinstance(layer, nn.Conv2d | nn.Linear):
            if row:
                yield row
            shape = " x ".join(str(size) for size in given.shape[1:])
            row = Row(name, shape, forward, backward, (ahead, back))
        else:
            assert row
            row.forward, row.backward = row.forward + forward, row.backward + backward
            row.measured = (row.measured[0] + ahead, row.measured[1] + back)
        taken = given.detach()
    assert row
    yield row
    weights = sum(one.numel() for one in net.parameters())
    adam = Cost(12.0 * weights, 7 * 4.0 * weights)  # reads 4 numbers for each, writes 3
    yield Row("Adam", f"{weights:,} weights", adam, Cost(0, 0), (optimiser(net), 0.0))


def clock(
    layer: nn.Module, taken: Tensor, device: Device, first: bool
) -> tuple[Tensor, float, float]:
    """The layer's output, and seconds of its forward and backward pass."""
    if isinstance(layer, nn.ReLU):
        layer.inplace = False  # else its input could not be used again; as many bytes
    ahead, back = [], []
    for _ in range(REPEATS + 1):
        own = taken.clone(memory_format=torch.preserve_format).requires_grad_(not first)
        began = time.process_time()
        with device.autocast():
            given: Tensor = layer(own)
        ahead.append(time.process_time() - began)
        wanted = [one for one in (own, *layer.parameters()) if one.requires_grad]
        gradient = torch.ones_like(given)
        began = time.process_time()
        torch.autograd.grad(given, wanted, gradient)
        back.append(time.process_time() - began)
    return given, statistics.median(ahead[1:]), statistics.median(back[1:])


def optimiser(net: nn.Module) -> float:
    """Seconds of a step of Adam."""
    adam = torch.optim.Adam(net.parameters(), fused=True)
    for weight in net.parameters():
        weight.grad = torch.full_like(weight, 1e-6)
    spent = []
    for _ in range(REPEATS + 1):
        began = time.process_time()
        adam.step()
        spent.append(time.process_time() - began)
    return statistics.median(spent[1:])


def table(batch: int, device: Device, flops: float, bytes_: float) -> list[str]:
    """A batch's table; `flops` and `bytes_` are this processor's peaks."""
    lines = [
        "| layer | output | GFLOP | MB | FLOP a byte | H200, us | bound there by "
        "| here on paper, ms | here measured, ms | bound here by |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- | ---: | ---: | --- |",
    ]
    found = list(rows(batch, device))
    for row in found:
        both = row.forward + row.backward
        lines.append(
            f"| {row.name} | {row.shape} "
            f"| {row.forward.flops / 1e9:.2f} + {row.backward.flops / 1e9:.2f} "
            f"| {row.forward.bytes / 1e6:.1f} + {row.backward.bytes / 1e6:.1f} "
            f"| {both.flops / both.bytes:.0f} "
            f"| {pair(row, H200_FLOPS, H200_BYTES, 1e6)} "
            f"| {bound(both, H200_FLOPS, H200_BYTES)} "
            f"| {pair(row, flops, bytes_, 1e3)} "
            f"| {1e3 * row.measured[0]:.1f} + {1e3 * row.measured[1]:.1f} "
            f"| {bound(both, flops, bytes_)} |"
        )
    there, here = (
        sum(row.forward.seconds(*peaks) + row.backward.seconds(*peaks) for row in found)
        for peaks in ((H200_FLOPS, H200_BYTES), (flops, bytes_))
    )
    measured = sum(sum(row.measured) for row in found)
    total = sum((row.forward + row.backward for row in found), Cost(0, 0))
    lines.append(
        f"| all | | {total.flops / 1e9:.1f} | {total.bytes / 1e6:.0f} "
        f"| {total.flops / total.bytes:.0f} | {1e6 * there:.0f} | | {1e3 * here:.0f} "
        f"| {1e3 * measured:.0f} | |"
    )
    lines.append("")
    lines.append(
        f"Faces a second: {batch / there:,.0f} on an H200 on paper, {batch / here:,.0f} here on "
        f"paper, {batch / measured:,.0f} here as measured, without what lies between layers."
    )
    return lines


def pair(row: Row, flops: float, bytes_: float, unit: float) -> str:
    forward, backward = (unit * one.seconds(flops, bytes_) for one in (row.forward, row.backward))
    return f"{forward:.1f} + {backward:.1f}"


def bound(cost: Cost, flops: float, bytes_: float) -> str:
    return "operations" if cost.flops / flops > cost.bytes / bytes_ else "memory"


def main(batches: list[int]) -> None:
    torch.set_num_threads(1)
    device = choose("cpu")
    flops = max(profile.measured_peak(device) for _ in range(5))
    bytes_ = max(gpu.copied(device) for _ in range(3))
    print(
        f"Here: one core, "
        f"{'bfloat16' if device.bfloat16 else 'float32'}, {flops / 1e12:.2f} TFLOP/s, "
        f"{bytes_ / 1e9:.1f} GB/s, so operations bound from {flops / bytes_:.0f} FLOP a byte on; "
        f"H200: {H200_FLOPS / 1e12:.0f} TFLOP/s, {H200_BYTES / 1e12:.1f} TB/s, "
        f"{H200_FLOPS / H200_BYTES:.0f} FLOP a byte. Each pair is forward + backward."
    )
    for batch in batches or BATCHES:
        print(f"\n### Batch {batch}\n")
        print("\n".join(table(batch, device, flops, bytes_)))


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]])
