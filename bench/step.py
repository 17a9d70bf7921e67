"""Epochs of the training loop beside the pure compute of their steps.

Pure compute is the same net, precision, loss and optimiser on random tensors that already lie
in place. What ours does beyond that is the input (gathering, augmenting and scaling pictures) and
the loop's bookkeeping. Of ours the epochs' steps count, as the loop itself times them for MLflow.
The target is at least 0.95 of the pure rate.
"""

import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import nn

from noisyau import aus, nets
from noisyau.training import loop
from noisyau.training.augment import Augment
from noisyau.training.device import Device, choose
from noisyau.training.faces import Faces, Scaling
from noisyau.training.loop import Recipe
from noisyau.training.losses import masked_bce

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


def ours(net: nn.Module, train: Faces, how: Recipe, device: Device) -> list[dict[str, float]]:
    """Each epoch's numbers, the times among them, from the loop itself."""
    told: list[dict[str, float]] = []
    nobody = train.take(np.zeros(len(train), bool))
    with TemporaryDirectory(prefix="noisyau-") as folder:
        loop.train(
            net, SCALING, train, nobody, OUTPUTS, how, device=device, seed=1,
            state=Path(folder, "state.pt"), label="bench",
            on_epoch=lambda _, numbers: told.append(dict(numbers)),
        )  # fmt: skip
    return told


def pure(net: nn.Module, how: Recipe, device: Device, side: int, steps: int) -> float:
    """Faces a second of as many steps on one batch of random tensors in place."""
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
    began = now(device)
    for _ in range(steps):
        step()
    return steps * how.batch / (now(device) - began)


def now(device: Device) -> float:
    """Seconds, when the device has done all that it was given."""
    if device.device.type == "cuda":
        torch.cuda.synchronize(device.device)
    return time.perf_counter()


def run() -> dict[str, Any]:
    device, some, how = choose("cpu"), faces(FACES), recipe(epochs=2)
    ours(net("vgg13"), some, how, device)  # kernels are chosen on first use
    rates: dict[str, list[float]] = {"ours": [], "pure": []}
    waiting = []
    for _ in range(REPEATS):
        told = ours(net("vgg13"), some, how, device)[-1]  # the first fills the memory anew
        rates["ours"].append(told["speed/faces_per_s"])
        waiting.append(told["speed/waiting"])
        rates["pure"].append(pure(net("vgg13"), how, device, SIDE, FACES // BATCH))
    ratios = [one / other for one, other in zip(rates["ours"], rates["pure"], strict=True)]
    return {
        "faces_per_s": {name: round(statistics.median(each), 1) for name, each in rates.items()},
        "input_share": round(statistics.median(waiting), 3),
        "batch": BATCH,
        "threads": torch.get_num_threads(),
        "repeats": REPEATS,
        "ratios": [round(ratio, 2) for ratio in sorted(ratios)],
        "ratio": round(statistics.median(ratios), 2),
        "target": TARGET,
    }
