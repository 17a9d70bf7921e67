"""Random changes of a batch of pictures, on its device, each picture by its own draw.

In this order: blur, contrast and brightness, as a camera and its light would change a photograph;
then mirror, turn, lean, zoom and scale, and shift, all in one resampling. Grey levels are clipped
to 0..255 in between. What comes from outside the picture is 0 at any brightness, as it is in the
crops of faces at a photograph's edge.

Flip, rotation, skew and scale are those of Fung & McDuff 2020 (IV-C), who do not say how strong.
Nor do Bishay et al. 2023 (IV-B), who have flip, brightness and contrast (their group B), then blur
and zoom (C), then shift and rotation (D): 2.2, 3.7 and 3.8 points of accuracy over none. AUs carry
no side here, so a mirrored face keeps its labels.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


@dataclass(frozen=True)
class Augment:
    """How strong; 0 is off. Draws are uniform between the two ends.

    flip        chance that a face is mirrored, 0..1
    rotation    at most so many degrees either way
    skew        at most so many degrees that verticals lean either way
    scale       at most so much larger or smaller, as a share of the size, 0..1
    shift       at most so far along either axis, as a share of the side
    zoom        as scale, but width and height each by a draw of their own, so that faces become
                broader or longer, as Keras's zoom_range does; nobody says which Bishay et al. did
    brightness  at most so much lighter or darker, as a share of white
    contrast    at most so much further from or nearer to the picture's mean, as a share, 0..1
    blur        standard deviation of a Gaussian, at most so many pixels
    """

    flip: float
    rotation: float
    skew: float
    scale: float
    shift: float = 0.0
    zoom: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    blur: float = 0.0

    def __call__(self, pictures: Tensor, generator: torch.Generator) -> Tensor:
        """Changed pictures.

        pictures   (batch, channels, size, size) float, 0..255, 0 where nothing is known
        generator  on the pictures' device; every call takes the same number of draws
        returns    the same shape; the pictures given are left as they are
        """
        return self.apply(pictures, self.draws(len(pictures), generator))

    def draws(self, batch: int, generator: torch.Generator) -> Tensor:
        """(11, batch) 0..1, a row a choice; 0.5 changes nothing where there are two ways.

        The paper's four are always drawn and the others only where one of them is on, so that
        runs with those four stay as they were before there were others.
        """
        four = torch.rand(4, batch, generator=generator, device=generator.device)
        if self.shift or self.zoom or self.brightness or self.contrast or self.blur:
            others = torch.rand(7, batch, generator=generator, device=generator.device)
        else:
            others = four.new_full((7, batch), 0.5)
        return torch.cat([four, others])

    def apply(self, pictures: Tensor, draws: Tensor) -> Tensor:
        """Pictures as these draws say; nothing here waits for the device."""
        if self.blur:
            pictures = _blurred(pictures, self.blur * draws[10])
        if self.brightness or self.contrast:
            pictures = self._relit(pictures, draws)
        if self.flip or self.rotation or self.skew or self.scale or self.shift or self.zoom:
            grid = F.affine_grid(self.transforms(draws), list(pictures.shape), align_corners=False)
            pictures = F.grid_sample(pictures, grid, "bilinear", "zeros", align_corners=False)
        return pictures

    def transforms(self, draws: Tensor) -> Tensor:
        """(batch, 2, 3): where each output pixel is taken from, in units of half the side."""
        mirror = torch.where(draws[0] < self.flip, -1.0, 1.0)
        either = 2 * draws[1:8] - 1  # -1..1
        angle = either[0] * math.radians(self.rotation)
        lean = torch.tan(either[1] * math.radians(self.skew))
        size = 1 / (1 + either[2] * self.scale)
        right, down = 2 * self.shift * either[3:5]
        width, height = 1 / (1 + either[5:7] * self.zoom)
        cos, sin = torch.cos(angle) * size, torch.sin(angle) * size
        xx, xy = mirror * cos * width, mirror * (cos * lean - sin) * height
        yx, yy = sin * width, (sin * lean + cos) * height
        rows = [xx, xy, -(xx * right + xy * down), yx, yy, -(yx * right + yy * down)]
        return torch.stack(rows, dim=1).view(len(mirror), 2, 3)

    def _relit(self, pictures: Tensor, draws: Tensor) -> Tensor:
        lift, gain = (2 * draws[8:10] - 1).view(2, -1, 1, 1, 1)
        gain = 1 + gain * self.contrast
        mean = pictures.mean(dim=(1, 2, 3), keepdim=True)
        lift = lift * (255 * self.brightness) + mean * (1 - gain)
        return torch.addcmul(lift, pictures, gain).clamp_(0, 255)


def _blurred(pictures: Tensor, deviation: Tensor) -> Tensor:
    """Each picture under its own Gaussian (batch,), in pixels, cut off at the picture's edges.

    A product with one matrix for the columns and one for the rows, at one cost for any Gaussian.
    """
    at = torch.arange(pictures.shape[-1], device=pictures.device, dtype=pictures.dtype)
    sharpness = -0.5 / deviation.clamp(min=0.1).square()  # at 0.1 a pixel sees itself alone
    exponents = (at[:, None] - at).square() * sharpness.view(-1, 1, 1, 1)
    # e^-40 adds nothing; smaller numbers are denormal, at which processors take 20 times as long
    weights = exponents.clamp_(min=-40).exp_()
    weights = weights / weights.sum(dim=-1, keepdim=True)
    return weights @ pictures @ weights.mT
