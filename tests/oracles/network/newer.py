"""EfficientNet, ConvNeXt and the larger DenseNets as PyTorch modules: torchvision's, and timm's where torchvision has none.

With torch 2.15, torchvision 0.29 and timm 1.0 from PyPI; nothing here is needed for the networks of models.py.
"""
import re
from functools import partial

import torchvision
from torch import nn
from torchvision.models import convnext, efficientnet


def timm_name(expanding_first=False, squeezes=False):
    """timm's names of an EfficientNet as torchvision's would be: modules counted through within a block."""

    def rename(name):
        ends = {"conv_stem": "features.0.0", "bn1": "features.0.1", "conv_head": "features.8.0", "bn2": "features.8.1", "classifier": "classifier.1"}
        found = re.fullmatch(r"blocks\.(\d+)\.(\d+)\.(.+)\.(\w+)", name)
        if not found:
            end, tensor = name.rsplit(".", 1)
            return f"{ends[end]}.{tensor}"
        stage, index, module, tensor = int(found[1]), found[2], found[3], found[4]
        if stage == 0:
            order = ["conv_dw/bn1"] + (["se"] if squeezes else []) + ["conv_pw/bn2"]
        else:
            order = ["conv_pw/bn1", "conv_dw/bn2"] + (["se"] if squeezes else []) + ["conv_pwl/bn3"]
        if module.startswith("se."):
            part = f"{order.index('se')}.{'fc1' if module == 'se.conv_reduce' else 'fc2'}"
        else:
            place = next(i for i, pair in enumerate(order) if module in pair.split("/"))
            part = f"{place}.{order[place].split('/').index(module)}"
        return f"features.{stage + 1}.{index}.block.{part}.{tensor}"

    return rename


def same(name):
    return name


def efficientnet_b(width, depth, outputs, dropout=0.2, epsilon=1e-5):
    setting = [
        efficientnet.MBConvConfig(*row, width_mult=width, depth_mult=depth)
        for row in [(1, 3, 1, 32, 16, 1), (6, 3, 2, 16, 24, 2), (6, 5, 2, 24, 40, 2), (6, 3, 2, 40, 80, 3), (6, 5, 1, 80, 112, 3), (6, 5, 2, 112, 192, 4), (6, 3, 1, 192, 320, 1)]
    ]
    return efficientnet.EfficientNet(setting, dropout, stochastic_depth_prob=0.0, num_classes=outputs, norm_layer=partial(nn.BatchNorm2d, eps=epsilon))


def timm_efficientnet(build, variant, width, depth, outputs):
    """with TensorFlow's padding and epsilon"""
    from timm.models import _efficientnet_builder as builder
    from timm.models import efficientnet as timm_models

    return getattr(timm_models, build)(
        variant, channel_multiplier=width, depth_multiplier=depth, num_classes=outputs, pad_type="same", bn_eps=builder.BN_EPS_TF_DEFAULT)


def build_newer(name, outputs):
    """(module, rename, feature map's module, the last linear layer, the module that reads the embedding, input channels)"""
    if name in ("efficientnet-lite0", "efficientnet-lite-small"):
        width = depth = 1.0 if name == "efficientnet-lite0" else 0.5
        net = timm_efficientnet("_gen_efficientnet_lite", "tf_efficientnet_lite0", width, depth, outputs)
        net.classifier = nn.Sequential(nn.Dropout(0.2), net.classifier)
        return net, lambda key: timm_name()(key.replace("classifier.1", "classifier")), net.bn2, net.classifier[1], net.classifier, 3
    if name == "efficientnet-small-same":
        net = timm_efficientnet("_gen_efficientnet", "tf_efficientnet_b0", 0.5, 0.5, outputs)
        net.classifier = nn.Sequential(nn.Dropout(0.2), net.classifier)
        return net, lambda key: timm_name(squeezes=True)(key.replace("classifier.1", "classifier")), net.bn2, net.classifier[1], net.classifier, 3
    if name in ("efficientnet-b0", "efficientnet-small"):
        net = torchvision.models.efficientnet_b0(weights=None, num_classes=outputs, stochastic_depth_prob=0.0) if name == "efficientnet-b0" else efficientnet_b(0.5, 0.5, outputs)
        return net, same, net.features, net.classifier[1], net.classifier, 3
    if name in ("convnext-tiny", "convnext-small"):
        if name == "convnext-tiny":
            net = torchvision.models.convnext_tiny(weights=None, num_classes=outputs, stochastic_depth_prob=0.0)
        else:
            rows = [(16, 32, 1), (32, 48, 1), (48, 64, 2), (64, None, 1)]
            net = convnext.ConvNeXt([convnext.CNBlockConfig(*row) for row in rows], 0.0, num_classes=outputs)
        return net, same, net.features, net.classifier[2], net.classifier, 3
    if name in ("densenet-169", "densenet-201"):
        net = getattr(torchvision.models, name.replace("-", ""))(weights=None, num_classes=outputs)
        return net, same, net.features, net.classifier, net.classifier, 3
    raise KeyError(name)
