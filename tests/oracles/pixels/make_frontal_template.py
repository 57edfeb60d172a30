"""The mean frontal chest radiograph, 24 x 24, left and right averaged: src/pixels/xray/frontal-template.ts.

  /tmp/venv/bin/python tests/oracles/pixels/make_frontal_template.py [../shared/data]

Mean of standardised thumbnails of 400 files each of nih-chest-xray-sample and covid-radiography-normal. It holds nothing of
any single image. Prints the scores of other sets, from which the threshold in frontal-gate.ts was chosen.
"""
import csv, pathlib, sys
import numpy as np
from PIL import Image

here = pathlib.Path(__file__).resolve()
data = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else here.parents[4] / 'shared/data')


def thumbnail(path):
    # As frontal-gate.ts: grey, antialiased to 24 x 24, standardised.
    image = Image.fromarray(np.asarray(Image.open(path).convert('L'), dtype=np.float32) / 255, mode='F').resize((24, 24), Image.Resampling.BILINEAR)
    values = np.asarray(image, dtype=np.float64)
    return (values - values.mean()) / max(values.std(), 1e-3)


def files(name, limit=400):
    paths = sorted(path for path in (data / name / 'images').rglob('*') if path.suffix.lower() in ('.jpg', '.jpeg', '.png'))
    np.random.default_rng(0).shuffle(paths)
    return paths[:limit]


template = sum(np.mean([thumbnail(path) for path in files(name)], axis=0) for name in ('nih-chest-xray-sample', 'covid-radiography-normal'))
template = template + template[:, ::-1]
template = np.round((template - template.mean()) / template.std() * 100).astype(int)
lines = '\n'.join('  ' + ' '.join(f'{value},' for value in row[:12]) for row in template)
(here.parents[3] / 'src/pixels/xray/frontal-template.ts').write_text(f'''/**
 * The mean frontal chest radiograph: left half of 24 × 24, the right half is its mirror image; hundredths, mean 0, standard
 * deviation 1. Made by tests/oracles/pixels/make_frontal_template.py from 800 public radiographs.
 */
export const frontalTemplateHalf = Int16Array.of(
{lines}
);
''')
scores = lambda paths: [float((thumbnail(path) * template / 100).mean()) for path in paths]
for name in ('nih-chest-xray-sample', 'nih-mixed-findings', 'covid-radiography-normal', 'covid-radiography-covid', 'kermany-paediatric', 'covid-ct-ucsd'):
    values = np.array(scores(files(name)))
    print(f'{name:28} below 0.4: {(values < 0.4).mean():.3f}   5 %, 50 %, 95 %: {np.round(np.quantile(values, [0.05, 0.5, 0.95]), 2)}')
origin = data / 'covid-chestxray-2020-03-15'
rows = list(csv.DictReader(open(origin / 'metadata.csv')))
for view in sorted({row['view'] for row in rows}):
    values = np.array(scores([origin / 'images' / row['filename'] for row in rows if row['view'] == view and (origin / 'images' / row['filename']).exists()]))
    print(f'origin, view {view:15} n {len(values):3} below 0.4: {(values < 0.4).mean():.2f}   largest {values.max():.2f}')
