"""Small DICOM files of every transfer syntax, depth and photometric interpretation, and what they must decode to.

  python3 -m venv /tmp/venv
  /tmp/venv/bin/pip install pydicom==3.0.2 pylibjpeg pylibjpeg-openjpeg pylibjpeg-libjpeg pylibjpeg-rle pyjpegls numpy pillow
  /tmp/venv/bin/python tests/oracles/pixels/make_synthetic.py      (needs dcmtk on the PATH and an earlier `npm run build`)

Writes tests/fixtures/pixels/synthetic/*.dcm and synthetic.json. The tests need neither Python nor DCMTK.

Reference values: of uncompressed and lossless files the values put in (and pydicom must agree where it masks and shifts as
PS3.5 section 8.1.1 says); of lossy files what pydicom with its plugins decodes.
"""
import base64, hashlib, io, json, os, pathlib, subprocess, sys, tempfile, warnings
import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_fragments
from pydicom.pixels import pixel_array
from pydicom.uid import *
from stored_values import cells, columns, pack, rows, values

warnings.simplefilter('ignore')
root = pathlib.Path(__file__).resolve().parents[2]
out = root / 'fixtures' / 'pixels' / 'synthetic'
out.mkdir(parents=True, exist_ok=True)
for old in out.glob('*.dcm'):
    old.unlink()
cases = []


def dataset(name, allocated, stored, high, signed, photometric='MONOCHROME2', samples=1, frames=1, planar=0):
    ds = Dataset()
    ds.SpecificCharacterSet = 'ISO_IR 100'
    ds.SOPClassUID = '1.2.840.10008.5.1.4.1.1.7'
    ds.SOPInstanceUID = '2.25.' + str(int(hashlib.sha256(name.encode()).hexdigest()[:24], 16))
    ds.StudyInstanceUID = '2.25.1'
    ds.SeriesInstanceUID = '2.25.2'
    ds.Modality = 'OT'
    ds.PatientID = 'SYNTHETIC'
    ds.PatientName = 'Synthetic'
    ds.Rows, ds.Columns = rows, columns
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = allocated, stored, high
    ds.PixelRepresentation = int(signed)
    ds.SamplesPerPixel = samples
    ds.PhotometricInterpretation = photometric
    if samples > 1:
        ds.PlanarConfiguration = planar
    if frames > 1:
        ds.NumberOfFrames = frames
    return ds


def save(ds, name, syntax):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    meta.ImplementationClassUID = '2.25.3'
    ds.file_meta = meta
    path = out / f'{name}.dcm'
    ds.save_as(path, enforce_file_format=True)
    return path


def note(name, reference, made_by, lossy=False, photometric=None):
    """reference: frames x rows x columns x samples."""
    flat = np.ascontiguousarray(reference).astype('<i4')
    case = {'file': f'{name}.dcm', 'madeBy': made_by, 'frames': int(flat.shape[0]), 'samples': int(flat[0].size), 'lossy': lossy}
    if photometric:
        case['photometricInterpretation'] = photometric
    if lossy:
        case['values'] = base64.b64encode(flat.astype('<i2').tobytes()).decode()
    else:
        case['sha256'] = [hashlib.sha256(frame.tobytes()).hexdigest() for frame in flat]
    cases.append(case)


def native(name, allocated, stored, high, signed, syntax=ExplicitVRLittleEndian, photometric='MONOCHROME2', samples=1, frames=1, planar=0, overlay=False):
    array = values(stored, signed, samples, frames)
    ds = dataset(name, allocated, stored, high, signed, photometric, samples, frames, planar)
    raw = pack(cells(array, allocated, stored, high, overlay), allocated, planar, syntax == ExplicitVRBigEndian)
    if allocated != 8 and syntax == ExplicitVRBigEndian and allocated != 16 and allocated != 32:
        raise ValueError
    ds.PixelData = raw + b'\0' * (len(raw) % 2)
    ds['PixelData'].VR = 'OW' if allocated > 8 else 'OB'
    path = save(ds, name, syntax)
    note(name, array, 'pydicom', photometric=photometric)
    return ds, array, path


for allocated, stored, high, signed in [
    (1, 1, 0, False), (8, 8, 7, False), (8, 8, 7, True), (8, 7, 6, False), (8, 6, 7, False), (12, 12, 11, False), (16, 8, 7, False), (16, 10, 9, False),
    (16, 12, 11, False), (16, 12, 11, True), (16, 12, 15, False), (16, 12, 13, True), (16, 14, 13, False), (16, 15, 14, False),
    (16, 16, 15, False), (16, 16, 15, True), (32, 20, 19, False), (32, 32, 31, False), (32, 32, 31, True)]:
    native(f'explicit-{allocated}-{stored}-{high}-{"s" if signed else "u"}', allocated, stored, high, signed)
native('overlay-16-12-11-u', 16, 12, 11, False, overlay=True)
native('overlay-16-12-13-s', 16, 12, 13, True, overlay=True)
native('overlay-8-6-5-u', 8, 6, 5, False, overlay=True)
for label, syntax in [('implicit', ImplicitVRLittleEndian), ('big', ExplicitVRBigEndian), ('deflated', DeflatedExplicitVRLittleEndian)]:
    native(f'{label}-8-8-7-u', 8, 8, 7, False, syntax)
    native(f'{label}-16-12-11-s', 16, 12, 11, True, syntax)
    native(f'{label}-16-16-15-u-3frames', 16, 16, 15, False, syntax, frames=3)
    native(f'{label}-rgb-8-planar1', 8, 8, 7, False, syntax, 'RGB', 3, planar=1)
native('mono1-16-12-11-u', 16, 12, 11, False, photometric='MONOCHROME1')
for planar in (0, 1):
    native(f'rgb-8-planar{planar}-2frames', 8, 8, 7, False, photometric='RGB', samples=3, planar=planar, frames=2)
    native(f'rgb-16-planar{planar}', 16, 16, 15, False, photometric='RGB', samples=3, planar=planar)
    native(f'ybr-full-8-planar{planar}', 8, 8, 7, False, photometric='YBR_FULL', samples=3, planar=planar)
native('explicit-1-1-0-u-3frames', 1, 1, 0, False, frames=3)

# YBR_FULL_422: two luminances share a pair of colour differences.
name = 'ybr-full-422-8'
array = values(8, False, 3)
array[:, :, 1::2, 1:] = array[:, :, 0::2, 1:]
ds = dataset(name, 8, 8, 7, False, 'YBR_FULL_422', 3)
quads = np.stack([array[0, :, 0::2, 0], array[0, :, 1::2, 0], array[0, :, 0::2, 1], array[0, :, 0::2, 2]], axis=-1)
ds.PixelData = quads.astype('u1').tobytes()
save(ds, name, ExplicitVRLittleEndian)
note(name, array, 'pydicom', photometric='YBR_FULL')

# Encapsulated by pydicom and its plugins: RLE, JPEG-LS, JPEG 2000.
lossless = [('rle', RLELossless), ('jls', JPEGLSLossless), ('j2k', JPEG2000Lossless)]
depths = [(8, 8, False), (16, 10, False), (16, 12, False), (16, 12, True), (16, 14, False), (16, 16, False), (16, 16, True)]
for label, syntax in lossless:
    for allocated, stored, signed in depths:
        if label == 'jls' and signed:
            continue  # pyjpegls and DCMTK disagree on what a signed JPEG-LS is; the standard has none
        name = f'{label}-{allocated}-{stored}-{"s" if signed else "u"}'
        array = values(stored, signed)
        ds = dataset(name, allocated, stored, stored - 1, signed)
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        typed = array[0, :, :, 0].astype(f'{"i" if signed else "u"}{allocated // 8}')
        ds.PixelData = typed.tobytes()
        ds['PixelData'].VR = 'OW'
        ds.compress(syntax, generate_instance_uid=False)
        save(ds, name, syntax)
        note(name, array, 'pydicom')
    for frames in (1, 3):
        name = f'{label}-rgb-8-{frames}frames'
        array = values(8, False, 3, frames)
        ds = dataset(name, 8, 8, 7, False, 'RGB', 3, frames)
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.PixelData = array.astype('u1').tobytes()
        ds['PixelData'].VR = 'OW'
        if label == 'j2k':
            ds.PhotometricInterpretation = 'YBR_RCT'
        ds.compress(syntax, generate_instance_uid=False)
        save(ds, name, syntax)
        note(name, array, 'pydicom', photometric='RGB')

# Multi-frame JPEG 2000 cut in many ways (PS3.5 A.4).
array = values(12, False, 1, 3)
base = dataset('j2k-frames', 16, 12, 11, False, frames=3)
base.file_meta = FileMetaDataset()
base.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
base.PixelData = array.astype('u2').tobytes()
base['PixelData'].VR = 'OW'
base.compress(JPEG2000Lossless, generate_instance_uid=False)
streams = [fragment for fragment in generate_fragments(base.PixelData)][1:]
for name, kwargs in [
    ('j2k-3frames-table', dict(fragments_per_frame=1, has_bot=True)),
    ('j2k-3frames-empty-table', dict(fragments_per_frame=1, has_bot=False)),
    ('j2k-3frames-2fragments-table', dict(fragments_per_frame=2, has_bot=True)),
    ('j2k-3frames-2fragments-empty-table', dict(fragments_per_frame=2, has_bot=False)),
]:
    base.PixelData = encapsulate(streams, **kwargs)
    base['PixelData'].is_undefined_length = True
    base.SOPInstanceUID = '2.25.' + str(int(hashlib.sha256(name.encode()).hexdigest()[:24], 16))
    path = save(base, name, JPEG2000Lossless)
    note(name, array, 'pydicom')
# Offsets that point nowhere; and an empty fragment as trailing padding.
data = bytearray(encapsulate(streams, fragments_per_frame=2, has_bot=True))
data[12:16] = (6).to_bytes(4, 'little')
base.PixelData = bytes(data)
save(base, 'j2k-3frames-wrong-table', JPEG2000Lossless)
note('j2k-3frames-wrong-table', array, 'pydicom, offset table broken by hand')
data = bytearray(encapsulate(streams, fragments_per_frame=1, has_bot=False))
base.PixelData = bytes(data) + b'\xfe\xff\x00\xe0\0\0\0\0'
save(base, 'j2k-3frames-padded', JPEG2000Lossless)
note('j2k-3frames-padded', array, 'pydicom, padding fragment added by hand')


def dcmtk(name, program, options, source, array, lossy=False, photometric=None, made_by=None):
    target = out / f'{name}.dcm'
    subprocess.run([program, *options, str(source), str(target)], check=True, stdout=subprocess.PIPE)
    # DCMTK gives derived objects random UIDs; fixtures must come out the same each time.
    ds = pydicom.dcmread(target)
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = '2.25.' + str(int(hashlib.sha256(name.encode()).hexdigest()[:24], 16))
    for keyword in ('InstanceCreationDate', 'InstanceCreationTime', 'InstanceCreatorUID'):
        if keyword in ds:
            delattr(ds, keyword)
    if lossy:
        decoded = pixel_array(ds, raw=True)
        array = decoded.reshape(-1, rows, columns, ds.SamplesPerPixel)
        photometric = photometric or ds.PhotometricInterpretation
    ds.save_as(target)
    note(name, array, made_by or f'{program} {" ".join(options)}', lossy, photometric)


with tempfile.TemporaryDirectory() as folder:
    def plain(label, *args, **kwargs):
        """An uncompressed source for DCMTK that is not kept."""
        global out
        kept, out = out, pathlib.Path(folder)
        ds, array, path = native(label, *args, **kwargs)
        out = kept
        cases.pop()
        return array, path
    sources = {
        '8-u': plain('s8', 8, 8, 7, False), '10-u': plain('s10', 16, 10, 9, False), '12-u': plain('s12', 16, 12, 11, False),
        '12-s': plain('s12s', 16, 12, 11, True), '14-u': plain('s14', 16, 14, 13, False), '16-u': plain('s16', 16, 16, 15, False),
        '16-s': plain('s16s', 16, 16, 15, True),
    }
    rgb = plain('srgb', 8, 8, 7, False, photometric='RGB', samples=3)
    frames3 = plain('s3', 16, 12, 11, False, frames=3)
    for depth, (array, path) in sources.items():
        dcmtk(f'jpeg-lossless-sv1-{depth}', 'dcmcjpeg', ['+e1'], path, array)
        dcmtk(f'dcmcrle-{depth}', 'dcmcrle', [], path, array)
        dcmtk(f'dcmcjpls-{depth}', 'dcmcjpls', ['+el'], path, array)
    for selection in range(1, 8):
        array, path = sources['12-u']
        dcmtk(f'jpeg-lossless-p14-sv{selection}-12-u', 'dcmcjpeg', ['+el', '+sv', str(selection)], path, array)
    dcmtk('jpeg-lossless-sv1-rgb', 'dcmcjpeg', ['+e1'], rgb[1], rgb[0], photometric='RGB')
    dcmtk('jpeg-lossless-sv6-rgb', 'dcmcjpeg', ['+el', '+sv', '6'], rgb[1], rgb[0], photometric='RGB')
    dcmtk('jpeg-lossless-sv1-3frames', 'dcmcjpeg', ['+e1'], frames3[1], frames3[0])
    dcmtk('dcmcjpls-rgb', 'dcmcjpls', ['+el'], rgb[1], rgb[0], photometric='RGB')
    dcmtk('dcmcjpls-rgb-sample', 'dcmcjpls', ['+el', '+is'], rgb[1], rgb[0], photometric='RGB')
    dcmtk('dcmcjpls-rgb-line', 'dcmcjpls', ['+el', '+il'], rgb[1], rgb[0], photometric='RGB')
    dcmtk('dcmcjpls-3frames', 'dcmcjpls', ['+el'], frames3[1], frames3[0])
    dcmtk('dcmcrle-rgb', 'dcmcrle', [], rgb[1], rgb[0], photometric='RGB')
    dcmtk('jls-near-8-u', 'dcmcjpls', ['+en', '+md', '3'], *reversed(sources['8-u']), lossy=True)
    dcmtk('jls-near-12-u', 'dcmcjpls', ['+en', '+md', '5'], *reversed(sources['12-u']), lossy=True)
    dcmtk('jpeg-baseline-8-u', 'dcmcjpeg', ['+eb', '+q', '90'], *reversed(sources['8-u']), lossy=True)
    dcmtk('jpeg-extended-8-u', 'dcmcjpeg', ['+ee', '+q', '90', '+be'], *reversed(sources['8-u']), lossy=True)
    dcmtk('jpeg-extended-12-u', 'dcmcjpeg', ['+ee', '+q', '95', '+bt'], *reversed(sources['12-u']), lossy=True)
    dcmtk('jpeg-extended-12-3frames', 'dcmcjpeg', ['+ee', '+q', '95', '+bt'], *reversed(frames3), lossy=True)
    dcmtk('jpeg-baseline-ybr-444', 'dcmcjpeg', ['+eb', '+q', '95', '+cy', '+s4'], *reversed(rgb), lossy=True)
    dcmtk('jpeg-baseline-ybr-422', 'dcmcjpeg', ['+eb', '+q', '95', '+cy'], *reversed(rgb), lossy=True)
    dcmtk('jpeg-baseline-rgb', 'dcmcjpeg', ['+eb', '+q', '95', '+cr'], *reversed(rgb), lossy=True)

# Lossy JPEG 2000.
for allocated, stored in ((8, 8), (16, 12), (16, 16)):
    name = f'j2k-lossy-{allocated}-{stored}-u'
    array = values(stored, False)
    ds = dataset(name, allocated, stored, stored - 1, False)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.PixelData = array.astype(f'u{allocated // 8}').tobytes()
    ds['PixelData'].VR = 'OW'
    ds.compress(JPEG2000, generate_instance_uid=False, j2k_psnr=[60])
    save(ds, name, JPEG2000)
    decoded = pixel_array(ds, raw=True).reshape(1, rows, columns, 1)
    case_values = decoded.astype(np.int64)
    note(name, np.where(case_values > 32767, case_values - 65536, case_values), 'pydicom', lossy=True)

# Encapsulated Uncompressed: frames as they would lie in native pixel data, one or two fragments each.
for allocated, stored, signed, frames, pieces in ((8, 8, False, 1, 1), (16, 12, True, 1, 2), (16, 12, False, 3, 1)):
    name = f'encapsulated-uncompressed-{allocated}-{stored}-{"s" if signed else "u"}' + (f'-{frames}frames' if frames > 1 else '')
    array = values(stored, signed, 1, frames)
    ds = dataset(name, allocated, stored, stored - 1, signed, frames=frames)
    ds.PixelData = encapsulate([pack(cells(frame[None], allocated, stored, stored - 1), allocated, 0) for frame in array], fragments_per_frame=pieces)
    ds['PixelData'].VR = 'OB'
    save(ds, name, '1.2.840.10008.1.2.1.98')
    note(name, array, 'pydicom encapsulate')

# Progressive JPEG, retired in DICOM: Pillow writes and reads it.
for samples in (1, 3):
    name = f'jpeg-progressive-8-{"u" if samples == 1 else "ybr-444"}'
    array = values(8, False, samples)[0].astype(np.uint8)
    ds = dataset(name, 8, 8, 7, False, 'MONOCHROME2' if samples == 1 else 'YBR_FULL', samples)
    stream = io.BytesIO()
    Image.fromarray(array[:, :, 0] if samples == 1 else array, 'L' if samples == 1 else 'YCbCr').save(stream, 'JPEG', quality=95, progressive=True, subsampling=0)
    ds.PixelData = encapsulate([stream.getvalue()])
    ds['PixelData'].VR = 'OB'
    save(ds, name, '1.2.840.10008.1.2.4.55')
    picture = Image.open(io.BytesIO(stream.getvalue()))
    # As coded: converted to RGB and back, colours outside it would be cut.
    picture.draft('L' if samples == 1 else 'YCbCr', None)
    decoded = np.asarray(picture).reshape(1, rows, columns, samples)
    note(name, decoded.astype(np.int64), 'Pillow', lossy=True, photometric=ds.PhotometricInterpretation)

# HTJ2K: no Python encoder; OpenJPH as WebAssembly writes the codestreams (encode-htj2k.mjs).
for allocated, stored, signed, reversible in ((8, 8, False, True), (16, 12, False, True), (16, 16, False, True), (16, 12, True, True), (16, 12, False, False)):
    name = f'htj2k{"" if reversible else "-lossy"}-{allocated}-{stored}-{"s" if signed else "u"}'
    array = values(stored, signed)
    job = {'width': columns, 'height': rows, 'bitsPerSample': stored, 'isSigned': signed, 'componentCount': 1, 'reversible': reversible,
           'pixels': base64.b64encode(array.astype(f'<{"i" if signed else "u"}{allocated // 8}').tobytes()).decode()}
    encoded = subprocess.run(['node', str(pathlib.Path(__file__).with_name('encode-htj2k.mjs'))], input=json.dumps(job).encode(), check=True, capture_output=True).stdout
    stream = base64.b64decode(encoded)
    ds = dataset(name, allocated, stored, stored - 1, signed)
    ds.PixelData = encapsulate([stream + b'\0' * (len(stream) % 2)])
    ds['PixelData'].is_undefined_length = True
    ds['PixelData'].VR = 'OB'
    syntax = HTJ2KLossless if reversible else HTJ2K
    save(ds, name, syntax)
    decoded = pixel_array(pydicom.dcmread(out / f'{name}.dcm'), raw=True).reshape(1, rows, columns, 1).astype(np.int64)
    if reversible:
        assert (decoded == array).all(), name
    note(name, decoded, 'OpenJPH; read by pylibjpeg-openjpeg', lossy=not reversible)

# pydicom must agree on all that it can decode by itself.
disagreements = []
for case in cases:
    if case['lossy']:
        continue
    ds = pydicom.dcmread(out / case['file'])
    try:
        decoded = pixel_array(ds, raw=True)
    except Exception as error:
        case['pydicom'] = 'cannot: ' + str(error).split('\n')[0][:80]
        continue
    decoded = np.ascontiguousarray(decoded.reshape(case['frames'], -1)).astype('<i4')
    same = [hashlib.sha256(frame.tobytes()).hexdigest() for frame in decoded] == case['sha256']
    case['pydicom'] = 'equal' if same else 'differs'
    if not same:
        disagreements.append(case['file'])
print(len(cases), 'files; pydicom differs on', disagreements)
(out.parent / 'synthetic.json').write_text(json.dumps(cases, indent=1) + '\n')
