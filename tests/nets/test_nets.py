from collections import OrderedDict

import pytest
import torch
from torch import nn

from noisyau import nets
from noisyau.errors import TrainingError

every_net = pytest.mark.parametrize("name", sorted(nets.NETS))


@every_net
@pytest.mark.parametrize(("channels", "size", "outputs"), [(1, 64, 17), (3, 64, 12), (1, 32, 1)])
def test_a_net_turns_faces_into_logits_and_every_weight_gets_a_gradient(
    name, channels, size, outputs
):
    net = nets.build(name, channels=channels, size=size, outputs=outputs, seed=1)
    logits = net(torch.randn(2, channels, size, size))
    assert logits.shape == (2, outputs)
    logits.square().sum().backward()
    assert all(weight.grad is not None for weight in net.parameters())


@every_net
def test_weights_depend_on_the_seed_alone(name):
    def weights(seed):
        torch.rand(3)  # elsewhere in the program
        return nets.build(name, channels=1, size=64, outputs=3, seed=seed).state_dict()

    first, second, other = weights(5), weights(5), weights(6)
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert not torch.equal(first["conv1_1.weight"], other["conv1_1.weight"])


@every_net
def test_building_a_net_leaves_the_program_s_random_numbers_alone(name):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    nets.build(name, channels=1, size=64, outputs=3, seed=9)
    assert torch.equal(torch.rand(2), expected)


@every_net
def test_the_signal_keeps_its_size_through_the_layers_at_the_start(name):
    net = nets.build(name, channels=1, size=64, outputs=17, seed=1).eval()
    signal = torch.randn(16, 1, 64, 64)
    with torch.no_grad():
        for layer in list(net)[:-1]:
            signal = layer(signal)
            assert 0.2 < signal.square().mean().sqrt() < 10, layer
        assert net[-1](signal).std() < 1  # probabilities near the base rates


@every_net
def test_a_side_that_cannot_be_halved_often_enough_is_refused(name):
    with pytest.raises(TrainingError, match=r"side: 50 is not a multiple of"):
        nets.build(name, channels=1, size=50, outputs=3, seed=1)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(TrainingError, match=r"unknown net 'vgg31'; known: .*vgg13"):
        nets.build("vgg31", channels=1, size=64, outputs=3, seed=1)


@every_net
def test_a_new_output_leaves_the_rest_as_it_was(name):
    net = nets.build(name, channels=1, size=64, outputs=17, seed=1)
    before = {key: weight.clone() for key, weight in net.state_dict().items()}
    nets.reset_output(net, 12)
    assert net(torch.zeros(1, 1, 64, 64)).shape == (1, 12)
    assert all(
        torch.equal(weight, before[key])
        for key, weight in net.state_dict().items()
        if not key.startswith("output")
    )


def test_vgg13_is_table_i_of_the_paper():
    net = nets.build("vgg13", channels=1, size=64, outputs=17, seed=1).eval()
    shapes, signal = [], torch.zeros(1, 1, 64, 64)
    with torch.no_grad():
        for layer in net:
            signal = layer(signal)
            if isinstance(layer, nn.Dropout | nn.Linear):
                shapes.append(tuple(signal.shape[1:]))
    assert shapes == [
        (64, 32, 32), (128, 16, 16), (256, 8, 8), (256, 4, 4),  # MaxPool/Drop 1 to 4
        (1024,), (1024,), (1024,), (1024,), (17,),  # FC5, Drop5, FC6, Drop6, output
    ]  # fmt: skip
    convolutions = [layer for layer in net if isinstance(layer, nn.Conv2d)]
    assert [c.out_channels for c in convolutions] == [64, 64, 128, 128] + 6 * [256]
    assert {(c.kernel_size, c.stride) for c in convolutions} == {((3, 3), (1, 1))}
    assert [d.p for d in net if isinstance(d, nn.Dropout)] == [0.25] * 4 + [0.5] * 2
    assert sum(weight.numel() for weight in net.parameters()) == 8_766_929  # by hand


def test_relu_after_pooling_gives_what_relu_before_pooling_gives():
    net = nets.build("vgg13", channels=1, size=32, outputs=3, seed=1).eval()
    printed = []  # in the table's order: convolution, ReLU, pooling
    for name, layer in net.named_children():
        at = len(printed) - (name.startswith("relu") and printed[-1][0].startswith("pool"))
        printed.insert(at, (name, layer))
    assert [name for name, _ in printed[2:5]] == ["conv1_2", "relu1_2", "pool1"]
    faces = torch.randn(4, 1, 32, 32)
    with torch.no_grad():
        assert torch.equal(nn.Sequential(OrderedDict(printed))(faces.clone()), net(faces))
