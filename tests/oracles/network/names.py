#!/usr/bin/python3
"""What others call the tensors of their networks, and what these give: tests/fixtures/network/published-names.json.

Every network is filled by the formula of seeded.py with its own names, so that the mapping to the names of src/network is tested by
the logits. Needs torch 2.15, torchvision 0.29, timm 1.0, MONAI 1.6, fastai 2.8, torchxrayvision 1.5 and efficientnet-lite-pytorch 0.1 from
PyPI: python3 tests/oracles/network/names.py [NAME ...]
"""
import json
import os
import sys

import torch
import torchvision
from torch import nn

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
from seeded import fill, image  # noqa: E402

SIZE = 64
torch.set_num_threads(1)


def timm_model(name, outputs):
    import timm

    return timm.create_model(name, num_classes=outputs)


def xrv_densenet():
    import torchxrayvision

    net = torchxrayvision.models.DenseNet(weights=None, num_classes=18, in_channels=1, growth_rate=32, block_config=(6, 12, 24, 16), num_init_features=64)
    net.register_buffer("op_threshs", torch.full((18,), float("nan")))
    net.upsample = nn.Identity()
    return net


def xrv_resnet():
    """as torchxrayvision.models.ResNet is built, whose constructor downloads its weights"""

    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = torchvision.models.resnet50(num_classes=18, weights=None)
            self.model.conv1 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)

        def forward(self, x):
            return self.model(x)

    return Wrapped()


def fastai_resnet34():
    from fastai.vision.learner import create_body, create_head

    body = create_body(torchvision.models.resnet34(weights=None), 3, pretrained=False)
    return nn.Sequential(body, create_head(512, 3))


def lightning_densenet():
    """a habit of LightningModules: a backbone without its head, and a head in a Sequential"""

    class Module(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone = torchvision.models.densenet169(weights=None)
            self.backbone.classifier = nn.Identity()
            self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(1664, 5))
            self.criterion = nn.BCEWithLogitsLoss(pos_weight=torch.ones(5))

        def forward(self, x):
            return self.head(self.backbone(x))

    return Module()


def cut_resnet18():
    """another: all children but the last in a Sequential"""

    class Module(nn.Module):
        def __init__(self):
            super().__init__()
            self.feature_extractor = nn.Sequential(*list(torchvision.models.resnet18(weights=None).children())[:-1])
            self.classifier = nn.Linear(512, 2)

        def forward(self, x):
            return self.classifier(self.feature_extractor(x).flatten(1))

    return Module()


def monai_densenet():
    from monai.networks.nets import DenseNet121

    return DenseNet121(spatial_dims=2, in_channels=1, out_channels=4)


def lite_pytorch():
    """pads for pictures of 224: at 64 that is the same"""
    from efficientnet_lite_pytorch import EfficientNet

    return EfficientNet.from_name("efficientnet-lite0", num_classes=3)


# name -> module, channels, the candidate that is right
NETWORKS = {
    "torchvision efficientnet_b1": (lambda: torchvision.models.efficientnet_b1(weights=None, num_classes=3), 3, "efficientnet-b1"),
    "timm efficientnet_b0": (lambda: timm_model("efficientnet_b0", 3), 3, "efficientnet-b0"),
    "timm tf_efficientnet_b2": (lambda: timm_model("tf_efficientnet_b2", 3), 3, "efficientnet-b2-same"),
    "timm tf_efficientnet_lite0": (lambda: timm_model("tf_efficientnet_lite0", 3), 3, "efficientnet-lite0-same"),
    "timm convnext_tiny": (lambda: timm_model("convnext_tiny", 3), 3, "convnext-tiny"),
    "timm mobilenetv2_100": (lambda: timm_model("mobilenetv2_100", 3), 3, "mobilenet-v2"),
    "efficientnet_lite_pytorch lite0": (lite_pytorch, 3, "efficientnet-lite0-same"),
    "torchxrayvision DenseNet": (xrv_densenet, 1, "densenet-121"),
    "torchxrayvision ResNet": (xrv_resnet, 1, "resnet-50"),
    "MONAI DenseNet121": (monai_densenet, 1, "densenet-121"),
    "fastai resnet34": (fastai_resnet34, 3, "resnet-34-fastai"),
    "Lightning densenet169": (lightning_densenet, 3, "densenet-169"),
    "Lightning resnet18, cut": (cut_resnet18, 3, "resnet-18"),
}

path = os.path.join(here, "../../fixtures/network/published-names.json")
document = {}
if sys.argv[1:]:
    with open(path) as known:
        document = json.load(known)
for name in sys.argv[1:] or NETWORKS:
    build, channels, right = NETWORKS[name]
    net = build()
    conditioning = None if "convnext" in name else {"shift": 0.0, "scale": 1.6, "negative": 0.0}
    thresholds = getattr(net, "op_threshs", None)
    fill(net, conditioning=conditioning)
    if thresholds is not None:
        del net.op_threshs  # what it does to the logits is not the network's
    net.eval()
    with torch.no_grad():
        logits = net.double()(torch.from_numpy(image("input", (1, channels, SIZE, SIZE))).double())
    names = {key: list(value.shape) for key, value in net.state_dict().items()}
    if thresholds is not None:
        names["op_threshs"] = [18]
    document[name] = {"right": right, "channels": channels, "conditioning": conditioning,
                      "logits": [float(f"{v:.9g}") for v in logits.flatten().tolist()], "names": names}
    print(name, len(names), document[name]["logits"][:4], flush=True)
    with open(path, "w") as out:
        out.write(json.dumps(document, separators=(",", ":")).replace('}},"', '}},\n"') + "\n")
