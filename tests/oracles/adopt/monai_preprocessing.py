"""
Bundles' preprocessing as MONAI carries it out on the phantom: golden.json in tests/fixtures/adopt/monai. Run onnx_models.py first.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install torch numpy pillow && /tmp/venv/bin/pip install --no-deps monai
    /tmp/venv/bin/python tests/oracles/adopt/monai_preprocessing.py
"""
import json
import pathlib
import tempfile

import numpy as np
from monai.bundle import ConfigParser
from PIL import Image

folder = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "adopt"
side = 64
pixels = np.frombuffer((folder / "phantom.bin").read_bytes(), np.uint8).reshape(side, side)
# wider than high, so that rows and columns cannot be mistaken for each other
pixels = pixels[4:52]

pipelines = {
    "image-range": [{"_target_": "Resized", "keys": "image", "spatial_size": [32, 20]},
                    {"_target_": "ScaleIntensityd", "keys": "image", "minv": -1.0, "maxv": 1.0}],
    "range": [{"_target_": "ScaleIntensityRanged", "keys": "image", "a_min": 0, "a_max": 255, "b_min": -1024, "b_max": 1024},
              {"_target_": "Resized", "keys": ["image"], "spatial_size": [32, 32], "mode": "bilinear"}],
    "mean": [{"_target_": "ScaleIntensityRanged", "keys": "image", "a_min": 0, "a_max": 255, "b_min": 0, "b_max": 1, "clip": True},
             {"_target_": "Resized", "keys": "image", "spatial_size": [24, 24], "mode": "nearest"},
             {"_target_": "NormalizeIntensityd", "keys": "image", "subtrahend": 0.4, "divisor": 0.25}],
    "per-image": [{"_target_": "Transposed", "keys": "image", "indices": [0, 2, 1]},
                  {"_target_": "Resized", "keys": "image", "spatial_size": [20, 28], "mode": "area"},
                  {"_target_": "NormalizeIntensityd", "keys": "image"}],
}
golden = {}
for name, middle in pipelines.items():
    transforms = [{"_target_": "LoadImaged", "keys": "image"}, {"_target_": "EnsureChannelFirstd", "keys": "image"}, *middle,
                  {"_target_": "EnsureTyped", "keys": "image"}]
    with tempfile.TemporaryDirectory() as place:
        path = f"{place}/phantom.png"
        Image.fromarray(pixels).save(path)
        parser = ConfigParser({"preprocessing": {"_target_": "Compose", "transforms": transforms}})
        image = parser.get_parsed_content("preprocessing")({"image": path})["image"]
    values = np.asarray(image, np.float32)[0]
    golden[name] = {"transforms": transforms, "shape": list(values.shape), "values": [float(f"{value:.6g}") for value in values.ravel()]}
(folder / "monai").mkdir(exist_ok=True)
(folder / "monai" / "golden.json").write_text(json.dumps(golden) + "\n")
