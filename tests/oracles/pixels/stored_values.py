"""Stored values of the synthetic DICOM files: noisy ramps, in cells of any width and byte order."""
import numpy as np

rows, columns = 33, 40


def values(bits, signed, samples=1, frames=1, seed=1):
    """A ramp with noise over the whole range, so that every bit is used and codecs have something to do."""
    rng = np.random.default_rng(seed)
    low = -(2 ** (bits - 1)) if signed else 0
    high = 2 ** (bits - 1) - 1 if signed else 2 ** bits - 1
    y, x = np.mgrid[0:rows, 0:columns]
    planes = []
    for frame in range(frames):
        for sample in range(samples):
            ramp = (x * (1 + sample) + y * (2 + frame)) % 48 / 47
            noisy = np.clip(ramp + rng.normal(0, 0.02, ramp.shape), 0, 1)
            planes.append(low + np.round(noisy * (float(high) - low)))
    array = np.array(planes).reshape(frames, samples, rows, columns).transpose(0, 2, 3, 1)
    return array.astype(np.int64)


def cells(array, allocated, stored, high, overlay=False, seed=9):
    """Stored values -> cells of bitsAllocated: shifted to the high bit, other bits random where `overlay`."""
    shift = high + 1 - stored
    raw = (array & (2 ** stored - 1)) << shift
    if overlay:
        noise = np.random.default_rng(seed).integers(0, 2 ** allocated, array.shape)
        keep = ((2 ** stored - 1) << shift) ^ (2 ** allocated - 1)
        raw = raw | (noise & keep)
    return raw


def pack(raw, allocated, planar, big=False):
    if planar:
        raw = raw.transpose(0, 3, 1, 2)
    flat = raw.reshape(-1)
    if allocated in (8, 16, 32):
        order = '>' if big else '<'
        return flat.astype(f'{order}u{allocated // 8}').tobytes()
    bits = ((flat[:, None] >> np.arange(allocated)) & 1).reshape(-1).astype(np.uint8)
    return np.packbits(bits, bitorder='little').tobytes()
