"""pHash of pictures by numpy and scipy, as imagehash.phash computes it: tests/fixtures/training/hashes.json. hashes.py FILE"""
import json, sys
import numpy as np
import scipy.fftpack
from PIL import Image


def picture(seed, height, width):
    rng = np.random.default_rng(seed)
    coarse = rng.random((9, 9)).astype(np.float32)
    return np.round(np.asarray(Image.fromarray(coarse, mode="F").resize((width, height), Image.BICUBIC)).clip(0, 1) * 255).astype(np.uint8)


def phash(pixels):
    """imagehash.phash(hash_size=16, highfreq_factor=4) on floats, with a bilinear instead of a Lanczos resize."""
    small = np.asarray(Image.fromarray(pixels.astype(np.float32) / np.float32(255), mode="F").resize((64, 64), Image.BILINEAR), np.float64)
    low = scipy.fftpack.dct(scipy.fftpack.dct(small, axis=0), axis=1)[:16, :16]
    bits = (low > np.median(low)).ravel()
    return "".join(f"{int(''.join('1' if b else '0' for b in bits[i:i + 4]), 2):x}" for i in range(0, 256, 4))


def main():
    pictures = []
    for seed, (h, w) in enumerate([(40, 33), (30, 48), (24, 24)]):
        pixels = picture(seed, h, w)
        entry = dict(height=h, width=w, pixels=pixels.ravel().tolist(), hash=phash(pixels))
        try:
            import imagehash
            entry["imagehash"] = "".join(f"{int(''.join('1' if b else '0' for b in row), 2):04x}" for row in imagehash.phash(Image.fromarray(pixels), hash_size=16).hash)
        except ImportError:
            pass
        pictures.append(entry)
    json.dump(pictures, open(sys.argv[1], "w"), separators=(",", ":"))


if __name__ == "__main__":
    main()
