"""Random flips, rotations, skews and scales of a batch, in one resampling on its device.

Fung & McDuff 2020 (IV-C) name these four and not how strong they are; the strengths are
parameters. AUs carry no side here, so a mirrored face keeps its labels.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


@dataclass(frozen=True)
class Augment:
    """How strong.

    flip      chance that a face is mirrored, 0..1
    rotation  at most so many degrees either way
    skew      at most so many degrees that verticals lean either way
    scale     at most so much larger or smaller, as a share of the size, 0..1
    """

    flip: float
    rotation: float
    skew: float
    scale: float

    def __call__(self, pictures: Tensor, generator: torch.Generator) -> Tensor:
        """Augmented pictures, each by its own draw.

        pictures   (batch, channels, size, size) float, 0 where nothing is known
        generator  on the pictures' device; every call takes the same number of draws
        returns    the same shape; what comes from outside a picture is 0
        """
        theta = self.transforms(len(pictures), generator)
        grid = F.affine_grid(theta, list(pictures.shape), align_corners=False)
        return F.grid_sample(pictures, grid, "bilinear", "zeros", align_corners=False)

    def transforms(self, batch: int, generator: torch.Generator) -> Tensor:
        """(batch, 2, 3): where each output pixel is taken from, in units of half the side."""
        draws = torch.rand(4, batch, generator=generator, device=generator.device)
        mirror = torch.where(draws[0] < self.flip, -1.0, 1.0)
        either = 2 * draws[1:] - 1  # -1..1
        angle = either[0] * math.radians(self.rotation)
        lean = torch.tan(either[1] * math.radians(self.skew))
        size = 1 / (1 + either[2] * self.scale)
        cos, sin = torch.cos(angle) * size, torch.sin(angle) * size
        zero = torch.zeros_like(angle)
        rows = [mirror * cos, mirror * (cos * lean - sin), zero, sin, sin * lean + cos, zero]
        return torch.stack(rows, dim=1).view(batch, 2, 3)
