"""The starter network: a ResNet of four BasicBlocks whose state_dict has torchvision's names."""
import torch
from torch import nn

WIDTHS = (32, 64, 128, 192)
STRIDES = (1, 2, 2, 1)
LAYERS = (1, 1, 1, 1)


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + shortcut)


class MixStyle(nn.Module):
    """Zhou et al., Domain Generalization with MixStyle (ICLR 2021): in training, mix the channel statistics of two images."""

    def __init__(self, probability=0.5, alpha=0.1):
        super().__init__()
        self.probability, self.alpha = probability, alpha

    def forward(self, x):
        if not self.training or torch.rand(()) > self.probability:
            return x
        mean = x.mean((2, 3), keepdim=True).detach()
        std = (x.var((2, 3), keepdim=True) + 1e-5).sqrt().detach()
        share = torch.distributions.Beta(self.alpha, self.alpha).sample((len(x), 1, 1, 1)).to(x.dtype)
        other = torch.randperm(len(x))
        mixed_mean = share * mean + (1 - share) * mean[other]
        mixed_std = share * std + (1 - share) * std[other]
        return (x - mean) / std * mixed_std + mixed_mean


class StarterNet(nn.Module):
    def __init__(self, outputs, mix_style=False):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(32)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        channels = 32
        for k, (width, stride, blocks) in enumerate(zip(WIDTHS, STRIDES, LAYERS), 1):
            rest = [BasicBlock(width, width, 1) for _ in range(blocks - 1)]
            setattr(self, f"layer{k}", nn.Sequential(BasicBlock(channels, width, stride), *rest))
            channels = width
        self.fc = nn.Linear(channels, outputs)
        self.mix = MixStyle() if mix_style else nn.Identity()
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")

    def embed(self, x):
        """The penultimate embedding, [N, 192]."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.mix(self.layer1(x))
        x = self.mix(self.layer2(x))
        return self.layer4(self.layer3(x)).mean((2, 3))

    def forward(self, x):
        return self.fc(self.embed(x))


def standardise(x):
    """Per image: (x - mean) / max(population std, 1e-3). x: [N, 1, H, W] in [0, 1]."""
    mean = x.mean((2, 3), keepdim=True)
    std = x.std((2, 3), unbiased=False, keepdim=True)
    return (x - mean) / std.clamp_min(1e-3)


def predict(net, images, batch=128):
    """images: float array [N, 192, 192] in [0, 1]. Returns logits [N, outputs] and embeddings [N, 192] (numpy)."""
    import numpy as np
    net.eval()
    logits, embeddings = [], []
    with torch.no_grad():
        for i in range(0, len(images), batch):
            x = standardise(torch.from_numpy(np.array(images[i:i + batch], np.float32))[:, None])
            e = net.embed(x.contiguous(memory_format=torch.channels_last))
            embeddings.append(e.numpy())
            logits.append(net.fc(e).numpy())
    return np.concatenate(logits).astype(np.float64), np.concatenate(embeddings).astype(np.float64)
