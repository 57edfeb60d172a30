import type { Config } from '../config.js';
import type { FallbackEngine } from '../engine/fallback-engine.js';
import { startEngine } from '../engine/start-engine.js';
import { conceptsOf, findingNameOf, loadFindings, termsOf, type FindingsConfig } from '../findings-config.js';
import { within } from '../lib/within.js';
import type { Log } from '../log.js';
import { loadModelVersion, type ModelVersion } from '../registry/model-version.js';
import { LiveRouting } from '../server/rules/live-rules.js';
import { documentProfiles } from '../sr/document-profile.js';
import { checkMessageRules } from '../messages/check-rules.js';
import { checkLabelNames } from '../result-labels/label-names.js';
import { checkFindingNames } from '../reporting/findings-off.js';
import type { ReportPorts } from '../reporting/ports.js';
import type { ServedModel } from '../serving/model.js';
import { engineOptionsOf } from '../serving/engine-options.js';
import { openReader, type OpenReader } from '../serving/image-reader.js';
import { registryOf } from './open-registry.js';
import { checkTerms, loadOntoEngine, type LoadedModel } from '../serving/model-serving.js';
import { softwareVersion } from '../software-version.js';

/** Releasing a network takes no time unless the engine computes or hangs. */
const releaseMs = 2_000;

/** The parts that need neither PACS nor database: rules, codes, engine, model, decoders. */
export interface Analyser {
  readonly findings: FindingsConfig;
  readonly routing: LiveRouting;
  readonly settings: ReportPorts['settings'];
  readonly engine: FallbackEngine;
  readonly version: ModelVersion;
  readonly model: ServedModel & { release(): Promise<void> };
  readonly reader: OpenReader;
  close(): Promise<void>;
}

/** @param starting the model to serve; without it the champion of the registry, or the shipped model where there is none yet */
export async function openAnalyser(config: Config, log: Log, starting?: ModelVersion): Promise<Analyser> {
  const routing = new LiveRouting(config.routingFile);
  const findings = loadFindings(config.findingsFile);
  checkFindingNames({ findingsOff: config.findings.off }, config.triage.weights, routing, findings.findings);
  checkMessageRules(config.messages, findings.findings);
  if (config.resultLabels.enabled) checkLabelNames(config.resultLabels, Object.keys(findings.findings));
  const version = starting ?? (await servedVersion(config));
  // Before the engine: a mistake in the configuration must not leave its threads behind.
  checkTerms(version, findings);
  // The decoders start while the engine does.
  const reader = openReader(config, { xray: version.networks.xray?.input, ct: version.networks.ct?.input });
  const { engine, model } = await startWithModel(version, findings, config, log).catch(async (error: unknown) => {
    await reader.close();
    throw error;
  });
  log.info('model deployed', { model: model.name, version: model.version, deviceUID: model.deviceUID });
  const {
    skippedDocuments,
    failedDocuments,
    maxImages,
    seriesNumber,
    profile,
    heatMaps = documentProfiles[profile].heatMaps,
  } = config.report;
  const settings: ReportPorts['settings'] = {
    routing,
    findingsOff: config.findings.off,
    triage: config.triage,
    skippedDocuments,
    failedDocuments,
    maxImages,
    seriesNumber,
    profile: { ...documentProfiles[profile], heatMaps },
    softwareVersion,
    termsOf: (name) => termsOf(findings, name),
    findingNameOf: (concept) => findingNameOf(findings, concept),
    codes: conceptsOf(findings),
    procedureReported: (kind) => findings.procedures[kind === 'ct' ? 'CT' : 'DX'],
  };
  return {
    routing,
    findings,
    settings,
    engine,
    version,
    model,
    reader,
    async close() {
      await reader.close();
      // A hanging engine is ended by the next line.
      await within(releaseMs, Promise.allSettled([model.release()]));
      await engine.close();
    },
  };
}

/** @throws Fault as startEngine and loadOntoEngine do; nothing is left open then */
async function startWithModel(
  version: ModelVersion,
  findings: FindingsConfig,
  config: Config,
  log: Log,
): Promise<{ readonly engine: FallbackEngine; readonly model: LoadedModel }> {
  const engine = await startEngine(engineOptionsOf(config, log));
  try {
    return { engine, model: await loadOntoEngine(version, engine, findings) };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

async function servedVersion({ dataDir, database, model }: Config): Promise<ModelVersion> {
  const registry = registryOf({ dataDir, database });
  const aliases = await registry.aliases();
  return aliases ? registry.load(aliases.champion) : loadModelVersion(model.directory);
}
