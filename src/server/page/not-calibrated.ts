import type { ModelVersion } from '../../registry/model-version.js';
import type { PageLine } from './page-lines.js';

type Versions = Pick<PageLine['registry'], 'versions' | 'load'>;

/** Findings of a model version whose probabilities and thresholds are the publisher's, by version. A version never changes. */
export class NotCalibratedHere {
  readonly #lines: ReadonlyMap<string, { readonly registry: Versions }>;
  readonly #known = new Map<string, ReadonlySet<string>>();

  constructor(lines: ReadonlyMap<string, { readonly registry: Versions }>) {
    this.#lines = lines;
  }

  /** @returns names of findings; none if the version is known no more */
  async findingsOf(version: string): Promise<ReadonlySet<string>> {
    const known = this.#known.get(version);
    if (known) return known;
    const found = await this.#read(version);
    if (!found) return new Set();
    this.#known.set(version, found);
    return found;
  }

  async #read(version: string): Promise<ReadonlySet<string> | undefined> {
    for (const { registry } of this.#lines.values()) {
      if (!(await registry.versions()).includes(version)) continue;
      return notCalibratedIn(await registry.load(version));
    }
    return undefined;
  }
}

/** @returns names of findings */
export function notCalibratedIn({ networks }: Pick<ModelVersion, 'networks'>): ReadonlySet<string> {
  const outputs = Object.values(networks).flatMap((network) => network.outputs);
  return new Set(outputs.flatMap((output) => (output.kind === 'finding' && output.calibratedHere === false ? [output.name] : [])));
}
