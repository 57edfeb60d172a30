import type { ResearchPort } from '../../src/server/research-port.js';
import type { ReportsPort } from '../../src/server/message-ports.js';
import type { ResultMessage } from '../../src/messages/ports.js';
import { testMessage } from '../../src/messages/test-message.js';
import type {
  DraftTest,
  Operations,
  RulesState,
  ShownRuleVersion,
  ShownBackfill,
  ShownChannel,
  ShownMessage,
  ShownModel,
  ShownReading,
  ShownResult,
  ShownSystem,
  ShownTrends,
  ImagesOfStudy,
} from '../../src/server/page-types.js';
import type { DisplayFrame } from '../../src/pixels/display/display-frame.js';
import type { ShownErasure } from '../../src/server/schemas/erasures.js';

/* One example of each reply of the HTTP interface. */

export const study = '1.2.840.99999.7';
export const finding = { name: 'pneumonia', meaning: 'Pneumonia', probability: 0.9, decision: 'present' as const };
export const result: ShownResult = {
  studyInstanceUID: study,
  createdAt: '2026-03-01T08:00:00.000Z',
  outcome: 'reported',
  findings: [finding],
  modelVersion: '0123456789ab',
  engine: 'e',
  isCurrent: true,
  documents: [{ kind: 'text', sopInstanceUID: '1.2', seriesInstanceUID: '1.3' }],
  deliveries: [{ destination: 'PACS2', state: 'waiting' }],
};
export const row = {
  resultId: 'r',
  studyInstanceUID: study,
  createdAt: result.createdAt,
  outcome: 'reported' as const,
  priority: 5,
  findings: [finding],
};
export const reading: ShownReading = {
  state: 'being-read',
  reader: 'reader',
  claimedUntil: '2026-03-01T08:30:00.000Z',
  waits: true,
  waitingSince: result.createdAt,
  overdue: false,
  urgency: 90,
  explanation: 'Pneumonia 90 %, waiting 12 min',
  wait: '12 min',
};
export const backfill: ShownBackfill = {
  id: 7,
  since: '2020-03-01',
  until: '2020-05-31',
  rule: 'chest',
  perHour: 60,
  hours: '20-06',
  shadow: false,
  state: 'running',
  isSearched: true,
  isWithinHours: true,
  found: 12,
  finished: 7,
  queued: 1,
  done: 3,
  unchanged: 1,
  skipped: 1,
  failed: 1,
  vanished: 1,
  ratePerHour: 58.5,
  timeLeftMs: 300_000,
  createdBy: 'admin',
  createdAt: '2026-03-01T08:00:00.000Z',
  updatedAt: '2026-03-01T08:07:00.000Z',
};
export const erasure: ShownErasure = {
  isErased: false,
  fingerprint: '0123456789abcdef',
  studies: [{ studyInstanceUID: result.studyInstanceUID, isInPacs: true, reports: 2, heatMaps: 1, keyObjects: 0, assessments: 1 }],
  otherPatientIds: ['OLD-7'],
  similarPatients: 1,
  rows: { result: 1 },
  jobs: 0,
  pictures: 1,
  runs: 1,
  labelsOfRuns: 1,
  sent: [{ kind: 'message', to: 'ris', at: '2026-03-01T08:07:00.000Z', id: 'a', state: 'accepted', receiverReference: 'b' }],
  trainedVersions: [{ line: 'default', version: '0123456789ab' }],
};
export const historyEntry = {
  ...row,
  isCurrent: true,
  documents: result.documents,
  deliveries: result.deliveries,
  timingsMs: { decode: 12.5 },
};
export const assessment = {
  sopInstanceUID: '1.2.3',
  kind: 'assessment',
  reader: 'reader',
  verified: false,
  adjudicates: false,
  origin: 'page',
  givenAt: '2026-03-01T08:00:00.000Z',
  findings: [{ name: 'pneumonia', code: '233604007', scheme: 'SCT', meaning: 'Pneumonia', decision: 'present' as const, isCurrent: true }],
  withdrawn: [],
  predecessors: [],
};
export const model: ShownModel = {
  version: '0123456789ab',
  name: 'starter',
  created: '2026-01-01',
  license: 'CC0',
  role: 'champion',
  gate: 'none',
  figures: {
    xray: {
      pneumonia: {
        n: 10,
        positive: 5,
        auroc: 0.9,
        aurocInterval: [0.8, 1],
        isReported: true,
        unseen: { source: 'elsewhere', n: 9, auroc: 0.7 },
      },
    },
    ct: {},
  },
  limitations: '- few images',
};
const queue = { queue: 'report-study', waiting: 1, active: 0, retrying: 0, failed: 1, parked: 1 };
export const failedJob = {
  id: '00000000-0000-0000-0000-000000000000',
  queue: 'q',
  code: 'internal',
  detail: 'd',
  failedAt: result.createdAt,
};
export const operations: Operations = {
  softwareVersion: '0',
  orthanc: { state: 'answers', url: 'http://orthanc:8042', version: '1.12' },
  database: { state: 'answers', kind: 'embedded' },
  engine: { name: 'e', why: 'fastest' },
  model: { name: 'm', version: 'v' },
  queues: [queue],
  failedJobs: [failedJob],
  parked: [failedJob],
  rules: [{ name: 'chest', action: 'analyse', priority: 5, when: ['modality CR'], destinations: [] }],
  latency: { results: 1, steps: [{ step: 'decode', medianMs: 1, p95Ms: 2 }] },
  counts: { reported: 1, skipped: 0, failed: 0 },
};
export const channel: ShownChannel = {
  name: 'ris',
  kind: 'webhook',
  patient: ['id'],
  rules: 1,
  waiting: 1,
  failing: 0,
  refused: 1,
  accepted: 2,
  lastAcceptedAt: result.createdAt,
};
export const message: ShownMessage = {
  messageId: '0123456789abcdef0123',
  channel: 'ris',
  studyInstanceUID: study,
  plannedAt: result.createdAt,
  changedAt: result.createdAt,
  state: 'refused',
  isCorrection: false,
  findings: ['pneumonia'],
  attempts: 1,
  code: 'message-refused',
  reason: 'the receiver answered HTTP 400, expected 2xx',
  failedJob: failedJob.id,
};
export const exampleMessage: ResultMessage = testMessage({ patient: [] }, new Date('2026-03-01T08:00:00Z'));
export const changed = { champion: 'a', challenger: null, deployed: 'a', inService: 'a' };
export const ruleTest = {
  subject: study,
  action: 'none' as const,
  passedOver: [{ rule: 'chest', text: 'bodyPart is HAND, expected CHEST' }],
};

export const studyImages: ImagesOfStudy = {
  stacks: [
    {
      seriesInstanceUID: '1.2',
      seriesNumber: 1,
      modality: 'CT',
      view: '',
      laterality: '',
      description: 'Chest 5 mm',
      frames: [{ sopInstanceUID: '1.3', frame: 1, positionMm: -134.5 }],
    },
  ],
  isComplete: true,
};
export const displayFrame: DisplayFrame = {
  columns: 2,
  rows: 1,
  samples: Int16Array.of(-1000, 40),
  slope: 1,
  intercept: 0,
  unit: 'HU',
  isInverse: false,
  windows: [{ center: -600, width: 1500 }],
  spacing: [0.7, 0.7],
  pixelAspect: 1,
  reduction: 1,
  shown: { left: 0, top: 0, right: 2, bottom: 1 },
};

const discordance = {
  studyInstanceUID: '1.2.3',
  finding: 'pneumonia',
  meaning: 'Pneumonia',
  kind: 'report-silent',
  probability: 0.9,
  gap: 0.9,
  foundAt: '2026-01-02T03:04:05.000Z',
} as const;

/** Reports of radiologists that a program has sent, and a difference that a reader has looked at. */
export const reports: ReportsPort = {
  receive: async () => ({ outcome: 'stored', state: 'waiting', reason: 'no-study' }),
  counts: async () => ({ waiting: 1, matched: 2, unmatched: 0, withdrawn: 0, reasons: { 'no-study': 1 } }),
  discordances: async () => ({
    rows: [discordance],
    next: '0.9 1.2.3 pneumonia',
    open: { 'report-silent': 1, 'report-absent': 0, 'ai-absent': 0 },
    findings: [{ name: 'pneumonia', meaning: 'Pneumonia' }],
  }),
  review: async (_study, _finding, by) => ({ ...discordance, reviewed: { by, at: '2026-01-02T03:04:05.000Z' } }),
};

export const systemExample: ShownSystem = {
  disk: { freeBytes: 5e9, neededBytes: 50e6, warnBelowBytes: 1e9 },
  clock: { differenceMs: 12, toleratedMs: 5_000 },
  versions: {
    service: '0',
    node: '24.0.0',
    system: 'linux 6',
    database: 'PostgreSQL 17',
    engine: 'e',
    orthanc: '1.12.7',
    dicomWeb: '1.18',
  },
  certificates: [{ use: 'orthanc', source: 'pacs.example:8042', expiresAt: '2027-01-15T12:00:00.000Z', state: 'valid' }],
};

export const hourExample: ShownTrends['hours'][number] = {
  hour: '2026-01-15T12:00:00.000Z',
  reported: 3,
  skipped: 1,
  failed: 0,
  medianMs: 800,
  p95Ms: 1_200,
  maxWaiting: 2,
};

export const rulesExample: RulesState = {
  file: 'config/routing.yaml',
  version: 'f'.repeat(64),
  rules: [
    {
      was: 'chest',
      name: 'chest',
      enabled: true,
      action: 'analyse',
      priority: 5,
      when: [{ modality: ['DX'] }],
      destinations: [],
      findingsOff: [],
    },
  ],
  findings: ['pneumonia'],
};

export const draftTestExample: DraftTest = {
  before: { subject: study, action: 'none', passedOver: [] },
  after: { subject: study, action: 'analyse', rule: 'chest', passedOver: [] },
};

export const ruleVersionExample: ShownRuleVersion = {
  number: 7,
  at: '2026-01-15T12:00:00.000Z',
  by: 'admin',
  version: 'f'.repeat(64),
  isCurrent: true,
  difference: [{ change: 'added', text: '  - name: chest' }],
};

/** Labels, a run of training and an exported data set. */
export const research: ResearchPort = {
  labels: async () => ({
    studies: 1,
    statements: 2,
    findings: [{ name: 'pneumonia', present: 0, absent: 0, undetermined: 0, disagreed: 1 }],
    readers: [{ reader: 'anna', statements: 1, studies: 1 }],
    sites: [{ site: 'main', studies: 1, labels: 0 }],
    disagreements: [{ studyInstanceUID: study, finding: 'pneumonia', present: 1, absent: 1 }],
  }),
  readiness: async () => ({ newLabels: 12, minNewLabels: 50, agreedLabels: 40, threads: 1, estimatedMinutes: 40, estimatedBy: 'last-run' }),
  runs: async () => ({ runs: [runHead] }),
  run: async () => ({
    ...runHead,
    settings: { seed: '42' },
    threads: 1,
    outcome: 'refused',
    why: 'a test',
    steps: [{ step: 1, loss: 0.7, learningRate: 0.001 }],
    epochs: [{ step: 1, trainLoss: 0.7, validationLoss: 0.6, validationAccuracy: 0.5 }],
    figures: [{ finding: 'pneumonia', auroc: 0.8, interval: [0.7, 0.9], n: 10 }],
    compared: [{ studyInstanceUID: study, finding: 'pneumonia', truth: 'present', challenger: 0.2, champion: 0.7, loss: 1.6 }],
  }),
  exportDataset: async ({ format }) => ({
    directory: '/data/exports/dataset',
    format,
    images: 1,
    patients: 1,
    studyInstanceUIDs: [study],
    findings: ['pneumonia'],
    burnedIn: [{ studyInstanceUID: study, reason: 'Burned In Annotation is YES', exported: false }],
    unreadable: [],
  }),
};
const runHead = {
  id: 'retraining-2026-03-01T02-00-00-000Z',
  kind: 'retraining',
  name: 'schedule',
  startedAt: '2026-03-01T02:00:00.000Z',
  endedAt: '2026-03-01T03:00:00.000Z',
  classes: ['pneumonia'],
  images: { train: 10, validation: 5 },
  version: '0123456789ab',
} as const;
