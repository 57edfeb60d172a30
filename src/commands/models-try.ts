import { loadConfig, type Config } from '../config.js';
import { isUsableUid, type StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { createLog, silentLog } from '../log.js';
import type { ModelVersion } from '../registry/model-version.js';
import { imagesIn } from '../reporting/choose-images.js';
import { pacsOf } from '../reporting/orthanc-pacs.js';
import { predictInstances } from '../reporting/predict-images.js';
import { openAnalyser } from '../service/open-analyser.js';
import { openPacs } from '../service/open-pacs.js';
import { openStoreBesideService } from '../store/store.js';
import { storeLocation } from '../store/store-location.js';
import { commandActor } from './administration.js';
import { analyze, findingsOf, formatOf, printed, type AnalyzeOptions } from './analyze.js';
import { chosenModel } from './chosen-model.js';
import type { LineCommand } from './models-change.js';
import { resultFormat, type FileResult } from './file-result.js';

export interface TryCommand extends Omit<AnalyzeOptions, 'sr'>, LineCommand {
  readonly study?: string | undefined;
}

/**
 * `models try`: what any model finds in files or in a study of the PACS. It is put on the engine for this alone: nothing is stored,
 * nothing is promoted.
 *
 * @throws Fault 'request-invalid', 'model-unknown', 'model-invalid'
 */
export async function tryModel(name: string, files: readonly string[], options: TryCommand): Promise<void> {
  const { study, line, ...format } = options;
  if ((study === undefined) === (files.length === 0))
    throw new Fault('request-invalid', `expected files or --study UID, found ${study === undefined ? 'neither' : 'both'}`);
  const config = loadConfig();
  const version = await chosenModel(name, config, line);
  if (study === undefined) return analyze(files, format, version);
  if (!isUsableUid(study)) throw new Fault('request-invalid', 'expected a Study Instance UID after --study, found something else');
  if (options.heatmap !== undefined) throw new Fault('request-invalid', 'expected --heatmap with files, found it with --study');
  await tryOnStudy(study as StudyInstanceUID, version, options, config);
}

/** Without the routing rules: the user has named the study. */
async function tryOnStudy(study: StudyInstanceUID, version: ModelVersion, options: TryCommand, config: Config): Promise<void> {
  const chosenFormat = formatOf(options);
  if (!config.orthanc.url) throw new Fault('config-invalid', 'expected ORTHANC_URL: --study names a study of your PACS');
  await recordAccess(config, { study, model: version.version });
  const log = chosenFormat === 'text' ? createLog({ ...config.log, level: 'warn' }) : silentLog;
  const pacs = await openPacs(config, log, { environment: {}, script: '' });
  try {
    const analyser = await openAnalyser(config, log, version);
    try {
      const access = pacsOf(pacs.dicomWeb, pacs.orthanc);
      const { model, settings } = analyser;
      const result: FileResult = {
        file: study,
        studyInstanceUID: study,
        findings: [],
        engine: model.engine.name,
        modelVersion: model.version,
        ...(await predict()),
      };
      const format = resultFormat(chosenFormat, findingsOf(analyser));
      for (const line of [format.head, format.line(result), format.foot]) if (line) console.log(line);
      if (result.outcome === 'failed') process.exitCode = 1;

      async function predict(): Promise<Partial<FileResult> & Pick<FileResult, 'outcome'>> {
        try {
          const images = imagesIn(await access.retrieveStudyMetadata(study));
          const { skip, findings } = await predictInstances(images, analyser, access, settings.maxImages);
          if (skip) return { outcome: 'skipped', reason: skip.reason };
          return { outcome: 'reported', findings: findings.map((one) => printed(one, analyser)) };
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          return { outcome: 'failed', reason: error.message };
        }
      }
    } finally {
      await analyser.close();
    }
  } finally {
    await pacs.close();
  }
}

/** On record before the study is read. */
async function recordAccess(config: Config, subject: Readonly<Record<string, string>>): Promise<void> {
  const store = await openStoreBesideService(storeLocation(config), createLog({ ...config.log, level: 'error' }));
  try {
    await store.audit.append({ actor: commandActor(), action: 'study.analyze', subject });
  } finally {
    await store.close();
  }
}
