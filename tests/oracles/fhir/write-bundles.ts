/** Writes the example bundles for HAPI's validator, one file each: `node dist/tests/oracles/fhir/write-bundles.js FOLDER`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fhirExamples } from '../../support/fhir-examples.js';

const folder = process.argv[2]!;
mkdirSync(folder, { recursive: true });
for (const [name, bundle] of Object.entries(fhirExamples)) writeFileSync(join(folder, `${name}.json`), JSON.stringify(bundle));
