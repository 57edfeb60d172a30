import type { SeriesInstanceUID, SOPInstanceUID } from '../../src/dicom/uid.js';
import { comparisonOf, type AssessedFinding, type AssessmentContent } from '../../src/sr/assessment-content.js';
import type { Decision } from '../../src/sr/report-content.js';
import { finding, imageReference, reported, source } from './sr-examples.js';

/** Assessments to try things on; also what tests/oracles/sr writes for highdicom and pydicom. No reader in here exists. */

export function assessed(
  name: string,
  decision: Decision,
  software?: { readonly decision: Decision; readonly probability: number },
  images = [imageReference(0)],
): AssessedFinding {
  return {
    concept: finding(name, 0, 'absent').concept,
    decision,
    comparison: comparisonOf(decision, software?.decision),
    ...(software ? { software } : {}),
    images,
  };
}

const base: AssessmentContent = {
  source,
  reader: { name: 'meier' },
  findings: [assessed('pneumonia', 'present', { decision: 'present', probability: 0.934 })],
  withdrawn: [],
  adjudicates: false,
  origin: 'page',
  softwareVersion: '0.1.0',
  evidence: [],
  createdAt: new Date('2026-11-24T04:05:06.789Z'),
  procedures: [],
  predecessors: [
    {
      studyInstanceUID: reported.source['StudyInstanceUID'] as never,
      seriesInstanceUID: reported.seriesInstanceUID,
      sopClassUID: '1.2.840.10008.5.1.4.1.1.88.33' as never,
      sopInstanceUID: reported.sopInstanceUID,
    },
  ],
  seriesInstanceUID: '2.25.700' as SeriesInstanceUID,
  sopInstanceUID: '2.25.701' as SOPInstanceUID,
  seriesNumber: 9910,
  instanceNumber: 1,
};

/** Every kind of assessment, by name. */
export const assessmentExamples: Readonly<Record<string, AssessmentContent>> = {
  confirmed: base,
  verified: { ...base, reader: { name: 'Petrova^Olga', verifiesFor: 'Example Hospital' } },
  'every-comparison': {
    ...base,
    reader: { name: 'dr.meier@example.org', verifiesFor: 'Städtisches Klinikum \\ Radiologie' },
    findings: [
      assessed('covid-19', 'absent', { decision: 'present', probability: 0.81 }),
      assessed('mass', 'present'),
      assessed('pleural-effusion', 'present', { decision: 'undetermined', probability: 0.41 }),
      assessed('pleural-thickening', 'undetermined', { decision: 'absent', probability: 0.02 }),
      assessed('pneumonia', 'present', { decision: 'present', probability: 0.934 }),
    ],
  },
  adjudicating: { ...base, reader: { name: '山田', verifiesFor: 'Example Hospital' }, adjudicates: true, origin: 'api' },
  commented: {
    ...base,
    findings: [{ ...assessed('pneumonia', 'present'), comment: 'Behind the heart, seen on the lateral view only.' }],
  },
  withdrawn: { ...base, findings: [], withdrawn: [finding('pneumonia', 0, 'absent').concept], evidence: [imageReference(0)] },
  'without-result': {
    ...base,
    findings: [assessed('pneumothorax', 'absent', undefined, [])],
    evidence: [imageReference(0), imageReference(1)],
    predecessors: [],
  },
  'ct-frames': {
    ...base,
    findings: [assessed('covid-19', 'present', { decision: 'present', probability: 0.81 }, [imageReference(1, 3), imageReference(1, 4)])],
  },
};

/** Those that pydicom and highdicom have read (tests/oracles/sr). */
export const assessmentsReadElsewhere = ['every-comparison', 'adjudicating', 'without-result', 'commented', 'withdrawn'] as const;
