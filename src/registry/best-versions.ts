import { Fault } from '../errors.js';
import type { EvaluationReport } from '../evaluation/report/evaluation-report.js';
import { championStack, type AliasState } from './alias-log.js';
import { passOverUnreadable, type ChangeRecord } from './change-record.js';
import type { ModelVersion } from './model-version.js';

/** Versions to compare a challenger with besides the champion. */
export interface BestVersions {
  readonly versions: readonly ModelVersion[];
  readonly missing: readonly { readonly version: string; readonly why: string }[];
}

/** The part of a registry that is read here. */
export interface GateHistory {
  history(): Promise<readonly AliasState[]>;
  changes(): Promise<readonly string[]>;
  change(id: string): Promise<ChangeRecord>;
}

export interface BestQuery {
  /** All if not given. */
  readonly kind?: 'xray' | 'ct';
  /** Name of the locked test set; figures on different sets are not comparable. The best of each set if not given. */
  readonly testSet?: string;
  /** Left out: it is compared anyway. */
  readonly champion?: string;
}

/**
 * The champions so far with the highest AUROC of each finding on this test set, as change records state it. A challenger must not be
 * inferior to them either: otherwise a row of small losses, each within the margin, would walk the champion down.
 *
 * A promotion without the gate is a decision of a person and a new beginning: champions before it are not compared any more. A
 * version that was rolled back is not either.
 *
 * @returns versions without repetition, often none
 */
export async function bestVersions(registry: GateHistory, { kind, testSet, champion }: BestQuery = {}): Promise<readonly string[]> {
  const stack = championStack(await registry.history());
  const beginning = stack.findLastIndex(({ gated }) => !gated);
  const candidates = new Set(stack.slice(Math.max(0, beginning)).map(({ version }) => version));
  const best = new Map<string, { readonly version: string; readonly auroc: number }>();
  const consider = (report: EvaluationReport | null): void => {
    const version = report?.model?.version;
    if (!report || version === undefined || !candidates.has(version)) return;
    const network = report.model!.network;
    if (network !== (kind ?? network) || report.dataset.name !== (testSet ?? report.dataset.name)) return;
    for (const [name, { value }] of Object.entries(report.auroc)) {
      const key = JSON.stringify([network, report.dataset.name, name]);
      if (value !== null && value > (best.get(key)?.auroc ?? -1)) best.set(key, { version, auroc: value });
    }
  };
  for (const id of await registry.changes()) {
    const record = await registry.change(id).catch(passOverUnreadable);
    consider(record?.figures.challenger ?? null);
    consider(record?.figures.champion ?? null);
  }
  return [...new Set([...best.values()].map(({ version }) => version))].filter((version) => version !== champion).sort();
}

/** Loads versions; one that is not in the registry any more, or damaged, is named with the reason. */
export async function loadVersions(
  registry: { load(version: string): Promise<ModelVersion> },
  names: readonly string[],
): Promise<BestVersions> {
  const versions: ModelVersion[] = [];
  const missing: { version: string; why: string }[] = [];
  for (const version of names) {
    try {
      versions.push(await registry.load(version));
    } catch (error) {
      if (!(error instanceof Fault) || !['model-unknown', 'model-invalid'].includes(error.code)) throw error;
      missing.push({ version, why: error.message });
    }
  }
  return { versions, missing };
}
