import { promoteVersion } from '../../registry/promote-version.js';
import type { Registry } from '../../registry/registry.js';
import type { ModelActions } from '../ports.js';
import type { Serving } from '../../serving/model-serving.js';

/** Changes the registry and reads it at once, so that the operator sees the deployed version; other processes follow at their next turn. */
export function modelActionsOf(registry: Registry, serving: Pick<Serving, 'refresh' | 'champion'>): ModelActions {
  const followed = async ({
    champion,
    challenger,
  }: {
    readonly champion: string;
    readonly challenger: string | null;
  }): ReturnType<ModelActions['rollBack']> => {
    await serving.refresh();
    const deployed = serving.champion().version;
    return { champion, challenger, deployed, inService: deployed };
  };
  const reason = ({ by, why }: Parameters<ModelActions['rollBack']>[0]): { by: string; why: string; at: Date } => ({
    by,
    why: why ?? 'requested',
    at: new Date(),
  });
  return {
    promote: async (version, change) => followed(await promoteVersion(registry, version, { ...change, at: new Date() })),
    challenge: async (version, change) => followed(await registry.challenge(version, reason(change))),
    rollBack: async (change) => followed(await registry.rollback(reason(change))),
  };
}
