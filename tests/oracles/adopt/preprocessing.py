"""What the networks of others see: their own preprocessing of phantom pictures and of twenty real ones.

  python preprocessing.py SHARED_DATA > tests/fixtures/adopt/preprocessing.json

Needs torch, torchvision, torchxrayvision, timm, monai, scikit-image and opencv-python-headless from PyPI. No pixel of a real
picture is written: of each input only some values and sums, as numbers.
"""
import json
import os
import sys
import warnings

import cv2  # noqa: F401
import numpy as np
import skimage.transform
import timm.data
import torch
import torch.nn.functional as F
import torchvision.transforms as T
import torchxrayvision as xrv
from monai.transforms import NormalizeIntensity, Resize, ScaleIntensity
from PIL import Image, ImageOps

warnings.filterwarnings("ignore")
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def phantom(width, height):
    """Whole numbers only, so that TypeScript makes the same picture."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    ramp = (2 * x + 3 * y + ((x * y) >> 4)) % 256
    disc = np.where((3 * x - width) ** 2 + (3 * y - height) ** 2 < (width * height) // 2, 90, 0)
    return ((ramp // 2 + disc) % 256).astype(np.uint8)


def xrv_input(size, engine):
    def make(grey):
        image = xrv.utils.normalize(grey, 255)[None]
        image = xrv.datasets.XRayCenterCrop()(image)
        return xrv.datasets.XRayResizer(size, engine=engine)(image)
    return make


def rgb(grey):
    return Image.fromarray(grey).convert("RGB")


def of_pil(*steps):
    return lambda grey: T.Compose(steps)(rgb(grey)).numpy()


def tensor(grey):
    return torch.from_numpy(grey.astype(np.float32) / 255)[None, None]


def monai(*steps):
    def make(grey):
        image = torch.from_numpy(grey.astype(np.float64))[None]
        for step in steps:
            image = step(image)
        return np.asarray(image)
    return make


SIDE = {"width": 224, "height": 224}
TIMM = timm.data.create_transform(input_size=(3, 224, 224), interpolation="bicubic", crop_pct=0.9, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), crop_mode="center")
CASES = {
    "torchxrayvision 224, scikit-image": (
        {**SIDE, "channels": 1, "fit": "centre-crop", "resize": "gaussian-bilinear", "normalization": {"range": [-1024, 1024]}}, xrv_input(224, "skimage")),
    "torchxrayvision 512, scikit-image": (
        {"width": 512, "height": 512, "channels": 1, "fit": "centre-crop", "resize": "gaussian-bilinear", "normalization": {"range": [-1024, 1024]}}, xrv_input(512, "skimage")),
    "torchxrayvision 224, OpenCV": (
        {**SIDE, "channels": 1, "fit": "centre-crop", "resize": "area", "normalization": {"range": [-1024, 1024]}}, xrv_input(224, "cv2")),
    "torchxrayvision 512, OpenCV": (
        {"width": 512, "height": 512, "channels": 1, "fit": "centre-crop", "resize": "area", "normalization": {"range": [-1024, 1024]}}, xrv_input(512, "cv2")),
    "torchvision, Pillow": (
        {**SIDE, "channels": 3, "fit": "centre-crop", "shorterSide": 256, "resize": "bilinear-antialias", "eightBit": True, "normalization": "imagenet"},
        of_pil(T.Resize(256), T.CenterCrop(224), T.ToTensor(), T.Normalize(*IMAGENET))),
    "timm, Pillow bicubic": (
        {**SIDE, "channels": 3, "fit": "centre-crop", "shorterSide": 248, "resize": "bicubic-antialias", "eightBit": True,
         "normalization": {"mean": [0.5], "std": [0.5], "scale": 1}}, lambda grey: TIMM(rgb(grey)).numpy()),
    "Pillow Lanczos, squashed": (
        {"width": 100, "height": 200, "channels": 1, "resize": "lanczos-antialias", "eightBit": True, "normalization": {"range": [0, 255]}},
        lambda grey: np.asarray(Image.fromarray(grey).resize((100, 200), Image.LANCZOS), dtype=np.float32)[None]),
    "torch, antialiased": (
        {**SIDE, "channels": 1, "resize": "bilinear-antialias", "normalization": {"mean": [123.675], "std": [58.395], "scale": 255}},
        lambda grey: ((F.interpolate(tensor(grey).double(), (224, 224), mode="bilinear", antialias=True)[0] * 255 - 123.675) / 58.395).numpy()),
    "torch, nearest": (
        {"width": 100, "height": 180, "channels": 1, "resize": "nearest", "normalization": {"range": [-1, 1]}},
        lambda grey: (F.interpolate(tensor(grey), (180, 100), mode="nearest")[0] * 2 - 1).numpy()),
    "MONAI, area and ScaleIntensity": (
        {**SIDE, "channels": 1, "resize": "adaptive-mean", "normalization": {"imageRange": [0, 1]}}, monai(Resize((224, 224), dtype=torch.float64), ScaleIntensity(dtype=torch.float64))),
    "MONAI, bilinear and NormalizeIntensity": (
        {**SIDE, "channels": 1, "resize": "bilinear", "normalization": "per-image"}, monai(Resize((224, 224), mode="bilinear", dtype=torch.float64), NormalizeIntensity(dtype=torch.float64))),
    "Pillow, padded": (
        {**SIDE, "channels": 3, "fit": "pad", "resize": "bilinear-antialias", "eightBit": True, "normalization": {"range": [-1, 1]}},
        lambda grey: np.repeat(np.asarray(ImageOps.pad(Image.fromarray(grey), (224, 224), Image.BILINEAR), dtype=np.float32)[None] / 127.5 - 1, 3, 0)),
    "scikit-image, mirrored": (
        {**SIDE, "channels": 1, "resize": "gaussian-bilinear", "normalization": {"mean": [0.5], "std": [0.25], "scale": 1}},
        lambda grey: (skimage.transform.resize(grey.astype(np.float32) / 255, (224, 224))[None] - 0.5) / 0.25),
}
WEIGHTS = 2048


def facts(values):
    flat = values.astype(np.float64).ravel()
    index = np.arange(flat.size, dtype=np.int64)
    weights = (index * 7919 % WEIGHTS) / 1024 - 1
    places = [int(k * 2654435761 % flat.size) for k in range(1, 13)]
    return {"shape": list(values.shape), "mean": float(flat.mean()), "absolute": float(np.abs(flat).mean()), "projection": float((flat * weights).mean()),
            "values": [[place, float(flat[place])] for place in places]}


def real_pictures(root):
    """Four of each of five sets, of one grey level a pixel."""
    found = []
    for name in ["covid-chestxray-2020-06", "nih-mixed-findings", "openist-normal", "hannover-mhh", "shenzhen-tb"]:
        folder = os.path.join(root, name, "images")
        mine = []
        for square in (False, True):  # pictures that are not square first
            for file in sorted(os.listdir(folder)):
                with Image.open(os.path.join(folder, file)) as image:
                    if len(mine) < 4 and image.mode == "L" and (image.size[0] == image.size[1]) == square:
                        mine.append((f"{name}/images/{file}", np.asarray(image)))
        found += mine
    return found


def main(root):
    pictures = [(f"phantom {w}x{h}", phantom(w, h)) for w, h in [(301, 257), (190, 333), (640, 512)]] + real_pictures(root)
    document = {"cases": {name: spec for name, (spec, _) in CASES.items()}, "pictures": {}}
    for name, pixels in pictures:
        document["pictures"][name] = {"size": [pixels.shape[1], pixels.shape[0]], "sum": int(pixels.astype(np.int64).sum()),
                                      "inputs": {case: facts(make(pixels)) for case, (_, make) in CASES.items()}}
    json.dump(document, sys.stdout, indent=None, separators=(",", ":"))
    print()


main(sys.argv[1])
