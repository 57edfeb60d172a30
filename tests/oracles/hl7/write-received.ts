/** Writes messages as a RIS sends them, for HAPI: `node dist/tests/oracles/hl7/write-received.js FOLDER`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { receivedExamples } from '../../support/received-examples.js';

const folder = process.argv[2]!;
mkdirSync(folder, { recursive: true });
for (const { name, bytes } of receivedExamples) writeFileSync(join(folder, `${name}.hl7`), bytes);
