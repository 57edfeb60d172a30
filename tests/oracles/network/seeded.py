"""Weights and inputs made by a formula that Python and TypeScript (tests/unit/network-seeded.ts) both have,
so that golden files hold outputs only and no weights have to be committed.

The number for element i of tensor `name` is murmur3's 32-bit finaliser of fnv1a(name) + i * 0x9E3779B9,
as a fraction u of 2^32; what it becomes depends on the tensor's role, see `tensor`.
"""
import numpy as np


def words(name, count):
    """uint32 (held in uint64), shape [count]"""
    seed = 2166136261
    for byte in name.encode():
        seed = ((seed ^ byte) * 16777619) & 0xFFFFFFFF
    x = (np.arange(count, dtype=np.uint64) * 0x9E3779B9 + seed) & 0xFFFFFFFF
    x ^= x >> 16
    x = (x * 0x85EBCA6B) & 0xFFFFFFFF
    x ^= x >> 13
    x = (x * 0xC2B2AE35) & 0xFFFFFFFF
    x ^= x >> 16
    return x


def fractions(name, count):
    """float64 in [0, 1), shape [count]"""
    return words(name, count).astype(np.float64) / 4294967296.0


def dropout_mask(seed, layer, step, shape, rate):
    """float32: 0 with probability `rate`, else 1 / (1 - rate); the twin of src/network/dropout-mask.ts"""
    keep = fractions(f"dropout {seed} {layer} {step}", int(np.prod(shape))) >= rate
    return np.where(keep, 1.0 / (1.0 - rate), 0.0).astype(np.float32).reshape(shape)


PROJECTIONS = 8


def projections(name, values):
    """Eight sums of the values, each with random signs: bit 31 - j of the word is set where sum j adds.

    The mean square of the eight differences between two tensors' projections estimates the square of the
    L2 norm of their difference without bias, so an error anywhere in the tensor shows.
    """
    bits = words(f"projection {name}", values.size)
    flat = values.astype(np.float64).ravel()
    return [float(np.sum(np.where((bits >> (31 - j)) & 1, flat, -flat))) for j in range(PROJECTIONS)]


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


def away_from_zero(name, values, shift, scale, negative):
    """Batch-norm weights times `scale`, biases moved by `shift`, downwards for the part `negative` of the channels.

    What ReLUs read then seldom lies so close to zero that rounding decides whether a gradient passes: at the small sizes of
    a test one such flip is more than 1e-4 of a gradient, in PyTorch's float32 too.
    """
    if len(values.shape) != 1 or name.endswith(("running_mean", "running_var")) or len(values) < 8:
        return values
    if name.endswith("weight"):
        return (values * scale).astype(np.float32)
    return (values + np.where(values < 0.2 * negative - 0.1, -shift, shift)).astype(np.float32)


def fill(module, rename=lambda name: name, conditioning=None):
    """Gives every parameter and buffer of a PyTorch module its seeded value."""
    import torch

    state = module.state_dict()
    for name, value in state.items():
        if not name.endswith("num_batches_tracked"):
            values = tensor(rename(name), tuple(value.shape))
            state[name] = torch.from_numpy(away_from_zero(rename(name), values, **conditioning) if conditioning else values)
    module.load_state_dict(state)
    return module
