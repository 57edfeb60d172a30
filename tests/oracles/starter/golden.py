"""Writes what PIL and PyTorch make of six pictures given by a formula.

    python3 tests/oracles/starter/golden.py --model models/starter --out tests/fixtures/starter/golden.json
    python3 tests/oracles/starter/golden.py --model tests/fixtures/models/two-findings --out tests/fixtures/starter/golden-two-findings.json

Needs numpy, Pillow, PyTorch and, for EfficientNet-Lite0, timm. The pictures are computed in float64, rounded to float32, resized by PIL in mode F; the networks run in float64.
"""
import argparse, json, os, sys
import numpy as np
import torch
from PIL import Image
from torch import nn

INPUTS = [dict(width=300, height=200, k=1), dict(width=97, height=131, k=2), dict(width=192, height=192, k=3),
          dict(width=512, height=640, k=0.5), dict(width=40, height=500, k=4), dict(width=64, height=64, k=0, constant=0.5)]


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        return (self.bn2(self.conv2(self.bn1(self.conv1(x)).relu())) + shortcut).relu()


class StarterNet(nn.Module):
    """A ResNet of four BasicBlocks whose state_dict has torchvision's names, as model.json describes it."""

    def __init__(self, outputs, widths, strides):
        super().__init__()
        self.conv1 = nn.Conv2d(1, widths[0], 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        channels = widths[0]
        for k, (width, stride) in enumerate(zip(widths, strides), 1):
            setattr(self, f"layer{k}", nn.Sequential(BasicBlock(channels, width, stride)))
            channels = width
        self.fc = nn.Linear(channels, outputs)

    def embed(self, x):
        x = self.maxpool(self.bn1(self.conv1(x)).relu())
        return self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3))


class LiteNet(nn.Module):
    """timm's EfficientNet-Lite0 for one channel."""

    def __init__(self, outputs):
        super().__init__()
        sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../network"))
        from newer import timm_name
        from timm.models import _efficientnet_builder as builder
        from timm.models import efficientnet

        self.net = efficientnet._gen_efficientnet_lite(
            "tf_efficientnet_lite0", channel_multiplier=1.0, depth_multiplier=1.0, num_classes=outputs, in_chans=1, pad_type="same", bn_eps=builder.BN_EPS_TF_DEFAULT)
        self.rename = timm_name()

    def load_state_dict(self, state, strict):
        own = {n: self.rename(n) for n in self.net.state_dict() if not n.endswith("num_batches_tracked")}
        assert set(own.values()) == set(state), set(own.values()) ^ set(state)
        missing, unexpected = self.net.load_state_dict({n: state[given] for n, given in own.items()}, strict=False)
        return missing, unexpected

    def embed(self, x):
        return self.net.global_pool(self.net.forward_features(x))

    def fc(self, e):
        return self.net.classifier(e)


def network(shape):
    if shape["family"] == "efficientnet":
        assert (shape["kind"], shape["width"], shape["depth"], shape["padding"], shape["epsilon"]) == ("lite", 1, 1, "same", 0.001), shape
        return LiteNet(shape["outputs"])
    assert shape["block"] == "basic" and set(shape["layers"]) == {1}, shape
    return StarterNet(shape["outputs"], shape["widths"], shape["strides"])


def picture(width, height, k, constant=None):
    if constant is not None:
        return np.full((height, width), constant)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    return 0.5 + 0.5 * np.sin(0.13 * x + 0.07 * y * k)


def read_safetensors(path):
    data = open(path, "rb").read()
    size = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8:8 + size]), data[8 + size:]
    kinds = {"F32": "<f4", "F16": "<f2"}
    return {n: np.frombuffer(body[h["data_offsets"][0]:h["data_offsets"][1]], kinds[h["dtype"]]).reshape(h["shape"]).astype(np.float32) for n, h in header.items() if n != "__metadata__"}


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--model", required=True); p.add_argument("--out", required=True)
    a = p.parse_args()
    model = json.load(open(os.path.join(a.model, "model.json")))
    networks = {}
    for kind, entry in model["networks"].items():
        tensors = read_safetensors(os.path.join(a.model, entry["weights"]))
        net = network(entry["architecture"])
        state = {n: torch.from_numpy(t.copy()) for n, t in tensors.items() if not n.startswith("gate.")}
        missing, unexpected = net.load_state_dict(state, strict=False)
        assert not unexpected and all(m.endswith("num_batches_tracked") for m in missing), (missing, unexpected)
        networks[kind] = (net.double().eval(), tensors["gate.mean"].astype(np.float64), tensors["gate.precision"].astype(np.float64), entry)
    cases = []
    for spec in INPUTS:
        given = Image.fromarray(picture(**spec).astype(np.float32), mode="F")
        case = {"input": spec, "networks": {}}
        for kind, (net, centre, precision, entry) in networks.items():
            resized = np.asarray(given.resize((entry["input"]["width"], entry["input"]["height"]), Image.BILINEAR), np.float64)
            x = torch.from_numpy((resized - resized.mean()) / max(resized.std(), 1e-3))[None, None]
            with torch.no_grad():
                e = net.embed(x)
                logits = net.fc(e)[0].numpy()
            d = e[0].numpy() - centre
            temperatures = np.array([o.get("temperature", 1) for o in entry["outputs"]])
            biases = np.array([o.get("bias", 0) for o in entry["outputs"]])
            case["networks"][kind] = {"logits": logits.tolist(), "probabilities": (1 / (1 + np.exp(-logits / temperatures - biases))).tolist(),
                                      "embedding": e[0].numpy()[:16].tolist(), "distance": float(np.sqrt(d @ precision @ d))}
        cases.append(case)
    golden = {"about": "image[y][x] = 0.5 + 0.5 * sin(0.13 * x + 0.07 * y * k), or constant, in float64, rounded to float32; resized to the network's side by PIL (mode F, BILINEAR, "
                       "antialiased); embedding: its first 16 values; distance: Mahalanobis, the square root. Made by tests/oracles/starter/golden.py.",
              "sha256": {k: n[3]["sha256"] for k, n in networks.items()}, "cases": cases}
    os.makedirs(os.path.dirname(a.out), exist_ok=True)
    json.dump(golden, open(a.out, "w"), indent=1)


if __name__ == "__main__":
    main()
