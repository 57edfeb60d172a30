"""Palette colour, plain and segmented (PS3.3 section C.7.9), as pydicom's apply_color_lut shows it: tests/fixtures/pixels/palettes.json.

  /tmp/venv/bin/python tests/oracles/pixels/make_palettes.py

`grey` is the Rec. 601 luminance of pydicom's colours, as 16 bits.
"""
import base64, json, pathlib, struct
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import apply_color_lut
from pydicom.uid import ExplicitVRLittleEndian

root = pathlib.Path(__file__).resolve().parents[2]
rng = np.random.default_rng(11)
cases = []
colours = ('Red', 'Green', 'Blue')


def case(name, count, first, bits, tables, segmented, x):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    plain = {}
    for colour, table in zip(colours, tables):
        keyword = f'{"Segmented" if segmented else ""}{colour}PaletteColorLookupTableData'
        ds.add_new(f'{colour}PaletteColorLookupTableDescriptor', 'SS' if first < 0 else 'US', [count, first, bits])
        setattr(ds, keyword, table)
        plain[f'{colour}PaletteColorLookupTableDescriptor'] = [count, first, bits]
        plain[keyword] = base64.b64encode(table).decode()
    ds.PhotometricInterpretation = 'PALETTE COLOR'
    ds.PixelRepresentation = int(first < 0)
    rgb = apply_color_lut(np.array(x), ds).astype(np.float64) * (257 if bits == 8 else 1)
    cases.append({'name': name, 'dataSet': plain, 'x': [int(v) for v in x], 'grey': [int(v) for v in np.round(rgb @ [0.299, 0.587, 0.114])]})


words = lambda values: np.asarray(values).astype('<u2').tobytes()
inputs = lambda low, high: sorted({low, low + 1, high - 1, high, (low + high) // 2, *(int(v) for v in rng.integers(low, high, 30))})
case('16 bits', 256, 0, 16, [words(rng.integers(0, 65536, 256)) for _ in colours], False, inputs(0, 255))
case('8 bits in words', 256, 0, 8, [rng.integers(0, 256, 256).astype('u1').tobytes() for _ in colours], False, inputs(0, 255))
case('16 bits, first value 100, inputs outside', 500, 100, 16, [words(rng.integers(0, 65536, 500)) for _ in colours], False, inputs(0, 1000))
case('16 bits, 4096 entries', 4096, 0, 16, [words(rng.integers(0, 65536, 4096)) for _ in colours], False, inputs(0, 4095))

# Discrete, linear, and an indirect segment that repeats the first two.
first = [0, 4, 10, 60000, 300, 20000, 1, 50, 65535]
for name, segments, count in [
    ('segmented: discrete', [0, 8, *range(0, 64000, 8000)], 8),
    ('segmented: discrete and linear', [0, 2, 0, 1000, 1, 100, 50000, 1, 154, 0], 256),
    ('segmented: indirect', [*first, 2, 2, 0, 0], 108),
    ('segmented: linear after indirect', [*first, 2, 1, 0, 0, 1, 20, 7], 78),
]:
    case(name, count, 0, 16, [words(segments)] * 3, True, inputs(0, count - 1))
narrow = bytes([0, 3, 5, 250, 17, 1, 100, 255, 1, 50, 0])
case('segmented, 8 bits', 153, 0, 8, [narrow + b'\0'] * 3, True, inputs(0, 152))
(root / 'fixtures/pixels/palettes.json').write_text(json.dumps(cases, separators=(',', ':')).replace('},{', '},\n{') + '\n')
print(len(cases))
