"""Every format x every writer: small files in all syntaxes that pydicom with its plugins, DCMTK and GDCM write, and their pixels.

  /tmp/venv/bin/python tests/oracles/pixels/make_matrix.py      (see make_synthetic.py for the packages; dcmtk and gdcm tools on the PATH)

Writes tests/fixtures/pixels/matrix.bin.gz (the files, one behind the other) and matrix.json (where each lies, who wrote it, what
it must decode to). A lossless file must give what pydicom and DCMTK both read from it; where that is not what was put in, the
writer changed it ("altered"). A file that they read differently says so and is only required to be readable. Lossy: what
pydicom reads, or DCMTK where pydicom cannot.
"""
import base64, gzip, hashlib, json, logging, pathlib, subprocess, tempfile, warnings
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import pixel_array
from pydicom.uid import *

warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)
root = pathlib.Path(__file__).resolve().parents[2]
rows, columns = 18, 14
native = {'1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.1.99', '1.2.840.10008.1.2.2'}
lossy_syntaxes = {'1.2.840.10008.1.2.4.50', '1.2.840.10008.1.2.4.51', '1.2.840.10008.1.2.4.81', '1.2.840.10008.1.2.4.91'}


def values(bits, signed, samples, frames):
    rng = np.random.default_rng(bits * 10 + samples)
    low = -(2 ** (bits - 1)) if signed else 0
    high = low + 2 ** bits - 1
    y, x = np.mgrid[0:rows, 0:columns]
    planes = [low + np.round(np.clip(((x * (1 + s) + y * (2 + f)) % 24) / 23 + rng.normal(0, 0.03, x.shape), 0, 1) * (high - low)) for f in range(frames) for s in range(samples)]
    return np.array(planes).reshape(frames, samples, rows, columns).transpose(0, 2, 3, 1).astype(np.int64)


def source(allocated, stored, high, signed, photometric='MONOCHROME2', planar=0, frames=1, overlay=False):
    """A data set in explicit little endian and the stored values in it."""
    samples = 3 if photometric.startswith(('RGB', 'YBR')) else 1
    array = values(stored, signed, samples, frames)
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SpecificCharacterSet = 'ISO_IR 100'
    ds.SOPClassUID = '1.2.840.10008.5.1.4.1.1.7'
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.Modality, ds.PatientID, ds.PatientName = '2.25.1', '2.25.2', 'OT', 'SYNTHETIC', 'Synthetic'
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = rows, columns, samples, photometric
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = allocated, stored, high, int(signed)
    if frames > 1:
        ds.NumberOfFrames = frames
    if samples > 1:
        ds.PlanarConfiguration = planar
    if photometric == 'PALETTE COLOR':
        for i, colour in enumerate(('Red', 'Green', 'Blue')):
            setattr(ds, f'{colour}PaletteColorLookupTableDescriptor', [256, 0, 16])
            setattr(ds, f'{colour}PaletteColorLookupTableData', ((np.arange(256) * (255 - 40 * i)) % 65536).astype('<u2').tobytes())
    shift = high + 1 - stored
    cells = (array & (2 ** stored - 1)) << shift
    if overlay:
        cells |= np.random.default_rng(5).integers(0, 2 ** allocated, cells.shape) & (((2 ** stored - 1) << shift) ^ (2 ** allocated - 1))
    if photometric == 'YBR_FULL_422':
        array[:, :, 1::2, 1:] = array[:, :, 0::2, 1:]
        raw = np.stack([array[:, :, 0::2, 0], array[:, :, 1::2, 0], array[:, :, 0::2, 1], array[:, :, 0::2, 2]], axis=-1).astype('u1').tobytes()
    elif allocated == 1:
        raw = np.packbits(cells.reshape(-1).astype('u1'), bitorder='little').tobytes()
    else:
        raw = (cells.transpose(0, 3, 1, 2) if planar else cells).astype(f'<u{allocated // 8}').tobytes()
    ds.PixelData = raw + b'\0' * (len(raw) % 2)
    ds['PixelData'].VR = 'OW' if allocated > 8 else 'OB'
    return ds, array


formats = [(1, 1, 0, False), (8, 8, 7, False), (8, 8, 7, True), (16, 8, 7, False), (16, 10, 9, False), (16, 10, 9, True), (16, 12, 11, False), (16, 12, 11, True),
           (16, 14, 13, False), (16, 14, 13, True), (16, 16, 15, False), (16, 16, 15, True), (32, 32, 31, False)]
sources = {f'{a}-{s}-{h}-{"s" if sign else "u"}': source(a, s, h, sign) for a, s, h, sign in formats}
for a, s, h, sign in [(8, 6, 7, False), (16, 10, 12, True), (16, 12, 15, False), (16, 12, 13, False)]:
    sources[f'{a}-{s}-{h}-{"s" if sign else "u"}-overlay'] = source(a, s, h, sign, overlay=True)
for a, s in ((8, 8), (16, 12), (16, 16)):
    sources[f'mono1-{s}'] = source(a, s, s - 1, False, 'MONOCHROME1')
for planar in (0, 1):
    sources[f'rgb-8-planar{planar}'] = source(8, 8, 7, False, 'RGB', planar)
    sources[f'rgb-16-planar{planar}'] = source(16, 16, 15, False, 'RGB', planar)
    sources[f'ybr-full-8-planar{planar}'] = source(8, 8, 7, False, 'YBR_FULL', planar)
sources['ybr-full-422-8'] = source(8, 8, 7, False, 'YBR_FULL_422')
sources['palette-8'] = source(8, 8, 7, False, 'PALETTE COLOR')
sources['palette-16'] = source(16, 8, 7, False, 'PALETTE COLOR')
sources['12-3frames'] = source(16, 12, 11, False, frames=3)
sources['1-3frames'] = source(1, 1, 0, False, frames=3)
sources['rgb-8-3frames'] = source(8, 8, 7, False, 'RGB', frames=3)


def by_pydicom(syntax, **options):
    def write(plain, target):
        ds = pydicom.dcmread(plain)
        if syntax in native:
            if syntax == ExplicitVRBigEndian and ds.BitsAllocated > 8:
                size = ds.BitsAllocated // 8
                ds.PixelData = np.frombuffer(ds.PixelData, f'<u{size}').astype(f'>u{size}').tobytes()
                for colour in ('Red', 'Green', 'Blue'):
                    if f'{colour}PaletteColorLookupTableData' in ds:
                        table = getattr(ds, f'{colour}PaletteColorLookupTableData')
                        setattr(ds, f'{colour}PaletteColorLookupTableData', np.frombuffer(table, '<u2').astype('>u2').tobytes())
            ds.file_meta.TransferSyntaxUID = syntax
        else:
            if syntax in (JPEG2000, JPEG2000Lossless) and ds.PhotometricInterpretation == 'RGB':
                # The codec makes RGB into RCT or ICT and says so.
                ds.PhotometricInterpretation = 'YBR_ICT' if syntax == JPEG2000 else 'YBR_RCT'
            ds.compress(syntax, generate_instance_uid=False, **options)
        ds.save_as(target, enforce_file_format=True, **(dict(implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=syntax != ExplicitVRBigEndian) if syntax in native else {}))
    return write


def by_program(*command):
    return lambda plain, target: subprocess.run([*command, str(plain), str(target)], check=True, capture_output=True, timeout=20)


writers = {
    'pydicom explicit': by_pydicom(ExplicitVRLittleEndian), 'pydicom implicit': by_pydicom(ImplicitVRLittleEndian),
    'pydicom big endian': by_pydicom(ExplicitVRBigEndian), 'pydicom deflated': by_pydicom(DeflatedExplicitVRLittleEndian),
    'pydicom RLE': by_pydicom(RLELossless), 'pyjpegls': by_pydicom(JPEGLSLossless), 'pyjpegls near 2': by_pydicom(JPEGLSNearLossless, jls_error=2),
    'pylibjpeg-openjpeg': by_pydicom(JPEG2000Lossless), 'pylibjpeg-openjpeg lossy': by_pydicom(JPEG2000, j2k_psnr=[50]),
    'dcmconv +ti': by_program('dcmconv', '+ti'), 'dcmconv +tb': by_program('dcmconv', '+tb'), 'dcmconv +td': by_program('dcmconv', '+td'), 'dcmcrle': by_program('dcmcrle'),
    'dcmcjpeg +e1': by_program('dcmcjpeg', '+e1', '+cn', '+un'), 'dcmcjpeg +el +sv 4': by_program('dcmcjpeg', '+el', '+sv', '4', '+cn', '+un'),
    'dcmcjpeg +el +sv 7': by_program('dcmcjpeg', '+el', '+sv', '7', '+cn', '+un'),
    'dcmcjpeg +eb': by_program('dcmcjpeg', '+eb', '+q', '95', '+un'), 'dcmcjpeg +eb +cr': by_program('dcmcjpeg', '+eb', '+q', '95', '+cr', '+un'),
    'dcmcjpeg +eb +s4': by_program('dcmcjpeg', '+eb', '+q', '95', '+s4', '+un'),
    'dcmcjpeg +ee +be': by_program('dcmcjpeg', '+ee', '+be', '+q', '95', '+un'), 'dcmcjpeg +ee +bt': by_program('dcmcjpeg', '+ee', '+bt', '+q', '95', '+un'),
    'dcmcjpls +el': by_program('dcmcjpls', '+el', '+un'), 'dcmcjpls +en': by_program('dcmcjpls', '+en', '+md', '2', '+un'), 'dcmcjpls +el +is': by_program('dcmcjpls', '+el', '+is', '+un'),
    'gdcmconv --rle': by_program('gdcmconv', '--rle'), 'gdcmconv --jpeg': by_program('gdcmconv', '--jpeg'),
    'gdcmconv --jpegls': by_program('gdcmconv', '--jpegls'), 'gdcmconv --j2k': by_program('gdcmconv', '--j2k'),
}
decompress = {'1.2.840.10008.1.2.4.50': 'dcmdjpeg', '1.2.840.10008.1.2.4.51': 'dcmdjpeg', '1.2.840.10008.1.2.4.57': 'dcmdjpeg', '1.2.840.10008.1.2.4.70': 'dcmdjpeg',
              '1.2.840.10008.1.2.4.80': 'dcmdjpls', '1.2.840.10008.1.2.4.81': 'dcmdjpls', '1.2.840.10008.1.2.5': 'dcmdrle', **{uid: 'dcmconv' for uid in native}}


def stored(ds):
    """Frames x rows x columns x samples, cut to the stored bits (PS3.5 section 8.1.1)."""
    shape = (int(ds.get('NumberOfFrames', 1)), rows, columns, ds.SamplesPerPixel)
    syntax = ds.file_meta.TransferSyntaxUID
    odd = ds.HighBit != ds.BitsStored - 1
    if syntax in native and odd:
        # pydicom takes the lowest bits whatever High Bit says; the cells are plain enough to be read without it.
        array = np.frombuffer(ds.PixelData, f'{">" if syntax == ExplicitVRBigEndian else "<"}u{ds.BitsAllocated // 8}')[:np.prod(shape)].reshape(shape).astype(np.int64)
        array = array >> (ds.HighBit + 1 - ds.BitsStored)
    elif odd:
        raise ValueError('pydicom does not shift')
    else:
        array = pixel_array(ds, raw=True).reshape(shape).astype(np.int64)
    array &= 2 ** ds.BitsStored - 1
    if ds.PixelRepresentation:
        array = np.where(array >= 2 ** (ds.BitsStored - 1), array - 2 ** ds.BitsStored, array)
    return array


def attempt(work):
    try:
        return work()
    except Exception:
        return None


def by_dcmtk(path, syntax):
    program = decompress.get(syntax)
    if not program:
        return None
    target = path.with_suffix('.plain')
    subprocess.run([program, *(['+te'] if program == 'dcmconv' else ['+cn'] if program == 'dcmdjpeg' else []), str(path), str(target)], check=True, capture_output=True)
    return stored(pydicom.dcmread(target))


def compared(decoded, reference):
    if decoded is None:
        return 'cannot'
    if decoded.shape != reference.shape:
        return 'differs'
    return 'equal' if (decoded == reference).all() else 'within' if np.abs(decoded - reference).mean() <= 1 else 'differs'


blob, cases, refused = b'', [], {}
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    for label, (ds, array) in sources.items():
        plain = folder / 'source.dcm'
        for writer, write in writers.items():
            name = f'{label}, {writer}'
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = '2.25.' + str(int(hashlib.sha256(name.encode()).hexdigest()[:24], 16))
            ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
            ds.save_as(plain, enforce_file_format=True)
            target = folder / 'target.dcm'
            target.unlink(missing_ok=True)
            if label.endswith('overlay') and not writer.startswith(('pydicom', 'dcmconv', 'dcmcrle')):
                continue  # what becomes of the other bits of a cell inside a codestream is defined nowhere; GDCM drops them
            if attempt(lambda: write(plain, target) or True) is None or not target.exists():
                refused.setdefault(writer, []).append(label)
                continue
            written = pydicom.dcmread(target)
            syntax = str(written.file_meta.TransferSyntaxUID)
            if syntax in native and 'dcmconv' not in writer and 'pydicom' not in writer:
                refused.setdefault(writer, []).append(label)
                continue
            lossy = syntax in lossy_syntaxes
            one, other = attempt(lambda: stored(written)), attempt(lambda: by_dcmtk(target, syntax))
            if lossy:
                # pylibjpeg-libjpeg widens the colours of 12-bit 4:2:2 in its own way; DCMTK's is that of the reference library.
                reference = other if one is None or (other is not None and syntax == '1.2.840.10008.1.2.4.51') else one
            elif one is not None and other is not None and compared(one, other) != 'equal':
                reference = None
            else:
                reference = one if one is not None else other
            altered = not lossy and reference is not None and compared(reference, array) != 'equal'
            case = {'name': name, 'source': label, 'writer': writer, 'offset': len(blob), 'length': target.stat().st_size, 'lossy': lossy, **({'altered': True} if altered else {})}
            if reference is None:
                case.update(pydicom='cannot' if one is None else 'differs', dcmtk='cannot' if other is None else 'differs')
            else:
                case.update(frames=int(reference.shape[0]), pydicom=compared(one, reference), dcmtk='no codec' if syntax not in decompress else compared(other, reference))
                if lossy:
                    case['values'] = base64.b64encode(reference.astype('<i2').tobytes()).decode()
                else:
                    case['sha256'] = hashlib.sha256(np.ascontiguousarray(reference).astype('<i4').tobytes()).hexdigest()
            blob += target.read_bytes()
            cases.append(case)
folder = root / 'fixtures/pixels'
(folder / 'matrix.bin.gz').write_bytes(gzip.compress(blob, 9, mtime=0))
(folder / 'matrix.json').write_text(json.dumps({'cases': cases, 'refused': refused}, separators=(',', ':')).replace('},{', '},\n{') + '\n')
print(sum('altered' in case for case in cases), 'altered:', [case['name'] for case in cases if 'altered' in case])
print(len(cases), 'files,', len(blob), 'bytes;', sum('frames' not in case for case in cases), 'disputed')
for case in cases:
    if 'frames' not in case or 'differs' in (case['pydicom'], case['dcmtk']):
        print(case['name'], '| pydicom', case['pydicom'], '| DCMTK', case['dcmtk'])
