import { defaultLine } from '../../lib/model-line.js';
import { promoteVersion } from '../../registry/promote-version.js';
import type { ModelActions } from '../ports.js';
import { lineNamed, type PageLine } from './page-lines.js';

/** Changes the registry of a line and reads it at once, so that the operator sees the deployed version; other processes follow at their next turn. */
export function modelActionsOf(lines: ReadonlyMap<string, PageLine>): ModelActions {
  const of = (line: string = defaultLine): PageLine => lineNamed(lines, line);
  const followed = async (
    { serving }: PageLine,
    { champion, challenger }: { readonly champion: string; readonly challenger: string | null },
  ): ReturnType<ModelActions['rollBack']> => {
    await serving.refresh();
    const deployed = serving.champion()?.version ?? '';
    return { champion, challenger, deployed, inService: deployed };
  };
  const reason = ({ by, why }: Parameters<ModelActions['rollBack']>[0]): { by: string; why: string; at: Date } => ({
    by,
    why: why ?? 'requested',
    at: new Date(),
  });
  return {
    async promote(version, { line, ...change }) {
      const chosen = of(line);
      return followed(chosen, await promoteVersion(chosen.registry, version, { ...change, at: new Date() }));
    },
    async challenge(version, { line, ...change }) {
      const chosen = of(line);
      return followed(chosen, await chosen.registry.challenge(version, reason(change)));
    },
    async rollBack({ line, ...change }) {
      const chosen = of(line);
      return followed(chosen, await chosen.registry.rollback(reason(change)));
    },
  };
}
