"""Pre-training and finetuning: two ways into the same loop."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from noisyau import aus as au_names
from noisyau import nets
from noisyau.errors import TrainingError
from noisyau.training import loop
from noisyau.training.checkpoint import Checkpoint
from noisyau.training.device import Device
from noisyau.training.faces import Faces, scaling
from noisyau.training.loop import OnEpoch, Recipe
from noisyau.training.losses import MISSING
from noisyau.training.profile import Timer


@dataclass(frozen=True)
class Fitted:
    """A trained net.

    history    a row an epoch; empty where there was nothing to train on
    untrained  AUs without a label above 0 among the training faces: their outputs stay as
               they began, at the base rate
    """

    checkpoint: Checkpoint
    history: pd.DataFrame
    untrained: tuple[int, ...]

    def __str__(self) -> str:
        if self.history.empty:
            return "nothing to train on: random weights from the seed"
        best = self.history.loc[self.history["best"] == 1].iloc[0]
        names = ", ".join(map(au_names.name, self.untrained))
        return (
            f"best epoch {best['epoch']:.0f} of {len(self.history)}, "
            f"training loss {best['train_loss']:.3f}"
            + (f", validation loss {best['val_loss']:.3f}" if "val_loss" in best else "")
            + (f"; without a positive label, so not trained: {names}" if names else "")
        )


def pretrain(
    train: Faces,
    validation: Faces,
    aus: tuple[int, ...],
    recipe: Recipe,
    *,
    net: str,
    channels: int,
    size: int,
    margin: float,
    device: Device,
    seed: int,
    state: Path,
    provenance: Mapping[str, object],
    on_epoch: OnEpoch = lambda *_: None,
    timer: Timer | None = None,
) -> Fitted:
    """A net trained on noisy labels; without any face, the random weights that it starts from.

    Fung & McDuff 2020, IV-A.
    """
    fresh = nets.build(net, channels=channels, size=size, outputs=len(aus), seed=seed)
    scales = scaling(train.pictures, train.rows)
    untrained = _start_at_base_rates(fresh, train, aus)
    history = pd.DataFrame(columns=["epoch", "step", "train_loss", "val_loss"])
    if len(train):
        history = loop.train(
            fresh, scales, _without(train, untrained, aus), _without(validation, untrained, aus),
            aus, recipe, device=device, seed=seed, state=state, label="pretrain", on_epoch=on_epoch,
            timer=timer,
        )  # fmt: skip
    weights = fresh.state_dict()
    made = Checkpoint(weights, net, aus, channels, size, margin, scales, provenance)
    return Fitted(made, history, untrained)


def finetune(
    start: Checkpoint,
    train: Faces,
    validation: Faces,
    aus: tuple[int, ...],
    recipe: Recipe,
    *,
    device: Device,
    seed: int,
    state: Path,
    provenance: Mapping[str, object],
    on_epoch: OnEpoch = lambda *_: None,
    timer: Timer | None = None,
) -> Fitted:
    """The net with a new last layer for these AUs, trained on human labels.

    Pictures are scaled as this training set asks. Fung & McDuff 2020, IV-B.
    """
    _check_shape(start, train)
    _check_known(train, aus)
    net = start.build()
    torch.manual_seed(seed)
    nets.reset_output(net, len(aus))
    scales = scaling(train.pictures, train.rows)
    untrained = _start_at_base_rates(net, train, aus)
    history = loop.train(
        net, scales, _without(train, untrained, aus), _without(validation, untrained, aus),
        aus, recipe, device=device, seed=seed, state=state, label="finetune", on_epoch=on_epoch,
        timer=timer,
    )  # fmt: skip
    weights = net.state_dict()
    made = replace(start, weights=weights, aus=aus, scaling=scales, provenance=provenance)
    return Fitted(made, history, untrained)


def predict(checkpoint: Checkpoint, faces: Faces, device: Device) -> pd.DataFrame:
    """face_id and a probability AUnn_p for each AU, in the order of the faces.

    In float32 whatever the training was in: bfloat16 has so few numbers that faces tie.
    """
    _check_shape(checkpoint, faces)
    exact = replace(device, bfloat16=False)
    net = exact.place(checkpoint.build())
    found = torch.sigmoid(loop.logits(net, checkpoint.scaling, faces, exact)).numpy()
    columns = {au_names.probability(au): found[:, at] for at, au in enumerate(checkpoint.aus)}
    return pd.DataFrame({"face_id": list(faces.face_ids), **columns})


def _check_shape(checkpoint: Checkpoint, faces: Faces) -> None:
    wanted = (checkpoint.channels, checkpoint.size, checkpoint.size)
    if faces.pictures.shape[1:] != wanted:
        raise TrainingError(
            f"pictures are {faces.pictures.shape[1:]}, the net takes {wanted} "
            "(channels, height, width)"
        )


def _check_known(train: Faces, aus: tuple[int, ...]) -> None:
    known = (train.labels != MISSING).any(axis=0)
    if len(train) and not known.all():
        never = ", ".join(
            au_names.name(au) for au, any_ in zip(aus, known, strict=True) if not any_
        )
        raise TrainingError(
            f"{never}: no training face has a label, so nothing can be learned of it; take it out "
            "of finetune.aus in params.yaml"
        )


def _start_at_base_rates(net: nn.Module, train: Faces, aus: tuple[int, ...]) -> tuple[int, ...]:
    """Set the output's biases so that each AU begins at its (smoothed) rate in the labels.

    Rare AUs then need no steps to become rare (Lin et al. 2017, 4.1). Returns the AUs that have
    no positive label; their outputs are that rate for every face.
    """
    known = train.labels != MISSING
    positives = np.where(known, train.labels, 0).sum(axis=0, dtype=np.float64)
    rate = (positives + 0.5) / (known.sum(axis=0) + 1)
    output: nn.Linear = net.output  # type: ignore[assignment]
    with torch.no_grad():
        output.bias.copy_(torch.from_numpy(np.log(rate / (1 - rate))))
        if len(train):
            output.weight[torch.from_numpy(positives == 0)] = 0.0
    return tuple(au for au, count in zip(aus, positives, strict=True) if not count)


def _without(faces: Faces, untrained: tuple[int, ...], aus: tuple[int, ...]) -> Faces:
    """The faces with the labels of these AUs missing, so that their outputs get no gradient."""
    labels = faces.labels.copy()
    labels[:, [aus.index(au) for au in untrained]] = MISSING
    return Faces(faces.pictures, faces.rows, labels, faces.face_ids)
