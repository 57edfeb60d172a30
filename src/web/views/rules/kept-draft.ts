import { withNewKeys, type DraftRule } from './draft.js';

/** A draft that was not applied, and the version of the rules that it changes. */
export interface KeptDraft {
  readonly basedOn: string;
  readonly rules: readonly DraftRule[];
}

/** Each user of the browser has a draft of their own. */
const keyOf = (user: string): string => `chest-ai-rules-draft ${user}`;

/** Keeps the draft while the tab is open, also when the view is left or the page is loaded again. */
export function keepDraft(user: string, draft: KeptDraft): void {
  sessionStorage.setItem(keyOf(user), JSON.stringify(draft));
}

/** The draft that this user left in this tab; undefined if there is none. */
export function keptDraft(user: string): KeptDraft | undefined {
  const text = sessionStorage.getItem(keyOf(user));
  if (text === null) return undefined;
  const { basedOn, rules } = JSON.parse(text) as KeptDraft;
  return { basedOn, rules: withNewKeys(rules) };
}

export function forgetDraft(user: string): void {
  sessionStorage.removeItem(keyOf(user));
}
