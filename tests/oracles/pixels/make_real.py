"""Hashes of the decoded frames of the real files in ../shared/data/dicom, by pydicom with its plugins and by DCMTK.

  /tmp/venv/bin/python tests/oracles/pixels/make_real.py [folder]     (see make_synthetic.py for the packages)

Writes tests/fixtures/pixels/real.json. Nothing of the files themselves is kept: of each of the first frames a hash of the
samples (32-bit little endian, colour by pixel) and the means of 8 x 8 equal blocks, to one decimal, for lossy files.
"""
import hashlib, json, pathlib, subprocess, sys, tempfile, warnings, logging
import numpy as np
import pydicom
from pydicom.pixels import pixel_array

warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)
root = pathlib.Path(__file__).resolve().parents[2]
data = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else root.parents[1] / 'shared/data/dicom').resolve()
lossy_syntaxes = {'1.2.840.10008.1.2.4.50', '1.2.840.10008.1.2.4.51', '1.2.840.10008.1.2.4.81', '1.2.840.10008.1.2.4.91', '1.2.840.10008.1.2.4.203'}
decompress = {'1.2.840.10008.1.2.4.50': 'dcmdjpeg', '1.2.840.10008.1.2.4.51': 'dcmdjpeg', '1.2.840.10008.1.2.4.57': 'dcmdjpeg', '1.2.840.10008.1.2.4.70': 'dcmdjpeg',
              '1.2.840.10008.1.2.4.80': 'dcmdjpls', '1.2.840.10008.1.2.4.81': 'dcmdjpls', '1.2.840.10008.1.2.5': 'dcmdrle', '1.2.840.10008.1.2.2': 'dcmconv', '1.2.840.10008.1.2.1.99': 'dcmconv'}
most_frames = 3


def frames_of(ds):
    count = int(ds.get('NumberOfFrames') or 1)
    shape = (int(ds.Rows), int(ds.Columns), int(ds.get('SamplesPerPixel', 1)))
    return [np.ascontiguousarray(pixel_array(ds, raw=True, index=index).reshape(shape)) for index in range(min(count, most_frames))]


def digest(frame):
    return hashlib.sha256(frame.astype('<i8').astype('<i4').tobytes()).hexdigest()


def blocks(frame):
    """Empty blocks of tiny images are null."""
    return [round(float(part.mean()), 1) if part.size else None for band in np.array_split(frame.astype(float), 8) for part in np.array_split(band, 8, axis=1)]


def by_dcmtk(path, syntax):
    """The frames as DCMTK decodes them; None if it has no codec, an exception if it fails."""
    program = decompress.get(syntax)
    if not program:
        return None
    with tempfile.NamedTemporaryFile(suffix='.dcm') as target:
        options = ['+te'] if program == 'dcmconv' else ['+cn'] if program == 'dcmdjpeg' else []
        subprocess.run([program, *options, str(path), target.name], capture_output=True, check=True)
        return frames_of(pydicom.dcmread(target.name))


cases = []
for path in sorted(path for path in data.rglob('*') if path.is_file()):
    try:
        ds = pydicom.dcmread(path)
        syntax = str(ds.file_meta.TransferSyntaxUID)
    except Exception:
        continue
    if 'PixelData' not in ds:
        continue
    case = {'file': str(path.relative_to(data)), 'transferSyntaxUID': syntax, 'lossy': syntax in lossy_syntaxes,
            'format': f'{ds.get("Columns")} x {ds.get("Rows")}, {ds.get("BitsStored")}/{ds.get("BitsAllocated")} bits{" signed" if ds.get("PixelRepresentation") else ""}, {ds.get("PhotometricInterpretation")}'}
    frames = decoded = None
    try:
        frames = frames_of(ds)
    except Exception as error:
        case['error'] = str(error).split('\n')[0][:100]
    try:
        decoded = by_dcmtk(path, syntax)
    except Exception:
        case['dcmtk'] = 'cannot'
    if frames is None and decoded is not None:
        frames = decoded
        case['reference'] = 'DCMTK'
        del case['error']
    elif frames is not None and decoded is not None:
        case['dcmtk'] = 'equal' if [digest(frame) for frame in decoded] == [digest(frame) for frame in frames] else 'differs'
    if frames is not None:
        case['sha256'] = [digest(frame) for frame in frames]
        if case['lossy']:
            case['blocks'] = [blocks(frame) for frame in frames]
    cases.append(case)
(root / 'fixtures/pixels/real.json').write_text(json.dumps(cases, indent=None, separators=(',', ':')).replace('},{', '},\n{') + '\n')
print(len(cases), 'files,', sum('error' in case for case in cases), 'that pydicom cannot decode')
