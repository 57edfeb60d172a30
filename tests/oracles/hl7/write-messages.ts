/**
 * Writes the example messages, one file each and character set, for HAPI: `node dist/tests/oracles/hl7/write-messages.js FOLDER`.
 * The zone of the process must be Europe/Berlin, as in the test that compares.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeHl7 } from '../../../src/hl7/character-set.js';
import { hl7Message } from '../../../src/messages/hl7-message.js';
import { hl7Examples } from '../../support/hl7-examples.js';

const folder = process.argv[2]!;
mkdirSync(folder, { recursive: true });
for (const { name, message, addressing } of hl7Examples)
  writeFileSync(join(folder, `${name}.hl7`), encodeHl7(hl7Message(message, addressing), addressing.characterSet));
