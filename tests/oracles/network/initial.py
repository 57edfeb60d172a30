#!/usr/bin/python3
"""Adds to tests/fixtures/network/initial.json the spread of every tensor as torchvision draws those of the networks of newer.py.

Needs torchvision 0.29: python3 tests/oracles/network/initial.py
"""
import json
import os
import sys

import torch

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
from newer import build_newer  # noqa: E402

torch.manual_seed(1)
path = os.path.join(here, "../../fixtures/network/initial.json")
with open(path) as known:
    document = json.load(known)
for name in ("efficientnet-small", "convnext-small"):
    state = {key: value.double() for key, value in build_newer(name, 3)[0].state_dict().items() if not key.endswith("num_batches_tracked")}
    deviations = {key: value.flatten().std(unbiased=False).item() for key, value in state.items()}
    # of tensors whose values are all equal minus that value
    document[name] = {key: float(f"{spread if spread > 1e-9 else -state[key].flatten()[0].item():.6g}") for key, spread in deviations.items()}
with open(path, "w") as out:
    json.dump(document, out, indent=0)
