"""Pictures that are not an upright frontal chest (or axial chest slice): the gate must refuse them. All float [192,192] in [0,1] or uint8 in, same out."""
import numpy as np
from PIL import Image, ImageDraw, ImageFont


def turned(image, how):
    return {"rot90": lambda a: np.rot90(a, 1), "rot180": lambda a: np.rot90(a, 2), "rot270": lambda a: np.rot90(a, 3),
            "flip-vertical": np.flipud, "inverted": lambda a: (255 - a) if a.dtype == np.uint8 else (1 - a)}[how](image).copy()


def resize(image, width, height):
    dtype = image.dtype
    out = np.asarray(Image.fromarray(image.astype(np.float32), mode="F").resize((width, height), Image.BILINEAR))
    return out.astype(dtype)


def crop(image, rng):
    """A part that holds no whole chest: a quarter of the side at least, under 45 % of it at most, blown up."""
    n = image.shape[0]
    h, w = (int(n * v) for v in rng.uniform(0.2, 0.42, 2))
    y, x = int(rng.integers(0, n - h)), int(rng.integers(0, n - w))
    return resize(image[y:y + h, x:x + w], n, n)


def strip(image, rng):
    """A small piece on a plain ground, as limb radiographs look."""
    n, top = image.shape[0], 255 if image.dtype == np.uint8 else 1.0
    out = np.full_like(image, rng.choice([0, top]))
    piece = resize(crop(image, rng), int(n * rng.uniform(0.18, 0.4)), int(n * rng.uniform(0.6, 1)))
    if rng.random() < 0.5:
        piece = piece.T.copy()
    h, w = piece.shape
    y, x = int(rng.integers(0, n - h + 1)), int(rng.integers(0, n - w + 1))
    out[y:y + h, x:x + w] = piece
    return out


def montage(a, b, rng):
    n = a.shape[0]
    half = n // 2
    if rng.random() < 0.5:
        return np.concatenate([resize(a, half, n), resize(b, n - half, n)], 1)
    return np.concatenate([resize(a, n, half), resize(b, n, n - half)], 0)


def quarters(image, rng):
    """The four quarters of one image in another order."""
    n = image.shape[0] // 2
    parts = [image[:n, :n], image[:n, n:2 * n], image[n:2 * n, :n], image[n:2 * n, n:2 * n]]
    while True:
        order = rng.permutation(4)
        if list(order) not in ([0, 1, 2, 3], [1, 0, 3, 2]):
            break
    out = image.copy()
    out[:2 * n, :2 * n] = np.block([[parts[order[0]], parts[order[1]]], [parts[order[2]], parts[order[3]]]])
    return out


def drawn(rng, n=192):
    """Blank, noise, gradient, stripes, text page, screenshot, as float [n,n]."""
    kind = rng.integers(7)
    y, x = np.mgrid[0:n, 0:n] / n
    if kind == 0:
        a = np.full((n, n), rng.random())
        if rng.random() < 0.5:
            a = a + rng.normal(0, 0.02, (n, n))
    elif kind == 1:
        k = int(rng.choice([4, 8, 16, 32, 64, n]))
        a = resize(rng.random((k, k)).astype(np.float32), n, n)
    elif kind == 2:
        t = rng.uniform(0, 2 * np.pi)
        a = 0.5 + 0.7 * ((x - 0.5) * np.cos(t) + (y - 0.5) * np.sin(t))
        if rng.random() < 0.4:
            a = np.hypot(x - rng.random(), y - rng.random())
    elif kind == 3:
        t, f = rng.uniform(0, np.pi), rng.uniform(2, 40)
        a = 0.5 + 0.5 * np.sin(2 * np.pi * f * (x * np.cos(t) + y * np.sin(t)) + rng.uniform(0, 6))
        if rng.random() < 0.5:
            a = np.round(a)
    else:
        ground = int(rng.choice([0, 20, 235, 255]))
        image = Image.new("L", (n * 2, n * 2), ground)
        d, font = ImageDraw.Draw(image), ImageFont.load_default()
        if kind >= 5:
            for _ in range(rng.integers(2, 12)):
                x0, y0, w, h = rng.integers(0, 2 * n, 2).tolist() + rng.integers(10, n, 2).tolist()
                d.rectangle([x0, y0, x0 + w, y0 + h], fill=int(rng.integers(0, 256)), outline=int(rng.integers(0, 256)))
        for line in range(int(rng.integers(3, 30))):
            text = "".join(chr(rng.integers(33, 123)) for _ in range(rng.integers(3, 60)))
            d.text((int(rng.integers(0, n)), line * 13 + 2), text, fill=int(255 - ground if kind == 4 else rng.integers(0, 256)), font=font)
        a = np.asarray(image.resize((n, n), Image.BILINEAR), np.float32) / 255
    return np.clip(a, 0, 1).astype(np.float32)
