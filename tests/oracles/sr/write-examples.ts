import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePart10 } from '../../../src/dicom/part10.js';
import { examples, fixtures, measurementOfExample, readByHighdicom } from '../../unit/sr-examples.js';

/** Writes our measurement reports where highdicom_oracle.py reads them. */
for (const name of readByHighdicom) {
  writeFileSync(join(fixtures, `ours-${name}-measurement.dcm`), writePart10(measurementOfExample(examples[name]!)));
}
