#!/usr/bin/python3
"""Golden outputs of torchvision's networks in float64: tests/fixtures/network/forward.json.

Grad-CAM comes from autograd, not from the closed form that src/engine/onnx/inference/grad-cam.ts uses.
Run on Debian 12 with python3-torch 1.13 and python3-torchvision 0.14: /usr/bin/python3 tests/oracles/network/forward.py
The networks of newer.py need torchvision 0.29 and timm 1.0: python3 tests/oracles/network/forward.py NAME ... adds them to the others.
"""
import json
import os
import sys

import torch

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
from models import NEWER, build  # noqa: E402
from seeded import image  # noqa: E402

OUTPUTS, BATCH, SIZE = 3, 2, 96
# Factor of the norms' weights with which the pictures still matter to the last layers (see away_from_zero in seeded.py).
CONDITIONING = {
    name: {"shift": 0.0, "scale": scale, "negative": 0.0}
    for name, scale in {"efficientnet-lite0": 1.5, "efficientnet-b0": 1.8, "efficientnet-small-same": 1.9, "densenet-201": 1.6}.items()
}


def golden(name):
    net, features, channels = build(name, OUTPUTS, CONDITIONING.get(name))
    net = net.double()
    kept = {}
    features.register_forward_hook(lambda _m, _i, out: kept.__setitem__("maps", out))
    if name in NEWER:
        from newer import build_newer

        shapes = build_newer(name, OUTPUTS)
        # the same modules in the same order as in the one that has weights
        place = lambda module: [key for key, value in shapes[0].named_modules() if value is module][0]
        reader = net.get_submodule(place(shapes[4]))
        reader.register_forward_pre_hook(lambda _m, i: kept.__setitem__("embedding", i[0].flatten(1)))
        return measured(name, net, channels, kept)
    last = net.head[8] if name.endswith("fastai") else net.classifier if name == "densenet-121" else net.classifier[1] if name == "mobilenet-v2" else net.fc
    first_of_head = net.head[2] if name.endswith("fastai") else last
    first_of_head.register_forward_pre_hook(lambda _m, i: kept.__setitem__("embedding", i[0]))
    return measured(name, net, channels, kept)


def measured(name, net, channels, kept):
    # in-place ReLU after the features of DenseNet would overwrite what the hook kept
    x = torch.from_numpy(image("input", (BATCH, channels, SIZE, SIZE))).double()
    logits = net(x)
    maps = kept["maps"]
    if name.startswith("densenet"):
        maps = torch.relu(maps)
    cams = []
    for output in range(OUTPUTS):
        (gradient,) = torch.autograd.grad(logits[:, output].sum(), kept["maps"], retain_graph=True)
        alpha = gradient.mean((2, 3), keepdim=True)
        cams.append(torch.relu((alpha * maps).sum(1)))
    cams = torch.stack(cams, 1)
    digits = lambda t: [float(f"{v:.9g}") for v in t.detach().flatten().tolist()]
    return {
        **({"conditioning": CONDITIONING[name]} if name in CONDITIONING else {}),
        "channels": channels,
        "parameters": sum(p.numel() for p in net.parameters()),
        "tensors": sorted(k.replace("body.", "") for k in net.state_dict() if not k.endswith("num_batches_tracked")).__len__(),
        "logits": digits(logits),
        "features": kept["embedding"].shape[1],
        "embeddingEvery16th": digits(kept["embedding"].flatten()[::16]),
        "activationMaps": {"shape": list(cams.shape), "values": digits(cams)},
    }


names = ["starter", "resnet-18", "resnet-34", "resnet-50", "densenet-121", "mobilenet-v2", "starter-fastai", "resnet-34-fastai"]
document = {"outputs": OUTPUTS, "batch": BATCH, "size": SIZE, "networks": {}}
if sys.argv[1:]:
    with open(os.path.join(here, "../../fixtures/network/forward.json")) as known:
        document = json.load(known)
for name in sys.argv[1:] or names:
    document["networks"][name] = result = golden(name)
    print(name, result["parameters"], result["logits"], max(result["activationMaps"]["values"]))
with open(os.path.join(here, "../../fixtures/network/forward.json"), "w") as out:
    json.dump(document, out, indent=1)
