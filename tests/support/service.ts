import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { startService, type RunningService } from '../../src/service/start-service.js';
import { loadConfig, projectRoot, type Config } from '../../src/config.js';
import { messagesSettings } from '../../src/config/messages.js';
import { radiologyReportsSettings } from '../../src/config/radiology-reports.js';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import type { DicomWeb } from '../../src/dicomweb/client.js';
import { silentLog, type Log } from '../../src/log.js';
import { ownDocumentsIn, type OwnDocument } from '../../src/reporting/own-documents.js';
import { eventually } from './eventually.js';
import { temporaryDirectory, type TestOrthanc } from './orthanc.js';
import { validateDocument } from './validate-document.js';
import { twoFindingModel } from './two-finding-model.js';

export interface ServiceOptions {
  /** In place of Orthanc's own address: a faulty proxy. */
  readonly url?: string;
  readonly dataDir?: string;
  readonly databaseUrl?: string;
  readonly routingFile?: string;
  readonly findingsFile?: string;
  readonly report?: Partial<Config['report']>;
  readonly orthanc?: Partial<Config['orthanc']>;
  readonly work?: Partial<Config['work']>;
  readonly triage?: Partial<Config['triage']>;
  readonly assessments?: Partial<Config['assessments']>;
  readonly resultLabels?: Partial<Config['resultLabels']>;
  readonly model?: Partial<Config['model']>;
  /** As in a configuration file. */
  readonly messages?: unknown;
  readonly reports?: unknown;
  readonly log?: Log;
}

/** The shipped configuration, quicker, on free ports, for a test's Orthanc. */
export function configFor(orthanc: TestOrthanc['orthanc'], options: ServiceOptions = {}): Config {
  const base = loadConfig({});
  return {
    ...base,
    dataDir: options.dataDir ?? temporaryDirectory('service'),
    database: options.databaseUrl ? { url: options.databaseUrl } : {},
    server: { ...base.server, port: 0 },
    orthanc: {
      ...base.orthanc,
      url: options.url ?? orthanc.url,
      username: orthanc.username,
      password: orthanc.password,
      pollIntervalMs: 200,
      stabilityCheckMs: 300,
      requestTimeoutMs: 5_000,
      analyseArchive: true,
      ...options.orthanc,
    },
    engine: { ...base.engine, prefer: 'onnx-cpu' },
    report: { ...base.report, ...options.report },
    work: { ...base.work, ...options.work },
    // The studies of the tests are from January 2026.
    triage: { ...base.triage, maxStudyAgeDays: 36_500, ...options.triage },
    assessments: { ...base.assessments, ...options.assessments },
    model: { ...base.model, directory: twoFindingModel, ...options.model },
    resultLabels: { ...base.resultLabels, ...options.resultLabels },
    messages: messagesSettings.parse(options.messages ?? {}),
    radiologyReports: {
      ...base.radiologyReports,
      ...radiologyReportsSettings.parse(options.reports ?? {}),
      rulesFile: base.radiologyReports.rulesFile,
    },
    ...(options.routingFile ? { routingFile: options.routingFile } : {}),
    ...(options.findingsFile ? { findingsFile: options.findingsFile } : {}),
  };
}

/** In this process. */
export function startTestService(orthanc: TestOrthanc['orthanc'], options: ServiceOptions = {}): Promise<RunningService> {
  return startService(configFor(orthanc, options), options.log ?? silentLog);
}

export interface SpawnedService {
  readonly process: ChildProcess;
  /** What it wrote so far, both streams. */
  output(): string;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit status. */
  end(): Promise<number | null>;
}

/** As a process of its own, as a user starts it. Ready when it resolves. @param options `program`: of another release */
export async function spawnService(
  orthanc: TestOrthanc['orthanc'],
  options: {
    readonly url?: string;
    readonly dataDir: string;
    readonly environment?: Readonly<Record<string, string>>;
    readonly program?: string;
  },
): Promise<SpawnedService> {
  const child = spawn(process.execPath, [options.program ?? join(projectRoot, 'dist/src/cli.js'), 'serve'], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      ORTHANC_URL: options.url ?? orthanc.url,
      ORTHANC_USERNAME: orthanc.username,
      ORTHANC_PASSWORD: orthanc.password,
      DATA_DIR: options.dataDir,
      PORT: '0',
      ANALYSE_ARCHIVE: 'true',
      MODEL_DIR: twoFindingModel,
      ...options.environment,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const gone = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  await eventually(
    'the service is running',
    () => {
      assert.equal(child.exitCode, null, `ended: ${output}`);
      assert.match(output, /service is running/);
    },
    { timeoutMs: 120_000 },
  ).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  return {
    process: child,
    output: () => output,
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
    async end() {
      child.kill('SIGTERM');
      return gone;
    },
  };
}

/** Our documents of a study in the PACS. */
export async function documentsOf(dicomWeb: DicomWeb, study: StudyInstanceUID): Promise<ReturnType<typeof ownDocumentsIn>> {
  return ownDocumentsIn(await dicomWeb.retrieveStudyMetadata(study));
}

/**
 * What every test ends with: the study has exactly one current result in the PACS, whole and valid.
 *
 * @param total how many text reports the study holds, superseded ones included; 1 if not given
 * @returns the current text report
 */
export async function assertOneCurrentResult(
  dicomWeb: DicomWeb,
  study: StudyInstanceUID,
  { total = 1 }: { readonly total?: number } = {},
): Promise<OwnDocument> {
  const { all, current } = await documentsOf(dicomWeb, study);
  const texts = current.filter((one) => one.kind === 'text');
  const measurements = current.filter((one) => one.kind === 'measurement');
  assert.equal(texts.length, 1, `current text reports of ${study}`);
  assert.equal(all.filter((one) => one.kind === 'text').length, total, `text reports of ${study} in all`);
  const text = texts[0]!;
  const placed = text.report.outcome.kind === 'reported' && text.report.findings.some((one) => one.decision === 'present');
  assert.equal(measurements.length, placed ? 1 : 0, `current measurement reports of ${study}`);
  for (const { reference } of all) {
    const bytes = await dicomWeb.retrieveInstance(study, reference.seriesInstanceUID, reference.sopInstanceUID);
    const { errors, warnings } = await validateDocument(bytes);
    // What the study itself does not say (its date, say) our document cannot say either.
    const ours = warnings.filter((one) => !one.includes('needed to build DICOMDIR'));
    assert.deepEqual({ errors, warnings: ours }, { errors: [], warnings: [] }, `document ${reference.sopInstanceUID}`);
  }
  return text;
}

/** Waits for the result in the PACS. */
export function eventuallyOneResult(
  dicomWeb: DicomWeb,
  study: StudyInstanceUID,
  options: { readonly total?: number; readonly timeoutMs?: number } = {},
): Promise<OwnDocument> {
  return eventually(`one current result of ${study}`, () => assertOneCurrentResult(dicomWeb, study, options), {
    timeoutMs: options.timeoutMs ?? 60_000,
    intervalMs: 300,
  });
}
