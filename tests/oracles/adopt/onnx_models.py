"""
ONNX classifiers as others write them, and what onnxruntime and PyTorch compute with them: files and golden.json in tests/fixtures/adopt/onnx.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install torch onnx onnxscript onnxruntime skl2onnx scikit-learn numpy
    /tmp/venv/bin/python tests/oracles/adopt/onnx_models.py

The picture is a phantom of ellipses, 64 x 64 pixels of 8 bits (phantom.bin); every network gets its grey values divided by 255.
"""
import json
import pathlib
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

warnings.filterwarnings("ignore")
folder = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "adopt"
target = folder / "onnx"
target.mkdir(parents=True, exist_ok=True)
side = 64


def phantom():
    y, x = np.mgrid[0:side, 0:side] / (side - 1) * 2 - 1
    picture = np.full((side, side), 30.0)

    def ellipse(cx, cy, rx, ry, value):
        picture[((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1] += value

    ellipse(0, 0, 0.95, 0.98, 150)
    ellipse(-0.42, -0.05, 0.32, 0.62, -95)
    ellipse(0.42, -0.05, 0.32, 0.62, -95)
    ellipse(0.1, 0.3, 0.33, 0.3, 60)
    ellipse(-0.45, 0.2, 0.12, 0.12, 55)
    picture += 8 * np.sin(9 * x) * np.cos(7 * y)
    return np.clip(picture, 0, 255).astype(np.uint8)


picture = phantom()
(folder / "phantom.bin").write_bytes(picture.tobytes())
grey = torch.tensor(picture.astype(np.float32) / 255)[None, None]


class Cnn(nn.Module):
    """Convolutions, global average pooling, one linear layer."""

    def __init__(self, channels, outputs, activation):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(),
            nn.Conv2d(8, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.ReLU(),
            nn.Conv2d(16, 24, 3, 2, 1), nn.BatchNorm2d(24), nn.ReLU(),
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(24, outputs)
        self.activation = activation

    def forward(self, x):
        scores = self.head(self.dropout(torch.flatten(self.pool(self.body(x)), 1)))
        return {"sigmoid": torch.sigmoid, "softmax": lambda s: torch.softmax(s, 1), "none": lambda s: s}[self.activation](scores)


class DenseLayer(nn.Module):
    def __init__(self, channels, growth):
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(channels), nn.Conv2d(channels, 4 * growth, 1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(4 * growth), nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x):
        new = self.conv2(torch.relu(self.norm2(self.conv1(torch.relu(self.norm1(x))))))
        return torch.cat([x, new], 1)


class DenseNet(nn.Module):
    """Two dense blocks and a transition, with torchvision's head: ReLU, adaptive pooling, flatten, classifier. Logits."""

    def __init__(self, outputs):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 12, 7, 2, 3, bias=False), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        self.block1 = nn.Sequential(DenseLayer(12, 8), DenseLayer(20, 8), DenseLayer(28, 8))
        self.transition = nn.Sequential(nn.BatchNorm2d(36), nn.ReLU(), nn.Conv2d(36, 18, 1, bias=False), nn.AvgPool2d(2))
        self.block2 = nn.Sequential(DenseLayer(18, 8), DenseLayer(26, 8), DenseLayer(34, 8))
        self.norm5 = nn.BatchNorm2d(42)
        self.classifier = nn.Linear(42, outputs)

    def forward(self, x):
        features = self.norm5(self.block2(self.transition(self.block1(self.stem(x)))))
        pooled = torch.flatten(nn.functional.adaptive_avg_pool2d(torch.relu(features), (1, 1)), 1)
        return self.classifier(pooled)


class ChannelsLast(nn.Module):
    """Takes NHWC and yields a softmax, as a model converted from Keras does."""

    def __init__(self):
        super().__init__()
        self.inner = Cnn(3, 3, "softmax")

    def forward(self, x):
        return self.inner(x.permute(0, 3, 1, 2))


class Hidden(nn.Module):
    """A head of two layers: there is an embedding, but no class activation map."""

    def __init__(self):
        super().__init__()
        self.cnn = Cnn(1, 20, "none")
        self.last = nn.Linear(20, 2)

    def forward(self, x):
        return torch.sigmoid(self.last(torch.relu(self.cnn(x))))


def prepared(network, seed):
    """Seeded, with running statistics of noise and outputs that differ from one picture to the next."""
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
            nn.init.uniform_(module.weight, 0.7, 1.3)
            nn.init.uniform_(module.bias, -0.2, 0.2)
        elif isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
            if module.bias is not None:
                nn.init.uniform_(module.bias, -0.3, 0.3)
    return network.eval()


golden = {}


def probabilities(scores, activation):
    scores = np.asarray(scores, np.float64)
    return scores if activation != "none" else 1 / (1 + np.exp(-scores))


def record(name, network, sample, activation, **more):
    """PyTorch's result; onnxruntime in Python has to agree."""
    with torch.no_grad():
        expected = network(sample).numpy()
    found = onnxruntime.InferenceSession(str(target / f"{name}.onnx")).run(None, {more["input"]: sample.numpy()})[0]
    assert np.abs(found - expected).max() < 1e-5, name
    golden[name] = {"activation": activation, "probabilities": probabilities(expected, activation)[0].tolist(), **more}


def shrink(name):
    """Without the exporter's stack traces, which are most of a small file."""
    path = target / f"{name}.onnx"
    model = onnx.load(path)
    for node in model.graph.node:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output]:
        value.ClearField("metadata_props")
        value.ClearField("doc_string")
    onnx.save(model, path)


def export(name, network, sample, opset, dynamic=True, dynamo=False):
    arguments = {"opset_version": opset, "input_names": ["picture"], "output_names": ["scores"]}
    if dynamo:
        shapes = ({0: torch.export.Dim("batch")},) if dynamic else None
        torch.onnx.export(network, (sample,), str(target / f"{name}.onnx"), dynamo=True, external_data=False,
                          dynamic_shapes=shapes, **arguments)
    else:
        torch.onnx.export(network, (sample,), str(target / f"{name}.onnx"), dynamo=False,
                          dynamic_axes={"picture": {0: "batch"}, "scores": {0: "batch"}} if dynamic else None, **arguments)
    shrink(name)


def cam(network, features, sample, weights):
    with torch.no_grad():
        maps = torch.einsum("nchw,oc->nohw", features(sample), weights)
    return (torch.relu(maps) / (maps.shape[2] * maps.shape[3])).numpy()[0].ravel().tolist()


def main():
    several = prepared(Cnn(1, 4, "sigmoid"), 1)
    pair = torch.cat([grey, grey.flip(3)])
    for opset in range(11, 23):
        dynamo = opset >= 18
        export(f"cnn-opset{opset}", several, pair if dynamo else grey, opset, dynamo=dynamo)
        found = onnx.load(target / f"cnn-opset{opset}.onnx").opset_import[0].version
        assert found == opset, (opset, found)
        record(f"cnn-opset{opset}", several, grey, "sigmoid", input="picture", channels=1, layout="NCHW", features=24,
               maps=cam(several, several.body, grey, several.head.weight))
    dense = prepared(DenseNet(18), 2)
    export("densenet-batch1", dense, grey, 17, dynamic=False)
    with torch.no_grad():
        features = lambda x: torch.relu(dense.norm5(dense.block2(dense.transition(dense.block1(dense.stem(x))))))
    record("densenet-batch1", dense, grey, "none", input="picture", channels=1, layout="NCHW", features=42,
           maps=cam(dense, features, grey, dense.classifier.weight))
    last = prepared(ChannelsLast(), 3)
    colour = grey.permute(0, 2, 3, 1).repeat(1, 1, 1, 3)
    export("channels-last", last, colour, 17)
    record("channels-last", last, colour, "softmax", input="picture", channels=3, layout="NHWC", features=24,
           maps=cam(last, lambda x: last.inner.body(x.permute(0, 3, 1, 2)), colour, last.inner.head.weight))
    hidden = prepared(Hidden(), 4)
    export("hidden-layer", hidden, grey, 13)
    record("hidden-layer", hidden, grey, "sigmoid", input="picture", channels=1, layout="NCHW", features=20)
    external()
    scikit()
    wrong(several)
    (target / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")


def external():
    """The same network with its weights in a file beside it."""
    model = onnx.load(target / "cnn-opset17.onnx")
    (target / "external").mkdir(exist_ok=True)
    for path in (target / "external").iterdir():
        path.unlink()
    onnx.save_model(model, target / "external" / "model.onnx", save_as_external_data=True, all_tensors_to_one_file=True,
                    location="weights.data", size_threshold=0)
    golden["external/model"] = golden["cnn-opset17"]


def scikit():
    """Logistic regressions on the pixels in one row: with the list of maps that skl2onnx yields by itself, and without."""
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    random = np.random.default_rng(5)
    rows = np.stack([np.clip(picture / 255 + random.normal(0, 0.2, picture.shape), 0, 1).ravel() for _ in range(60)])
    kinds = np.arange(60) % 3
    rows[kinds == 1, : side * side // 2] += 0.3
    rows[kinds == 2, side * side // 2 :] += 0.3
    # neighbouring pixels together, so that the file stays small
    for name, options in [("scikit-maps", {}), ("scikit-plain", {"zipmap": False})]:
        pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=200)).fit(rows.astype(np.float32), kinds)
        model = to_onnx(pipeline, rows[:1].astype(np.float32), options={id(pipeline): options} if options else None, target_opset=17)
        (target / f"{name}.onnx").write_bytes(model.SerializeToString())
        golden[name] = {"activation": "softmax", "input": "X", "channels": 1, "layout": "NCHW",
                        "probabilities": pipeline.predict_proba(grey.numpy().reshape(1, -1))[0].tolist()}


def wrong(several):
    """What has to be refused."""
    (target / "refused").mkdir(exist_ok=True)
    for path in (target / "refused").iterdir():
        path.unlink()

    def keep(name, model):
        onnx.save(model, target / "refused" / f"{name}.onnx")

    base = lambda: onnx.load(target / "cnn-opset17.onnx")
    custom = base()
    custom.graph.node[-1].domain = "clinic.example"
    custom.graph.node[-1].op_type = "SpecialSigmoid"
    custom.opset_import.append(onnx.helper.make_opsetid("clinic.example", 1))
    keep("custom-operator", custom)
    nan = base()
    weights = onnx.numpy_helper.to_array(nan.graph.initializer[0]).copy()
    weights.ravel()[3] = np.nan
    nan.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(weights, nan.graph.initializer[0].name))
    keep("nan", nan)
    shapes = base()
    for axis in (2, 3):
        shapes.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = "side"
    keep("open-sides", shapes)
    for name, channels in [("four-channels", 4)]:
        torch.onnx.export(prepared(Cnn(channels, 2, "sigmoid"), 6), (torch.zeros(1, channels, side, side),), str(target / "refused" / f"{name}.onnx"),
                          dynamo=False, opset_version=17, input_names=["picture"], output_names=["scores"])
    torch.onnx.export(prepared(Cnn(3, 1000, "none"), 7), (torch.zeros(1, 3, side, side),), str(target / "refused" / "imagenet.onnx"),
                      dynamo=False, opset_version=17, input_names=["picture"], output_names=["scores"])
    segmentation = prepared(nn.Sequential(nn.Conv2d(1, 4, 3, 1, 1), nn.ReLU(), nn.Conv2d(4, 2, 1)), 8)
    torch.onnx.export(segmentation, (grey,), str(target / "refused" / "segmentation.onnx"), dynamo=False, opset_version=17,
                      input_names=["picture"], output_names=["mask"])
    volumes = nn.Sequential(nn.Conv3d(1, 2, 3), nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(2, 2)).eval()
    torch.onnx.export(volumes, (torch.zeros(1, 1, 16, 16, 16),), str(target / "refused" / "volumes.onnx"), dynamo=False, opset_version=17,
                      input_names=["volume"], output_names=["scores"])
    training = prepared(Cnn(1, 2, "sigmoid"), 9)
    training.train()
    torch.onnx.export(training, (torch.cat([grey, grey.flip(3)]),), str(target / "refused" / "training-mode.onnx"), dynamo=False, opset_version=17,
                      training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False, input_names=["picture"],
                      output_names=["scores"], dynamic_axes={"picture": {0: "batch"}, "scores": {0: "batch"}})


main()
