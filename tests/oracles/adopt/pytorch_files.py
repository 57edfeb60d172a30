"""Models as their publishers save them, with random weights, and what they answer.

  python pytorch_files.py small tests/fixtures/adopt     the files that are committed
  python pytorch_files.py full FOLDER                    whole networks, for tests/integration/adopt-full.test.ts (ADOPT_FILES=FOLDER)

Needs torch, torchvision, torchxrayvision, timm, monai and fastai from PyPI (made with torch 2.15, torchxrayvision 1.5.7,
timm 1.0.31, monai 1.6.1, fastai 2.8.12). Besides each file, NAME.json holds `input` (shape and seed of a network input),
`logits`, and for torchxrayvision `probabilities` (its own op_norm of the sigmoid).
"""
import json
import os
import sys
from collections import OrderedDict

import numpy as np
import torch
import torchxrayvision as xrv
from torch import nn

torch.manual_seed(7)


def network_input(channels, side, seed=3):
    """Numbers that TypeScript makes again: a sawtooth, row by row."""
    count = channels * side * side
    values = ((np.arange(count, dtype=np.int64) * 7919 + seed) % 2048).astype(np.float32) / 1024 - 1
    return torch.from_numpy(values.reshape(1, channels, side, side))


def lively(module):
    """Random batch-norm statistics, so that a wrong order of tensors shows."""
    for part in module.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.running_mean.uniform_(-0.2, 0.2)
            part.running_var.uniform_(0.7, 1.3)
            with torch.no_grad():
                part.weight.uniform_(0.7, 1.3)
                part.bias.uniform_(-0.2, 0.2)
    return module.eval()


def calm(model, first, last):
    """Inputs go to ±1024: weights as small as training leaves them, so that probabilities are no plain 0 and 1."""
    with torch.no_grad():
        first.weight.mul_(1 / 1024)
        last.weight.mul_(0.1)
        last.bias.uniform_(-1, 1)
    return model


def note(folder, name, file, logits, channels, side, **more):
    facts = {"file": file, "input": {"channels": channels, "side": side, "seed": 3}, "logits": logits.detach().double().flatten().tolist(), **more}
    with open(os.path.join(folder, f"{name}.json"), "w") as out:
        json.dump(facts, out, indent=0)
        out.write("\n")


def module_logits(model, channels, side, scale=1.0):
    with torch.no_grad():
        return model(network_input(channels, side) * scale)


def xrv_densenet(folder, name, config, labels, points, side, legacy):
    """torch.save(model), as torchxrayvision's training script publishes its DenseNets."""
    torch.manual_seed(11)
    model = lively(xrv.models.DenseNet(num_classes=len(labels), in_channels=1, block_config=config))
    calm(model, model.features.conv0, model.classifier)
    model.targets = labels
    model.pathologies = labels
    file = f"{name}.pt"
    torch.save(model, os.path.join(folder, file), _use_new_zipfile_serialization=not legacy)
    logits = module_logits(model, 1, side, 1024)
    with_points = torch.tensor(points)
    probabilities = xrv.models.op_norm(torch.sigmoid(logits), with_points)
    note(folder, name, file, logits, 1, side, scale=1024, labels=labels, op_threshs=[None if np.isnan(p) else p for p in points],
         probabilities=probabilities.double().flatten().tolist())
    return model


all_weights = xrv.models.model_urls["all"]
nih = xrv.models.model_urls["nih"]


def small(folder):
    labels, points = ["Effusion", "Pleural_Thickening", "", "Lung Opacity"], [0.1, 0.3, float("nan"), 0.25]
    for legacy in (False, True):
        xrv_densenet(folder, f"xrv-module-{'legacy' if legacy else 'zip'}", (1, 1), labels, points, 64, legacy)
    body = nn.Sequential(OrderedDict(linear=nn.Linear(3, 2), norm=nn.BatchNorm1d(2), unused=nn.Identity()))
    state = body.state_dict()
    optimizer = torch.optim.Adam(body.parameters())
    body(torch.ones(4, 3)).sum().backward()
    optimizer.step()
    habits = {
        "state_dict": {"epoch": 3, "arch": "resnet18", "best_acc1": 0.5, "optimizer": optimizer.state_dict(), "state_dict": body.state_dict()},
        "model_state_dict": {"model_state_dict": body.state_dict(), "optimizer_state_dict": optimizer.state_dict(), "loss": torch.tensor(0.5)},
        "learner": {"model": body.state_dict(), "opt": optimizer.state_dict()},
        "lightning": {"epoch": 1, "global_step": 12, "pytorch-lightning_version": "2.4.0", "state_dict": {f"net.{k}": v for k, v in body.state_dict().items()},
                      "loops": {}, "callbacks": {}, "optimizer_states": [optimizer.state_dict()], "lr_schedulers": [], "hyper_parameters": {"classes": ["Effusion", "Mass"]}},
        "data-parallel": nn.DataParallel(body).state_dict(),
        "two": {"model": body.state_dict(), "model_state_dict": state},
        "whole-sequential": body,
    }
    for name, value in habits.items():
        for legacy in (False, True):
            torch.save(value, os.path.join(folder, f"{name}-{'legacy' if legacy else 'zip'}.pt"), _use_new_zipfile_serialization=not legacy)
    with open(os.path.join(folder, "habits.json"), "w") as out:
        json.dump({name: value.double().flatten().tolist() for name, value in body.state_dict().items()}, out, indent=0)
        out.write("\n")
    torch.save(state, os.path.join(folder, "protocol-4.pt"), pickle_protocol=4)


def full(folder):
    import timm
    import torchvision
    from monai.networks.nets import DenseNet121

    os.makedirs(folder, exist_ok=True)
    for legacy in (False, True):
        xrv_densenet(folder, f"xrv-densenet121-{'legacy' if legacy else 'zip'}", (6, 12, 24, 16), all_weights["labels"], all_weights["op_threshs"], 224, legacy)
    xrv_densenet(folder, "xrv-densenet121-nih", (6, 12, 24, 16), nih["labels"], nih["op_threshs"], 224, False)

    def state(name, model, channels, side, wrap=lambda state: state, **more):
        lively(model)
        file = f"{name}.pth"
        torch.save(wrap(model.state_dict()), os.path.join(folder, file))
        note(folder, name, file, module_logits(model, channels, side), channels, side, **more)

    resnet50 = torchvision.models.resnet50(num_classes=18)
    resnet50.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    facts = xrv.models.model_urls["resnet50-res512-all"]
    calm(lively(resnet50), resnet50.conv1, resnet50.fc)
    torch.save(resnet50.state_dict(), os.path.join(folder, "xrv-resnet50.pt"))
    logits = module_logits(resnet50, 1, 512, 1024)
    note(folder, "xrv-resnet50", "xrv-resnet50.pt", logits, 1, 512, scale=1024, labels=facts["labels"],
         op_threshs=[None if np.isnan(p) else p for p in facts["op_threshs"]],
         probabilities=xrv.models.op_norm(torch.sigmoid(logits), torch.tensor(facts["op_threshs"])).double().flatten().tolist())
    models = torchvision.models
    for name in ["resnet18", "resnet34", "densenet121", "densenet169", "densenet201", "mobilenet_v2", "efficientnet_b0", "efficientnet_b3", "convnext_tiny"]:
        state(f"torchvision-{name}", getattr(models, name)(num_classes=3), 3, 224)
    for name in ["resnet34", "densenet121", "mobilenetv2_100", "efficientnet_b0", "tf_efficientnet_lite0", "convnext_tiny"]:
        state(f"timm-{name}", timm.create_model(name, num_classes=3), 3, 224)
    state("monai-densenet121", DenseNet121(spatial_dims=2, in_channels=1, out_channels=4), 1, 224)
    state("lightning-resnet18", models.resnet18(num_classes=3), 3, 224, lambda s: {"epoch": 1, "state_dict": {f"model.{k}": v for k, v in s.items()}})
    state("data-parallel-resnet18", models.resnet18(num_classes=3), 3, 224, lambda s: {"model_state_dict": {f"module.{k}": v for k, v in s.items()}})
    sequential = models.resnet18(num_classes=3)
    sequential.fc = nn.Sequential(nn.Dropout(0.2), nn.Linear(512, 3))
    state("sequential-head-resnet18", sequential, 3, 224)
    fastai_learner(folder, state)


def fastai_learner(folder, state):
    """The origin notebook's network: create_cnn(data, models.resnet34) in fastai, saved by learn.save."""
    import torchvision
    from fastai.vision.learner import create_vision_model

    model = create_vision_model(torchvision.models.resnet34, 5, pretrained=False)
    lively(model)
    optimizer = torch.optim.Adam(model.parameters())
    torch.save({"model": model.state_dict(), "opt": optimizer.state_dict()}, os.path.join(folder, "fastai-resnet34.pth"))
    note(folder, "fastai-resnet34", "fastai-resnet34.pth", module_logits(model, 3, 224), 3, 224)


if __name__ == "__main__":
    {"small": small, "full": full}[sys.argv[1]](sys.argv[2])
