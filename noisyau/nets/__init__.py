"""Architectures, by name: `build("vgg13", channels=1, size=64, outputs=17)`.

A net takes faces (batch, channels, size, size), normalised, and returns logits (batch, outputs);
the sigmoid belongs to the loss and to whoever wants probabilities. Its last layer is `output`,
so that finetuning can replace it and keep the rest.
"""

import torch
from torch import nn

from noisyau.errors import TrainingError
from noisyau.nets.vgg import cnn2, vgg13

NETS = {"vgg13": vgg13, "cnn2": cnn2}
"""Name -> function of (channels, size, outputs)."""


def build(name: str, *, channels: int, size: int, outputs: int, seed: int) -> nn.Module:
    """A net with random weights that depend on the seed alone.

    Convolutions and hidden layers start as He et al. 2015 (so that the signal keeps its size
    through 12 layers without batch norm), the output near zero, biases at zero.

    Raises TrainingError for a name that is not known.
    """
    if name not in NETS:
        raise TrainingError(f"unknown net {name!r}; known: {', '.join(NETS)}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = NETS[name](channels, size, outputs)
        for part in net.modules():
            if isinstance(part, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
                part.bias.data.zero_()  # type: ignore[union-attr]
        reset_output(net, outputs)
    return net


def reset_output(net: nn.Module, outputs: int) -> None:
    """Give the net a new last layer: weights near zero, from torch's generator; biases zero."""
    old = net.output
    assert isinstance(old, nn.Linear)
    net.output = nn.Linear(old.in_features, outputs)
    nn.init.normal_(net.output.weight, std=0.01)
    nn.init.zeros_(net.output.bias)
