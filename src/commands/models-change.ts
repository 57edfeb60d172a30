import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig, modelLine } from '../config.js';
import { inferenceModel } from '../engine/onnx/inference/inference-model.js';
import { Fault } from '../errors.js';
import { knownNetwork } from '../network/loadable-network.js';
import { emptyFolderAt, exportFolder } from '../registry/export-version.js';
import { promoteVersion } from '../registry/promote-version.js';
import { chosenModel, registryOf } from './chosen-model.js';

export interface LineCommand {
  /** Name of the model line. */
  readonly line: string;
}

export interface PromoteCommand extends LineCommand {
  readonly withoutGate: boolean;
  readonly reason?: string | undefined;
}

/**
 * `models promote`: promotes a version that passed the gate against the present champion; any other only with `--without-gate` and
 * a reason, which the history records. A running service switches to the new champion by itself.
 */
export async function promoteModel(name: string, { line, withoutGate, reason }: PromoteCommand): Promise<void> {
  const config = loadConfig();
  const { version } = await chosenModel(name, config, line);
  const state = await promoteVersion(registryOf(config, line), version, { by: 'command line', why: reason, withoutGate, at: new Date() });
  console.log(`champion is ${state.champion}${state.previous ? `, before ${state.previous}` : ''}`);
}

/** `models challenge`: the version predicts new studies in shadow; `none` ends that. */
export async function challengeModel(name: string, options: LineCommand & { readonly reason?: string | undefined }): Promise<void> {
  const config = loadConfig();
  const { name: line } = modelLine(config, options.line);
  const version = name === 'none' ? null : (await chosenModel(name, config, line)).version;
  const state = await registryOf(config, line).challenge(version, {
    by: 'command line',
    why: options.reason ?? 'requested on the command line',
    at: new Date(),
  });
  console.log(
    state.challenger
      ? `challenger is ${state.challenger}, beside the champion ${state.champion}`
      : `no challenger beside the champion ${state.champion}`,
  );
}

/** `models rollback`: makes the previous champion the champion again. */
export async function rollbackModel(options: LineCommand & { readonly reason?: string | undefined }): Promise<void> {
  const config = loadConfig();
  const state = await registryOf(config, modelLine(config, options.line).name).rollback({
    by: 'command line',
    why: options.reason ?? 'requested on the command line',
    at: new Date(),
  });
  console.log(`champion is ${state.champion} again, before ${state.previous ?? 'none'}`);
}

/** `models import`: checks a folder with model.json and adds it to the registry without promoting it. */
export async function importModel(folder: string, options: LineCommand): Promise<void> {
  const config = loadConfig();
  const { version, name } = await registryOf(config, modelLine(config, options.line).name).importFolder(folder);
  console.log(`${version}  ${name}  imported`);
}

/** `models export`: the folder as it is, or each network as an ONNX file with what one needs to use it. */
export async function exportModel(name: string, options: LineCommand & { readonly out: string; readonly format: string }): Promise<void> {
  const model = await chosenModel(name, loadConfig(), options.line);
  if (options.format === 'safetensors') await exportFolder(model, options.out);
  else if (options.format === 'onnx') {
    await emptyFolderAt(options.out);
    for (const [kind, { network, input, outputs, objective }] of Object.entries(model.networks)) {
      await writeFile(join(options.out, `${kind}.onnx`), inferenceModel(knownNetwork(network, '`models export --format onnx`')));
      const use = {
        notice: 'Not for diagnosis.',
        version: model.version,
        deviceUID: model.deviceUID,
        input,
        objective: objective ?? 'several',
        outputs,
        tensors: {
          input: 'input [batch, channels, height, width]',
          logits: '[batch, outputs], before temperature and sigmoid or softmax',
          embedding: '[batch, features]',
          activationMaps: '[batch, outputs, height, width]',
        },
        left: 'the feature gate (mean and precision) is in the safetensors export only',
      };
      await writeFile(join(options.out, `${kind}.json`), `${JSON.stringify(use, null, 2)}\n`);
    }
    await writeFile(join(options.out, 'CARD.md'), model.card);
  } else throw new Fault('request-invalid', `expected --format onnx or safetensors, found ${options.format}`);
  console.log(`${model.version}  exported as ${options.format} into ${options.out}`);
}
