"""Training: faces as arrays in, a net and its probabilities out."""

from noisyau.training.fit import finetune, pretrain

__all__ = ["finetune", "pretrain"]
