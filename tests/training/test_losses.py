import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from noisyau.training.losses import MISSING, masked_bce


@settings(max_examples=40, deadline=None)
@example(2381, 1, 1)  # a loss near 0, where float32 ends
@given(st.integers(0, 2**31), st.integers(1, 9), st.integers(1, 5))
def test_it_is_scikit_learn_s_log_loss_over_the_known_labels(seed, count, aus):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 4, (count, aus)).astype(np.float32)
    labels = rng.choice([0, 1, MISSING], (count, aus)).astype(np.uint8)
    loss = masked_bce(torch.from_numpy(logits), torch.from_numpy(labels)).item()
    known = labels != MISSING
    if not known.any():
        assert loss == 0
        return
    chance = 1 / (1 + np.exp(-logits[known].astype(np.float64)))
    expected = log_loss(labels[known], chance, labels=[0, 1])
    assert loss == pytest.approx(expected, rel=1e-4, abs=4e-6)  # float32 at logits of up to 20


def test_missing_labels_have_no_say_in_the_gradient():
    logits = torch.tensor([[2.0, -3.0], [0.5, 60.0]], requires_grad=True)
    masked_bce(logits, torch.tensor([[1, 255], [255, 255]], dtype=torch.uint8)).backward()
    assert (logits.grad != 0).tolist() == [[True, False], [False, False]]


def test_nothing_known_is_a_loss_of_0_with_a_gradient_of_0():
    logits = torch.randn(3, 2, requires_grad=True)
    loss = masked_bce(logits, torch.full((3, 2), 255, dtype=torch.uint8))
    loss.backward()
    assert loss == 0
    assert (logits.grad == 0).all()


def test_huge_logits_and_half_precision_stay_finite():
    logits = torch.tensor([[1e4, -1e4]], dtype=torch.bfloat16)
    loss = masked_bce(logits, torch.tensor([[0, 1]], dtype=torch.uint8))
    assert loss.dtype == torch.float32
    assert torch.isfinite(loss)


def test_a_soft_label_costs_as_much_of_each_class_as_it_has():
    """0.25: a quarter of what a positive would cost, three quarters of what a negative would."""
    logits = torch.tensor([[0.7]])
    one, none = (masked_bce(logits, torch.tensor([[label]], dtype=torch.uint8)) for label in (1, 0))
    soft = masked_bce(logits, torch.tensor([[0.25]], dtype=torch.float16))
    assert soft.item() == pytest.approx(0.25 * one.item() + 0.75 * none.item())
    beside_a_missing_one = torch.tensor([[0.25, MISSING]], dtype=torch.float16)
    assert masked_bce(torch.tensor([[0.7, 60.0]]), beside_a_missing_one) == soft


def test_hard_labels_cost_the_same_to_the_bit_whatever_type_holds_them():
    logits = torch.randn(64, 17, generator=torch.Generator().manual_seed(1), requires_grad=True)
    labels = torch.from_numpy(np.random.default_rng(1).choice([0, 1, MISSING], (64, 17)))
    losses = [masked_bce(logits, labels.to(kind)) for kind in (torch.uint8, torch.float16)]
    gradients = [torch.autograd.grad(loss, logits)[0] for loss in losses]
    assert losses[0] == losses[1]
    assert torch.equal(*gradients)
