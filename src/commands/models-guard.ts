import { loadConfig, modelLine, type Config } from '../config.js';
import { startEngine } from '../engine/start-engine.js';
import { Fault } from '../errors.js';
import { minGuardImages } from '../evaluation/robust-feature-gate.js';
import { createLog, silentLog } from '../log.js';
import type { Candidate } from '../registry/candidate.js';
import type { ModelVersion } from '../registry/model-version.js';
import { revisedCandidate } from '../registry/revise-version.js';
import { arrivalOfSeries } from '../reporting/arrival-of.js';
import { pacsOf } from '../reporting/orthanc-pacs.js';
import { studySearch } from '../reporting/study-search.js';
import { collectEmbeddings, type EmbeddingCollector } from '../retraining/embedding-collector.js';
import { embeddingsOfStudies, fitGuard, guardRevision, type UnlabelledEmbeddings } from '../retraining/fit-guard.js';
import { newestStudies } from '../retraining/newest-studies.js';
import { loadRouting } from '../routing/rules.js';
import { openPacs } from '../service/open-pacs.js';
import { engineOptionsOf } from '../serving/engine-options.js';
import { openReader, type OpenReader } from '../serving/image-reader.js';
import type { ImageKind } from '../serving/model.js';
import { softwareVersion } from '../software-version.js';
import { chosenModel, registryOf } from './chosen-model.js';
import type { LineCommand } from './models-change.js';
import { wholeNumberOption } from './number-options.js';
import { progressLine } from './progress-line.js';
import { replaceChallenger } from './replace-challenger.js';
import { embeddingsOfFolder } from './unlabelled-files.js';

/** Where the unlabelled images of a guard come from: so many of the newest studies of the PACS, or a folder. */
export interface GuardSource {
  readonly studies?: string | undefined;
  readonly folder?: string | undefined;
}

export interface GuardCommand extends GuardSource, LineCommand {
  readonly network: string;
  readonly json: boolean;
}

/** `models guard`: fits the feature guard of a version on unlabelled images of the hospital, as a new version. */
export async function guardModel(name: string, options: GuardCommand): Promise<void> {
  const { network: kind, json } = options;
  if (kind !== 'xray' && kind !== 'ct') throw new Fault('request-invalid', `expected --network xray or ct, found ${kind}`);
  checkGuardSource(options);
  const config = loadConfig();
  const registry = registryOf(config, modelLine(config, options.line).name);
  const before = await chosenModel(name, config, options.line);
  const after = await registry.add(await withFittedGuard(before, kind, options, config, json));
  const role = await replaceChallenger(registry, before.version, after.version, 'its feature guard was fitted');
  const figures = (after.figures['guard'] as Readonly<Record<string, unknown>>)[kind] as Readonly<Record<string, number>>;
  const { images, outliers, maxDistance } = figures as { images: number; outliers: number; maxDistance: number };
  if (json) console.log(JSON.stringify({ version: after.version, parent: before.version, network: kind, ...figures, role }));
  else
    console.log(
      `${after.version}  ${after.name}: feature guard fitted on ${images} images, ${outliers} unlike the others left out, largest distance ${maxDistance.toFixed(1)}${role === 'challenger' ? '; it is the challenger now' : ''}`,
    );
}

/** @throws Fault 'request-invalid' unless exactly one source is given, with enough studies */
export function checkGuardSource({ studies, folder }: GuardSource): void {
  if ((studies === undefined) === (folder === undefined))
    throw new Fault('request-invalid', `expected a number of studies or a folder, found ${studies === undefined ? 'neither' : 'both'}`);
  if (studies !== undefined) wholeNumberOption('the number of studies', studies, minGuardImages);
}

/**
 * Fits the guard. The caller adds the version that has it to a registry.
 *
 * @param line model line of the registry
 * @throws Fault 'dataset-invalid' if there are too few images, 'model-invalid' if the network gives no embedding
 */
export async function withFittedGuard(
  version: ModelVersion,
  kind: ImageKind,
  source: GuardSource,
  config: Config,
  silent: boolean,
): Promise<Candidate> {
  const engine = await startEngine(engineOptionsOf(config, silent ? silentLog : createLog({ ...config.log, level: 'warn' })));
  const reader = openReader(config, { xray: version.networks.xray?.input, ct: version.networks.ct?.input });
  try {
    const collector = await collectEmbeddings(version, kind, engine);
    const found =
      source.folder === undefined
        ? await ofPacs(Number(source.studies), kind, collector, { config, reader, silent })
        : await embeddingsOfFolder(source.folder, kind, collector, { reader, maxImages: config.report.maxImages });
    await collector.release();
    const revision = guardRevision(fitGuard(found, collector.notFrontal), {
      kind,
      source: source.folder === undefined ? 'studies of the PACS' : 'files',
      now: new Date(),
    });
    return await revisedCandidate(version, kind, { ...revision, codeVersion: softwareVersion, engine: engine.description.name });
  } finally {
    await reader.close();
    await engine.close();
  }
}

interface PacsGuardPorts {
  readonly config: Config;
  readonly reader: OpenReader;
  readonly silent: boolean;
}

async function ofPacs(
  wanted: number,
  kind: ImageKind,
  collector: EmbeddingCollector,
  { config, reader, silent }: PacsGuardPorts,
): Promise<UnlabelledEmbeddings> {
  if (!config.orthanc.url) throw new Fault('config-invalid', 'expected ORTHANC_URL: the guard is fitted on studies of your PACS');
  const pacs = await openPacs(config, silentLog, { environment: {}, script: '' });
  const progress = progressLine('reading study', silent);
  try {
    // Not every study passes the routing rules and the frontal check.
    const studies = await newestStudies(studySearch(pacs), kind, 2 * wanted, new Date());
    return await embeddingsOfStudies(studies, wanted, kind, collector, {
      pacs: pacsOf(pacs.dicomWeb, pacs.orthanc),
      reader,
      settings: { routing: loadRouting(config.routingFile), maxImages: config.report.maxImages },
      async arrivalOf(study) {
        const id = await pacs.orthanc.findStudy(study);
        return id === undefined ? {} : arrivalOfSeries(await pacs.orthanc.seriesOf(id), pacs.orthanc);
      },
      onProgress: progress.tell,
    });
  } finally {
    progress.end();
    await pacs.close();
  }
}
