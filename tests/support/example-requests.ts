import { rulesExample, study } from './example-replies.js';

/* Example bodies and parameters of requests, for tests/integration/open-api.test.ts. */

/** Bodies by path, made by hand as a program would; each is checked against the documented schema before it is sent. */
export const bodies: Readonly<Record<string, unknown>> = {
  'post /api/login': { name: 'openapi', password: 'correct horse battery' },
  'post /api/password': { current: 'correct horse battery', next: 'another horse battery' },
  'post /api/studies/{study}/assessments': { findings: [{ name: 'pneumonia', decision: 'present' }], adjudicates: true },
  'post /api/studies/{study}/assessments/withdrawals': { findings: ['pneumonia'] },
  'post /api/studies/{study}/reading/claim': { takeOver: true },
  'post /request-analysis/{study}': { token: 'of another page' },
  'post /api/models/{version}/promote': { why: 'a test', withoutGate: true },
  'post /api/models/{version}/challenge': { why: 'a test' },
  'post /api/failed-jobs/retry': { queue: 'report-delivery', code: 'destination-unavailable' },
  'post /api/rules': { rules: rulesExample.rules, basedOn: 'f'.repeat(64) },
  'post /api/rules/check': { rules: rulesExample.rules },
  'post /api/rules/dry-run': { rules: rulesExample.rules },
  'post /api/rules/history/{number}/restore': { basedOn: 'f'.repeat(64) },
  'post /api/models/rollback': {},
  'post /api/erasures': { patientId: '4711', issuer: 'CLINIC', action: 'find' },
  'post /api/reports': { resourceType: 'DiagnosticReport', status: 'final' },
  'post /api/backfills': { since: '2020-03-01', until: '2020-05-31', perHour: 60, hours: '20-06', shadow: false },
  'post /api/backfills/{number}/sign-offs': { name: 'A', role: 'Medical director', isAccepted: true, sha256: 'f'.repeat(64) },
  'post /api/accounts': { name: 'made', roles: ['reader'] },
  'post /api/accounts/{name}/roles': { roles: ['viewer'] },
  'post /api/datasets/export': { format: 'png', shiftDates: true },
  'post /api/tokens': { name: 'made', roles: ['viewer'], days: 1 },
};
export const parameters: Readonly<Record<string, string>> = {
  study,
  series: '1.2',
  instance: '1.3',
  version: '0123456789ab',
  path: 'studies',
  channel: 'ris',
  finding: 'pneumonia',
  number: '7',
  guide: 'triage',
  session: 'a'.repeat(16),
  run: 'retraining-2026-03-01T02-00-00-000Z',
  frame: '1',
};
