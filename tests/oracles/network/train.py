#!/usr/bin/python3
"""Golden training steps of torchvision's networks in float64: tests/fixtures/network/train.json.

Ten steps of AdamW each, on inputs, targets and dropout masks of seeded.py. Of the first step every gradient (before
clipping) is kept as its L2 norm and eight random projections, small ones whole; of every step the loss and the gradient's
norm; of the end the batch-norm buffers (of the starter: every tensor). A second run in float32 says how far rounding alone
takes PyTorch from itself.

Run on Debian 12 with python3-torch 1.13 and python3-torchvision 0.14: /usr/bin/python3 tests/oracles/network/train.py [CASE ...]
The networks of newer.py need torchvision 0.29 and timm 1.0.
"""
import json
import os
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
from models import NEWER, build  # noqa: E402
from seeded import dropout_mask, fractions, image, projections  # noqa: E402

OUTPUTS, STEPS, SEED = 3, 10, 7
BETA2, EPSILON, DECAY = 0.99, 1e-5, 0.01
WHOLE = 8  # gradients of up to as many elements are kept whole

ONE = {"kind": "one-of-many", "labelSmoothing": 0.1, "classWeights": [1, 2, 0.5]}
PLAIN = {"kind": "one-of-many"}
SEVERAL = {"kind": "several", "classWeights": [1, 3, 0.5]}


# See away_from_zero in seeded.py; these and the names of the inputs were found with kinks.py, so that no value of the first step lies
# where rounding decides over a gradient.
STARTER = {"shift": 0.5, "scale": 0.3, "negative": 0.5}
USUAL = {"shift": 0.8, "scale": 0.3, "negative": 0.5}
OPEN = {"shift": 1.0, "scale": 0.2, "negative": 0.0}


def case(network, objective, batch=4, size=(64, 64), train_from=0, frozen="still", clip=None, conditioning=None, steps=10, inputs="train"):
    return {"network": network, "inputs": inputs, "conditioning": conditioning, "objective": objective, "steps": steps, "batch": batch, "height": size[0], "width": size[1],
            "trainFromGroup": train_from, "frozenBatchNorms": frozen, "maxGradientNorm": clip}


CASES = {
    "starter": case("starter", ONE, clip=1.0, conditioning=STARTER, inputs="train 0"),
    "starter several findings": case("starter", SEVERAL, conditioning=STARTER, inputs="train 0"),
    "starter odd size": case("starter", PLAIN, size=(71, 58), conditioning=USUAL, inputs="train 3"),
    "starter from group 1": case("starter", PLAIN, train_from=1, conditioning=USUAL, inputs="train 2"),
    "starter head only": case("starter", SEVERAL, train_from=2, clip=0.1),
    "starter head and batch norms": case("starter", ONE, train_from=2, frozen="train", conditioning=STARTER, inputs="train 0"),
    "resnet-18": case("resnet-18", ONE, size=(48, 48), conditioning=USUAL, inputs="train 6"),
    "resnet-34": case("resnet-34", SEVERAL, size=(48, 48), clip=1.0, conditioning={"shift": 1.0, "scale": 0.2, "negative": 0.25}, inputs="train 12"),
    "resnet-50": case("resnet-50", ONE, size=(48, 48), conditioning=OPEN, inputs="train 6"),
    "densenet-121": case("densenet-121", SEVERAL, clip=1.0, conditioning={"shift": 1.0, "scale": 0.2, "negative": 0.5}, inputs="train 3"),
    "densenet-121 from group 1": case("densenet-121", ONE, train_from=1, conditioning={"shift": 1.0, "scale": 0.25, "negative": 0.25}, inputs="train 2"),
    "densenet-169": case("densenet-169", ONE, conditioning={"shift": 1.0, "scale": 0.2, "negative": 0.25}, inputs="train 2"),
    "densenet-201": case("densenet-201", SEVERAL, clip=1.0, conditioning={"shift": 1.0, "scale": 0.2, "negative": 0.25}, inputs="train 2"),
    "mobilenet-v2": case("mobilenet-v2", ONE, conditioning={"shift": 1.0, "scale": 0.3, "negative": 0.0}, inputs="train 6"),
    "efficientnet-lite-small": case("efficientnet-lite-small", SEVERAL, size=(61, 75), clip=1.0, conditioning={"shift": 1.0, "scale": 0.3, "negative": 0.0}, inputs="train 1"),
    "efficientnet-lite0": case("efficientnet-lite0", ONE, size=(48, 48), conditioning={"shift": 1.0, "scale": 0.3, "negative": 0.0}, inputs="train 30"),
    "efficientnet-b0": case("efficientnet-b0", ONE, size=(64, 48)),
    "efficientnet-small": case("efficientnet-small", ONE, clip=1.0),
    "efficientnet-small-same": case("efficientnet-small-same", SEVERAL, size=(61, 75)),
    "efficientnet-small from group 1": case("efficientnet-small", PLAIN, train_from=1),
    "convnext-tiny": case("convnext-tiny", SEVERAL, batch=2, clip=1.0, steps=2),
    "convnext-small": case("convnext-small", ONE, size=(70, 85), clip=1.0),
    "convnext-small from group 1": case("convnext-small", SEVERAL, train_from=1),
    "starter-fastai": case("starter-fastai", ONE, batch=16, size=(40, 40), clip=1.0, conditioning=USUAL, inputs="train 3"),
    "starter-fastai head only": case("starter-fastai", PLAIN, batch=16, train_from=2),
    "starter-fastai head and batch norms": case("starter-fastai", ONE, batch=16, size=(40, 40), train_from=2, frozen="train", conditioning=USUAL, inputs="train 3"),
    "resnet-34-fastai head only": case("resnet-34-fastai", SEVERAL, batch=16, train_from=2),
    # batch norm over few examples makes this head so sensitive that PyTorch's float32 leaves its float64 within ten steps
    "resnet-34-fastai": case("resnet-34-fastai", PLAIN, batch=8, size=(48, 48), steps=1, conditioning={"shift": 1.0, "scale": 0.5, "negative": 0.0}, inputs="train 6"),
}


def group_of(network, name):
    """fastai's split of the layers (src/network/layer-groups.ts)"""
    if name.startswith(("fc.", "head.", "classifier")):
        return 2
    if network.startswith(("efficientnet", "convnext")):
        return 1 if int(name.split(".")[1]) >= 4 else 0
    if network.startswith("densenet"):
        return 1 if name.startswith(("features.transition2", "features.denseblock3", "features.transition3", "features.denseblock4", "features.norm5")) else 0
    if network == "mobilenet-v2":
        return 1 if int(name.split(".")[1]) >= 7 else 0
    return 1 if name.startswith(("layer3", "layer4")) else 0


class MaskedDropout(nn.Module):
    def __init__(self, name, rate):
        super().__init__()
        self.name, self.rate, self.step = name, rate, 0

    def forward(self, x):
        return x * torch.from_numpy(dropout_mask(SEED, self.name, self.step, tuple(x.shape), self.rate)).to(x.dtype)


def own_name(network, name, module=False):
    """Of a tensor (or a module with tensors) the name that it has in src/network."""
    if name.startswith("body."):
        return name[5:]
    if network not in NEWER:
        return name
    from newer import build_newer

    if network not in RENAMES:
        RENAMES[network] = build_newer(network, OUTPUTS)[1]
    rename = RENAMES[network]
    return rename(f"{name}.weight")[: -len(".weight")] if module else rename(name)


RENAMES = {}


def batch(chosen, step, channels):
    count = chosen["batch"]
    x = image(f"{chosen['inputs']} {step}", (count, channels, chosen["height"], chosen["width"]))
    u = fractions(f"target {step}", count * OUTPUTS).reshape(count, OUTPUTS)
    if chosen["objective"]["kind"] == "one-of-many":
        targets = np.eye(OUTPUTS)[u.argmax(1)]
        targets[-1] = [0.25, 0.75, 0]
        weights = 0.5 + fractions(f"weight {step}", count)
    else:
        targets = np.where(u > 0.5, 1.0, 0.0)
        targets[-1, -1] = 0.25
        weights = np.where(fractions(f"weight {step}", count * OUTPUTS) > 0.25, 1.0, 0.0).reshape(count, OUTPUTS)
    # both twins round to float32 before they compute
    as_float = lambda a: torch.from_numpy(a.astype(np.float32))
    return as_float(x), as_float(targets), as_float(weights)


def loss_of(objective, logits, targets, weights):
    classes = torch.tensor(objective.get("classWeights", [1.0] * OUTPUTS), dtype=logits.dtype)
    if objective["kind"] == "several":
        each = F.binary_cross_entropy_with_logits(logits, targets, pos_weight=classes, reduction="none")
        return (each * weights).sum() / weights.sum()
    smoothing = objective.get("labelSmoothing", 0.0)
    smooth = targets * (1 - smoothing) + smoothing / OUTPUTS
    each = -(smooth * classes * F.log_softmax(logits, 1)).sum(1)
    return (each * weights).sum() / (weights * (targets * classes).sum(1)).sum()


def check_against_torch():
    """With one-hot targets and equal weights the loss is torch.nn.CrossEntropyLoss of class indices."""
    logits = torch.randn(16, OUTPUTS, dtype=torch.float64)
    labels = torch.randint(0, OUTPUTS, (16,))
    theirs = F.cross_entropy(logits, labels, weight=torch.tensor(ONE["classWeights"], dtype=torch.float64), label_smoothing=ONE["labelSmoothing"])
    ours = loss_of(ONE, logits, F.one_hot(labels, OUTPUTS).double(), torch.ones(16, dtype=torch.float64))
    assert abs(theirs - ours) < 1e-12, (theirs, ours)


def rates(step):
    return {"learningRates": [rate * (1 + 0.1 * step) for rate in (1e-5, 3e-5, 3e-4)], "momentum": 0.95 - 0.01 * step}


def prepare(chosen, dtype):
    net, _, channels = build(chosen["network"], OUTPUTS, chosen["conditioning"])
    for name, module in list(net.named_modules()):
        if isinstance(module, nn.Dropout):
            parent, _, child = name.rpartition(".")
            setattr(net.get_submodule(parent), child, MaskedDropout(name.removeprefix("body."), module.p))
    net = net.to(dtype).train()
    groups = [[], [], []]
    for name, module in net.named_modules():
        if next(module.parameters(recurse=False), None) is None:
            continue
        group = group_of(chosen["network"], f"{own_name(chosen['network'], name, module=True)}.")
        frozen = group < chosen["trainFromGroup"]
        norm = isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d))
        if frozen and norm and chosen["frozenBatchNorms"] == "still":
            module.eval()
        for parameter in module.parameters(recurse=False):
            if frozen and not (norm and chosen["frozenBatchNorms"] == "train"):
                parameter.requires_grad_(False)
            else:
                groups[group].append(parameter)
    return net, channels, torch.optim.AdamW([{"params": group} for group in groups], lr=1, betas=(0.9, BETA2), eps=EPSILON, weight_decay=DECAY)


def run(chosen, dtype):
    net, channels, optimizer = prepare(chosen, dtype)
    losses, norms, gradients, first = [], [], {}, None
    for step in range(chosen["steps"]):
        for module in net.modules():
            if isinstance(module, MaskedDropout):
                module.step = step
        given = rates(step)
        for group, rate in zip(optimizer.param_groups, given["learningRates"]):
            group["lr"], group["betas"] = rate, (given["momentum"], BETA2)
        x, targets, weights = (t.to(dtype) for t in batch(chosen, step, channels))
        optimizer.zero_grad(set_to_none=True)
        logits = net(x)
        loss = loss_of(chosen["objective"], logits, targets, weights)
        loss.backward()
        trained = {own_name(chosen["network"], name): p.grad for name, p in net.named_parameters() if p.requires_grad}
        if step == 0:
            gradients = {name: g.detach().numpy().copy() for name, g in trained.items()}
            first = logits.detach().flatten().tolist()
        norm = torch.nn.utils.clip_grad_norm_([p for p in net.parameters() if p.requires_grad], chosen["maxGradientNorm"] or float("inf"))
        optimizer.step()
        losses.append(loss.item())
        norms.append(norm.item())
    state = {own_name(chosen["network"], name): value.numpy() for name, value in net.state_dict().items() if not name.endswith("num_batches_tracked")}
    return losses, norms, first, gradients, state


def digits(values, count=8):
    return [float(f"{v:.{count}g}") for v in values]


def summary(name, values):
    if values.size <= WHOLE:
        return {"values": digits(values.ravel().tolist())}
    return {"norm": digits([float(np.linalg.norm(values.astype(np.float64).ravel()))])[0], "projections": digits(projections(name, values))}


def golden(chosen):
    losses, norms, logits, gradients, state = run(chosen, torch.float64)
    rough, _, _, rough_gradients, rough_state = run(chosen, torch.float32)
    kept = state if chosen["network"].startswith("starter") else {name: v for name, v in state.items() if name.endswith(("running_mean", "running_var", "layer_scale")) or "small" in chosen["network"]}
    # a tensor whose gradient is zero in mathematics (a bias that the next batch norm takes away) is rounding only: hence the floor
    floor = 1e-2 * norms[0]
    relative = lambda a, b, least=0.0: float(np.linalg.norm((a - b).ravel()) / (np.linalg.norm(b.ravel()) + least))
    float32 = {
        "loss": max(abs(a - b) for a, b in zip(rough, losses)),
        "gradients": max(relative(rough_gradients[name], g, floor) for name, g in gradients.items()),
        "tensors": max(relative(rough_state[name], v) for name, v in kept.items()),
    }
    return {
        **chosen,
        "pytorchFloat32": {key: float(f"{value:.2g}") for key, value in float32.items()},
        "losses": digits(losses), "gradientNorms": digits(norms), "logits": digits(logits),
        "gradients": {name: summary(name, g) for name, g in gradients.items()},
        "tensors": {name: summary(name, v) for name, v in kept.items()},
    }


def main(names):
    """Without names every case anew; with names these, the others as they are."""
    check_against_torch()
    path = os.path.join(here, "../../fixtures/network/train.json")
    document = {"outputs": OUTPUTS, "seed": SEED, "adamW": {"beta2": BETA2, "epsilon": EPSILON, "weightDecay": DECAY},
                "rates": [rates(step) for step in range(STEPS)], "cases": {}}
    if names:
        with open(path) as known:
            document["cases"] = json.load(known)["cases"]
    for name in names or CASES:
        document["cases"][name] = result = golden(CASES[name])
        print(name, [f"{v:.4f}" for v in result["losses"]], [f"{v:.3f}" for v in result["gradientNorms"]], result["pytorchFloat32"], flush=True)
    with open(path, "w") as out:
        text = json.dumps(document, separators=(",", ":"))
        # a line for each tensor, so that a change shows where it is
        out.write(text.replace('},"', '},\n"').replace('"cases":', '\n"cases":') + "\n")


if __name__ == "__main__":
    torch.manual_seed(0)
    main(sys.argv[1:])
