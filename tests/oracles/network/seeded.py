"""Weights and inputs made by a formula that Python and TypeScript (tests/unit/network-seeded.ts) both have,
so that golden files hold outputs only and no weights have to be committed.

The number for element i of tensor `name` is murmur3's 32-bit finaliser of fnv1a(name) + i * 0x9E3779B9,
as a fraction u of 2^32; what it becomes depends on the tensor's role, see `tensor`.
"""
import numpy as np


def fractions(name, count):
    """float64 in [0, 1), shape [count]"""
    seed = 2166136261
    for byte in name.encode():
        seed = ((seed ^ byte) * 16777619) & 0xFFFFFFFF
    x = (np.arange(count, dtype=np.uint64) * 0x9E3779B9 + seed) & 0xFFFFFFFF
    x ^= x >> 16
    x = (x * 0x85EBCA6B) & 0xFFFFFFFF
    x ^= x >> 13
    x = (x * 0xC2B2AE35) & 0xFFFFFFFF
    x ^= x >> 16
    return x.astype(np.float64) / 4294967296.0


def tensor(name, shape):
    """float32 of the given shape: of an order of magnitude at which activations neither grow nor vanish"""
    count = int(np.prod(shape))
    u = fractions(name, count)
    if name.endswith("running_var") or (name.endswith("weight") and len(shape) == 1):
        values = 0.5 + u
    elif name.endswith("weight"):
        values = (2 * u - 1) * np.sqrt(2.0 / np.prod(shape[1:]))
    else:
        values = (2 * u - 1) * 0.1
    return values.astype(np.float32).reshape(shape)


def image(name, shape):
    """float32 in [-2, 2)"""
    return (4 * fractions(name, int(np.prod(shape))) - 2).astype(np.float32).reshape(shape)


def fill(module, rename=lambda name: name):
    """Gives every parameter and buffer of a PyTorch module its seeded value."""
    import torch

    state = module.state_dict()
    for name, value in state.items():
        if not name.endswith("num_batches_tracked"):
            state[name] = torch.from_numpy(tensor(rename(name), tuple(value.shape)))
    module.load_state_dict(state)
    return module
