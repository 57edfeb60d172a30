import { adoptModel } from '../adoption/adopt-model.js';
import type { AdoptOptions } from '../adoption/source-request.js';
import { tryCandidate } from '../adoption/try-candidate.js';
import { loadConfig, modelLine, type Config } from '../config.js';
import { ForeignModelReader } from '../engine/foreign/read-foreign.js';
import { ConfinedWeightsReader } from '../engine/foreign/read-weights.js';
import { startEngine } from '../engine/start-engine.js';
import { Fault } from '../errors.js';
import { loadFindings } from '../findings-config.js';
import { createLog, silentLog } from '../log.js';
import type { Candidate, CandidateNetwork } from '../registry/candidate.js';
import type { Registry } from '../registry/registry.js';
import type { ModelVersion } from '../registry/model-version.js';
import { engineOptionsOf } from '../serving/engine-options.js';
import { softwareVersion } from '../software-version.js';
import { registryOf } from './chosen-model.js';
import type { LineCommand } from './models-change.js';
import { checkGuardSource, withFittedGuard, type GuardSource } from './models-guard.js';
import { weightsFolder } from './training-options.js';

export interface AdoptCommand extends Omit<AdoptOptions, 'kind'>, LineCommand {
  readonly kind: string;
  readonly guardStudies?: string | undefined;
  readonly guardFolder?: string | undefined;
  /** False: it stays out of shadow mode; true: it takes the place of a challenger. */
  readonly challenge?: boolean | undefined;
  readonly json: boolean;
}

/**
 * `models adopt`: reads a classifier of others, maps its outputs to findings, computes a phantom with it and adds it to the registry as
 * a version. It starts as challenger in shadow, if there is a champion and no other challenger.
 */
export async function adoptCommand(source: string, options: AdoptCommand): Promise<void> {
  const { kind, json } = options;
  if (kind !== 'xray' && kind !== 'ct') throw new Fault('request-invalid', `expected --kind xray or ct, found ${kind}`);
  const guard: GuardSource = { studies: options.guardStudies, folder: options.guardFolder };
  const wantsGuard = guard.studies !== undefined || guard.folder !== undefined;
  if (wantsGuard) checkGuardSource(guard);
  const config = loadConfig();
  const { name: line } = modelLine(config, options.line);
  const { candidate, network, messages } = await readCandidate(source, { ...options, kind }, config);
  if (!json) for (const message of messages) console.log(message);
  await tryOnEngine(network, kind, config, json);
  const registry = registryOf(config, line);
  const adopted = await registry.add(candidate);
  const version = wantsGuard ? await registry.add(await withFittedGuard(adopted, kind, guard, config, json)) : adopted;
  const challenges = await startInShadow(registry, version.version, options.challenge, candidate.adopted!.from);
  report(version, { messages, json, kind, challenges });
}

/** @param wanted undefined: unless another version is the challenger already */
async function startInShadow(registry: Registry, version: string, wanted: boolean | undefined, from: string): Promise<boolean> {
  const aliases = await registry.aliases();
  if (wanted === false || aliases?.champion === version) return false;
  if (wanted === undefined && (!aliases || (aliases.challenger !== null && aliases.challenger !== version))) return false;
  if (aliases?.challenger === version) return true;
  await registry.challenge(version, { by: 'command line', why: `adopted from ${from}`, at: new Date() });
  return true;
}

async function readCandidate(
  source: string,
  options: AdoptOptions,
  config: Config,
): Promise<{ readonly candidate: Candidate; readonly network: CandidateNetwork; readonly messages: readonly string[] }> {
  const foreign = new ForeignModelReader();
  const weights = new ConfinedWeightsReader();
  try {
    return await adoptModel(source, options, {
      foreign,
      weights,
      findings: loadFindings(config.findingsFile),
      downloads: weightsFolder(config),
      codeVersion: softwareVersion,
      now: new Date(),
    });
  } finally {
    await Promise.all([foreign.close(), weights.close()]);
  }
}

async function tryOnEngine(network: CandidateNetwork, kind: 'xray' | 'ct', config: Config, silent: boolean): Promise<void> {
  const engine = await startEngine(engineOptionsOf(config, silent ? silentLog : createLog({ ...config.log, level: 'warn' })));
  try {
    await tryCandidate(engine, network, kind);
  } finally {
    await engine.close();
  }
}

interface Report {
  readonly messages: readonly string[];
  readonly json: boolean;
  readonly kind: 'xray' | 'ct';
  readonly challenges: boolean;
}

function report({ version, name, deviceUID, directory, file, networks }: ModelVersion, { messages, json, kind, challenges }: Report): void {
  const { outputs, input } = networks[kind]!;
  if (json) {
    console.log(
      JSON.stringify({
        version,
        name,
        deviceUID,
        directory,
        kind,
        input,
        outputs,
        adopted: file.adopted,
        challenger: challenges,
        messages,
      }),
    );
    return;
  }
  console.log(
    `${version}  ${name}  adopted: ${outputs.filter((output) => output.kind === 'finding').length} findings, not calibrated here`,
  );
  console.log(`What the network sees: ${directory}/network-input.png`);
  console.log(
    challenges
      ? 'It is the challenger: it predicts new studies in shadow.'
      : `Next: \`models guard ${version} --studies 500\`, \`models try ${version} FILE\`, \`models challenge ${version}\`.`,
  );
  console.log('Not for diagnosis.');
}
