import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePart10 } from '../../../src/dicom/part10.js';
import { airMeasurementOfExample, examples, fixtures, measurementOfExample, readByHighdicom } from '../../unit/sr-examples.js';
import { verdictReport } from '../../../src/sr/assessment-report.js';
import { verdictExamples, verdictsReadElsewhere } from '../../unit/sr-assessment-examples.js';

/** Writes our measurement reports where highdicom_oracle.py reads them, and verdicts for verdict_oracle.py. */
for (const name of readByHighdicom) {
  writeFileSync(join(fixtures, `ours-${name}-measurement.dcm`), writePart10(measurementOfExample(examples[name]!)));
  writeFileSync(join(fixtures, `ours-${name}-air.dcm`), writePart10(airMeasurementOfExample(examples[name]!)));
}
for (const name of verdictsReadElsewhere) writeFileSync(join(fixtures, `verdict-${name}.dcm`), writePart10(verdictReport(verdictExamples[name]!)));
