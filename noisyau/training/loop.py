"""The training loop: one epoch after another, the best by validation kept, resumable.

Whatever is random in an epoch follows from the seed and the epoch's number, and the state is
written after each epoch: a run that is killed goes on from its last finished epoch and ends, on
the processor, with the very bytes of a run that was not.
"""

import io
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
from torch import Tensor, nn
from tqdm import tqdm

from noisyau import aus as au_names
from noisyau import outputs
from noisyau.errors import TrainingError
from noisyau.training import sampling
from noisyau.training.augment import Augment
from noisyau.training.device import Device
from noisyau.training.faces import Faces, Scaling
from noisyau.training.losses import MISSING, masked_bce
from noisyau.training.profile import Timer

OnEpoch = Callable[[int, Mapping[str, float]], None]
"""Called with an epoch's number, from 1, and its numbers."""

_INFERENCE_BATCH = 256
_DIVERGED = 50.0  # nats a label; guessing the base rates costs less than 0.7
_WARM_UP = 0.1  # share of the steps in which one_cycle rises


@dataclass(frozen=True)
class Recipe:
    """How a net is trained; params.yaml explains each and gives the paper's value.

    The paper's rate for pre-training, a constant 0.005, kills the VGG13 here: in two epochs over
    2,791 faces of the embedded data the logits became the same for every face (validation AUC
    0.5, loss that of the base rates).
    """

    epochs: int
    batch: int
    learning_rate: float
    dropout: float
    schedule: str
    momentum: float
    weight_decay: float
    patience: int
    augment: Augment
    sampling: str = "uniform"

    @classmethod
    def of(cls, knobs: Mapping[str, Any]) -> "Recipe":
        """From a section of params.yaml that may say more."""
        own = {name: knobs[name] for name in cls.__dataclass_fields__}
        return cls(**{**own, "augment": Augment(**knobs["augment"])})


@dataclass
class _State:
    """What a stopped run needs to go on."""

    epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best_loss: float = math.inf
    best_epoch: int = 0
    best: dict[str, Tensor] = field(default_factory=dict)


def train(
    net: nn.Module,
    scaling: Scaling,
    train: Faces,
    validation: Faces,
    aus: tuple[int, ...],
    recipe: Recipe,
    *,
    device: Device,
    seed: int,
    state: Path,
    label: str,
    on_epoch: OnEpoch = lambda *_: None,
    timer: Timer | None = None,
) -> pd.DataFrame:
    """Train the net in place; it ends with the weights of its best epoch.

    The best epoch has the lowest validation loss: binary cross-entropy asks for order and for
    calibrated probabilities, and the scores are taken at a fixed threshold of 0.5. Training
    ends after `recipe.epochs`, or after `recipe.patience` epochs without a better one.

    state     a file that is written after each epoch; whoever keeps the net removes it after that,
              so that a run killed in between has nothing to train again
    on_epoch  is told each epoch's numbers and times, those of earlier runs excepted
    timer     the clock that takes the times; whoever wants a profile of the run gives his own
    returns   the history: a row an epoch; the same on each run, so without times

    Raises TrainingError where the loss is not finite, with the step's faces on the processor,
    with the epoch on a GPU.
    """
    if not len(train):
        raise TrainingError(f"{label}: no face to train on")
    net = device.place(net)
    for layer in net.modules():
        if isinstance(layer, nn.Dropout):
            layer.p *= recipe.dropout
    optimiser = torch.optim.Adam(
        net.parameters(),
        lr=recipe.learning_rate,
        betas=(recipe.momentum, 0.999),
        weight_decay=recipe.weight_decay,
        fused=True,
    )
    steps = math.ceil(len(train) / recipe.batch)
    done = _resume(state, net, optimiser, device)
    timer = timer or Timer(device)
    timer.learn(net, train.pictures.shape[1:])
    for epoch in range(done.epoch + 1, recipe.epochs + 1):
        if done.epoch - done.best_epoch >= recipe.patience:
            break
        rate = Rate(recipe, steps)
        with timer.epoch(len(train)):
            loss = _run_epoch(
                net, optimiser, scaling, train, recipe, rate, epoch, device, _mixed(seed, epoch),
                label, timer,
            )  # fmt: skip
        numbers = {"learning_rate": rate(epoch * steps - 1), "train_loss": loss}
        numbers |= validate(net, scaling, validation, aus, device)
        done.epoch = epoch
        done.history.append({"epoch": epoch, "step": epoch * steps, **numbers})
        reached = numbers.get("val_loss", -epoch)  # nobody to validate on: the last epoch counts
        if reached < done.best_loss:
            done.best_loss, done.best_epoch = reached, epoch
            done.best = {k: v.detach().clone() for k, v in net.state_dict().items()}
        _write({"net": net.state_dict(), "optimiser": optimiser.state_dict(), **vars(done)}, state)
        on_epoch(epoch, {**numbers, **timer.numbers()})
    net.load_state_dict(done.best)
    history = pd.DataFrame(done.history).astype({"epoch": int, "step": int}).round(6)
    history["best"] = (history["epoch"] == done.best_epoch).astype(int)
    return history


@dataclass(frozen=True)
class Rate:
    """The learning rate of each step, from 0."""

    recipe: Recipe
    steps_per_epoch: int

    def __call__(self, step: int) -> float:
        total = self.recipe.epochs * self.steps_per_epoch
        top = self.recipe.learning_rate
        if self.recipe.schedule == "constant":
            return top
        warm_up = max(1, round(_WARM_UP * total)) if self.recipe.schedule == "one_cycle" else 0
        if step < warm_up:
            return top * (step + 1) / warm_up
        return top * (1 + math.cos(math.pi * (step - warm_up) / max(1, total - warm_up))) / 2


def _run_epoch(
    net: nn.Module,
    optimiser: torch.optim.Optimizer,
    scaling: Scaling,
    faces: Faces,
    recipe: Recipe,
    rate: Rate,
    epoch: int,
    device: Device,
    seed: int,
    label: str,
    timer: Timer,
) -> float:
    """As many faces as there are, as `recipe.sampling` says; the mean of the steps' losses."""
    torch.manual_seed(seed)  # dropout
    generator = device.generator(seed)
    order = sampling.order(recipe.sampling, faces.labels, seed)
    labels = device.tensor(faces.labels)
    total = torch.zeros((), device=device.device)
    net.train()
    with tqdm(
        total=len(order), desc=f"{label} epoch {epoch}/{recipe.epochs}", unit=" face", leave=False,
        file=sys.stderr, mininterval=0.5 if sys.stderr.isatty() else 20,
    ) as bar:  # fmt: skip
        steps = range(0, len(order), recipe.batch)
        for step, first in enumerate(steps, start=(epoch - 1) * len(steps)):
            which = order[first : first + recipe.batch]
            for group in optimiser.param_groups:
                group["lr"] = rate(step)
            with timer.part("input"):
                pictures = recipe.augment(_pictures(faces, which, device), generator)
                batch = _scaled(pictures, scaling)
            with timer.part("forward"):
                with device.autocast():
                    logits = net(batch)
                loss = masked_bce(logits, labels[device.tensor(which)])
            with timer.part("backward"):
                optimiser.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
            with timer.part("optimiser"):
                optimiser.step()
            timer.step()
            total += loss.detach()
            if device.device.type == "cpu" and not math.isfinite(loss.item()):
                names = ", ".join(faces.face_ids[row] for row in which[:5])
                raise TrainingError(
                    f"{label}: the loss is {loss.item()} in epoch {epoch}, step {step + 1}, at "
                    f"learning rate {rate(step):.2g}; the step's first faces are {names}. "
                    "A lower learning_rate in params.yaml is the usual remedy."
                )
            bar.update(len(which))
    mean = total.item() / len(steps)
    if not mean < _DIVERGED:
        raise TrainingError(
            f"{label}: the loss is {mean} in epoch {epoch}, at a learning rate of at most "
            f"{recipe.learning_rate:.2g}; a lower learning_rate in params.yaml is the usual remedy"
        )
    return mean


def logits(net: nn.Module, scaling: Scaling, faces: Faces, device: Device) -> Tensor:
    """(faces, aus) float32 on the CPU, without augmentation or dropout."""
    net.eval()
    parts = []
    with torch.no_grad(), device.autocast():
        for first in range(0, len(faces), _INFERENCE_BATCH):
            which = np.arange(first, min(first + _INFERENCE_BATCH, len(faces)))
            parts.append(net(_scaled(_pictures(faces, which, device), scaling)).float().cpu())
    return torch.cat(parts) if parts else torch.zeros(0, faces.labels.shape[1])


def validate(
    net: nn.Module, scaling: Scaling, faces: Faces, aus: tuple[int, ...], device: Device
) -> dict[str, float]:
    """Loss, and mean F1 (at 0.5), ROC AUC and average precision, over the AUs that have both
    classes here; F1 of each. Empty where there is no face or no label.

    The scores know two classes: a soft label above 0.5 is a positive, and one of 0.5, a tie, is
    left out. The loss takes all labels as they are.
    """
    if not len(faces):
        return {}
    found = logits(net, scaling, faces, device)
    if not found.isfinite().all():
        raise TrainingError(
            "the net's outputs are not finite after this epoch; a lower learning_rate in "
            "params.yaml is the usual remedy"
        )
    if not (faces.labels != MISSING).any():
        return {}
    numbers = {"val_loss": masked_bce(found, torch.from_numpy(faces.labels)).item()}
    scores: dict[str, list[float]] = {"f1": [], "auc": [], "ap": []}
    for number, au in enumerate(aus):
        label = faces.labels[:, number]
        known = (label != MISSING) & (label != 0.5)
        truth, score = label[known] > 0.5, found[torch.from_numpy(known), number].numpy()
        if len(np.unique(truth)) == 2:
            scores["f1"].append(f1_score(truth, score > 0, zero_division=0.0))
            scores["auc"].append(roc_auc_score(truth, score))
            scores["ap"].append(average_precision_score(truth, score))
            numbers[f"val_f1_{au_names.name(au)}"] = scores["f1"][-1]
    means = {f"val_{name}": float(np.mean(found)) for name, found in scores.items() if found}
    return {**numbers, **means}


def _pictures(faces: Faces, which: np.ndarray[Any, Any], device: Device) -> Tensor:
    """(batch, channels, size, size) float, 0..255, on the device."""
    picked = torch.from_numpy(np.ascontiguousarray(faces.pictures[faces.rows[which]]))
    return picked.to(device.device).float()


def _scaled(pictures: Tensor, scaling: Scaling) -> Tensor:
    mean = pictures.new_tensor(scaling.mean).view(1, -1, 1, 1)
    std = pictures.new_tensor(scaling.std).view(1, -1, 1, 1)
    return ((pictures - mean) / std).contiguous(memory_format=torch.channels_last)


def _mixed(seed: int, epoch: int) -> int:
    """A seed for one epoch."""
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])


def _resume(
    state: Path, net: nn.Module, optimiser: torch.optim.Optimizer, device: Device
) -> _State:
    if not state.is_file():
        return _State()
    try:
        kept: dict[str, Any] = torch.load(state, map_location=device.device, weights_only=True)
        net.load_state_dict(kept.pop("net"))
        optimiser.load_state_dict(kept.pop("optimiser"))
        return _State(**kept)
    except Exception as error:  # torch raises many kinds
        raise TrainingError(
            f"{state}: not the state of a run of this version ({type(error).__name__}); remove it "
            "to train from the first epoch"
        ) from error


def _write(content: dict[str, Any], path: Path) -> None:
    buffer = io.BytesIO()  # torch hides the system's word for a full disk
    torch.save(content, buffer)
    with outputs.whole(path) as scratch:
        scratch.write_bytes(buffer.getbuffer())
