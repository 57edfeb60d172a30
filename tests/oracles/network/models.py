"""The networks of src/network/ as PyTorch modules: torchvision's own, the starter's, fastai v1's head."""
import torch
import torchvision
from torch import nn
from torchvision.models.resnet import BasicBlock, ResNet


class Starter(ResNet):
    """The starter: torchvision's ResNet with other widths and strides, and one input channel."""

    def __init__(self, outputs, widths=(32, 64, 128, 192), strides=(1, 2, 2, 1)):
        super().__init__(BasicBlock, [1, 1, 1, 1], num_classes=outputs)
        self.conv1 = nn.Conv2d(1, widths[0], 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.inplanes = widths[0]
        for index, (width, stride) in enumerate(zip(widths, strides), 1):
            setattr(self, f"layer{index}", self._make_layer(BasicBlock, width, 1, stride=stride))
        self.fc = nn.Linear(widths[-1], outputs)


class AdaptiveConcatPool2d(nn.Module):
    """fastai v1, layers.py: the maximum before the average"""

    def forward(self, x):
        return torch.cat([nn.functional.adaptive_max_pool2d(x, 1), nn.functional.adaptive_avg_pool2d(x, 1)], 1)


class WithFastaiHead(nn.Module):
    """create_body + create_head of fastai v1 (vision/learner.py); parameters of the head named head.N as in its Sequential"""

    def __init__(self, body, channels, outputs):
        super().__init__()
        self.body = body
        self.head = nn.Sequential(
            AdaptiveConcatPool2d(), nn.Flatten(), nn.BatchNorm1d(2 * channels), nn.Dropout(0.25), nn.Linear(2 * channels, 512),
            nn.ReLU(inplace=True), nn.BatchNorm1d(512), nn.Dropout(0.5), nn.Linear(512, outputs),
        )

    def forward(self, x):
        return self.head(self.body(x))


class ResnetBody(nn.Module):
    def __init__(self, net):
        super().__init__()
        for name, child in list(net.named_children())[:-2]:
            setattr(self, name, child)

    def forward(self, x):
        for child in self.children():
            x = child(x)
        return x


# see newer.py
NEWER = ("efficientnet-lite0", "efficientnet-lite-small", "efficientnet-b0", "efficientnet-small", "efficientnet-small-same",
         "convnext-tiny", "convnext-small", "densenet-169", "densenet-201")


def build(name, outputs, conditioning=None):
    """(module in eval mode, the module whose output is the last feature map, rename, input channels)"""
    from seeded import fill

    same = lambda key: key
    if name in NEWER:
        from newer import build_newer

        net, rename, features, _, _, channels = build_newer(name, outputs)
        fill(net, rename, conditioning)
        return net.eval(), features, channels
    if name == "starter":
        net = Starter(outputs)
    elif name.endswith("-fastai"):
        body = Starter(outputs) if name == "starter-fastai" else torchvision.models.resnet34(weights=None)
        net = WithFastaiHead(ResnetBody(body), body.fc.in_features, outputs)
        fill(net, lambda key: key[5:] if key.startswith("body.") else key, conditioning)
        return net.eval(), net.body.layer4, 1 if name == "starter-fastai" else 3
    else:
        net = getattr(torchvision.models, name.replace("-", "") if name != "mobilenet-v2" else "mobilenet_v2")(weights=None, num_classes=outputs)
    fill(net, same, conditioning)
    if name == "densenet-121":
        features = net.features
    elif name == "mobilenet-v2":
        features = net.features
    else:
        features = net.layer4
    return net.eval(), features, 1 if name == "starter" else 3
