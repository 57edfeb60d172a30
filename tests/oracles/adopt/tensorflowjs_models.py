"""
Keras models as the tensorflowjs converter writes them (layers and graph models, and one of Teachable Machine's shape), and what TensorFlow
computes with them: folders and golden.json in tests/fixtures/adopt/tensorflowjs. Run onnx_models.py first: it writes the phantom.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install tensorflow-cpu==2.17.1 tf_keras==2.17.0 tensorflow-hub
    /tmp/venv/bin/pip install --no-deps tensorflowjs==4.22.0
    TF_USE_LEGACY_KERAS=1 /tmp/venv/bin/python tests/oracles/adopt/tensorflowjs_models.py
"""
import json
import os
import pathlib
import shutil
import sys
import tempfile
import types

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# the converter imports both without need
for absent in ["tensorflow_decision_forests", "jax", "jax.experimental", "jax.experimental.jax2tf", "tensorflowjs.converters.jax_conversion"]:
    sys.modules[absent] = types.ModuleType(absent)
sys.modules["tensorflowjs.converters.jax_conversion"].convert_jax = None
sys.modules["jax.experimental"].jax2tf = sys.modules["jax.experimental.jax2tf"]

import numpy as np
import tensorflow as tf
import tf_keras as keras
import tensorflowjs as tfjs
from tf_keras import layers

folder = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "adopt"
target = folder / "tensorflowjs"
side = 64
grey = np.frombuffer((folder / "phantom.bin").read_bytes(), np.uint8).reshape(1, side, side, 1).astype(np.float32) / 255
golden = {}


def seeded(model, seed):
    random = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            seeded(layer, seed + 1)
            continue
        values = []
        for weight in layer.weights:
            name = weight.name.split("/")[-1]
            if "variance" in name:
                values.append(random.uniform(0.5, 1.5, weight.shape))
            elif "mean" in name or "bias" in name or "beta" in name:
                values.append(random.uniform(-0.2, 0.2, weight.shape))
            elif "gamma" in name:
                values.append(random.uniform(0.7, 1.3, weight.shape))
            else:
                fan = np.prod(weight.shape[:-1]) if "depthwise" not in name else np.prod(weight.shape[:2])
                values.append(random.normal(0, 1 / np.sqrt(fan), weight.shape))
        layer.set_weights([value.astype(np.float32) for value in values])


def cnn(channels, outputs, activation, name):
    """Functional; separable and plain convolutions, global average pooling, dropout, a dense layer with its activation."""
    image = keras.Input((side, side, channels), name="picture")
    x = layers.Conv2D(8, 3, 2, "same", name="conv1")(image)
    x = layers.BatchNormalization(name="norm1")(x)
    x = layers.ReLU(6.0, name="relu1")(x)
    x = layers.DepthwiseConv2D(3, 2, "same", name="depthwise")(x)
    x = layers.BatchNormalization(name="norm2")(x)
    x = layers.Activation("relu", name="relu2")(x)
    y = layers.Conv2D(12, 1, padding="same", name="pointwise")(x)
    z = layers.Conv2D(12, 3, padding="same", activation="relu", name="branch")(x)
    x = layers.Concatenate(name="joined")([y, z])
    x = layers.Conv2D(20, 3, 2, "valid", activation="swish", name="last_conv")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    x = layers.Dense(outputs, activation=activation, name="scores")(x)
    return keras.Model(image, x, name=name)


def record(name, model, picture, activation, features, feature_layer=None, weights=None):
    probabilities = np.asarray(model(picture, training=False))[0]
    entry = {"activation": activation, "layout": "NHWC", "channels": picture.shape[3], "probabilities": probabilities.astype(float).tolist()}
    if features:
        entry["features"] = features
    if feature_layer is not None:
        maps = np.asarray(keras.Model(model.inputs, feature_layer.output)(picture, training=False))[0]
        cam = np.einsum("hwc,co->ohw", maps, weights)
        entry["maps"] = (np.maximum(cam, 0) / (cam.shape[1] * cam.shape[2])).astype(float).ravel().tolist()
    golden[name] = entry


def layers_model(name, model):
    path = target / name
    shutil.rmtree(path, ignore_errors=True)
    tfjs.converters.save_keras_model(model, str(path))
    rename(path)
    return path


def graph_model(name, model):
    path = target / name
    shutil.rmtree(path, ignore_errors=True)
    with tempfile.TemporaryDirectory() as saved:
        tf.saved_model.save(model, saved)
        tfjs.converters.convert_tf_saved_model(saved, str(path))
    rename(path)


def rename(path):
    """One short line, and no dates."""
    content = json.loads((path / "model.json").read_text())
    (path / "model.json").write_text(json.dumps(content) + "\n")


def teachable_machine():
    """A Sequential of a Sequential (truncated MobileNet and pooling) and a Sequential (two dense layers); metadata.json has the labels."""
    image = keras.Input((side, side, 3), name="input_1")
    x = layers.ZeroPadding2D(((0, 1), (0, 1)), name="Conv1_pad")(image)
    x = layers.Conv2D(8, 3, 2, use_bias=False, name="Conv1")(x)
    x = layers.BatchNormalization(name="bn_Conv1")(x)
    x = layers.ReLU(6.0, name="Conv1_relu")(x)
    for index, (width, stride) in enumerate([(12, 2), (16, 2)]):
        x = layers.DepthwiseConv2D(3, stride, "same", use_bias=False, name=f"block_{index}_depthwise")(x)
        x = layers.BatchNormalization(name=f"block_{index}_depthwise_BN")(x)
        x = layers.ReLU(6.0, name=f"block_{index}_depthwise_relu")(x)
        x = layers.Conv2D(width, 1, use_bias=False, name=f"block_{index}_project")(x)
        x = layers.BatchNormalization(name=f"block_{index}_project_BN")(x)
    body = keras.Model(image, x, name="model1")
    first = keras.Sequential([body, layers.GlobalAveragePooling2D(name="global_average_pooling2d_GlobalAveragePooling2D1")], name="sequential_1")
    second = keras.Sequential([keras.Input((16,)), layers.Dense(24, activation="relu", name="dense_Dense1"),
                               layers.Dense(3, activation="softmax", use_bias=False, name="dense_Dense2")], name="sequential_3")
    return keras.Sequential([first, second], name="sequential_4")


def main():
    target.mkdir(parents=True, exist_ok=True)
    several = cnn(1, 4, "sigmoid", "several")
    seeded(several, 1)
    layers_model("layers", several)
    record("layers", several, grey, "sigmoid", 20, several.get_layer("last_conv"), several.get_layer("scores").get_weights()[0])
    graph_model("graph", several)
    golden["graph"] = golden["layers"]
    colour = np.repeat(grey, 3, 3)
    exclusive = cnn(3, 3, "softmax", "exclusive")
    seeded(exclusive, 3)
    graph_model("graph-softmax", exclusive)
    record("graph-softmax", exclusive, colour, "softmax", 20, exclusive.get_layer("last_conv"), exclusive.get_layer("scores").get_weights()[0])
    body = cnn(1, 6, None, "logits")
    logits = keras.Sequential([body, layers.Activation("sigmoid", name="probabilities")], name="nested")
    logits.build((None, side, side, 1))
    seeded(logits, 5)
    layers_model("layers-nested", logits)
    record("layers-nested", logits, grey, "sigmoid", 20)
    inner = np.asarray(keras.Model(body.inputs, body.get_layer("last_conv").output)(grey, training=False))[0]
    cam = np.einsum("hwc,co->ohw", inner, body.get_layer("scores").get_weights()[0])
    golden["layers-nested"]["maps"] = (np.maximum(cam, 0) / (cam.shape[1] * cam.shape[2])).astype(float).ravel().tolist()
    machine = teachable_machine()
    machine.build((None, side, side, 3))
    seeded(machine, 7)
    path = layers_model("teachable-machine", machine)
    (path / "group1-shard1of1.bin").rename(path / "weights.bin")
    content = json.loads((path / "model.json").read_text())
    # as Teachable Machine writes it: the topology itself, without a format, and weights.bin
    content = {"modelTopology": {**content["modelTopology"]["model_config"], "keras_version": "tfjs-layers 1.3.1", "backend": "tensor_flow.js"},
               "weightsManifest": content["weightsManifest"]}
    content["weightsManifest"][0]["paths"] = ["weights.bin"]
    (path / "model.json").write_text(json.dumps(content) + "\n")
    (path / "metadata.json").write_text(json.dumps({"tfjsVersion": "1.3.1", "tmVersion": "2.4.7", "packageVersion": "0.8.4-alpha2",
                                                    "packageName": "@teachablemachine/image", "timeStamp": "2020-09-01T00:00:00.000Z",
                                                    "userMetadata": {}, "modelName": "chest", "labels": ["Normal", "Pneumonia", "Tuberculosis"],
                                                    "imageSize": side}) + "\n")
    record("teachable-machine", machine, colour, "softmax", 24)
    refused()
    (target / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")


def refused():
    image = keras.Input((side, side, 1), name="picture")
    x = layers.Conv2D(4, 3, 2)(image)
    x = layers.Lambda(lambda value: value * 2, name="doubled")(x)
    x = layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    layers_model("refused/lambda", keras.Model(image, x))

    @keras.saving.register_keras_serializable("clinic")
    class Special(layers.Layer):
        def call(self, value):
            return value * 2

    x = layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(Special(name="special")(layers.Conv2D(4, 3, 2)(image))))
    layers_model("refused/custom-layer", keras.Model(image, x))
    mask = layers.Conv2D(2, 1, activation="softmax", name="mask")(layers.Conv2D(4, 3, padding="same")(image))
    layers_model("refused/segmentation", keras.Model(image, mask))
    four = keras.Input((side, side, 4), name="picture")
    x = layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, 2)(four)))
    layers_model("refused/four-channels", keras.Model(four, x))
    open_sides = keras.Input((None, None, 1), name="picture")
    x = layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, 2)(open_sides)))
    layers_model("refused/open-sides", keras.Model(open_sides, x))


main()
