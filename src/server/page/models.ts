import { Fault } from '../../errors.js';
import type { AliasState } from '../../registry/alias-log.js';
import type { ChangeRecord } from '../../registry/change-record.js';
import { loadModelVersion, type ModelVersion } from '../../registry/model-version.js';
import type { PagePort } from '../ports.js';
import type { FindingFigures, ModelDetail, ModelsPage, ShownModel } from '../page-types.js';
import { metricsIn } from './version-metrics.js';
import { retrainingStateOf } from './retraining-state.js';
import { defaultLine } from '../../lib/model-line.js';
import { limitationsIn } from '../../registry/card-limitations.js';
import { unseenFigureSchema } from '../schemas/models.js';
import { notCalibratedIn } from './not-calibrated.js';
import { lineNamed, type PageLine } from './page-lines.js';
import type { Jobs } from '../../jobs/jobs.js';

export interface ModelParts {
  /** By falling precedence. */
  readonly lines: ReadonlyMap<string, PageLine>;
  readonly jobs: Jobs;
  readonly dataDir: string;
}

/** Model versions of each line for the page. */
export function pageModels(parts: ModelParts): Pick<PagePort, 'models' | 'model' | 'retraining'> {
  const of = (line: string = defaultLine): ReturnType<typeof modelsOfLine> =>
    modelsOfLine(lineNamed(parts.lines, line), [...parts.lines.keys()]);
  return {
    models: (line) => of(line).models(),
    model: (version, line) => of(line).model(version),
    async retraining(line = defaultLine) {
      const { registry } = lineNamed(parts.lines, line);
      return retrainingStateOf({ ...parts, registry, line });
    },
  };
}

/** The versions of a line's registry, and the deployed one if the registry cannot be written. */
function modelsOfLine(
  { settings: { name: line, directory }, registry, serving }: PageLine,
  lines: readonly string[],
): { models(): Promise<ModelsPage>; model(version: string): Promise<ModelDetail> } {
  const load = async (version: string): Promise<ModelVersion> => {
    const known = await registry.versions();
    if (known.includes(version)) return registry.load(version);
    const shipped = directory === undefined ? undefined : await loadModelVersion(directory);
    if (shipped?.version === version) return shipped;
    throw new Fault('model-unknown', 'expected a version that the list of models shows, found none of that name');
  };
  const changes = async (): Promise<readonly ChangeRecord[]> => Promise.all((await registry.changes()).map((id) => registry.change(id)));
  const championOf = (aliases: AliasState | undefined): string | undefined => aliases?.champion ?? serving.champion()?.version;
  const shown = (model: ModelVersion, aliases: AliasState | undefined, records: readonly ChangeRecord[]): ShownModel => {
    const { version, name, created, license } = model;
    const champion = championOf(aliases);
    const limitations = limitationsIn(model.card);
    const decisions = records.flatMap(({ decision }) =>
      decision?.challenger === version && decision.champion === champion ? [decision.decision] : [],
    );
    return {
      version,
      name,
      created,
      license,
      role: version === champion ? 'champion' : version === aliases?.challenger ? 'challenger' : 'other',
      gate: decisions.includes('promoted') ? 'passed' : decisions.length > 0 ? 'refused' : 'none',
      figures: { xray: figuresOf(model, 'xray'), ct: figuresOf(model, 'ct') },
      ...(limitations === undefined ? {} : { limitations }),
      ...openIn(model),
    };
  };
  return {
    async models() {
      const [known, aliases, history, records, former, unreadable] = await Promise.all([
        registry.versions(),
        registry.aliases(),
        registry.history(),
        changes(),
        registry.formerChampion(),
        registry.unreadableChanges(),
      ]);
      const champion = championOf(aliases);
      const versions = [...new Set([...(champion === undefined ? [] : [champion]), ...known])];
      return {
        line,
        lines,
        models: (await Promise.all(versions.map(load))).map((model) => shown(model, aliases, records)),
        history: history
          .map(({ revision, action, champion, challenger, by, why, at }) => ({
            number: revision,
            action,
            champion,
            challenger,
            by,
            why,
            at,
          }))
          .reverse(),
        ...(former === undefined ? {} : { former }),
        ...(unreadable.length > 0 ? { unreadableChanges: unreadable.map(({ id }) => id) } : {}),
      };
    },
    async model(version): Promise<ModelDetail> {
      const [model, aliases, records] = await Promise.all([load(version), registry.aliases(), changes()]);
      return {
        ...shown(model, aliases, records),
        card: model.card,
        reports: await metricsIn(model.directory),
        changes: records
          .filter(({ challenger }) => challenger === version)
          .map(({ id, endedAt, by, outcome, why, decision }) => ({ id, at: endedAt, by, outcome, why, decision })),
      };
    },
  };
}

/** The figures that the model's own file states, as far as they are numbers. */
function figuresOf({ figures, file }: ModelVersion, network: 'xray' | 'ct'): Readonly<Record<string, FindingFigures>> {
  const stated = figures[network];
  const reported = file.networks[network]?.outputs.flatMap(({ kind, name }) => (kind === 'finding' ? [name] : [])) ?? [];
  if (!isRecord(stated)) return {};
  return Object.fromEntries(
    Object.entries(stated).flatMap(([name, given]) => {
      if (!isRecord(given) || typeof given['n'] !== 'number' || typeof given['positive'] !== 'number') return [];
      const interval = given['aurocInterval'];
      const unseen = unseenFigureSchema.safeParse(given['unseen']).data;
      const number = (key: string): Partial<FindingFigures> => (typeof given[key] === 'number' ? { [key]: given[key] } : {});
      const figure: FindingFigures = {
        n: given['n'],
        positive: given['positive'],
        isReported: reported.includes(name),
        ...(unseen ? { unseen } : {}),
        ...number('auroc'),
        ...number('brier'),
        ...number('ece'),
        ...(Array.isArray(interval) && interval.length === 2 ? { aurocInterval: [Number(interval[0]), Number(interval[1])] as const } : {}),
      };
      return [[name, figure] as const];
    }),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What was not fitted at the hospital. */
function openIn({ networks }: ModelVersion): Pick<ShownModel, 'notCalibratedHere' | 'withoutGuard'> {
  const notCalibrated = [...notCalibratedIn({ networks })];
  const withoutGuard = (['xray', 'ct'] as const).filter((kind) => networks[kind] && !networks[kind].gate);
  return {
    ...(notCalibrated.length > 0 ? { notCalibratedHere: notCalibrated } : {}),
    ...(withoutGuard.length > 0 ? { withoutGuard } : {}),
  };
}
