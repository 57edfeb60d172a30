import type { DataSet } from '../../src/dicom/data-set.js';
import { chestPhantom } from '../../src/samples/chest-phantom.js';
import { pixelModule } from '../../src/samples/sample-file.js';
import { chestStudy, type TestStudy } from './chest-study.js';

const clear = pixelModule(chestPhantom({ seed: 'clear 0', rows: 480, columns: 400 }));
const opacity = pixelModule(
  chestPhantom({ seed: 'prior', opacities: [{ side: 'left', zone: 'lower', kind: 'consolidation' }], rows: 480, columns: 400 }),
);

export function studyOfPriorPatient(name: string, date: string, attributes: DataSet = {}): TestStudy {
  return chestStudy(name, [
    { attributes: { PatientID: 'PRIOR 1', IssuerOfPatientID: 'CLINIC', PatientBirthDate: '19600102', StudyDate: date, ...attributes } },
  ]);
}

/** Studies of one patient: clear in January and again in March, with an opacity in February. */
export const priorStudies = {
  january: studyOfPriorPatient('january', '20260105', clear),
  february: studyOfPriorPatient('february', '20260210', opacity),
  march: studyOfPriorPatient('march', '20260315', clear),
} as const;
