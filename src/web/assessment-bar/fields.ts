import type { CodedFinding, Decision } from '../../server/page-types.js';
import { findingTyped, maxCommentLength, oneLine } from '../reading/coded-finding-search.js';
import { findingText } from '../texts/finding-name.js';
import type { Translate } from '../texts/languages.js';
import { element } from './element.js';

/*
 * Fields of the strip. The strip is drawn again with every change; a field is made once while it is open, so that what is typed stays.
 */

/** What a reader writes about a finding. Enter stores it, Escape closes the field. @param done undefined: nothing is to be stored */
export function commentField(t: Translate, meaning: string, initial: string, done: (text: string | undefined) => void): HTMLElement {
  const area = element('textarea', { id: 'comment', rows: '2', maxlength: String(maxCommentLength), 'data-focus': 'bar-comment-field' });
  area.value = initial;
  area.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== 'Escape') return;
    event.preventDefault();
    // The panel would close.
    event.stopPropagation();
    const text = oneLine(area.value).trim();
    done(event.key === 'Enter' && text !== '' ? text : undefined);
  });
  return element(
    'div',
    { class: 'field' },
    element('label', { for: 'comment' }, t('assessment.commentOn', { finding: findingText(meaning, t) })),
    area,
    element('p', { class: 'quiet' }, t('assessment.commentHint')),
  );
}

/** A search over the coded findings. Enter adds the finding as present. @param done undefined: nothing is to be added */
export function addFindingField(
  t: Translate,
  findings: readonly CodedFinding[],
  done: (added: { readonly finding: CodedFinding; readonly decision: Decision } | undefined) => void,
): HTMLElement {
  const hint = element('p', { class: 'quiet', id: 'add-hint' }, t('assessment.addHint'));
  const input = element('input', {
    id: 'add',
    list: 'coded-findings',
    autocomplete: 'off',
    'data-focus': 'bar-add-field',
    'data-testid': 'bar-add-field',
    'aria-describedby': 'add-hint',
  });
  const add = (decision: Decision): void => {
    const finding = findingTyped(findings, input.value, t);
    if (finding) done({ finding, decision });
  };
  input.addEventListener('input', () => {
    const finding = findingTyped(findings, input.value, t);
    hint.textContent = finding ? findingText(finding.meaning, t) : t('assessment.addHint');
  });
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Enter') add('present');
    else done(undefined);
  });
  const button = (decision: Decision): HTMLElement =>
    element(
      'button',
      { type: 'button', class: 'small', 'data-testid': `bar-add-${decision}`, click: () => add(decision) },
      t('assessment.addAs', { decision: t(`decision.${decision}`).toLowerCase() }),
    );
  return element(
    'div',
    { class: 'field' },
    element('label', { for: 'add' }, t('assessment.add')),
    input,
    element('datalist', { id: 'coded-findings' }, ...findings.map(({ meaning }) => element('option', { value: findingText(meaning, t) }))),
    hint,
    button('present'),
    button('undetermined'),
  );
}
