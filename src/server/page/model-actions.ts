import { promoteVersion } from '../../registry/promote-version.js';
import type { Registry } from '../../registry/registry.js';
import type { ModelActions } from '../ports/model-actions.js';
import type { Serving } from '../../serving/model-serving.js';

/** Changes the registry and looks at it at once, so that who asked sees what serves now; other processes follow at their next turn. */
export function modelActionsOf(registry: Registry, serving: Pick<Serving, 'refresh' | 'champion'>): ModelActions {
  const followed = async ({
    champion,
    challenger,
  }: {
    readonly champion: string;
    readonly challenger: string | null;
  }): ReturnType<ModelActions['rollBack']> => {
    await serving.refresh();
    return { champion, challenger, inService: serving.champion().version };
  };
  const reason = ({ by, why }: Parameters<ModelActions['rollBack']>[0]): { by: string; why: string; at: Date } => ({
    by,
    why: why ?? 'asked for',
    at: new Date(),
  });
  return {
    promote: async (version, asked) => followed(await promoteVersion(registry, version, { ...asked, at: new Date() })),
    challenge: async (version, asked) => followed(await registry.challenge(version, reason(asked))),
    rollBack: async (asked) => followed(await registry.rollback(reason(asked))),
  };
}
