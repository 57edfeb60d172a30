import { resultLabelTexts } from './result-label-texts.js';
/* Settings that are texts or contain texts, for tests/unit/config-ranges.test.ts. */

/** A listener for HL7 messages needs a port. */
export const listener = { 'radiologyReports.hl7.port': 2575 };

/** A text of this length. */
const longest = (max: number, before = '', after = ''): string => before + 'x'.repeat(max - before.length - after.length) + after;

/** What a text setting accepts, first the shortest and the longest, and what it refuses, first what is too short and too long. */
export interface TextSetting {
  readonly accepts: readonly unknown[];
  readonly refuses: readonly unknown[];
  /** Settings without which it is not valid. */
  readonly with?: Readonly<Record<string, unknown>>;
}

const lines = (max: number, min = 1): TextSetting => ({
  accepts: [longest(Math.max(min, 1)), longest(max), ...(min === 0 ? [''] : [])],
  refuses: [...(min === 0 ? [] : ['']), longest(max + 1), 'two\nlines', 'nul\0', 7],
});
const aPath = lines(4_096);
const aSecret: TextSetting = { accepts: ['', longest(4_096), 'two\nlines'], refuses: [longest(4_097), 7] };
const anAddress: TextSetting = {
  accepts: ['http://a', longest(2_000, 'https://a/')],
  refuses: ['', longest(2_001, 'https://a/'), 'ftp://a', 'orthanc:8042', 7],
};
const aProxy: TextSetting = {
  accepts: ['http://a', longest(2_000, 'https://a'), 'http://proxy.hospital.example:3128/'],
  refuses: ['', longest(2_001, 'https://a'), 'proxy:3128', 'ftp://a', 'http://user:secret@a', 'http://a/path', 'http://a?b', 7],
};
const listOf = ({ accepts, refuses }: TextSetting, max?: number): TextSetting => ({
  accepts: [[], ...accepts.map((one) => [one]), ...(max === undefined ? [] : [Array.from({ length: max }, () => accepts[0])])],
  refuses: [...refuses.map((one) => [one]), ...(max === undefined ? [] : [Array.from({ length: max + 1 }, () => accepts[0])]), 'x'],
});
const conditions: TextSetting = {
  accepts: [
    [],
    [{ stationName: ['ER*'] }, { description: ['/stat/', 'missing'] }],
    Array.from({ length: 100 }, () => ({ modality: ['CR'] })),
  ],
  refuses: [
    [{}],
    [{ ward: ['1'] }],
    [{ stationName: [] }],
    [{ stationName: ['/(/'] }],
    Array.from({ length: 101 }, () => ({ modality: ['CR'] })),
    'ER',
  ],
};
export const oidc = { issuer: 'https://a', clientId: 'a', roles: {} };
const inOidc = (setting: TextSetting): TextSetting => ({ ...setting, with: { 'access.oidc': oidc } });

const inListener = (setting: TextSetting): TextSetting => ({ ...setting, with: listener });
const inTls = (setting: TextSetting, other: string): TextSetting => ({
  ...setting,
  with: { 'radiologyReports.hl7': { port: 2575, tls: { [other]: '/a' } } },
});

/** Every setting that is a text or contains texts. */
export const texts: Readonly<Record<string, TextSetting>> = {
  'orthanc.url': anAddress,
  'orthanc.dicomWebPath': { accepts: ['/', longest(1_000, '/')], refuses: ['', longest(1_001, '/'), 'dicom-web', '/a\n'] },
  'orthanc.username': lines(1_000, 0),
  'orthanc.password': aSecret,
  'orthanc.passwordFile': { ...aPath, accepts: [] },
  'orthanc.caFile': aPath,
  'orthanc.tokenFile': aPath,
  'orthanc.tokenHeader': { accepts: ['X', longest(100), 'X-Auth-Token'], refuses: ['', longest(101), 'X Y', 'X:', '1X', 7] },
  'server.host': lines(253),
  'server.hintToken': aSecret,
  'server.hintTokenFile': { ...aPath, accepts: [] },
  'server.publicUrl': {
    accepts: ['http://a', 'https://chest-ai.hospital.example/', 'https://a:8443', 'https://a/ai', 'https://a/b/c.d/'],
    refuses: ['', 'https://a/api', 'https://a/%41', 'https://a/?b', 'https://a/#c', 'ftp://a', 'chest-ai.hospital.example', 7],
  },
  'server.trustedProxies': listOf(lines(253), 1_000),
  'access.metricsToken': aSecret,
  'access.metricsTokenFile': { ...aPath, accepts: [] },
  'access.oidc.issuer': inOidc(anAddress),
  'access.oidc.proxy': inOidc(aProxy),
  'access.oidc.clientId': inOidc(lines(1_000)),
  'access.oidc.clientSecret': inOidc(aSecret),
  'access.oidc.clientSecretFile': { ...inOidc(aPath), accepts: [] },
  'access.oidc.scope': inOidc(lines(1_000)),
  'access.oidc.nameClaim': inOidc(lines(1_000)),
  'access.oidc.rolesClaim': inOidc(lines(1_000)),
  'access.oidc.roles': inOidc({
    accepts: [{}, { a: 'viewer', [longest(1_000)]: 'admin' }],
    refuses: [{ '': 'viewer' }, { [longest(1_001)]: 'viewer' }, { a: 'root' }, []],
  }),
  'database.url': {
    accepts: ['postgres://', longest(4_096, 'postgresql://')],
    refuses: ['', longest(4_097, 'postgres://'), 'mysql://a', 7],
  },
  'database.urlFile': { ...aPath, accepts: [] },
  roles: {
    accepts: [['watch'], ['watch', 'work', 'train', 'web']],
    refuses: [[], ['watch', 'work', 'train', 'web', 'web'], ['sleep'], 'web'],
  },
  'viewer.directory': aPath,
  'viewer.cache': aPath,
  dataDir: aPath,
  'model.directory': aPath,
  'findings.off': listOf(lines(64)),
  'triage.weights': {
    accepts: [{}, { pneumothorax: 0, [longest(64)]: 1_000 }],
    refuses: [{ '': 1 }, { [longest(65)]: 1 }, { a: -1 }, { a: 1_001 }, { a: 0.5 }, { a: '1' }, []],
  },
  'triage.emergency.when': conditions,
  'triage.inpatient.when': conditions,
  'triage.outpatient.when': conditions,
  models: {
    accepts: [
      [],
      [{ name: 'a', precedence: 0, thresholds: {}, retraining: {}, drift: {} }],
      [
        {
          name: longest(40),
          precedence: 1_000,
          findings: [longest(64)],
          thresholds: { a: { presentFrom: 0.5 } },
          retraining: { seed: 1 },
          drift: { windowDays: 1 },
        },
      ],
    ],
    refuses: [
      [{ name: longest(41) }],
      [{ name: 'TB' }],
      [{ name: 'default' }],
      [{ name: 'tb' }, { name: 'tb' }],
      [{ name: 'tb', findings: [] }],
      [{ name: 'tb', thresholds: { a: { absentBelow: 0.6, presentFrom: 0.5 } } }],
      Array.from({ length: 17 }, (_, number) => ({ name: `line-${number}` })),
      {},
    ],
  },
  'messages.channels': {
    accepts: [[]],
    refuses: [
      [{ name: longest(41, 'a'), webhook: { url: 'https://a' } }],
      [{ name: 'A', webhook: { url: 'https://a' } }],
      [{ name: 'a' }],
      [{ name: 'a', webhook: { url: 'https://a' }, fhir: { url: 'https://a' } }],
      [{ name: 'a', webhook: { url: 'https://a' }, patient: ['address'] }],
      [{ name: 'a', dicom: { modality: 'WS' } }],
      [{ name: 'a', dicom: { modality: 'WS' }, patient: ['id'] }],
      [{ name: 'a', dicom: { storageCommitment: 'always' } }],
      {},
    ],
  },
  'messages.rules': {
    accepts: [[]],
    refuses: [[{ channel: 'a' }], [{}], {}],
  },
  'retention.schedule': lines(100),
  ...resultLabelTexts,
  'retraining.schedule': lines(100),
  'retraining.recipeFile': aPath,
  'retraining.rulesFile': aPath,
  'drift.schedule': lines(100),
  'drift.sites': {
    accepts: [{}, { N: ['a'], [longest(40)]: [longest(1_000)] }, { 'St. Mary-2': [] }],
    refuses: [{ '': ['a'] }, { [longest(41)]: ['a'] }, { 'a/b': ['a'] }, { N: [''] }, { N: [longest(1_001)] }, { N: 'a' }],
  },
  'assessments.verifiers': { ...listOf(lines(100)), with: { 'assessments.organization': 'A' } },
  'assessments.organization': { accepts: ['A', longest(64)], refuses: ['', ' ', longest(65), 7] },
  'assessments.acceptFrom': listOf({
    accepts: ['A', longest(16), '*', 'http', 'READING STATION'],
    refuses: ['', longest(17), ' A', 'A ', 'A\\\\B', 'A\n', 7],
  }),
  'radiologyReports.rulesFile': aPath,
  'radiologyReports.issuers': {
    accepts: [[], [['HOSP', '1.2.3']], [Array.from({ length: 20 }, () => longest(200))]],
    refuses: [[['HOSP']], [[longest(201), 'a']], [['a', '']], 'HOSP'],
  },
  'radiologyReports.hl7.host': { ...inListener(lines(253)), with: { 'radiologyReports.hl7': { port: 2575, allowFrom: ['10.0.0.0/8'] } } },
  'radiologyReports.hl7.tls.cert': inTls(aPath, 'key'),
  'radiologyReports.hl7.tls.key': inTls(aPath, 'cert'),
  'radiologyReports.hl7.tls.ca': { ...aPath, with: { 'radiologyReports.hl7': { port: 2575, tls: { cert: '/a', key: '/a' } } } },
  'radiologyReports.hl7.allowFrom': inListener({
    accepts: [[], ['10.1.2.3', '10.1.2.0/24', '::1', 'fd00::/8'], Array.from({ length: 200 }, () => '10.1.2.3')],
    refuses: [['ris'], ['10.1.2'], ['10.1.2.0/33'], ['10.1.2.0/24/8'], Array.from({ length: 201 }, () => '10.1.2.3'), '10.1.2.3'],
  }),
  'radiologyReports.hl7.accessionNumber': inListener({
    accepts: [['OBR-18'], ['ZDS-1.2', 'OBR-3.1'], Array.from({ length: 10 }, () => 'ORC-3')],
    refuses: [[], ['OBR'], ['OBR-18.'], ['PID-3'], Array.from({ length: 11 }, () => 'OBR-18'), 'OBR-18'],
  }),
  timeZone: { accepts: ['UTC', 'Europe/Berlin', 'America/Argentina/ComodRivadavia'], refuses: ['', '+01:00', 'Europe', longest(1_000), 7] },
  routingFile: aPath,
  findingsFile: aPath,
};
