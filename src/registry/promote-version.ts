import { Fault } from '../errors.js';
import type { AliasState } from './alias-log.js';
import type { Registry } from './registry.js';

export interface Promotion {
  readonly by: string;
  /** Needed without the gate; stays in the history. */
  readonly why?: string | undefined;
  /** Although no change record lets it through. */
  readonly withoutGate: boolean;
  readonly at: Date;
}

/**
 * A version that the gate let through in comparison with the champion of now; any other only without the gate, by that name, and
 * with a reason. The one rule of the command line and of the page.
 *
 * @throws Fault 'request-invalid' where the gate did not let it through, 'model-unknown', 'aliases-changed'
 */
export async function promoteVersion(registry: Registry, version: string, { by, why, withoutGate, at }: Promotion): Promise<AliasState> {
  await registry.load(version);
  const champion = (await registry.aliases())?.champion;
  const passed = await passedGate(registry, version, champion ?? null);
  if (!passed && !(withoutGate && why)) {
    throw new Fault(
      'request-invalid',
      `expected a change record in which the gate lets ${version} through beside ${champion ?? 'no champion'}, found none: run \`models gate ${version} --dataset DIR\`, or promote it without the gate (--without-gate) and give a reason (--reason)`,
    );
  }
  const reason = {
    by,
    why: passed ? (why ?? `gate passed, ${passed}`) : `without the gate: ${why}`,
    at,
    ...(passed ? { changeRecord: passed } : {}),
  };
  return registry.promote(version, reason, champion);
}

/** Id of the newest change record in which the gate lets the version through beside this champion. */
async function passedGate(registry: Registry, version: string, champion: string | null): Promise<string | undefined> {
  for (const id of await registry.changes()) {
    const { decision } = await registry.change(id);
    if (decision?.decision === 'promoted' && decision.challenger === version && decision.champion === champion) return id;
  }
  return undefined;
}
