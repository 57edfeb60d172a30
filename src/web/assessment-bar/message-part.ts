import { isOutdated, undoMs, type PendingState } from '../reading/pending-assessments.js';
import { stepsText } from '../reading/steps-text.js';
import { sentenceOf } from '../sentence.js';
import type { Translate } from '../texts/languages.js';
import { element } from './element.js';

/** What becomes of the last clicks, with the button that takes them back. @param fault of a withdrawal; undefined if there is none */
export function messagePart(
  t: Translate,
  state: PendingState,
  fault: unknown,
  actions: { undo(): void; retry(): void; discard(): void },
): HTMLElement {
  const { failed } = state;
  const bad = fault !== undefined || failed !== undefined;
  const button = (text: string, name: string, click: () => void): HTMLElement =>
    element('button', { type: 'button', class: 'small', 'data-focus': name, 'data-testid': name, click }, text);
  return element(
    'div',
    { class: bad ? 'message bad' : 'message', role: bad ? 'alert' : 'status', 'data-testid': 'bar-message' },
    fault !== undefined ? sentenceOf(fault, t) : pendingText(state, t),
    state.kind === 'waiting' ? button(t('pending.undo'), 'bar-undo', actions.undo) : undefined,
    failed && !isOutdated(failed.error) ? button(t('pending.retry'), 'bar-retry', actions.retry) : undefined,
    failed ? button(t('pending.discard'), 'bar-discard', actions.discard) : undefined,
  );
}

function pendingText({ kind, steps, failed }: PendingState, t: Translate): string {
  return [
    kind === 'idle' ? '' : t(`pending.${kind}`, { findings: stepsText(steps, t), seconds: undoMs / 1_000 }),
    failed ? `${t('pending.failed', { findings: stepsText(failed.steps, t) })}. ${sentenceOf(failed.error, t)}` : '',
  ]
    .filter((one) => one !== '')
    .join(' ');
}
