"""Pillow's resize, standardisation by numpy, and small picture files with what they show: resize.json, pictures/.

  /tmp/venv/bin/python tests/oracles/pixels/make_pictures.py
"""
import base64, json, pathlib
import numpy as np
from PIL import Image

root = pathlib.Path(__file__).resolve().parents[2] / 'fixtures/pixels'


def pattern(width, height):
    """The same formula in pixels-resize.test.ts."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    return ((x * 7919 + y * 104729 + x * y * 31) % 1009 / 1009).astype(np.float32)


def packed(array):
    return base64.b64encode(np.ascontiguousarray(array, dtype='<f4').tobytes()).decode()


cases = []
for (width, height), (to_width, to_height) in [((53, 37), (16, 20)), ((48, 64), (100, 30)), ((13, 7), (40, 33)), ((300, 211), (64, 64)), ((64, 64), (64, 20)), ((20, 20), (20, 20)), ((2, 2), (5, 5)), ((1, 9), (3, 2))]:
    source = Image.fromarray(pattern(width, height), mode='F')
    resized = np.asarray(source.resize((to_width, to_height), Image.Resampling.BILINEAR))
    values = resized.astype(np.float64)
    standard = (values - values.mean()) / max(values.std(), 1e-3)
    cases.append({'from': [width, height], 'to': [to_width, to_height], 'resized': packed(resized), 'standardised': packed(standard)})
(root / 'resize.json').write_text(json.dumps(cases, indent=1) + '\n')

folder = root / 'pictures'
folder.mkdir(exist_ok=True)
rng = np.random.default_rng(3)
width, height = 15, 11
grey8 = rng.integers(0, 256, (height, width), dtype=np.uint8)
grey16 = rng.integers(0, 65536, (height, width), dtype=np.uint16)
rgb = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
alpha = rng.integers(0, 256, (height, width, 1), dtype=np.uint8)
luma = rgb @ np.array([0.299, 0.587, 0.114]) / 255
expected = {}


def keep(name, image, values, tolerance, **options):
    image.save(folder / name, **options)
    expected[name] = {'width': values.shape[1], 'height': values.shape[0], 'values': packed(values), 'tolerance': tolerance}


keep('grey8.png', Image.fromarray(grey8), grey8 / 255, 1e-6)
keep('grey16.png', Image.fromarray(grey16), grey16 / 65535, 1e-6)
keep('rgb.png', Image.fromarray(rgb), luma, 1e-6)
keep('rgba.png', Image.fromarray(np.concatenate([rgb, alpha], axis=2)), luma * alpha[:, :, 0] / 255, 1e-6)
keep('grey-alpha.png', Image.fromarray(np.concatenate([grey8[:, :, None], alpha], axis=2), mode='LA'), grey8 / 255 * (alpha[:, :, 0] / 255), 1e-6)
palette = Image.fromarray(rgb).quantize(16)
keep('palette.png', palette, np.asarray(palette.convert('RGB')) @ np.array([0.299, 0.587, 0.114]) / 255, 1e-6)
smooth = Image.fromarray(((np.mgrid[0:64, 0:48][0] * 3 + np.mgrid[0:64, 0:48][1]) % 256).astype(np.uint8))
smooth.save(folder / 'grey.jpg', quality=95)
shown = np.asarray(Image.open(folder / 'grey.jpg'))
expected['grey.jpg'] = {'width': 48, 'height': 64, 'values': packed(shown / 255), 'tolerance': 1.5 / 255}
exif = Image.Exif()
exif[0x0112] = 6
smooth.save(folder / 'turned.jpg', quality=95, exif=exif)
expected['turned.jpg'] = {'width': 64, 'height': 48, 'values': packed(np.rot90(shown, -1) / 255), 'tolerance': 1.5 / 255}
(root / 'pictures.json').write_text(json.dumps(expected, indent=1) + '\n')
