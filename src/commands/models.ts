import { loadConfig, modelLine } from '../config.js';
import { pluralise } from '../evaluation/pluralise.js';
import type { ModelVersion, ServedNetwork } from '../registry/model-version.js';
import { nameOfNetwork } from '../network/loadable-network.js';
import { chosenModel, registryOf } from './chosen-model.js';

/** `models list`: every whole version of a line, which one serves, which one challenges. */
export async function listModels(options: { readonly line: string; readonly json: boolean }): Promise<void> {
  const config = loadConfig();
  const { name: line, directory } = modelLine(config, options.line);
  const registry = registryOf(config, line);
  const aliases = await registry.aliases();
  const versions = await registry.versions();
  const shipped = aliases || directory === undefined ? undefined : await chosenModel('champion', config, line);
  for (const version of versions) {
    const { name, created, deviceUID, networks } = await registry.load(version);
    const alias =
      version === aliases?.champion
        ? 'champion'
        : version === aliases?.challenger
          ? 'challenger'
          : version === shipped?.version
            ? 'shipped'
            : null;
    const shown = { version, name, created, deviceUID, networks: Object.keys(networks), alias };
    console.log(
      options.json ? JSON.stringify(shown) : `${version}  ${created}  ${name} (${shown.networks.join(', ')})${alias ? `  ${alias}` : ''}`,
    );
  }
  for (const { id, why } of await registry.unreadableChanges()) console.error(`chest-ai: the change record ${id} cannot be read: ${why}`);
  // Before the first start nothing was taken into the registry: what would serve is the shipped model.
  if (!shipped || versions.includes(shipped.version)) return;
  const { version, name, created, deviceUID, networks } = shipped;
  const shown = { version, name, created, deviceUID, networks: Object.keys(networks), alias: 'shipped' };
  console.log(
    options.json
      ? JSON.stringify(shown)
      : `${version}  ${created}  ${name} (${shown.networks.join(', ')})  shipped: becomes the champion when the service starts`,
  );
}

/** `models show`: what a version is, where it comes from, and what was measured. */
export async function showModel(name: string, options: { readonly line: string; readonly json: boolean }): Promise<void> {
  const config = loadConfig();
  const model = await chosenModel(name, config, options.line);
  const registry = registryOf(config, options.line);
  const history = (await registry.history()).filter(({ champion, challenger, previous }) =>
    [champion, challenger, previous].includes(model.version),
  );
  if (options.json) {
    const { version, deviceUID, manufacturer, created, license, figures, lineage, file } = model;
    console.log(
      JSON.stringify({
        version,
        name: model.name,
        deviceUID,
        manufacturer,
        created,
        license,
        networks: file.networks,
        figures,
        lineage,
        history,
      }),
    );
    return;
  }
  console.log(describe(model));
  for (const { at, action, champion, by, why } of history)
    console.log(`${at.slice(0, 16).replace('T', ' ')}  ${action}  champion ${champion}  by ${by}: ${why}`);
  if (model.card) console.log(`\n${model.card}`);
}

function describeOutput(output: ServedNetwork['outputs'][number]): string {
  if (output.kind !== 'finding') return `${output.name} (${output.kind})`;
  const { name, presentFrom, calibratedHere } = output;
  return `${name} present from ${presentFrom}${calibratedHere === false ? ' (not calibrated here)' : ''}`;
}

function describe({ name, version, deviceUID, manufacturer, created, license, networks, lineage, directory }: ModelVersion): string {
  const parts = Object.entries(networks).map(
    ([kind, { network, input, outputs, objective }]) =>
      `${kind.padEnd(9)}${nameOfNetwork(network)}, ${input.width} × ${input.height} × ${input.channels}, ${objective ?? 'several'}: ${outputs.map((output) => describeOutput(output)).join(', ')}`,
  );
  return [
    `${name}, version ${version}`,
    `Device UID ${deviceUID}`,
    `made     ${created} by ${manufacturer}`,
    `licence  ${license}`,
    ...parts,
    ...(lineage
      ? [
          `trained  on ${lineage.dataset.name} (${pluralise(lineage.dataset.images, 'image')}, ${pluralise(lineage.dataset.patients, 'patient')}), from ${lineage.parent ?? lineage.startedFrom ?? 'nothing'}, seed ${lineage.seed}, ${lineage.engine}, program ${lineage.codeVersion}`,
        ]
      : []),
    `folder   ${directory}`,
    'Not for diagnosis.',
  ].join('\n');
}
