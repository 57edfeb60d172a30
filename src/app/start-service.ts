import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { noteHead } from '../audit/note-head.js';
import { applyTimeZone, projectRoot, type Config, type ProcessRole } from '../config.js';
import { startEngine, type StartedEngine } from '../engine/start-engine.js';
import { Fault } from '../errors.js';
import { conceptsOf, findingNameOf, loadFindings, termsOf, type FindingsConfig } from '../findings-config.js';
import { startJobs, type Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import { loadModelVersion, type ModelVersion } from '../registry/model-version.js';
import { openRegistry, type Registry } from '../registry/registry.js';
import { loadRouting } from '../routing/rules.js';
import { createServer } from '../server/app.js';
import { openMetrics } from '../server/metrics.js';
import { documentProfiles } from '../sr/document-profile.js';
import { startAccess } from './start-access.js';
import { openStore, type Store } from '../store/store.js';
import { siteOf } from '../tasks/site-of.js';
import type { ReportTools, ServedModel } from '../tasks/tools.js';
import { startDriftWatch } from './drift-watch.js';
import { watchSurroundings } from './health.js';
import { clearUploads } from '../uploads/receive-upload.js';
import { openReader, type OpenReader } from './image-reader.js';
import { openPacs, pacsName, pacsOf, type PacsAccess } from './pacs.js';
import { modelDeedsOf } from './model-deeds.js';
import { serverToolsOf } from './server-tools.js';
import { startNightWorker } from './night-worker.js';
import { modelChangesNoter } from './note-model-changes.js';
import { checkTerms, loadOntoEngine, startServing, type Serving } from './serving.js';
import { startingModel } from './starting-model.js';
import { versionInService } from './version-in-service.js';
import { startStudyWorkers } from './study-workers.js';
import { verdictsOf, type Verdicts } from './verdicts.js';
import { pageFilesOf, uploadsOf } from './page-files.js';
import { pageToolsOf } from './page-tools.js';
import { startWatching } from './watching.js';

export interface RunningService {
  readonly url: string;
  readonly pacs: PacsAccess;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly registry: Registry;
  readonly serving: Serving;
  /** The champion of now. */
  readonly model: ServedModel;
  readonly verdicts: Verdicts;
  readonly settings: ReportTools['settings'];
  /** Finishes or hands back what is in hand; at most 10 seconds. */
  stop(): Promise<void>;
}

export const softwareVersion = (JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string }).version;

/** What needs no PACS and no database: rules, codes, engine, model, decoders. */
export interface Analyser {
  readonly findings: FindingsConfig;
  readonly settings: ReportTools['settings'];
  readonly engine: StartedEngine;
  readonly version: ModelVersion;
  readonly model: ServedModel & { release(): Promise<void> };
  readonly reader: OpenReader;
  close(): Promise<void>;
}

/** @param starting the model to serve; without it the champion of the registry, or the shipped model where there is none yet */
export async function openAnalyser(config: Config, log: Log, starting?: ModelVersion): Promise<Analyser> {
  const routing = loadRouting(config.routingFile);
  const findings = loadFindings(config.findingsFile);
  const version = starting ?? (await servedVersion(config));
  // Before the engine: a mistake in the configuration must not leave its threads behind.
  checkTerms(version, findings);
  const engine = await startEngine({ prefer: config.engine.prefer, log, ...(config.engine.threads > 0 ? { threads: config.engine.threads } : {}) });
  const model = await loadOntoEngine(version, engine, findings);
  log.info('model in service', { model: model.name, version: model.version, deviceUID: model.deviceUID });
  const reader = openReader(config, { xray: version.networks.xray?.input, ct: version.networks.ct?.input });
  const { skippedDocuments, failedDocuments, maxImages, seriesNumber, profile, heatMaps = documentProfiles[profile].heatMaps } = config.report;
  const settings: ReportTools['settings'] = {
    routing,
    skippedDocuments,
    failedDocuments,
    maxImages,
    seriesNumber,
    profile: { ...documentProfiles[profile], heatMaps },
    softwareVersion,
    termsOf: (name) => termsOf(findings, name),
    findingNameOf: (concept) => findingNameOf(findings, concept),
    codes: conceptsOf(findings),
    procedureReported: (kind, modality) => findings.procedures[kind === 'ct' ? 'CT' : modality === 'CR' ? 'CR' : 'DX'],
  };
  return {
    findings,
    settings,
    engine,
    version,
    model,
    reader,
    async close() {
      await reader.close();
      await model.release();
      await engine.close();
    },
  };
}

async function servedVersion({ dataDir, model }: Config): Promise<ModelVersion> {
  const registry = openRegistry(join(dataDir, 'models'));
  const aliases = await registry.aliases();
  return aliases ? registry.load(aliases.champion) : loadModelVersion(model.directory);
}

/**
 * Puts the parts together and starts them. A wrong configuration is refused here, before anything runs; an Orthanc or a
 * database that does not answer yet is waited for.
 */
export async function startService(config: Config, log: Log): Promise<RunningService> {
  const zone = applyTimeZone(config);
  if (zone.isStated) log.info('time zone', { zone: zone.name, origin: zone.origin });
  else log.warn(`no time zone is set: times without an offset are read and written as ${zone.name}, and schedules follow it; set TIME_ZONE, for example Europe/Berlin`);
  const does = (role: ProcessRole): boolean => config.roles.includes(role);
  const closing: (() => Promise<void>)[] = [];
  const opened = <Part>(part: Part, close: () => Promise<void>): Part => {
    closing.unshift(close);
    return part;
  };
  const closeAll = async (): Promise<void> => {
    for (const close of closing.splice(0)) await close().catch((error: unknown) => log.warn('a part did not stop in order', { reason: String(error) }));
  };
  try {
    const registry = openRegistry(join(config.dataDir, 'models'));
    const analyser = await openAnalyser(config, log, await startingModel(config.model.directory, registry, log)).then((one) => opened(one, () => one.close()));
    const { engine, findings, reader, version, model } = analyser;
    const serving: Serving = opened(startServing({ registry, engine, findings, reader, first: { version, model }, watchIntervalMs: config.model.watchIntervalMs, log }), () => serving.close());
    const location = config.database.url ? { databaseUrl: config.database.url } : { dataDir: join(config.dataDir, 'index') };
    const store = await openStore(location, log).then((one) => opened(one, () => one.close()));

    await clearUploads(uploadsOf(config).directory);
    const access = await startAccess(config, store, log);
    await access.audit.recordIfPossible({ actor: 'service', action: 'service.start', subject: { version: softwareVersion, model: analyser.model.version } });
    opened(access, () => access.audit.recordIfPossible({ actor: 'service', action: 'service.stop' }));

    const metrics = openMetrics(softwareVersion, analyser.model.version);

    // The server first, because the private Orthanc wants to know where to send its hint.
    let wake = (): void => undefined;
    let tools: ReturnType<typeof serverToolsOf> | undefined;
    const app = createServer({ ...access, metrics, web: does('web'), wake: () => wake(), hintToken: config.server.hintToken, trustedProxies: config.server.trustedProxies, tools: () => tools, ...pageFilesOf(config), softwareVersion }, log);
    const server = await listen(app.listen.bind(app), config).then((one) => opened(one, () => closeServer(one)));
    const url = `http://${hostInUrl(config.server.host)}:${(server.address() as AddressInfo).port}`;

    const hint = { script: join(projectRoot, 'orthanc/routing.lua'), environment: { CHEST_AI_HINT_URL: `${url}/hint`, ...(config.server.hintToken ? { CHEST_AI_HINT_TOKEN: config.server.hintToken } : {}) } };
    const pacs = await openPacs(config, log, hint).then((one) => opened(one, () => one.close()));
    // Last opened, first stopped: what is in hand may still need the PACS and the index.
    const jobs = await startJobs(store, log).then((one) => opened(one, () => one.stop({ timeoutMs: 8_000 })));
    const siteKey = await store.drift.siteKey();
    const reportTools: ReportTools = {
      pacs: pacsOf(pacs.dicomWeb),
      reader: serving.reader,
      model: () => serving.champion(),
      settings: analyser.settings,
      clock: { now: () => new Date() },
      log,
      siteOf: (instance) => siteOf(instance, config.drift.sites, siteKey),
    };
    const verdicts = verdictsOf({ config, store, reportTools, audit: access.audit });
    if (does('work')) await startStudyWorkers({ config, orthanc: pacs.orthanc, store, jobs, reportTools, serving, verdicts, metrics, log });
    if (does('train')) await startNightWorker({ config, store, jobs, registry, pacs, reader: analyser.reader, codeVersion: softwareVersion, log });
    if (does('train')) await startDriftWatch({ config, store, jobs, champion: () => versionInService(registry, serving, config.model.directory), log });
    const healthParts = { pacs, store, jobs, model: () => serving.champion(), dataDir: config.dataDir, clock: { milliseconds: undefined }, log };
    const page = pageToolsOf({ pacs, store, jobs, reportTools, registry, modelDirectory: config.model.directory, dataDir: config.dataDir });
    tools = serverToolsOf({ ...healthParts, verdicts, page, modelDeeds: modelDeedsOf(registry, serving) });
    watchSurroundings(healthParts);
    if (does('web')) void jobs.every(config.model.watchIntervalMs, 'changes of models', modelChangesNoter(registry, store.audit)).runNow();
    void jobs.every(3_600_000, 'audit head', () => noteHead(store.audit, log)).runNow();
    // What a private Orthanc holds is ours to analyse, all of it.
    const watched = config.orthanc.url ? config : { ...config, orthanc: { ...config.orthanc, analyseArchive: true } };
    if (does('watch')) wake = await startWatching({ config: watched, orthanc: pacs.orthanc, dicomWeb: pacs.dicomWeb, pacsName: pacsName(config, pacs), store, jobs, findings: Object.keys(analyser.findings.findings), log });
    log.info('service is running', { url, roles: config.roles, orthanc: pacs.url, engine: analyser.engine.description.name });
    return { url, pacs, store, jobs, registry, serving, get model() { return serving.champion(); }, verdicts, settings: analyser.settings, stop: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

function listen(start: (port: number, host: string, ready: (error?: Error) => void) => Server, { server: { host, port } }: Config): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = start(port, host, (error) => {
      if (error) reject(new Fault('config-invalid', `the service cannot listen on ${host}:${port} (${(error as NodeJS.ErrnoException).code ?? error.message})`));
      else resolve(server);
    });
  });
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

