"""Modality LUT, VOI LUT and windows of random and edge inputs by pydicom 3.0.2: tests/fixtures/pixels/luts.json.

  /tmp/venv/bin/python tests/oracles/pixels/make_luts.py

VOI results are brought to [0, 1] by pydicom's own output range, since ours is that.
"""
import json, pathlib
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.pixels import apply_modality_lut, apply_voi, apply_voi_lut, apply_windowing

root = pathlib.Path(__file__).resolve().parents[2]
rng = np.random.default_rng(7)
cases = []


def inputs(low, high, count=8):
    edges = [low, low + 1, -1, 0, 1, (low + high) // 2, high - 1, high]
    return sorted({int(v) for v in [*edges, *rng.integers(low, high, count)] if low <= v <= high})


def image(bits, signed):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.BitsStored = bits
    ds.BitsAllocated = 16 if bits > 8 else 8
    ds.PixelRepresentation = int(signed)
    ds.PhotometricInterpretation = 'MONOCHROME2'
    return ds


# Windows: three functions, widths down to the smallest legal, centres in and out of the range.
for bits, signed in ((8, False), (12, False), (12, True), (16, False), (16, True)):
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2 ** bits - 1)
    for function in ('LINEAR', 'LINEAR_EXACT', 'SIGMOID'):
        widths = [1, 2, 3, high - low, (high - low) * 2.5, float(rng.uniform(4, high - low))]
        for width in widths:
            for center in (0, (low + high) / 2, float(rng.uniform(low, high)), high + 50):
                ds = image(bits, signed)
                ds.WindowCenter, ds.WindowWidth, ds.VOILUTFunction = str(round(center, 4)), str(round(width, 4)), function
                x = inputs(low, high)
                y = apply_windowing(np.array(x), ds)
                scaled = (y - low) / (high - low)
                cases.append({'kind': 'window', 'window': {'center': float(ds.WindowCenter), 'width': float(ds.WindowWidth), 'shape': function}, 'x': x, 'y': [float(f'{v:.9g}') for v in scaled]})

# Modality: rescale, and tables with 8- and 16-bit entries (pydicom takes no others), negative first value, 65536 entries.
for slope, intercept in ((1, -1024), (0.5, 3.25), (-2, 100), (1, 0)):
    ds = image(16, True)
    ds.RescaleSlope, ds.RescaleIntercept = str(slope), str(intercept)
    x = inputs(-2048, 4095)
    cases.append({'kind': 'modality', 'dataSet': {'RescaleSlope': slope, 'RescaleIntercept': intercept}, 'x': x, 'y': [float(v) for v in apply_modality_lut(np.array(x), ds)]})
for count, first, bits in ((256, 0, 8), (256, -100, 16), (1000, 50, 16), (4096, -2048, 16)):
    entries = rng.integers(0, 2 ** bits, count)
    item = Dataset()
    item.add_new(0x00283002, 'SS' if first < 0 else 'US', [count, first, bits])
    item.add_new(0x00283006, 'OW', entries.astype('<u2').tobytes())
    ds = image(16, first < 0)
    ds.ModalityLUTSequence = [item]
    x = inputs(-3000 if first < 0 else 0, 5000)
    plain = {'LUTDescriptor': [count, first, bits], 'LUTData': [int(v) for v in entries]}
    cases.append({'kind': 'modality', 'dataSet': {'ModalityLUTSequence': [plain]}, 'x': x, 'y': [float(v) for v in apply_modality_lut(np.array(x), ds)]})
    ds = image(16, first < 0)
    ds.VOILUTSequence = [item]
    if bits == 8:
        # pydicom lets inputs behind the last entry wrap in 8 bits; PS3.3 C.11.2.1.1 wants the last entry.
        x = [v for v in x if v < first + count]
    y = apply_voi(np.array(x), ds)
    cases.append({'kind': 'voi', 'dataSet': {'VOILUTSequence': [plain]}, 'x': x, 'y': [float(f'{v / (2 ** bits - 1):.9g}') for v in y]})

# Random windows after a rescale, and images that have a table and several windows: apply_voi_lut takes the table, then the first window.
for index in range(60):
    bits, signed = (12, bool(index % 2)) if index % 3 else (16, bool(index % 2))
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2 ** bits - 1)
    ds = image(bits, signed)
    ds.WindowCenter = [str(round(float(rng.uniform(low, high)), 3)) for _ in range(3)]
    ds.WindowWidth = [str(round(float(rng.uniform(2, high - low)), 3)) for _ in range(3)]
    ds.VOILUTFunction = ('LINEAR', 'LINEAR_EXACT', 'SIGMOID')[index % 3]
    plain = {'WindowCenter': [float(v) for v in ds.WindowCenter], 'WindowWidth': [float(v) for v in ds.WindowWidth], 'VOILUTFunction': ds.VOILUTFunction}
    x = inputs(low, high)
    scale = lambda y: (y - low) / (high - low)
    if index % 4 == 0:
        count, first, depth = int(rng.integers(2, 5000)), int(rng.integers(max(low, -30000), min(high, 30000))), (8, 12, 16)[index % 3] if index % 3 != 1 else 16
        depth = 16 if depth == 12 else depth
        count = min(count, 256) if depth == 8 else count
        entries = rng.integers(0, 2 ** depth, count)
        item = Dataset()
        item.add_new(0x00283002, 'SS' if first < 0 else 'US', [count, first, depth])
        item.add_new(0x00283006, 'OW', entries.astype('<u2').tobytes())
        ds.VOILUTSequence = [item]
        plain['VOILUTSequence'] = [{'LUTDescriptor': [count, first, depth], 'LUTData': [int(v) for v in entries]}]
        x = [v for v in x if depth != 8 or v < first + count]
        scale = lambda y: y / (2 ** depth - 1)
    y = apply_voi_lut(np.array(x), ds)
    cases.append({'kind': 'voi', 'dataSet': plain, 'x': x, 'y': [float(f'{v:.9g}') for v in scale(y)]})
for index in range(20):
    ds = image(16, True)
    slope, intercept = round(float(rng.uniform(-3, 3)), 5), round(float(rng.uniform(-2000, 2000)), 4)
    ds.RescaleSlope, ds.RescaleIntercept = str(slope), str(intercept)
    x = inputs(-32768, 32767)
    cases.append({'kind': 'modality', 'dataSet': {'RescaleSlope': slope, 'RescaleIntercept': intercept}, 'x': x, 'y': [float(v) for v in apply_modality_lut(np.array(x), ds)]})

(root / 'fixtures/pixels/luts.json').write_text(json.dumps(cases, separators=(',', ':')).replace('},{', '},\n{') + '\n')
print(len(cases))
