"""The processor time that other decoders take for one frame: Python bindings inside this process, without start-up and file reading;
DCMTK's programs with reading and writing, without start-up. Processor time, since other work on the machine disturbs it least.

Prints the peers that this interpreter knows, as JSON; then answers each line "PEER FILE" with milliseconds, or null where
the peer cannot decode it. tests/bench/pixels.ts asks in turns, so that whatever else the machine does disturbs all alike.

  python3 -m venv tests/bench/.venv
  tests/bench/.venv/bin/pip install pydicom pylibjpeg pylibjpeg-openjpeg pylibjpeg-libjpeg pylibjpeg-rle pyjpegls
  apt-get install python3-gdcm        (GDCM, for /usr/bin/python3)
"""
import json, logging, os, resource, subprocess, sys, time

# The libraries' own remarks go to the real standard output.
answers = os.fdopen(os.dup(1), 'w')
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
os.dup2(1, 2)
logging.disable(logging.CRITICAL)


def milliseconds(work):
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start)


def program_ms(*command):
    def used():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime
    before = used()
    subprocess.run(command, check=True)
    return 1000 * (used() - before)


startups = {}


def by_dcmtk(program, path):
    if program not in startups:
        startups[program] = min(program_ms(program, '--version') for _ in range(5))
    return program_ms(program, *(['+te'] if program == 'dcmconv' else []), path, path + '.out') - startups[program]


def by_gdcm(path):
    plain = gdcm.TransferSyntax(gdcm.TransferSyntax.ExplicitVRLittleEndian)
    # Read anew each time: what was decompressed once stays so.
    reader = gdcm.ImageReader()
    reader.SetFileName(path)
    if not reader.Read() or not reader.GetImage().GetTransferSyntax().IsEncapsulated():
        raise ValueError('nothing to decode')
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(plain)
    change.SetInput(reader.GetImage())
    done = []
    taken = milliseconds(lambda: done.append(change.Change()))
    if not done[0]:
        raise ValueError('GDCM cannot decode it')
    return taken


def by_pylibjpeg(path):
    from pydicom.encaps import generate_frames
    ds = pydicom.dcmread(path)
    syntax = ds.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated:
        raise ValueError('nothing to decode')
    frame = bytes(next(generate_frames(ds.PixelData, number_of_frames=1)))
    if syntax in ('1.2.840.10008.1.2.4.90', '1.2.840.10008.1.2.4.91', '1.2.840.10008.1.2.4.201', '1.2.840.10008.1.2.4.203'):
        from openjpeg.utils import decode_pixel_data
        return milliseconds(lambda: decode_pixel_data(frame))
    if syntax == '1.2.840.10008.1.2.5':
        from rle.utils import decode_frame
        return milliseconds(lambda: decode_frame(frame, ds.Rows * ds.Columns, ds.BitsAllocated, '<'))
    if syntax in ('1.2.840.10008.1.2.4.80', '1.2.840.10008.1.2.4.81'):
        from jpeg_ls import decode_pixel_data
        return milliseconds(lambda: decode_pixel_data(frame))
    from libjpeg.utils import decode
    return milliseconds(lambda: decode(frame))


peers = {}
try:
    import gdcm
    peers['GDCM'] = by_gdcm
except ImportError:
    pass
try:
    import jpeg_ls, libjpeg, openjpeg, pydicom, rle
    peers['pylibjpeg'] = by_pylibjpeg
except ImportError:
    pass
peers.update({program: (lambda path, program=program: by_dcmtk(program, path)) for program in ('dcmconv', 'dcmdrle', 'dcmdjpeg', 'dcmdjpls')})
print(json.dumps(list(peers)), file=answers, flush=True)
for line in sys.stdin:
    peer, path = line.rstrip('\n').split(' ', 1)
    try:
        result = peers[peer](path)
    except Exception:
        result = None
    print(json.dumps(result), file=answers, flush=True)
