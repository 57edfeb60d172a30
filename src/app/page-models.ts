import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../errors.js';
import { loadModelVersion, type ModelVersion } from '../registry/model-version.js';
import type { PageTools } from '../server/page-tools.js';
import type { FindingFigures, ModelDetail, ShownModel } from '../server/page-types.js';
import type { PageParts } from './page-tools.js';

/** What the page says of models: those of the registry, and the one that serves as long as none was promoted. */
export function pageModels({ registry, reportTools, modelDirectory }: Pick<PageParts, 'registry' | 'reportTools' | 'modelDirectory'>): Pick<PageTools, 'models' | 'model'> {
  const load = async (version: string): Promise<ModelVersion> => {
    const known = await registry.versions();
    if (known.includes(version)) return registry.load(version);
    const shipped = await loadModelVersion(modelDirectory);
    if (shipped.version === version) return shipped;
    throw new Fault('model-unknown', 'expected a version that the list of models shows, found none of that name');
  };
  const shown = async (version: string): Promise<ShownModel> => {
    const [model, aliases] = await Promise.all([load(version), registry.aliases()]);
    const champion = aliases?.champion ?? reportTools.model().version;
    return {
      version: model.version,
      name: model.name,
      created: model.created,
      license: model.license,
      role: version === champion ? 'champion' : version === aliases?.challenger ? 'challenger' : 'other',
      figures: { xray: figuresOf(model, 'xray'), ct: figuresOf(model, 'ct') },
    };
  };
  return {
    async models() {
      const versions = [...new Set([reportTools.model().version, ...(await registry.versions())])];
      const history = await registry.history();
      return {
        models: await Promise.all(versions.map(shown)),
        history: history.map(({ revision, action, champion, challenger, by, why, at }) => ({ number: revision, action, champion, challenger, by, why, at })).reverse(),
      };
    },
    async model(version): Promise<ModelDetail> {
      const { card, directory } = await load(version);
      const [report, decision] = await Promise.all([jsonIn(directory, 'metrics.json'), jsonIn(directory, 'decision.json')]);
      return { ...(await shown(version)), card, ...(report === undefined ? {} : { report }), ...(decision === undefined ? {} : { decision }) };
    },
  };
}

/** The figures that the model's own file states, as far as they are numbers. */
function figuresOf({ figures }: ModelVersion, network: 'xray' | 'ct'): Readonly<Record<string, FindingFigures>> {
  const stated = figures[network];
  if (!isRecord(stated)) return {};
  return Object.fromEntries(Object.entries(stated).flatMap(([name, given]) => {
    if (!isRecord(given) || typeof given['n'] !== 'number' || typeof given['positive'] !== 'number') return [];
    const interval = given['aurocInterval'];
    const number = (key: string): Partial<FindingFigures> => (typeof given[key] === 'number' ? { [key]: given[key] } : {});
    const figure: FindingFigures = { n: given['n'], positive: given['positive'], ...number('auroc'), ...number('brier'), ...number('ece'), ...(Array.isArray(interval) && interval.length === 2 ? { aurocInterval: [Number(interval[0]), Number(interval[1])] as const } : {}) };
    return [[name, figure] as const];
  }));
}

async function jsonIn(directory: string, name: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(directory, name), 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
