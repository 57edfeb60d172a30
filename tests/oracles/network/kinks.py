#!/usr/bin/python3
"""How far the first golden step of each case of train.py stays from the kinks of its network.

A value that a ReLU reads, or the lead of a maximum over the next value of its window, may be so small that rounding decides where
a gradient goes; then two correct engines differ by a thousandth. The margin is the smallest such value of a layer, in units of the
largest difference between PyTorch's float32 and float64 in that layer: above 10, and every engine should find the same gradients.

/usr/bin/python3 tests/oracles/network/kinks.py [CASE ...]           prints the margins as they are
/usr/bin/python3 tests/oracles/network/kinks.py --search N [CASE ...]   tries N other names for the inputs, prints the best
"""
import os
import sys

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from train import CASES, batch, prepare  # noqa: E402


def seen(chosen, dtype):
    """For each ReLU and maximum, in order: its name, and the values that must not be near zero."""
    net, channels, _ = prepare(chosen, dtype)
    values = []

    def relu(name):
        return lambda module, given: values.append((name, given[0].detach().clone().flatten()))

    def relu6(name):
        def both(module, given):
            x = given[0].detach().clone().flatten()
            values.append((name, torch.where(x > 3, 6 - x, x)))
        return both

    def maximum(name):
        def leads(module, given):
            x = given[0].detach()
            if isinstance(module, nn.AdaptiveMaxPool2d):
                windows = x.flatten(2)
            else:
                padded = F.pad(x, [module.padding] * 4, value=float("-inf"))
                windows = F.unfold(padded, module.kernel_size, stride=module.stride).reshape(x.shape[0], x.shape[1], module.kernel_size**2, -1).transpose(2, 3)
            best = windows.topk(2, dim=-1).values
            # a maximum of zeros, behind a ReLU, passes nothing on
            values.append((name, (best[..., 0] - best[..., 1])[best[..., 0] > 0].flatten()))
        return leads

    for name, module in net.named_modules():
        if isinstance(module, nn.ReLU6):
            module.register_forward_pre_hook(relu6(name))
        elif isinstance(module, nn.ReLU):
            module.register_forward_pre_hook(relu(name))
        elif isinstance(module, (nn.MaxPool2d, nn.AdaptiveMaxPool2d)):
            module.register_forward_pre_hook(maximum(name))
    x, _, _ = batch(chosen, 0, channels)
    net(x.to(dtype))
    return values


def margin(chosen):
    """The smallest margin, where it is, and the part of all ReLUs' values that are open."""
    exact, rough = seen(chosen, torch.float64), seen(chosen, torch.float32)
    worst, at, opened, count = float("inf"), "", 0, 0
    for (name, values), (_, other) in zip(exact, rough):
        opened, count = opened + int((values > 0).sum()), count + values.numel()
        error = (values - other.double()).abs().max() if values.shape == other.shape else values.abs().max()
        found = float((values.abs() / error).min()) if values.numel() else float("inf")
        if found < worst:
            worst, at = found, name
    return worst, at, opened / count


def main(arguments):
    tries = 0
    if arguments[:1] == ["--search"]:
        tries, arguments = int(arguments[1]), arguments[2:]
    for name in arguments or CASES:
        chosen = CASES[name]
        found = [(*margin({**chosen, "inputs": inputs}), inputs) for inputs in [chosen["inputs"], *(f"train {index}" for index in range(tries))]]
        worst, at, opened, inputs = max(found)
        print(f"{name}: margin {worst:.1f} at {at}, {opened:.0%} open, inputs '{inputs}' (as it is: {found[0][0]:.1f} at {found[0][1]})", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
