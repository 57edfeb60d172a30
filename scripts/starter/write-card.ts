import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadModelVersion } from '../../src/registry/model-version.js';
import { starterCard } from './card.js';
import { readFigures } from './figures-file.js';

/** `node bootstrap.mjs --run dist/scripts/starter/write-card.js`: models/starter/CARD.md again, from the figures that are there. */
const model = process.argv[2] ?? 'models/starter';
await writeFile(join(model, 'CARD.md'), starterCard(await readFigures(model), (await loadModelVersion(model)).file));
