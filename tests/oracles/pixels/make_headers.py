"""What pydicom 3.0.2 reads from the clean twins and the unusual headers of tests/support/header-cases.ts: headers.json.

  python3 -m venv /tmp/venv && /tmp/venv/bin/pip install pydicom==3.0.2 numpy
  /tmp/venv/bin/python tests/oracles/pixels/make_headers.py [20000]      (needs an earlier `npm run build`)

A picture is kept as five numbers: the means of its grey values, of their squares, and of them times column, row and
(column + 3 * row) mod 7. Of the cases only those are kept that pydicom reads otherwise than their twin; a bit each says which it
cannot read.
"""
import base64, io, json, logging, pathlib, struct, subprocess, sys, tempfile, warnings
import numpy as np
import pydicom
from pydicom.pixels import apply_modality_lut, apply_voi, pixel_array

warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)
root = pathlib.Path(__file__).resolve().parents[3]
count = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
variants, side = 200, 24


def percentile(values, share):
    ordered = np.sort(values, axis=None)
    return ordered[max(0, int(np.ceil(share * ordered.size)) - 1)]


def shown(data):
    ds = pydicom.dcmread(io.BytesIO(data), force=True)
    array = pixel_array(ds, raw=True)
    kind = ds.PhotometricInterpretation.strip().upper()
    if kind.startswith(('RGB', 'YBR')):
        grey = array.astype(np.float64) @ [0.299, 0.587, 0.114] if kind == 'RGB' else array[:, :, 0]
        return np.floor(grey + 0.5) / (2 ** ds.BitsStored - 1)
    values = apply_modality_lut(array, ds).astype(np.float64)
    if ds.get('VOILUTSequence'):
        bits = ds.VOILUTSequence[0].LUTDescriptor[2]
        grey = np.clip(apply_voi(values.astype(np.int64), ds).astype(np.float64) / (2 ** bits - 1), 0, 1)
    elif ds.get('WindowCenter') is not None and ds.get('WindowWidth') is not None:
        first = lambda value: float(value if not hasattr(value, '__len__') or isinstance(value, str) else value[0])
        center, width = first(ds.WindowCenter), first(ds.WindowWidth)
        grey = np.clip((values - (center - 0.5)) / (width - 1) + 0.5, 0, 1)
    else:
        low, high = sorted(float(percentile(values, share)) for share in (0.005, 0.995))
        grey = np.clip((values - low) / (high - low), 0, 1)
    inverse = kind == 'MONOCHROME1' or str(ds.get('PresentationLUTShape', '')).strip().upper() == 'INVERSE'
    return 1 - grey if inverse else grey


def numbers(picture):
    rows, columns = picture.shape
    y, x = np.mgrid[0:rows, 0:columns]
    weights = [np.ones_like(picture), picture, x / columns, y / rows, ((x + 3 * y) % 7) / 7]
    return [round(float((picture * weight).mean()), 5) for weight in weights]


with tempfile.TemporaryDirectory() as folder:
    subprocess.run(['node', root / 'dist/tests/support/write-header-cases.js', folder, str(count)], check=True)
    data = (pathlib.Path(folder) / 'cases.bin').read_bytes()
files, at = [], 0
while at < len(data):
    (length,) = struct.unpack_from('<I', data, at)
    files.append(data[at + 4:at + 4 + length])
    at += 4 + length
twins = [numbers(shown(file)) for file in files[:variants]]
other, unreadable = {}, np.zeros(len(files) - variants, dtype=np.uint8)
for index, file in enumerate(files[variants:]):
    try:
        read = numbers(shown(file))
    except Exception:
        unreadable[index] = 1
        continue
    if not np.isfinite(read).all() or np.abs(np.array(read) - twins[index % variants]).max() > 2e-5:
        other[index] = [value if np.isfinite(value) else None for value in read]
print(f'{len(files) - variants} cases: pydicom reads {len(other)} otherwise than their twin and cannot read {unreadable.sum()}')
text = json.dumps({'cases': count, 'unreadable': base64.b64encode(np.packbits(unreadable).tobytes()).decode(), 'twins': twins, 'other': other}, separators=(',', ':'))
(root / 'tests/fixtures/pixels/headers.json').write_text(text.replace('],', '],\n') + '\n')
