import type { DataSet } from '../dicom/data-set.js';
import { researchPortOf } from '../server/page/research.js';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { logChainHead } from '../audit/log-chain-head.js';
import { applyTimeZone, projectRoot, type Config, type ProcessRole } from '../config.js';
import { startJobs, type Jobs } from '../jobs/jobs.js';
import { defaultLine } from '../lib/model-line.js';
import type { Log } from '../log.js';
import type { Registry } from '../registry/registry.js';
import { closeServer, hostInUrl, listen } from '../server/listen.js';
import { createServer } from '../server/app.js';
import { openMetrics } from '../server/metrics.js';
import { acceptedSystems } from '../assessments/accepted-systems.js';
import { acceptsDocumentsOf } from '../assessments/accepted-documents.js';
import { startAccess } from './start-access.js';
import { openStore, type Store } from '../store/store.js';
import { shareWithCommands } from '../store/share-with-commands.js';
import { storeLocation } from '../store/store-location.js';
import { siteOf } from '../monitoring/site-of.js';
import type { ReportPorts } from '../reporting/ports.js';
import type { ServedModel } from '../serving/model.js';
import { bringForward } from './bring-forward.js';
import { closeDataDirectory } from '../lib/private-files.js';
import { registryOfStore } from './open-registry.js';
import { monitorHealth } from '../monitoring/health.js';
import { removeAbandonedUploads } from '../uploads/process-folder.js';
import { openPacs, pacsName, type PacsAccess } from './open-pacs.js';
import { modelActionsOf } from '../server/page/model-actions.js';
import { serverPortsOf } from './ports/server-ports.js';
import { warnOfLostRegistry } from '../monitoring/lost-registry.js';
import { modelChangesRecorder } from '../monitoring/record-model-changes.js';
import { archiveModelsOf, trainingPatientsIn } from './ports/archive-ports.js';
import { messagePortsOf } from './ports/message-ports.js';
import type { DicomChannelPorts } from '../messages/dicom-channel.js';
import { channelPortsOf } from './ports/channel-ports.js';
import { measuredReports, reportTextPortsOf } from './ports/report-ports.js';
import { listenForReports } from '../radiology-reports/start-radiology-reports.js';
import { reportsPortOf } from '../server/page/reports.js';
import { openChannels } from '../messages/open-channels.js';
import { openAnalyser } from './open-analyser.js';
import { openLines, type OpenedLine } from './open-lines.js';
import { softwareVersion } from '../software-version.js';
import { openTriedModels, type TriedModels } from '../serving/tried-models.js';
import { startServing, type Serving } from '../serving/model-serving.js';
import { startingModel } from '../serving/starting-model.js';
import { priorSearch } from '../reporting/prior-result.js';
import { pacsOf } from '../reporting/orthanc-pacs.js';
import { studyQueueOf } from '../reporting/queues.js';
import { reportAgain } from '../reporting/report-again.js';
import { requestAnalysis } from '../reporting/request-analysis.js';
import { studySearch } from '../reporting/study-search.js';
import { backfillActionsOf } from '../archive/backfill-actions.js';
import { startRetention } from '../retention/start-retention.js';
import { trialReportsOf } from '../archive/trial-report/trial-report.js';
import { startBackfills } from '../archive/start-backfills.js';
import { erasurePortOf } from '../server/page/erasures.js';
import { backfillPortOf } from '../server/page/backfills.js';
import { startOrthancLabels } from '../assessments/start-assessments.js';
import { startFollowingStudyChanges } from '../retraining/start-following-study-changes.js';
import { retentionPortsOf } from './ports/retention-ports.js';
import { queueResultLabels, startLabelSweep } from '../result-labels/start-result-labels.js';
import { resultLabelPortsOf } from './ports/result-label-ports.js';
import { startOperations } from './ports/operations-ports.js';
import { startTraining, startWork } from './start-work.js';
import { storyPortsOf } from './ports/story-ports.js';
import { assessmentsOf, type AssessmentActions } from '../assessments/assessments.js';
import { pageFilesOf, uploadsRoot } from './page-files.js';
import { pagePortOf } from '../server/page/page-data.js';
import { warnOfPacs } from '../monitoring/warn-of-pacs.js';
import { startWatching } from '../reporting/start-watching.js';

export interface RunningService {
  readonly url: string;
  readonly pacs: PacsAccess;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly registry: Registry;
  readonly serving: Serving;
  /** All model lines; `registry` and `serving` are those of the default one. */
  readonly lines: ReadonlyMap<string, OpenedLine>;
  /** The default line's champion of now. */
  readonly model: ServedModel;
  readonly assessments: AssessmentActions;
  readonly settings: ReportPorts['settings'];
  /** Waits for active jobs or puts them back; takes at most 10 seconds. */
  stop(): Promise<void>;
}

/**
 * Builds the parts and starts them. A wrong configuration is refused before anything runs; the service waits for an Orthanc or a
 * database that does not answer yet.
 */
export async function startService(config: Config, log: Log): Promise<RunningService> {
  const zone = applyTimeZone(config);
  if (zone.isStated) log.info('time zone', { zone: zone.name, origin: zone.origin });
  else
    log.warn(
      `no time zone is set: times without an offset are read and written as ${zone.name}, and schedules follow it; set TIME_ZONE, for example Europe/Berlin`,
    );
  // Before anything else, so that a wrong channel is refused; they send when the PACS is open.
  let channelPorts: DicomChannelPorts | undefined;
  const channels = openChannels(config.messages.channels, () => channelPorts!);
  const does = (role: ProcessRole): boolean => config.roles.includes(role);
  const closing: (() => Promise<void>)[] = [];
  const opened = <Part>(part: Part, close: () => Promise<void>): Part => {
    closing.unshift(close);
    return part;
  };
  const closeAll = async (): Promise<void> => {
    for (const close of closing.splice(0))
      await close().catch((error: unknown) => log.warn('a part of the service could not be stopped properly', { reason: String(error) }));
  };
  try {
    closeDataDirectory(config.dataDir, log);
    const location = storeLocation(config);
    const store = await openStore(location, log).then((one) => opened(one, () => one.close()));
    if ('dataDir' in location) await shareWithCommands(store, location.dataDir, log).then((one) => opened(one, () => one.close()));
    const registry = registryOfStore(config, store);
    await bringForward(config, store, registry, log);
    const analyser = await openAnalyser(config, log, await startingModel(config.model.directory, registry, log)).then((one) =>
      opened(one, () => one.close()),
    );
    const { engine, findings, reader, version, model } = analyser;
    const first = startServing({
      registry,
      engine,
      findings,
      reader,
      first: { version, model },
      watchIntervalMs: config.model.watchIntervalMs,
      log,
    });
    const { lines, serving } = await openLines(config, store, { registry, serving: first }, analyser, log).then((one) =>
      opened(one, () => one.serving.close()),
    );
    const triedModels: TriedModels = opened(openTriedModels({ lines, engine, findings, reader }), () => triedModels.close());
    const champion = (): ServedModel => serving.first.champion();
    await removeAbandonedUploads(uploadsRoot(config));
    const access = await startAccess(config, store, log);
    await access.audit.recordIfPossible({
      actor: 'service',
      action: 'service.start',
      subject: { version: softwareVersion, model: analyser.model.version },
    });
    await warnOfLostRegistry(store.audit, registry, analyser.model.version, log);
    opened(access, () => access.audit.recordIfPossible({ actor: 'service', action: 'service.stop' }));

    const metrics = openMetrics(softwareVersion, analyser.model.version);

    // The server first, because the private Orthanc needs the URL for its hints.
    let wake = (): void => undefined;
    let ports: ReturnType<typeof serverPortsOf> | undefined;
    const app = createServer(
      {
        ...access,
        metrics,
        web: does('web'),
        wake: () => wake(),
        hintToken: config.server.hintToken,
        trustedProxies: config.server.trustedProxies,
        ports: () => ports,
        ...pageFilesOf(config),
        softwareVersion,
      },
      log,
    );
    const server = await listen(app.listen.bind(app), config).then((one) => opened(one, () => closeServer(one)));
    const url = `http://${hostInUrl(config.server.host)}:${(server.address() as AddressInfo).port}`;

    const hint = {
      script: join(projectRoot, 'orthanc/routing.lua'),
      environment: {
        CHEST_AI_HINT_URL: `${url}/hint`,
        ...(config.server.hintToken ? { CHEST_AI_HINT_TOKEN: config.server.hintToken } : {}),
      },
    };
    const pacs = await openPacs(config, log, hint).then((one) => opened(one, () => one.close()));
    // Opened last and stopped first: active jobs may still need the PACS and the database.
    const jobs = await startJobs(store, log, config.timeZone === undefined ? {} : { timeZone: config.timeZone }).then((one) =>
      opened(one, () => one.stop({ timeoutMs: 6_000 })),
    );
    // The log of the start may be gone by the time somebody looks.
    jobs.every(86_400_000, 'lost registry', () => warnOfLostRegistry(store.audit, registry, champion().version, log));
    const siteKey = await store.drift.siteKey();
    const siteNameOf = (instance: DataSet): string => siteOf(instance, config.drift.sites, siteKey);
    const reportPorts: ReportPorts = {
      pacs: pacsOf(pacs.dicomWeb, pacs.orthanc, (study) => store.erasures.isErased(study)),
      reader: serving.first.reader,
      model: champion,
      ...(lines.size > 1 ? { models: () => serving.models() } : {}),
      settings: analyser.settings,
      clock: { now: () => new Date() },
      log,
      ...(config.report.priors
        ? {
            findPrior: priorSearch(
              studySearch(pacs),
              async (studies) => (await store.worklist.page({ studies, outcome: 'reported', limit: studies.length })).rows,
            ),
          }
        : {}),
      siteOf: siteNameOf,
    };
    const accepts = acceptsDocumentsOf(await acceptedSystems(config, store, log), pacs.orthanc);
    const assessments = assessmentsOf({
      config,
      store,
      reportPorts,
      accepts,
      onSeveralReports: (study) =>
        reportAgain(study, {
          studies: store.studies,
          queue: studyQueueOf(jobs),
          findStudies: (uid) => pacs.orthanc.findStudies(uid),
        }),
      audit: access.audit,
    });
    const reportTextPorts = await reportTextPortsOf(config, findings, { store, pacs: reportPorts.pacs, audit: access.audit, log });
    // What a private Orthanc contains is ours to analyse, all of it.
    const watched = config.orthanc.url ? config : { ...config, orthanc: { ...config.orthanc, analyseArchive: true } };
    const storyPorts = storyPortsOf({
      config: watched,
      reportPorts,
      orthanc: pacs.orthanc,
      pacsName: pacsName(config, pacs),
      store,
      jobs,
      serving,
      metrics,
    });
    channelPorts = channelPortsOf(reportPorts.pacs, pacs.orthanc, config);
    const resultLabelPorts = resultLabelPortsOf(config, Object.keys(findings.findings), pacs.orthanc, store, log);
    const messagePorts = messagePortsOf({ config, channels, zone, reportPorts, findings, store, audit: access.audit, jobs, log });
    if (does('work')) {
      const { settings } = analyser;
      const storiesPorts = { storyPorts, messagePorts, resultLabelPorts, reportTextPorts };
      await startWork({ config, ...storiesPorts, settings, assessments, accepts, serving, triedModels, store, jobs });
    }
    if (does('train')) await startTraining({ config, lines, pacs: reportPorts.pacs, reader: analyser.reader, store, jobs, log });
    startFollowingStudyChanges(config, store.studyChanges, jobs, log);
    const healthParts = {
      pacs,
      store,
      jobs,
      model: champion,
      lines: () => [...serving.lines].map(([line, one]) => ({ line, champion: one.champion() })),
      engineCondition: () => engine.condition,
      studyTimeoutMs: config.work.studyTimeoutMs,
      dataDir: config.dataDir,
      measureReports: reportTextPorts && (() => measuredReports(store)),
      clock: { milliseconds: undefined },
      log,
    };
    const page = pagePortOf({
      pacs,
      store,
      jobs,
      assessments,
      reportPorts,
      frameReader: serving.first.reader,
      triage: config.triage,
      serving,
      triedModels,
      lines,
      dataDir: config.dataDir,
      findings: Object.keys(findings.findings),
    });
    const backfills = backfillPortOf(
      backfillActionsOf(store.backfills, access.audit, analyser.settings.routing, archiveModelsOf(lines)),
      trialReportsOf(store, access.audit),
      zone.name,
      config.server.publicUrl,
    );
    const retentionPorts = retentionPortsOf({ config, pacs, store, jobs, audit: access.audit, log });
    if (does('work')) startRetention({ ...retentionPorts, onRemoved: (kind) => metrics.countRemoved(kind) }, config, jobs);
    const readingParts = { triage: config.triage, settings: analyser.settings };
    ports = serverPortsOf({
      ...healthParts,
      assessments,
      readingParts,
      page,
      messagePorts,
      onReadingChanged: (uid) => queueResultLabels(uid, config.resultLabels, jobs),
      modelActions: modelActionsOf(lines),
      backfills,
      erase: erasurePortOf(retentionPorts),
      requests: { request: (uid) => requestAnalysis(uid, storyPorts) },
      reports: reportTextPorts && reportsPortOf(reportTextPorts, store, findings),
      ...startOperations({
        config,
        store,
        jobs,
        routing: analyser.routing,
        findings: Object.keys(findings.findings),
        audit: access.audit,
        log,
      }),
      research: researchPortOf({
        assessments,
        config,
        lines,
        store,
        exports: { pacs: reportPorts.pacs, siteOf: siteNameOf, reader: analyser.reader, log },
      }),
    });
    monitorHealth(healthParts);
    if (does('web'))
      for (const [line, one] of lines)
        void jobs
          .every(
            config.model.watchIntervalMs,
            line === defaultLine ? 'changes of models' : `changes of models, ${line}`,
            modelChangesRecorder(one.registry, store.audit, line),
          )
          .runNow();
    void jobs.every(3_600_000, 'audit head', () => logChainHead(store.audit, log)).runNow();
    if (does('watch')) {
      wake = await startWatching(storyPorts, store, studySearch(pacs), jobs, config.orthanc);
      startLabelSweep(resultLabelPorts, jobs, config);
      startBackfills(storyPorts, store, serving, studySearch(pacs), trainingPatientsIn(lines, config, store, log), jobs, zone.name);
      startOrthancLabels(pacs.orthanc, store, Object.keys(analyser.findings.findings), jobs, config, log);
      if (reportTextPorts && config.radiologyReports.hl7)
        await listenForReports(config.radiologyReports.hl7, reportTextPorts).then((one) => opened(one, () => one.close()));
    }
    if (does('work') || does('watch')) warnOfPacs(pacs, jobs, log);
    log.info('service is running', { url, roles: config.roles, orthanc: pacs.url, engine: analyser.engine.description.name });
    return {
      url,
      pacs,
      store,
      jobs,
      registry,
      serving: first,
      lines,
      get model() {
        return champion();
      },
      assessments,
      settings: analyser.settings,
      stop: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
