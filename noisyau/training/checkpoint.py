"""model.pt: a net that tells all that is needed to use it.

A dictionary of tensors, lists, texts and numbers, so `torch.load(..., weights_only=True)` reads
it:

    weights        name -> tensor, float32
    net            the architecture's name, see noisyau.nets
    aus            names of the outputs in order: ["AU01", ...]
    channels, size of the input: 1 grey or 3 red, green, blue; pixels
    margin         share of a stored crop's side that is cut off all round before it is resized
    normalisation  {"mean": [...], "std": [...]}, grey levels 0..255, by channel
    thresholds     an AU counts as present from this probability on, in the order of `aus`
    provenance     texts: what it was made from
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from noisyau import aus as au_names
from noisyau import nets, outputs
from noisyau.errors import TrainingError
from noisyau.training.faces import Scaling


@dataclass(frozen=True)
class Checkpoint:
    """What model.pt holds, with AUs as numbers."""

    weights: Mapping[str, Tensor]
    net: str
    aus: tuple[int, ...]
    channels: int
    size: int
    margin: float
    scaling: Scaling
    provenance: Mapping[str, object]

    def build(self) -> nn.Module:
        """The net with these weights; TrainingError with names and shapes if they do not fit."""
        net = nets.build(
            self.net, channels=self.channels, size=self.size, outputs=len(self.aus), seed=0
        )
        wanted = net.state_dict()
        wrong = [
            f"{name}: {tuple(weight.shape)}, the net has {tuple(wanted[name].shape)}"
            for name, weight in self.weights.items()
            if name in wanted and weight.shape != wanted[name].shape
        ]
        wrong += [f"absent: {name}" for name in wanted if name not in self.weights]
        wrong += [f"unknown: {name}" for name in self.weights if name not in wanted]
        if wrong:
            raise TrainingError(f"these weights are not of a {self.net}: {'; '.join(wrong)}")
        net.load_state_dict(dict(self.weights))
        return net


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write model.pt; equal content is equal bytes."""
    content: dict[str, Any] = {
        "weights": {
            name: weight.detach().cpu().clone(memory_format=torch.contiguous_format)
            for name, weight in checkpoint.weights.items()
        },
        "net": checkpoint.net,
        "aus": [au_names.name(au) for au in checkpoint.aus],
        "channels": checkpoint.channels,
        "size": checkpoint.size,
        "margin": checkpoint.margin,
        "normalisation": {
            "mean": list(checkpoint.scaling.mean),
            "std": list(checkpoint.scaling.std),
        },
        "thresholds": [0.5] * len(checkpoint.aus),
        "provenance": {
            name: str(checkpoint.provenance[name]) for name in sorted(checkpoint.provenance)
        },
    }
    buffer = io.BytesIO()  # a file's own name would be in the bytes
    torch.save(content, buffer)
    with outputs.whole(path) as scratch:
        scratch.write_bytes(buffer.getbuffer())


def load(path: Path) -> Checkpoint:
    """Read model.pt. Raises TrainingError where it is absent or not one."""
    if not path.is_file():
        raise TrainingError(f"{path}: no such checkpoint; run `dvc repro` to make it")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds, with advice that does not hold here
        raise TrainingError(
            f"{path}: not a checkpoint: torch cannot read it ({type(error).__name__}); "
            "remove it and run `dvc repro`"
        ) from error
    try:
        scales = content["normalisation"]
        return Checkpoint(
            weights=content["weights"],
            net=content["net"],
            aus=tuple(int(name.removeprefix("AU")) for name in content["aus"]),
            channels=content["channels"],
            size=content["size"],
            margin=content["margin"],
            scaling=Scaling(tuple(scales["mean"]), tuple(scales["std"])),
            provenance=content["provenance"],
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TrainingError(
            f"{path}: not a checkpoint of this version ({type(error).__name__}: {error}); "
            "remove it and run `dvc repro`"
        ) from error
