"""Epochs of the training loop beside the pure compute of their steps.

Pure compute is the same net, precision, loss and optimiser on random tensors that already lie
in place. What ours does beyond that is the input (gathering, augmenting and scaling pictures) and
the loop's bookkeeping. Of ours the epoch's steps count, as the loop's own clock takes them. On one
thread, in seconds that a core gave. The target is at least 0.95 of the pure rate.
"""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import nn

from bench import clock
from noisyau import aus, nets
from noisyau.training import loop
from noisyau.training.augment import Augment
from noisyau.training.device import Device, choose
from noisyau.training.faces import Faces, Scaling
from noisyau.training.loop import Recipe
from noisyau.training.losses import masked_bce
from noisyau.training.profile import Timer

FACES, BATCH, SIDE = 96, 32, 64
REPEATS = 7
TARGET = 0.95
OUTPUTS = aus.OPENFACE_17
SCALING = Scaling((127.5,), (73.9,))  # of random grey levels


def recipe(**changed: Any) -> Recipe:
    """The paper's dropout and four augmentations; one epoch."""
    return Recipe(
        **{
            "epochs": 1,
            "batch": BATCH,
            "learning_rate": 0.0002,
            "dropout": 1.0,
            "schedule": "constant",
            "momentum": 0.9,
            "weight_decay": 0.0,
            "patience": 100,
            "augment": Augment(flip=0.5, rotation=10, skew=5, scale=0.1),
            **changed,
        }
    )


def faces(count: int, side: int = SIDE) -> Faces:
    """Random pictures with random labels."""
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 256, (count, 1, side, side), np.uint8)
    labels = rng.integers(0, 2, (count, len(OUTPUTS))).astype(np.float16)
    return Faces(pictures, np.arange(count), labels, [f"m.{row}_0#0" for row in range(count)])


def net(name: str, side: int = SIDE) -> nn.Module:
    return nets.build(name, channels=1, size=side, outputs=len(OUTPUTS), seed=1)


def ours(
    net: nn.Module, train: Faces, how: Recipe, device: Device, timer: Timer | None = None
) -> list[dict[str, float]]:
    """Each epoch's numbers, the times among them, from the loop itself."""
    told: list[dict[str, float]] = []
    nobody = train.take(np.zeros(len(train), bool))
    with TemporaryDirectory(prefix="noisyau-") as folder:
        loop.train(
            net, SCALING, train, nobody, OUTPUTS, how, device=device, seed=1,
            state=Path(folder, "state.pt"), label="bench",
            on_epoch=lambda _, numbers: told.append(dict(numbers)), timer=timer,
        )  # fmt: skip
    return told


def pure(net: nn.Module, how: Recipe, device: Device, side: int, steps: int) -> clock.Seconds:
    """What so many steps take on one batch of random tensors in place."""
    net = device.place(net).train()
    for layer in net.modules():
        if isinstance(layer, nn.Dropout):
            layer.p *= how.dropout
    optimiser = torch.optim.Adam(net.parameters(), lr=how.learning_rate, fused=True)
    some = faces(how.batch, side)
    pictures = device.tensor(some.pictures).float().sub(127.5).div(73.9)
    pictures = pictures.contiguous(memory_format=torch.channels_last)
    labels = device.tensor(some.labels)

    def step() -> None:
        with device.autocast():
            logits = net(pictures)
        loss = masked_bce(logits, labels)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    step()  # kernels are chosen on first use
    finish(device)
    began = clock.now()
    for _ in range(steps):
        step()
    finish(device)
    return clock.since(began)


def finish(device: Device) -> None:
    """Wait until the device has done all that it was given."""
    if device.device.type == "cuda":
        torch.cuda.synchronize(device.device)


class Timed(Timer):
    """Also takes the last epoch's seconds, on the wall and of cores."""

    @contextmanager
    def epoch(self, faces: int) -> Iterator[None]:
        began = clock.now()
        with super().epoch(faces):
            yield
        self.spent = clock.since(began)


def run() -> dict[str, Any]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # core seconds of several would hold what they wait for each other
    device, some, how = choose("cpu"), faces(FACES), recipe(epochs=2)
    seconds: dict[str, list[clock.Seconds]] = {"ours": [], "pure": []}
    waiting = []
    for _ in range(REPEATS):
        timer = Timed(device)
        told = ours(net("vgg13"), some, how, device, timer)
        waiting.append(told[-1]["speed/waiting"])
        seconds["ours"].append(timer.spent)  # of the second epoch; the first fills the memory
        seconds["pure"].append(pure(net("vgg13"), how, device, SIDE, FACES // BATCH))
    torch.set_num_threads(threads)
    pairs = list(zip(seconds["ours"], seconds["pure"], strict=True))
    return {
        "faces_per_core_s": {
            name: round(FACES / statistics.median(one.cores for one in each), 1)
            for name, each in seconds.items()
        },
        "input_share": round(statistics.median(waiting), 3),
        "batch": BATCH,
        "repeats": REPEATS,
        "ratios": [round(ratio, 3) for ratio in sorted(b.cores / a.cores for a, b in pairs)],
        "ratio": round(statistics.median(b.cores / a.cores for a, b in pairs), 3),
        "ratio_on_the_wall": round(statistics.median(b.wall / a.wall for a, b in pairs), 3),
        "target": TARGET,
    }
