#!/usr/bin/python3
"""Every element of every gradient against PyTorch in float64, where the golden file has projections only.

Needs a compiled project (`npm run build`): /usr/bin/python3 tests/oracles/network/compare_gradients.py [CASE ...]
Prints the largest and the median relative L2 distance of a case; ends with 1 if one is above 1e-4 (plus 1e-6 of the norm of all).
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
from train import CASES, run  # noqa: E402

script = os.path.join(here, "../../../dist/tests/oracles/network/write-gradients.js")


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    return {name: np.frombuffer(data[slice(*entry["data_offsets"])], np.float32).reshape(entry["shape"]) for name, entry in header.items()}


def compare(name, folder):
    path = os.path.join(folder, "gradients.safetensors")
    subprocess.run(["node", script, name, path], check=True)
    found = read_safetensors(path)
    _, norms, _, expected, _ = run({**CASES[name], "steps": 1}, torch.float64)
    assert found.keys() == expected.keys(), found.keys() ^ expected.keys()
    distances = {key: np.linalg.norm((found[key] - value).ravel()) / (np.linalg.norm(value.ravel()) + 1e-2 * norms[0]) for key, value in expected.items()}
    worst = max(distances, key=distances.get)
    print(f"{name}: {len(distances)} tensors, worst {distances[worst]:.1e} ({worst}), median {np.median(list(distances.values())):.1e}", flush=True)
    return distances[worst] <= 1e-4


with tempfile.TemporaryDirectory() as folder:
    results = [compare(name, folder) for name in sys.argv[1:] or CASES]
sys.exit(0 if all(results) else 1)
