"""Plain convolutional nets: the paper's VGG13 and one small enough for tests."""

from collections import OrderedDict

from torch import nn

from noisyau.errors import TrainingError
from noisyau.nets.dropout import Dropout


def vgg13(channels: int, size: int, outputs: int) -> nn.Sequential:
    """The modified VGG13 of Fung & McDuff 2020, Table I.

    Ten convolutions of 3 x 3 in four blocks (2 x 64, 2 x 128, 3 x 256, 3 x 256), each block ended
    by max-pooling and dropout of 0.25, then two hidden layers of 1024 with dropout of 0.5. At
    64 x 64 the last feature map is 256 x 4 x 4, as in the table.
    """
    return _plain(
        channels, size, outputs, blocks=((64, 2), (128, 2), (256, 3), (256, 3)), hidden=1024
    )


def cnn2(channels: int, size: int, outputs: int) -> nn.Sequential:
    """Two convolutions and one small hidden part, some 200 times cheaper than vgg13."""
    return _plain(channels, size, outputs, blocks=((8, 1), (16, 1)), hidden=32)


def _plain(
    channels: int, size: int, outputs: int, *, blocks: tuple[tuple[int, int], ...], hidden: int
) -> nn.Sequential:
    if size % 2 ** len(blocks):
        raise TrainingError(
            f"net.side: {size} is not a multiple of {2 ** len(blocks)}, which {len(blocks)} "
            "poolings need"
        )
    layers: list[tuple[str, nn.Module]] = []
    width = channels
    for block, (wider, convolutions) in enumerate(blocks, start=1):
        for number in range(1, convolutions + 1):
            layers.append((f"conv{block}_{number}", nn.Conv2d(width, wider, 3, padding=1)))
            if number == convolutions:  # before the ReLU: the same values, a quarter of the work
                layers.append((f"pool{block}", nn.MaxPool2d(2)))
            layers.append((f"relu{block}_{number}", nn.ReLU(inplace=True)))
            width = wider
        layers.append((f"drop{block}", Dropout(0.25)))
    side = size // 2 ** len(blocks)
    layers.append(("flatten", nn.Flatten()))
    features = width * side * side
    for number in (len(blocks) + 1, len(blocks) + 2):
        layers += [
            (f"fc{number}", nn.Linear(features, hidden)),
            (f"relu{number}", nn.ReLU(inplace=True)),
            (f"drop{number}", Dropout(0.5)),
        ]
        features = hidden
    layers.append(("output", nn.Linear(features, outputs)))
    return nn.Sequential(OrderedDict(layers))
