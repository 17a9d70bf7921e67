import pytest
import torch

from noisyau.nets.dropout import Dropout


@pytest.mark.parametrize("share", [0.25, 0.5])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_the_share_is_dropped_and_the_mean_kept(share, layout, kind):
    ones = torch.ones(8, 5, 37, 41, dtype=kind).to(memory_format=layout).requires_grad_()
    torch.manual_seed(1)
    found = Dropout(share)(ones)
    assert (found.dtype, found.stride()) == (kind, ones.stride())
    assert (found == 0).float().mean().item() == pytest.approx(share, abs=0.01)
    assert found.float().unique().tolist() == pytest.approx([0, 1 / (1 - share)], rel=0.01)
    found.sum().backward()
    assert torch.equal(ones.grad, found)


def test_neighbours_are_dropped_independently():
    torch.manual_seed(2)
    zero = (Dropout(0.5)(torch.ones(400_000)) == 0).float()
    for distance in range(1, 18):  # within the random words and across them
        both = (zero[:-distance] * zero[distance:]).mean().item()
        assert both == pytest.approx(0.25, abs=0.004)
    for byte in range(8):
        assert zero[byte::8].mean().item() == pytest.approx(0.5, abs=0.01)


def test_every_draw_differs_and_the_seed_decides():
    layer, ones = Dropout(0.5), torch.ones(999)
    torch.manual_seed(3)
    first, second = layer(ones), layer(ones)
    torch.manual_seed(3)
    assert torch.equal(layer(ones), first)
    assert not torch.equal(first, second)


def test_out_of_training_nothing_is_dropped():
    values = torch.randn(50)
    assert torch.equal(Dropout(0.5).eval()(values), values)
