import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePart10 } from '../../../src/dicom/part10.js';
import { airMeasurementOfExample, examples, fixtures, measurementOfExample, readByHighdicom } from '../../unit/sr-examples.js';
import { assessmentReport } from '../../../src/sr/assessment-report.js';
import { assessmentExamples, assessmentsReadElsewhere } from '../../unit/sr-assessment-examples.js';

/** Writes our measurement reports for highdicom_oracle.py, and assessments for assessment_oracle.py. */
for (const name of readByHighdicom) {
  writeFileSync(join(fixtures, `ours-${name}-measurement.dcm`), writePart10(measurementOfExample(examples[name]!)));
  writeFileSync(join(fixtures, `ours-${name}-air.dcm`), writePart10(airMeasurementOfExample(examples[name]!)));
}
for (const name of assessmentsReadElsewhere)
  writeFileSync(join(fixtures, `assessment-${name}.dcm`), writePart10(assessmentReport(assessmentExamples[name]!)));
