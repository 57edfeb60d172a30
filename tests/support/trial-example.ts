import type { LabelStatement } from '../../src/assessments/adjudicated-labels.js';
import { consensusLabels } from '../../src/assessments/adjudicated-labels.js';
import { composeFigures } from '../../src/archive/trial-report/compose-figures.js';
import type { TrialReport } from '../../src/archive/trial-report/trial-figures.js';
import { sha256Of } from '../../src/archive/trial-report/trial-report.js';
import { textSeeded } from '../../src/lib/seeded-random.js';
import type { TrialStudyRow } from '../../src/store/trials.js';

/** Studies of a silent trial that never took place; the same at each call. */
export function trialExample(count: number): {
  readonly studies: readonly TrialStudyRow[];
  readonly statements: readonly LabelStatement[];
} {
  const random = textSeeded('trial example');
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const statements: LabelStatement[] = [];
  const studies = Array.from({ length: count }, (_, n): TrialStudyRow => {
    const studyInstanceUID = `2.25.${1_000_000 + n}`;
    const truth = ['pneumonia', 'effusion'].map((finding) => ({ finding, isPresent: random() < 0.25 }));
    const findings = truth.map(({ finding, isPresent }) => {
      const probability = Math.round(1e4 / (1 + Math.exp(-((isPresent ? 1 : -1.2) + 2.4 * (random() - 0.5) * 2)))) / 1e4;
      const decision = probability >= 0.5 ? ('present' as const) : probability < 0.3 ? ('absent' as const) : ('undetermined' as const);
      return { name: finding, probability, decision };
    });
    const abstains = random() < 0.05;
    for (const { finding, isPresent } of truth) {
      if (random() < 0.4) continue;
      const readers = random() < 0.2 ? ['anna', 'bert'] : ['anna'];
      readers.forEach((reader, place) => {
        const isOther = place === 1 && random() < 0.2;
        const decision = isPresent !== isOther ? ('present' as const) : ('absent' as const);
        const given = { source: 'sr', verified: true, adjudicates: false, givenAt: new Date(1e12 + n * 1000 + place) };
        statements.push({ studyInstanceUID, finding, reader, decision, ...given });
      });
    }
    return {
      backfillId: 7,
      studyInstanceUID,
      modelVersion: '0123456789ab',
      orthancId: 'o',
      outcome: abstains ? 'skipped' : 'reported',
      findings: abstains ? [] : findings,
      reportedFindings:
        abstains || random() < 0.3 ? [] : findings.map((one) => ({ ...one, decision: pick([one.decision, 'absent'] as const) })),
      patientKey: `patient ${Math.floor(random() * count * 0.8)}`,
      groups: {
        site: pick(['site-1a2b3c4d', 'Nord', 'Nord']),
        scanner: pick(['AGFA DX-D 300', 'SIEMENS YSIO MAX', 'PHILIPS DIGITALDIAGNOST']),
        ...(random() < 0.05 ? {} : { view: pick(['AP', 'PA', 'PA']) }),
        sex: pick(['F', 'M', 'F', 'M', 'F', 'M', 'F', 'M', 'O']),
        age: pick(['0 to 19', '20 to 39', '40 to 59', '60 to 79', 'from 80']),
      },
      isKnownToModel: random() < 0.05,
    };
  });
  return { studies, statements };
}

/** The backfill of that trial. */
export const trialBackfill = {
  id: 7,
  since: '20200301',
  until: '20200531',
  rule: 'chest',
  state: 'done',
  createdAt: new Date('2026-03-01T08:00:00Z'),
  skipped: 12,
  failed: 2,
  vanished: 1,
} as const;

export function trialReportExample(count = 240): TrialReport {
  const { studies, statements } = trialExample(count);
  const backfill = { ...trialBackfill, found: count + 15, done: count, unchanged: 0 };
  const figures = composeFigures(backfill, '0123456789ab', [], studies, consensusLabels(statements));
  const sha256 = sha256Of(figures);
  const signed = { name: 'Dr. Example', role: 'Medical director', comment: 'Read on paper.', signedBy: 'director' };
  return {
    figures,
    sha256,
    signOffs: [
      { ...signed, isAccepted: false, figuresSha256: '0'.repeat(64), isForTheseFigures: false, signedAt: '2026-03-03T08:00:00.000Z' },
      { ...signed, isAccepted: true, figuresSha256: sha256, isForTheseFigures: true, signedAt: '2026-03-04T08:00:00.000Z' },
    ],
  };
}
