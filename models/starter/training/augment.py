"""Batch augmentation in torch, from uint8 [N,216,216] to float [N,1,192,192] in [0,1]. No horizontal flip: it mirrors the heart."""
import math
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont

SIZE = 192


def glyphs(rng, count=160):
    """Small pictures of burned-in text: letters, numbers, L / R / AP / PA / PORTABLE."""
    words = ["L", "R", "AP", "PA", "PORTABLE", "ERECT", "SUPINE", "SEMI", "A", "B", "1", "08:15", "M", "F", "CR", "DX", "L ->", "[R]"]
    font = ImageFont.load_default()
    bank = []
    for _ in range(count):
        word = words[rng.integers(len(words))] if rng.random() < 0.7 else "".join(chr(rng.integers(48, 91)) for _ in range(rng.integers(1, 9)))
        image = Image.new("L", (6 * len(word) + 2, 12), 0)
        ImageDraw.Draw(image).text((1, 0), word, fill=255, font=font)
        scale = rng.uniform(0.8, 2.6)
        image = image.resize((max(4, int(image.width * scale)), max(6, int(12 * scale))), Image.BILINEAR)
        bank.append(torch.from_numpy(np.asarray(image, np.float32) / 255))
    return bank


def warp(x, rng, zoom):
    """Crop / zoom, rotation ±10°, aspect, shift and a small smooth warp, in one resampling."""
    n = len(x)
    u = lambda lo, hi: torch.from_numpy(rng.uniform(lo, hi, n).astype(np.float32))
    angle, scale, aspect = u(-1, 1) * math.radians(10) * (u(0, 1) < 0.75), u(*zoom), u(-0.08, 0.08).exp()
    sx, sy = scale * aspect, scale / aspect
    theta = torch.stack([torch.stack([sx * angle.cos(), -sx * angle.sin(), u(-0.07, 0.07)], 1),
                         torch.stack([sy * angle.sin(), sy * angle.cos(), u(-0.07, 0.07)], 1)], 1)
    grid = F.affine_grid(theta, (n, 1, SIZE, SIZE), align_corners=False)
    bend = torch.from_numpy(rng.normal(0, 0.02, (n, 2, 4, 4)).astype(np.float32))
    grid = grid + F.interpolate(bend, (SIZE, SIZE), mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
    padding = "zeros" if rng.random() < 0.7 else "border"
    return F.grid_sample(x, grid, mode="bilinear", padding_mode=padding, align_corners=False)


def tone(x, rng):
    """Gamma, contrast, brightness and at times an S-curve."""
    n = len(x)
    u = lambda lo, hi: torch.from_numpy(rng.uniform(lo, hi, (n, 1, 1, 1)).astype(np.float32))
    x = x.clamp(0, 1).pow(u(-0.5, 0.5).exp())
    mean = x.mean((2, 3), keepdim=True)
    x = (x - mean) * u(-0.4, 0.35).exp() + mean + u(-0.15, 0.15)
    s = u(2.0, 8.0)
    curve = torch.sigmoid(s * (x - u(0.35, 0.65)))
    return torch.where(u(0, 1) < 0.25, curve, x).clamp(0, 1)


def borders(x, rng, bank):
    """Blank borders and corners, and put text there, so that markers and collimation say nothing."""
    n = len(x)
    for i in range(n):
        fill = float(rng.choice([0.0, 0.0, 1.0, rng.random()]))
        if rng.random() < 0.35:
            t, b, l, r = (int(v) for v in rng.integers(0, 18, 4) * (rng.random(4) < 0.6))
            x[i, 0, :t] = fill; x[i, 0, SIZE - b:] = fill; x[i, 0, :, :l] = fill; x[i, 0, :, SIZE - r:] = fill
        if rng.random() < 0.5:
            for _ in range(rng.integers(1, 5)):
                h, w = rng.integers(10, 46, 2)
                top = 0 if rng.random() < 0.5 else SIZE - h
                left = 0 if rng.random() < 0.5 else SIZE - w
                x[i, 0, top:top + h, left:left + w] = fill if rng.random() < 0.5 else float(x[i, 0, top:top + h, left:left + w].mean())
        if rng.random() < 0.4:
            for _ in range(rng.integers(1, 4)):
                g = bank[rng.integers(len(bank))]
                g = g[:48, :100]
                h, w = g.shape
                top = rng.integers(0, 30) if rng.random() < 0.6 else SIZE - h - rng.integers(0, 30)
                left = int(rng.integers(0, SIZE - w))
                top = int(np.clip(top, 0, SIZE - h))
                patch = x[i, 0, top:top + h, left:left + w]
                ink = float(rng.random() < 0.8)
                x[i, 0, top:top + h, left:left + w] = patch * (1 - g) + ink * g
    return x


_K = torch.arange(8, dtype=torch.float32)
DCT = torch.cos((2 * _K[None] + 1) * _K[:, None] * math.pi / 16) * torch.where(_K[:, None] == 0, math.sqrt(1 / 8), 0.5)
STEPS = (1 + _K[:, None] + _K[None]) * 0.012


def jpeg_like(x, strength):
    """Quantises 8 x 8 cosine blocks as JPEG does."""
    n = len(x)
    b = x.view(n, SIZE // 8, 8, SIZE // 8, 8).permute(0, 1, 3, 2, 4)
    c = DCT @ b @ DCT.T
    q = STEPS * strength
    b = DCT.T @ ((c / q).round() * q) @ DCT
    return b.permute(0, 1, 3, 2, 4).reshape(n, 1, SIZE, SIZE)


def sharpness(x, rng):
    """Per eighth of the batch: down-and-up sampling, blur, JPEG-like blocks, noise. The sources differ in all of these."""
    parts = []
    for part in x.split(8):
        if rng.random() < 0.55:
            small = int(SIZE * rng.uniform(0.4, 0.95))
            part = F.interpolate(F.interpolate(part, (small, small), mode="bilinear", align_corners=False, antialias=True), (SIZE, SIZE), mode="bilinear", align_corners=False)
        elif rng.random() < 0.3:
            part = part + rng.uniform(0.3, 1.0) * (part - F.avg_pool2d(part, 5, 1, 2, count_include_pad=False))
        if rng.random() < 0.35:
            part = jpeg_like(part, float(rng.uniform(0.5, 5)))
        if rng.random() < 0.4:
            part = part + torch.randn(part.shape) * float(rng.uniform(0, 0.05))
        parts.append(part)
    return torch.cat(parts).clamp(0, 1)


def in_scanner(image, rng):
    """A CT picture cropped to the lungs as a scanner's full field shows it: a body wall around, air, a round field, at times a table. uint8 [n,n]."""
    n = len(image)
    air, outside = int(rng.integers(0, 75)), int(rng.choice([0, 0, rng.integers(0, 75)]))
    w, h = (int(n * v) for v in (rng.uniform(0.55, 0.9), rng.uniform(0.42, 0.75)))
    out = np.full_like(image, air)
    cx, cy = (n / 2 + n * v for v in rng.uniform(-0.06, 0.06, 2))
    yy, xx = np.mgrid[0:n, 0:n].astype(np.float32)
    box = lambda width, height, power: np.abs(2 * (xx - cx) / width) ** power + np.abs(2 * (yy - cy) / height) ** power
    if rng.random() < 0.75:   # body wall: as bright as the brighter part of the picture, lightly mottled
        wall = np.quantile(image, rng.uniform(0.6, 0.95)) + rng.normal(0, rng.uniform(1, 8), (n, n))
        out = np.where(box(w * rng.uniform(1.05, 1.3), h * rng.uniform(1.08, 1.4), rng.uniform(2, 3)) <= 1, np.clip(wall, 0, 255), out).astype(np.uint8)
    small = np.zeros_like(image)
    y, x = (int(np.clip(v, 0, n - size)) for v, size in ((cy - h / 2, h), (cx - w / 2, w)))
    small[y:y + h, x:x + w] = np.asarray(Image.fromarray(image).resize((w, h), Image.BILINEAR))
    mask = np.zeros((n, n), bool)
    mask[y:y + h, x:x + w] = True
    if rng.random() < 0.7:
        mask &= box(w, h, 2.6) <= 1.08
    out[mask] = small[mask]
    yy, xx = yy / n - 0.5, xx / n - 0.5
    if rng.random() < 0.5:
        table = np.abs(yy - (0.36 + rng.uniform(-0.1, 0.08)) + rng.uniform(0, 0.6) * xx ** 2) < rng.uniform(0.004, 0.012)
        out[table & (np.abs(xx) < rng.uniform(0.2, 0.45))] = int(rng.integers(90, 255))
    if rng.random() < 0.6:
        out[np.hypot(yy, xx) > rng.uniform(0.48, 0.52)] = outside
    return out


def augment(images, rng, bank, zoom=(0.78, 1.04)):
    x = torch.from_numpy(images).float().div_(255)[:, None]
    order = torch.from_numpy(rng.permutation(len(x)))   # so that the eighths of sharpness() mix the sources
    x = sharpness(borders(tone(warp(x[order], rng, zoom), rng), rng, bank), rng)
    back = torch.empty_like(x)
    back[order] = x
    return back
