"""
ONNX classifiers in half precision, and what onnxruntime computes with them in Python: files and golden-float16.json in
tests/fixtures/adopt/onnx. They are made from two files of onnx_models.py by onnxconverter-common, with float16 inputs and outputs
and, once, with float32 inputs and outputs around float16 weights.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install onnx onnxconverter-common onnxruntime numpy
    /tmp/venv/bin/python tests/oracles/adopt/onnx_float16.py
"""
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnxconverter_common import float16

folder = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "adopt"
target = folder / "onnx"
picture = np.frombuffer((folder / "phantom.bin").read_bytes(), np.uint8).reshape(64, 64).astype(np.float32) / 255
sources = json.loads((target / "golden.json").read_text())
golden = {}

for source, name, keep in [
    ("cnn-opset17", "float16", False),
    ("cnn-opset17", "float16-inside", True),
    ("channels-last", "float16-channels-last", False),
    ("hidden-layer", "float16-hidden-layer", False),
]:
    model = float16.convert_float_to_float16(onnx.load(target / f"{source}.onnx"), keep_io_types=keep)
    onnx.save(model, target / f"{name}.onnx")
    expected = {key: value for key, value in sources[source].items() if key != "maps"}
    channels, layout = expected["channels"], expected["layout"]
    sample = np.repeat(picture[None, None], channels, axis=1)
    if layout == "NHWC":
        sample = sample.transpose(0, 2, 3, 1)
    session = onnxruntime.InferenceSession(str(target / f"{name}.onnx"))
    dtype = np.float32 if keep else np.float16
    scores = np.asarray(session.run(None, {expected["input"]: sample.astype(dtype)})[0], np.float64)
    expected["probabilities"] = (scores if expected["activation"] != "none" else 1 / (1 + np.exp(-scores)))[0].tolist()
    # Half precision has 11 bits: what float32 gives lies within some thousandths.
    assert np.abs(np.array(expected["probabilities"]) - sources[source]["probabilities"]).max() < 5e-3, name
    golden[name] = expected

(target / "golden-float16.json").write_text(json.dumps(golden, indent=1) + "\n")
