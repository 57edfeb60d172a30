#!/usr/bin/python3
"""Writes tests/fixtures/network/{zip,legacy}.pth and initial.json with PyTorch itself.

initial.json: the spread of every tensor as torchvision (for the head of fastai: its create_head) draws it.
Run on Debian 12 with python3-torch 1.13 and python3-torchvision 0.14: /usr/bin/python3 tests/oracles/network/pth_fixture.py
"""
import json
import os
import sys

import torch
import torchvision
from torch import nn

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
from models import ResnetBody, WithFastaiHead  # noqa: E402

fixtures = os.path.join(here, "../../fixtures/network")

whole = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4) / 7
net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
with torch.no_grad():
    for index, parameter in enumerate(net.parameters()):
        parameter.copy_(torch.arange(parameter.numel()).reshape(parameter.shape) + index)
state = net.state_dict()
state["half"] = torch.tensor([0.5, -2.0], dtype=torch.float16)
state["double"] = torch.tensor([1e-9 + 0.1], dtype=torch.float64)
state["window"] = whole[1]  # a view with an offset into its storage
state["parameter"] = nn.Parameter(torch.tensor([3.5]))
torch.save(state, os.path.join(fixtures, "zip.pth"))
torch.save(state, os.path.join(fixtures, "legacy.pth"), _use_new_zipfile_serialization=False)
for name, value in state.items():
    print(name, tuple(value.shape), value.detach().float().flatten().tolist())


def fastai_head(body):
    """fastai v1, vision/learner.py: apply_init(model[1], nn.init.kaiming_normal_); layers.py: init_default sets the bias to 0, batch norms are left"""
    net = WithFastaiHead(ResnetBody(body), body.fc.in_features, 3)
    for module in net.head:
        if isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight)
            nn.init.zeros_(module.bias)
    return net


torch.manual_seed(1)
models = torchvision.models
networks = {
    "resnet-18": models.resnet18(num_classes=3), "densenet-121": models.densenet121(num_classes=3),
    "mobilenet-v2": models.mobilenet_v2(num_classes=3), "resnet-34-fastai": fastai_head(models.resnet34()),
}


def spread(value):
    """the standard deviation; of tensors whose values are all equal minus that value"""
    deviation = value.flatten().std(unbiased=False).item()
    return deviation if deviation > 0 else -value.flatten()[0].item()


document = {}
for name, module in networks.items():
    tensors = {key.replace("body.", ""): value.double() for key, value in module.state_dict().items() if not key.endswith("num_batches_tracked")}
    document[name] = {key: float(f"{spread(value):.6g}") for key, value in tensors.items()}
with open(os.path.join(fixtures, "initial.json"), "w") as out:
    json.dump(document, out, indent=0)
