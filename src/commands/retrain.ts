import { join } from 'node:path';
import { bringForward } from '../service/bring-forward.js';
import { registryOfStore } from '../service/open-registry.js';
import { openReader } from '../serving/image-reader.js';
import { requestRetraining, startRetraining } from '../retraining/start-retraining.js';
import { pacsOf } from '../reporting/orthanc-pacs.js';
import { openPacs } from '../service/open-pacs.js';
import { retrainQueueOf } from '../retraining/queues.js';
import { softwareVersion } from '../software-version.js';
import { startingModel } from '../serving/starting-model.js';
import { loadConfig, modelLine, projectRoot } from '../config.js';
import { Fault } from '../errors.js';
import { startJobs, type Jobs } from '../jobs/jobs.js';
import { createLog } from '../log.js';
import { describeChange, isRetrainingRecord, type ChangeRecord } from '../registry/change-record.js';
import type { Registry } from '../registry/registry.js';
import { openStoreBesideService } from '../store/store.js';
import { storeLocation } from '../store/store-location.js';

/**
 * `retrain --now`: a retraining run now. With services on a shared database the first free process performs it; with the embedded
 * database the service does it if it is running, else this process. Exit status 0 if a model was promoted or predicts in shadow, 3 if
 * not.
 */
export async function retrainCommand(options: { readonly now: boolean; readonly line: string; readonly json: boolean }): Promise<void> {
  if (!options.now) throw new Fault('request-invalid', 'expected --now; the service retrains by the setting retraining.schedule');
  const config = loadConfig();
  const log = createLog({ ...config.log, level: options.json ? 'warn' : config.log.level });
  const line = modelLine(config, options.line);
  const startedAt = new Date();
  const store = await openStoreBesideService(storeLocation(config), log);
  const registry = registryOfStore(config, store, line.name);
  const jobs = await startJobs(store, log, config.timeZone === undefined ? {} : { timeZone: config.timeZone });
  let record: ChangeRecord | undefined;
  const reader = openReader(config, { xray: undefined, ct: undefined });
  try {
    if (store.isForwarded) {
      await requestRetraining(jobs, 'command line', line.name);
      await untilQueueIsEmpty(jobs, line.name);
      record = await recordSince(registry, startedAt);
      return report(record, options.json);
    }
    await bringForward(config, store, registryOfStore(config, store), log);
    if (line.directory !== undefined) await startingModel(line.directory, registry, log);
    const pacs = await openPacs(config, log, { environment: {}, script: join(projectRoot, 'orthanc/routing.lua') });
    try {
      await requestRetraining(jobs, 'command line', line.name);
      await startRetraining({
        config,
        line: { ...line, retraining: { ...line.retraining, enabled: false } },
        store,
        jobs,
        registry,
        pacs: pacsOf(pacs.dicomWeb, pacs.orthanc),
        reader,
        codeVersion: softwareVersion,
        log,
      });
      await untilQueueIsEmpty(jobs, line.name);
    } finally {
      await pacs.close();
    }
    record = await recordSince(registry, startedAt);
  } finally {
    await jobs.stop();
    await reader.close();
    await store.close();
  }
  report(record, options.json);
}

async function untilQueueIsEmpty(jobs: Jobs, line: string): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    const mine = (await jobs.stats()).find(({ queue }) => queue === retrainQueueOf(line).name);
    if (!mine || mine.waiting + mine.active + mine.retrying === 0) return;
  }
}

function report(record: ChangeRecord | undefined, json: boolean): void {
  if (!record) throw new Fault('engine-failed', 'expected a change record of this run, found none; see the log and the failed jobs');
  console.log(
    json
      ? JSON.stringify({
          id: record.id,
          outcome: record.outcome,
          why: record.why,
          champion: record.champion,
          challenger: record.challenger,
        })
      : describeChange(record),
  );
  if (record.outcome !== 'promoted' && record.outcome !== 'shadow') process.exitCode = 3;
}

/** By its end: a run that was interrupted before began earlier. */
async function recordSince(registry: Registry, since: Date): Promise<ChangeRecord | undefined> {
  for (const id of await registry.changes()) {
    const record = await registry.change(id);
    if (isRetrainingRecord(id) && new Date(record.endedAt) >= since) return record;
  }
  return undefined;
}
