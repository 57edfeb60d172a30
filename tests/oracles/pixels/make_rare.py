"""The two syntaxes that make_synthetic.py has no writer for: HTJ2K with RPCL (.202), and deflated frames (PS3.5 section A.4.12).

  /tmp/venv/bin/python tests/oracles/pixels/make_rare.py      after make_synthetic.py; needs Node for OpenJPH as WebAssembly

Adds to tests/fixtures/pixels/synthetic and synthetic.json. RPCL is read back by pylibjpeg-openjpeg, the deflated frames are zlib's.
"""
import base64, hashlib, json, pathlib, subprocess, zlib
import numpy as np
import pydicom
from openjpeg.utils import decode_pixel_data
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

root = pathlib.Path(__file__).resolve().parents[2] / 'fixtures/pixels'
listed = json.loads((root / 'synthetic.json').read_text())
rows, columns = 33, 40
y, x = np.mgrid[0:rows, 0:columns]
added = []


def save(name, syntax, streams, array, allocated, stored, signed, made_by):
    """array: frames x rows x columns."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    # pydicom does not write deflated frames: their UID is put in where another of the same length stood.
    stand_in = '1.2.840.10008.1.2.4.90'
    ds.file_meta.TransferSyntaxUID = syntax if syntax.startswith('1.2.840.10008.1.2.4') else stand_in
    ds.file_meta.ImplementationClassUID = '2.25.3'
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = '1.2.840.10008.5.1.4.1.1.7'
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = '2.25.' + str(int(hashlib.sha256(name.encode()).hexdigest()[:24], 16))
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.Modality, ds.PatientID, ds.PatientName = '2.25.1', '2.25.2', 'OT', 'SYNTHETIC', 'Synthetic'
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = rows, columns, 1, 'MONOCHROME2'
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = allocated, stored, stored - 1, int(signed)
    if len(array) > 1:
        ds.NumberOfFrames = len(array)
    ds.PixelData = encapsulate([stream + b'\0' * (len(stream) % 2) for stream in streams])
    ds['PixelData'].VR = 'OB'
    ds['PixelData'].is_undefined_length = True
    path = root / 'synthetic' / f'{name}.dcm'
    ds.save_as(path, enforce_file_format=True)
    if ds.file_meta.TransferSyntaxUID != syntax:
        path.write_bytes(path.read_bytes().replace(stand_in.encode(), syntax.encode().ljust(22, b'\0'), 1))
    flat = np.ascontiguousarray(array).astype('<i4')
    added.append({'file': f'{name}.dcm', 'madeBy': made_by, 'frames': len(array), 'samples': rows * columns, 'lossy': False, 'photometricInterpretation': 'MONOCHROME2',
                  'sha256': [hashlib.sha256(frame.tobytes()).hexdigest() for frame in flat]})


for stored, signed in ((12, False), (16, True)):
    array = ((x * 97 + y * y * 13) % 2 ** stored - (2 ** (stored - 1) if signed else 0)).astype('<i2' if signed else '<u2')
    job = {'width': columns, 'height': rows, 'bitsPerSample': stored, 'isSigned': signed, 'componentCount': 1, 'reversible': True, 'rpcl': True, 'pixels': base64.b64encode(array.tobytes()).decode()}
    encoded = subprocess.run(['node', str(pathlib.Path(__file__).with_name('encode-htj2k.mjs'))], input=json.dumps(job).encode(), check=True, capture_output=True).stdout
    stream = base64.b64decode(encoded)
    cod = stream.index(b'\xff\x52')
    assert stream[cod + 5] == 2, 'the progression order is RPCL'
    assert (np.frombuffer(bytes(decode_pixel_data(stream)), array.dtype).reshape(rows, columns) == array).all()
    save(f'htj2k-rpcl-16-{stored}-{"s" if signed else "u"}', '1.2.840.10008.1.2.4.202', [stream], array[None], 16, stored, signed, 'OpenJPH; read back by pylibjpeg-openjpeg')


def deflated(raw):
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeezer.compress(raw) + squeezer.flush()


frames = np.stack([(x * 3 + y * f) % 256 for f in (1, 2, 3)])
save('deflated-frames-8-8-u', '1.2.840.10008.1.2.8.1', [deflated(frame.astype('u1').tobytes()) for frame in frames], frames, 8, 8, False, 'zlib')
wide = np.stack([(x * 311 + y * 7 * f) % 4096 for f in (1, 2)])
save('deflated-frames-16-12-u', '1.2.840.10008.1.2.8.1', [deflated(frame.astype('<u2').tobytes()) for frame in wide], wide, 16, 12, False, 'zlib')
bits = np.stack([(x // 3 + y // f) % 2 for f in (2, 5)])
save('deflated-frames-1-1-u', '1.2.840.10008.1.2.8.1', [deflated(np.packbits(frame.reshape(-1).astype('u1'), bitorder='little').tobytes()) for frame in bits], bits, 1, 1, False, 'zlib')

names = {case['file'] for case in added}
(root / 'synthetic.json').write_text(json.dumps([case for case in listed if case['file'] not in names] + added, indent=1) + '\n')
print(*sorted(names))
