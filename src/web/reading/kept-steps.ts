import type { GivenStep } from './given-step.js';

/** `sessionStorage`: it ends with the tab. */
export type TabStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** Each user of the browser has a list of their own. */
const keyOf = (user: string): string => `chest-ai-pending-assessments ${user}`;

export function keepSteps(storage: TabStorage, user: string, steps: readonly GivenStep[]): void {
  if (steps.length === 0) storage.removeItem(keyOf(user));
  else storage.setItem(keyOf(user), JSON.stringify({ steps }));
}

/** What the last page of this user in this tab has left. */
export function keptSteps(storage: TabStorage, user: string): readonly GivenStep[] {
  try {
    const stored = JSON.parse(storage.getItem(keyOf(user)) ?? '{}') as { steps?: readonly GivenStep[] };
    return stored.steps ?? [];
  } catch {
    return [];
  }
}
