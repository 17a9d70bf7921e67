"""Faces of a task that a small net learns in seconds, and a run of it in a process of its own."""

import sys
import time
from pathlib import Path

import numpy as np
import torch

from noisyau.training import checkpoint, fit
from noisyau.training.augment import Augment
from noisyau.training.device import choose
from noisyau.training.faces import Faces
from noisyau.training.loop import Recipe

AUS = (1, 12, 25)
SIZE = 16


def faces(count=160, seed=0, aus=AUS, channels=1):
    """An AU that is present is a bright bar at its own height; left and right are alike."""
    rng = np.random.default_rng(seed)
    labels = (rng.random((count, len(aus))) < 0.4).astype(np.uint8)
    pictures = rng.integers(0, 60, (count, channels, SIZE, SIZE), dtype=np.uint8)
    for number in range(len(aus)):
        top = 2 + 5 * number
        pictures[:, :, top : top + 2, 3:-3] += (120 * labels[:, number])[:, None, None, None]
    return Faces(pictures, np.arange(count), labels, [f"m.{n}#0" for n in range(count)])


def recipe(**changed):
    """Few and gentle epochs."""
    return Recipe(
        **{
            "epochs": 4,
            "batch": 32,
            "learning_rate": 0.003,
            "dropout": 1.0,
            "schedule": "one_cycle",
            "momentum": 0.9,
            "weight_decay": 0.0,
            "patience": 10,
            "augment": Augment(flip=0.5, rotation=5, skew=3, scale=0.05),
            **changed,
        }
    )


def pretrain(
    state, seed=1, train=None, validation=None, aus=AUS, on_epoch=None, timer=None, **changed
):
    """fit.pretrain of the small net on the processor."""
    return fit.pretrain(
        faces() if train is None else train,
        faces(60, seed=1) if validation is None else validation,
        aus,
        recipe(**changed),
        net="cnn2",
        channels=1,
        size=SIZE,
        margin=0.0,
        device=choose("cpu"),
        seed=seed,
        state=state,
        provenance={"labels": "abc"},
        on_epoch=on_epoch or (lambda *_: None),
        timer=timer,
    )


def write(folder, fitted):
    """The two files that a stage writes."""
    checkpoint.save(fitted.checkpoint, folder / "model.pt")
    fitted.history.to_csv(folder / "history.csv", index=False)


def _slowly(epoch, _):
    print(epoch, flush=True)
    time.sleep(0.2)


if __name__ == "__main__":
    out = Path(sys.argv[1])
    torch.set_num_threads(1)  # as the tests
    write(out, pretrain(out / "state.pt", epochs=8, on_epoch=_slowly))
