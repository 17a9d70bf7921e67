"""What a net is trained to make small."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

MISSING = 255
"""A label that nobody gave."""


def masked_bce(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross-entropy over the labels that exist.

    logits  (faces, aus) float, unbounded
    labels  (faces, aus): 1 present, 0 absent, between them soft; 255 missing
    returns a scalar, nats per known label; 0 when none is known

    Fung & McDuff 2020, IV-B; the mask is ours.
    """
    known = labels != MISSING
    each = F.binary_cross_entropy_with_logits(logits.float(), labels.float(), reduction="none")
    return torch.where(known, each, 0.0).sum() / known.sum().clamp(min=1)
