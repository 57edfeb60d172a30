import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadModelVersion } from '../../src/registry/model-version.js';
import { starterCard } from './card.js';
import { readFigures } from './figures-file.js';
import { withUnseen } from './worst-unseen.js';

/** `node bootstrap.mjs --run dist/scripts/starter/write-card.js`: CARD.md and the figures of model.json again, from the figures that are there. */
const model = process.argv[2] ?? 'models/starter';
const figures = await readFigures(model);
const path = join(model, 'model.json');
const file = JSON.parse(await readFile(path, 'utf8')) as { readonly figures: { readonly xray: Readonly<Record<string, unknown>> } };
const shown = { ...file.figures, xray: withUnseen(file.figures.xray, figures.unseen) };
await writeFile(path, `${JSON.stringify({ ...file, figures: shown }, undefined, 2)}\n`);
await writeFile(join(model, 'CARD.md'), starterCard(figures, (await loadModelVersion(model)).file));
