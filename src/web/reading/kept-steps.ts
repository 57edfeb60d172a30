import type { GivenStep } from './given-step.js';

/** `sessionStorage`: it ends with the tab. */
export type TabStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

const storageKey = 'chest-ai-pending-assessments';

export function keepSteps(storage: TabStorage, user: string, steps: readonly GivenStep[]): void {
  if (steps.length === 0) storage.removeItem(storageKey);
  else storage.setItem(storageKey, JSON.stringify({ user, steps }));
}

/** What the last page of this user in this tab has left. */
export function keptSteps(storage: TabStorage, user: string): readonly GivenStep[] {
  try {
    const stored = JSON.parse(storage.getItem(storageKey) ?? '{}') as { user?: string; steps?: readonly GivenStep[] };
    return stored.user === user ? (stored.steps ?? []) : [];
  } catch {
    return [];
  }
}
