import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { cleanFile, headerCase, variantElements, variants } from './header-cases.js';

/** `node dist/tests/support/write-header-cases.js FOLDER COUNT`: the clean twins and the cases one behind the other, for make_headers.py. */
const [folder, count] = [process.argv[2]!, Number(process.argv[3])];
const file = openSync(join(folder, 'cases.bin'), 'w');
const write = (bytes: Uint8Array): void => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  writeSync(file, length);
  writeSync(file, bytes);
};
const drafts = Array.from({ length: variants }, (_, variant) => variantElements(variant));
for (let variant = 0; variant < variants; variant++) write(cleanFile(variant));
for (let index = 0; index < count; index++) write(headerCase(index, drafts).bytes);
closeSync(file);
